//! Module 11, Embeddings: from ids to vectors.

use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Returns the rows `ids` of a row-major table with rows of `width` elements, one after the other.
///
/// The ids must be below the number of rows.
#[must_use]
pub fn embedding_forward<T: Copy>(table: &[T], width: usize, ids: &[usize]) -> Vec<T> {
    ids.iter().flat_map(|&id| &table[id * width..(id + 1) * width]).copied().collect()
}

/// Returns the gradient of the table: each row collects the gradients of all places that read it.
///
/// `grad` holds one row of `width` elements per id; the result has `rows` rows.
#[must_use]
pub fn embedding_backward<T: Real>(grad: &[T], width: usize, ids: &[usize], rows: usize) -> Vec<T> {
    let mut out = vec![T::ZERO; rows * width];
    for (&id, grad) in ids.iter().zip(grad.chunks(width.max(1))) {
        out[id * width..(id + 1) * width].iter_mut().zip(grad).for_each(|(o, &g)| *o += g);
    }
    out
}

/// Returns the fixed position encodings, row-major: `sin(p·base^(-i/width))` in the even columns `i` and the cosine of
/// the same angle in the odd column after it.
#[must_use]
pub fn sinusoidal_table(positions: usize, width: usize, base: f64) -> Vec<f64> {
    let mut out = Vec::with_capacity(positions * width);
    for p in 0..positions {
        for column in 0..width {
            let i = column - column % 2;
            let angle = p as f64 * base.powf(-(i as f64) / width as f64);
            out.push(if column % 2 == 0 { angle.sin() } else { angle.cos() });
        }
    }
    out
}
