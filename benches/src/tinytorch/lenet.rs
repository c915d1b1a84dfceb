//! A training step of LeNet-5.

use super::{TORCH, ours, with_peers};
use crate::case::{Case, Plan};
use crate::check::Check;
use crate::python;

/// Multiply-adds of one image: two convolutions, three linear layers.
const CONVOLUTION_1: usize = 28 * 28 * 6 * 25;
const REST: usize = 10 * 10 * 16 * 6 * 25 + 400 * 120 + 120 * 84 + 84 * 10;

pub(super) fn plan(batch: usize) -> Plan {
    let what = format!("training step of LeNet-5 on 28x28 images, batch {batch}, Adam");
    Plan::new(super::PACKAGE, "lenet-step", what, move |setup| {
        // Forward, and backward for weights and inputs: three products, but none into the images.
        let flop = 2 * batch * (2 * CONVOLUTION_1 + 3 * REST);
        // Least traffic: the first activation, largest of all, written once and read once in each direction.
        let bytes = 4 * batch * 6 * 28 * 28 * size_of::<f32>();
        let case = Case::new(Check::mutual(1e-3), ours::lenet(batch)?)
            .work(flop as f64, bytes as f64)
            .goal(TORCH, 1.0)
            .with_some(TORCH, python::subject(setup.torch.as_ref(), "lenet", &[batch]));
        Ok(with_peers!(case, lenet(batch)))
    })
}
