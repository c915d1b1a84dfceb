//! Module 13, Transformers: normalization of rows.

use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Returns each row of `len` elements as `(x - mean)/√(var + eps)·weight + bias`.
///
/// The variance is that of the row itself: the squared deviations are divided by their count.
#[must_use]
pub fn layer_norm<T: Real>(
    x: &[T],
    len: usize,
    weight: Option<&[T]>,
    bias: Option<&[T]>,
    eps: f64,
) -> Vec<T> {
    let n = T::lit(len as f64);
    let mut out = Vec::with_capacity(x.len());
    for row in x.chunks(len.max(1)) {
        let mean = row.iter().fold(T::ZERO, |s, &v| s + v) / n;
        let var = row.iter().fold(T::ZERO, |s, &v| s + (v - mean) * (v - mean)) / n;
        let rstd = T::ONE / (var + T::lit(eps)).sqrt();
        for (i, &v) in row.iter().enumerate() {
            let scaled = (v - mean) * rstd * weight.map_or(T::ONE, |w| w[i]);
            out.push(scaled + bias.map_or(T::ZERO, |b| b[i]));
        }
    }
    out
}
