//! Module 16: compression.

use crate::{
    Result, Tensor,
    compress::{Distillation, Sparsity},
    slots::compress as slot,
    tensor::View,
};

#[cfg(feature = "course")]
use crate::course::{
    m16::{hook, slot as student},
    wrong,
};

/// The zeros of weights.
pub(crate) fn sparsity(parameters: &[View<'_>]) -> Result<Sparsity> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::sparsity(parameters)? {
        return Ok(out);
    }
    Ok(slot::sparsity(parameters))
}

/// Which weights go.
pub(crate) fn magnitude_threshold(weights: &[f32], target: f64) -> Result<(f32, usize)> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::magnitude_threshold(weights, target)? {
        return Ok(out);
    }
    slot::magnitude_threshold(weights, target)
}

/// A matrix as three thin factors.
pub(crate) fn low_rank(matrix: &Tensor, ratio: f64) -> Result<(Tensor, Vec<f64>, Tensor)> {
    #[cfg(feature = "course")]
    if let Some((u, s, vt)) = hook::low_rank(matrix, ratio)? {
        let (&[rows, columns], rank) = (matrix.dims(), s.len()) else {
            return Err(wrong(student::low_rank, "took what is no matrix"));
        };
        let u = super::shaped(student::low_rank, u, &[rows, rank], matrix.dtype())?;
        let vt = super::shaped(student::low_rank, vt, &[rank, columns], matrix.dtype())?;
        return Ok((u, s, vt));
    }
    slot::low_rank(matrix, ratio)
}

/// What a small network learns from a large one.
pub(crate) fn distill_loss(
    scores: &Tensor,
    teacher: &Tensor,
    labels: &Tensor,
    how: &Distillation,
) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::distill_loss(scores, teacher, labels, how)? {
        return super::shaped(student::distill_loss, out, &[], scores.dtype());
    }
    slot::distill_loss(scores, teacher, labels, how)
}
