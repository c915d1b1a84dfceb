//! Module 13, Transformers: normalization of rows, and the choice of the next token.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
pub use crate::slots::sample::Sampling;
use crate::{Rng, slots};

lesson! {
    /// What a transformer needs besides attention.
    TransformerLesson, m13, 13;

    /// Returns each row of `len` elements as `(x - mean)/√(var + eps)·weight + bias`, where the variance divides by `len`.
    core fn layer_norm(x: &[f32], len: usize, weight: Option<&[f32]>, bias: Option<&[f32]>, eps: f64) -> Vec<f32>,
        hint "mean and variance of each row by itself; eps stands inside the root",
        Ok(slots::transformer::layer_norm(x, len, weight, bias, eps));
    /// Returns the next token, drawn from `logits` after the tokens `previous`: penalty, temperature (0 takes the best one),
    /// top-k, top-p, min-p, then one uniform number picks where the running sum of the weights exceeds its share. Scores of which
    /// none is finite, or NaN, are an `Error::InvalidArgument`.
    core fn sample_next(logits: &[f32], previous: &[u32], how: &Sampling, rng: &mut Rng) -> u32,
        hint "weights e^((x - max x)/T); begin with temperature 0 and with plain sampling, then add the filters",
        slots::sample::sample_next(logits, previous, how, rng);
}

pub(super) const MODULE: Module = Module {
    number: 13,
    id: "m13",
    name: "Transformers",
    tier: "architectures",
    lesson: "TransformerLesson",
    prerequisites: &[3, 11, 12],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 6,
};
