//! Module 13: normalization of rows.

use crate::nostd::prelude::*;
use crate::{Result, kernels::norm::RowNorm, tensor::Real};

/// Layer normalization of rows, with the mean and the inverse deviation of each.
pub(crate) fn layer_norm<T: Real>(
    norm: &RowNorm,
    x: &[T],
    weight: Option<&[T]>,
    bias: Option<&[T]>,
) -> Result<(Vec<T>, Vec<T>, Vec<T>)> {
    let out = norm.forward(x, weight, bias);
    #[cfg(feature = "course")]
    {
        use crate::course::{fit, m13};
        // The student's rows; the two statistics of each are kept for the backward pass of the library.
        if let (true, Some(rows)) = (norm.centered, T::f32s(x))
            && let (w, b) = (weight.and_then(T::f32s), bias.and_then(T::f32s))
            && let Some(y) = m13::hook::layer_norm(rows, norm.len, w, b, norm.eps)?
        {
            return Ok((fit(m13::slot::layer_norm, y, x.len())?, out.1, out.2));
        }
    }
    Ok(out)
}
