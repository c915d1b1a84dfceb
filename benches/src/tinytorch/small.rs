//! Networks so small that the cost of each operation, not its arithmetic, is what counts.

use super::{PACKAGE, TORCH, ours};
use crate::case::{Case, Plan};
use crate::check::Check;
use crate::python;

/// The layer sizes of the smallest network.
pub(super) const FORWARD: [usize; 4] = [6, 64, 8, 4];
/// The layer sizes of the perceptron on 8x8 digits.
pub(super) const STEP: [usize; 3] = [64, 32, 10];

/// One sample through the smallest network, nothing recorded.
pub(super) fn forward() -> Plan {
    let what = "one sample through 6-64-8-4, nothing recorded";
    Plan::new(PACKAGE, "tiny-forward", what, |setup| {
        let weights: usize = FORWARD.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let case = Case::new(Check::mutual(1e-5), ours::tiny_forward()?)
            .work(2.0 * weights as f64, 0.0)
            .goal(TORCH, 1.0);
        Ok(case.with_some(TORCH, python::subject(setup.torch.as_ref(), "tiny_forward", &[])))
    })
}

/// A training step on 8x8 digits.
pub(super) fn step(batch: usize) -> Plan {
    let what = format!("training step of 64-32-10, batch {batch}, Adam");
    Plan::new(PACKAGE, "tiny-step", what, move |setup| {
        let weights: usize = STEP.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let flop = 2 * batch * (3 * weights - STEP[0] * STEP[1]);
        let case = Case::new(Check::mutual(1e-3), ours::tiny_step(batch)?)
            .work(flop as f64, 0.0)
            .goal(TORCH, 1.0);
        Ok(case.with_some(TORCH, python::subject(setup.torch.as_ref(), "tiny_step", &[batch])))
    })
}
