//! A training step of the three-layer perceptron.

use super::init::MLP;
use super::{TORCH, ours, with_peers};
use crate::case::{Case, Plan};
use crate::check::Check;
use crate::python;

pub(super) fn plan(batch: usize) -> Plan {
    let what = format!("training step of 784-512-256-10, batch {batch}, Adam");
    Plan::new(super::PACKAGE, "mlp-step", what, move |setup| {
        let weights: usize = MLP.windows(2).map(|pair| pair[0] * pair[1]).sum();
        // Forward, and backward for weights and inputs: three products, but none into the data.
        let flop = 2 * batch * (3 * weights - MLP[0] * MLP[1]);
        // Adam alone reads weight, gradient and two moments, and writes three of them.
        let bytes = 7 * weights * size_of::<f32>();
        let case = Case::new(Check::mutual(1e-3), ours::mlp(batch)?)
            .work(flop as f64, bytes as f64)
            .goal(TORCH, 1.0)
            .with_some(TORCH, python::subject(setup.torch.as_ref(), "mlp", &[batch]));
        Ok(with_peers!(case, mlp(batch)))
    })
}
