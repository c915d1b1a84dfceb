//! Module 07, Optimizers: how a gradient changes a parameter.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
pub use crate::optim::{AdamOpts, Optimizer, SgdOpts};
pub use crate::slots::optim::{AdamSettings, SgdSettings};
use crate::{
    Param,
    optim::{Adam, Sgd},
    slots::optim as plain,
};

lesson! {
    /// The updates of gradient descent and of Adam, in place.
    OptimizerLesson, m07, 7;

    /// Takes one step of gradient descent on `p` with gradient `g`: g ← g + λ·p; b ← μ·b + (1 − τ)·g; g ← b, or g + μ·b with
    /// Nesterov; p ← p − η·g. To maximize, g is negated first. The `first` step sets b = g; without momentum there is no buffer.
    core fn sgd_update(p: &mut [f32], g: &[f32], buffer: Option<&mut [f32]>, first: bool, s: &SgdSettings<f32>) -> (),
        hint "without a buffer it is p - lr * (g + weight_decay * p); write that first",
        { plain::sgd_update(p, g, buffer, first, s); Ok(()) };
    /// Updates the running averages of a gradient and of its square: m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g².
    core fn adam_moments(m: &mut [f32], v: &mut [f32], g: &[f32], betas: [f32; 2]) -> (),
        hint "two averages with two decay rates; the second one averages squares",
        { plain::adam_moments(m, v, g, betas); Ok(()) };
    /// Takes one Adam step after `step` updates of the averages, the first being 1: p ← p − η·m̂ / (√v̂ + ε) with
    /// m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ).
    core fn adam_update(p: &mut [f32], m: &[f32], v: &[f32], step: u64, s: &AdamSettings) -> (),
        hint "both averages start at 0; dividing by 1 - beta^step undoes that",
        { plain::adam_update(p, m, v, step, s); Ok(()) };
    /// Shrinks the parameters by the decay of `AdamW`: p ← p·(1 − η·λ).
    given fn adamw_decay(p: &mut [f32], lr: f64, weight_decay: f64) -> (),
        hint "one factor for all",
        { plain::adamw_decay(p, lr, weight_decay); Ok(()) };
    /// Returns an optimizer that descends along the gradient, with the settings of [`Sgd`].
    given fn sgd(params: Vec<Param>, opts: SgdOpts) -> Box<dyn Optimizer>,
        hint "a struct of your own that implements optim::Optimizer, in a Box; Param::update changes the numbers",
        Sgd::new(params, opts).map(|sgd| Box::new(sgd) as Box<dyn Optimizer>);
    /// Returns an optimizer by the rule of Adam, with the settings of [`Adam`].
    given fn adam(params: Vec<Param>, opts: AdamOpts) -> Box<dyn Optimizer>,
        hint "as sgd, with two averages and a count of steps for each parameter",
        Adam::new(params, opts).map(|adam| Box::new(adam) as Box<dyn Optimizer>);
}

pub(super) const MODULE: Module = Module {
    number: 7,
    id: "m07",
    name: "Optimizers",
    tier: "foundations",
    lesson: "OptimizerLesson",
    prerequisites: &[1, 6],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 3,
};
