//! Module 03, Layers: the dense layer and its first weights.

mod checks;
mod mutants;

use super::{Module, View, lesson::lesson};
use crate::{Rng, slots::layers as plain};

lesson! {
    /// What a dense layer computes, and what it starts with.
    LayerLesson, m03, 3;

    /// Returns the `n_out · n_in` first weights of a dense layer: normal numbers of mean 0 and variance `1/n_in`.
    core fn linear_init(n_out: usize, n_in: usize, rng: &mut Rng) -> Vec<f32>,
        hint "Rng::normal has variance 1; a factor c changes the variance by c²",
        Ok(plain::linear_init(n_out, n_in, rng));
    /// Returns `x·Wᵀ + b` in row-major order for `x: [m, in]`, `w: [out, in]`, `bias: [out]`; the result is `[m, out]`.
    core fn linear_forward(x: View<'_>, w: View<'_>, bias: Option<&[f32]>) -> Vec<f32>,
        hint "each output is one row of x times one row of w, plus the bias of that row of w",
        Ok(plain::linear_forward(x, w, bias));
}

pub(super) const MODULE: Module = Module {
    number: 3,
    id: "m03",
    name: "Layers",
    tier: "foundations",
    lesson: "LayerLesson",
    prerequisites: &[1, 2],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 4,
};
