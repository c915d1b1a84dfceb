//! Module 13: normalization of rows.

use crate::{Result, kernels::norm::RowNorm, tensor::Real};

/// Layer normalization of rows, with the mean and the inverse deviation of each.
pub(crate) fn layer_norm<T: Real>(
    norm: &RowNorm,
    x: &[T],
    weight: Option<&[T]>,
    bias: Option<&[T]>,
) -> Result<(Vec<T>, Vec<T>, Vec<T>)> {
    Ok(norm.forward(x, weight, bias))
}
