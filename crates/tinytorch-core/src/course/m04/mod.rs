//! Module 04, Losses: how wrong a prediction is, as one number.

mod checks;
mod mutants;

use super::{Module, View, lesson::lesson};
use crate::slots::losses as plain;

lesson! {
    /// The two losses most networks are trained with, and the function that keeps one of them finite.
    LossLesson, m04, 4;

    /// Returns `ln softmax(x)` along `axis` in row-major order, finite for any finite input.
    core fn log_softmax(x: View<'_>, axis: usize) -> Vec<f32>,
        hint "xᵢ - m - ln Σ e^(xⱼ - m), with the largest element m of the slice; never the logarithm of a softmax",
        Ok(plain::log_softmax(x, axis));
    /// Returns the mean of `(prediction - target)²`.
    core fn mse(prediction: View<'_>, target: View<'_>) -> f32,
        hint "squares of differences, added, divided by their number",
        Ok(plain::mse(prediction, target));
    /// Returns the mean of `-ln softmax(logits)[target]` over the rows of `[N, C]` whose target is not `ignore`.
    core fn cross_entropy(logits: View<'_>, targets: &[i64], ignore: i64) -> f32,
        hint "pick one element per row of the log-softmax; divide by the number of rows that count",
        Ok(plain::cross_entropy(logits, targets, ignore));
}

pub(super) const MODULE: Module = Module {
    number: 4,
    id: "m04",
    name: "Losses",
    tier: "foundations",
    lesson: "LossLesson",
    prerequisites: &[1, 2],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 3,
};
