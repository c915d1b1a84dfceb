//! Module 17, Acceleration: one product in the order of memory, by tiles, from registers and on threads, a fused activation, and attention
//! by tiles.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
use crate::slots::accel as plain;

lesson! {
    /// The same numbers, sooner.
    AccelLesson, m17, 17;

    /// Returns `a·b` of row-major `a: [m, k]` and `b: [k, n]`, where `sizes` is `[m, k, n]`, with the loops in the order i, k, j: the
    /// innermost one runs along a row of `b` and a row of the result.
    core fn matmul_ikj(a: &[f32], b: &[f32], sizes: [usize; 3]) -> Vec<f32>,
        hint "row i of the result is a sum of rows of b, each times one number of row i of a",
        plain::matmul_ikj(a, b, sizes);
    /// Returns the same product, computed in tiles of `tile` by `tile` elements, fewer at the borders. A tile of 0 is an
    /// `Error::InvalidArgument`.
    core fn matmul_tiled(a: &[f32], b: &[f32], sizes: [usize; 3], tile: usize) -> Vec<f32>,
        hint "three loops over the first elements of tiles around your loops of matmul_ikj; step_by and min",
        plain::matmul_tiled(a, b, sizes, tile);
    /// Returns `x/2 · (1 + tanh(√(2/π)·(x + 0.044715 x³)))` of each element, with one pass over `x`.
    core fn gelu_fused(x: &[f32]) -> Vec<f32>,
        hint "one closure with the whole formula, one map",
        Ok(plain::gelu_fused(x));
    /// A challenge: returns the same product from panels of `b` that are copied into the order in which they are read, with a tile
    /// of sums in arrays of a fixed size, small enough for registers.
    given fn matmul_packed(a: &[f32], b: &[f32], sizes: [usize; 3]) -> Vec<f32>,
        hint "[[0.0f32; 16]; 4] for the sums, and a Vec<[f32; 16]> for a panel; fill up with zeros at the right border",
        plain::matmul_packed(a, b, sizes);
    /// A challenge: returns the same product, computed by `threads` threads; the bits must not depend on their number. 0 threads are
    /// an `Error::InvalidArgument`.
    given fn matmul_parallel(a: &[f32], b: &[f32], sizes: [usize; 3], threads: usize) -> Vec<f32>,
        hint "std::thread::scope, and chunks_mut of the result: whole rows for each thread, never a part of a sum",
        plain::matmul_parallel(a, b, sizes, threads);
    /// A challenge: returns `softmax(q·kᵀ/√d)·v` of row-major `q: [s, d]`, `k: [t, d]` and `v: [t, d]`, where `sizes` is `[s, t, d]`,
    /// from `tile` keys at a time: the scores of all keys are never stored together. If `causal`, query `i` sees the keys up to `i`.
    /// A query without a key collects zeros. A tile of 0 is an `Error::InvalidArgument`.
    given fn attention_tiled(q: &[f32], k: &[f32], v: &[f32], sizes: [usize; 3], tile: usize, causal: bool) -> Vec<f32>,
        hint "keep the largest score m and the sum of e^(s-m) of each query; when m grows to n, shrink the sum and what was collected by e^(m-n)",
        plain::attention_tiled(q, k, v, sizes, tile, causal);
}

pub(super) const MODULE: Module = Module {
    number: 17,
    id: "m17",
    name: "Acceleration",
    tier: "optimization",
    lesson: "AccelLesson",
    prerequisites: &[1, 2],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 5,
};
