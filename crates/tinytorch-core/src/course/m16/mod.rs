//! Module 16, Compression: fewer weights, thinner matrices, smaller students.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
use crate::slots::compress as plain;
pub use crate::{
    Tensor,
    compress::{Distillation, Sparsity, svd},
    tensor::View,
};

lesson! {
    /// What can go, and what is left.
    CompressLesson, m16, 16;

    /// Counts weights and the zeros among them. Parameters with fewer than two axes (biases, scales of norms) do not count.
    core fn sparsity(parameters: &[View<'_>]) -> Sparsity,
        hint "rank() tells a matrix from a bias, iter() walks over elements whatever their strides",
        Ok(plain::sparsity(parameters));
    /// Returns which weights go so that exactly `round(target·n)` do, by magnitude: all below the first result, and of those equal to it
    /// the first so many as the second result says; `(0.0, 0)` for none. A target outside 0 to 1, and a weight that is not finite, are an
    /// `Error::InvalidArgument`.
    core fn magnitude_threshold(weights: &[f32], target: f64) -> (f32, usize),
        hint "sort the magnitudes; the last one that goes is the threshold, then count how many lie below it",
        plain::magnitude_threshold(weights, target);
    /// Returns the best approximation of `matrix: [rows, columns]` of the rank `max(1, ratio·min(rows, columns))`, rounded down: U
    /// `[rows, r]`, the singular values, Vᵀ `[r, columns]`, from what `svd` returns in `f64`, in the element type of the matrix. A ratio
    /// outside 0 to 1 is an `Error::InvalidArgument`.
    core fn low_rank(matrix: &Tensor, ratio: f64) -> (Tensor, Vec<f64>, Tensor),
        hint "svd(matrix)? has the values in descending order; narrow keeps the first columns of U and rows of Vᵀ",
        plain::low_rank(matrix, ratio);
    /// Returns `α·KL(teacher at T ‖ student at T) + (1 − α)·cross entropy` of scores `[N, classes]` and labels `[N]`, each the mean over the
    /// batch; at T means scores divided by T. With `scale_t_squared` the first part is multiplied by T². The gradient reaches the
    /// student alone. A T that is not positive and finite, and an α outside 0 to 1, are an `Error::InvalidArgument`.
    core fn distill_loss(student: &Tensor, teacher: &Tensor, labels: &Tensor, how: &Distillation) -> Tensor,
        hint "kl_div_loss takes log-probabilities of the student and probabilities of the teacher; detach the teacher",
        plain::distill_loss(student, teacher, labels, how);
}

pub(super) const MODULE: Module = Module {
    number: 16,
    id: "m16",
    name: "Compression",
    tier: "optimization",
    lesson: "CompressLesson",
    prerequisites: &[3, 4, 6],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 4,
};
