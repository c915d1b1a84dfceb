//! Module 03, Layers: the dense layer, its first weights, and dropout.

mod checks;
mod mutants;

use super::{Module, View, lesson::lesson};
use crate::{Rng, Tensor, slots::layers as plain};

lesson! {
    /// What a dense layer computes and what it starts with, and what dropout does while a network learns.
    LayerLesson, m03, 3;

    /// Returns the `n_out · n_in` first weights of a dense layer: normal numbers of mean 0 and variance `1/n_in`.
    core fn linear_init(n_out: usize, n_in: usize, rng: &mut Rng) -> Vec<f32>,
        hint "Rng::normal has variance 1; a factor c changes the variance by c²",
        Ok(plain::linear_init(n_out, n_in, rng));
    /// Returns `x·Wᵀ + b` in row-major order for `x: [m, in]`, `w: [out, in]`, `bias: [out]`; the result is `[m, out]`.
    core fn linear_forward(x: View<'_>, w: View<'_>, bias: Option<&[f32]>) -> Vec<f32>,
        hint "each output is one row of x times one row of w, plus the bias of that row of w",
        Ok(plain::linear_forward(x, w, bias));
    /// Returns `n` factors: 0 with probability `p`, otherwise 1/(1 − p), each decided by a draw of its own. With p = 1 all are 0.
    core fn dropout_mask(n: usize, p: f64, rng: &mut Rng) -> Vec<f32>,
        hint "Rng::uniform is below p with probability p",
        Ok(plain::dropout_mask(n, p, rng));
    /// Returns `x` times a fresh mask while training, and `x` itself, not a copy, otherwise. The gradient passes where the element did.
    core fn dropout_forward(x: &Tensor, p: f64, training: bool, rng: &mut Rng) -> Tensor,
        hint "self.dropout_mask gives the factors; Tensor::mul records its own gradient",
        plain::dropout_forward(x, p, training, rng);
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
    hours: 5,
};
