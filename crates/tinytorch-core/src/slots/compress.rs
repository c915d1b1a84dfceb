//! Module 16, Compression: which weights go, what a thin product leaves, and what a student hears from its teacher.

use crate::{
    Error, Result, Tensor,
    compress::{Distillation, Sparsity, share, svd},
    ops::{CrossEntropyOpts, Reduction},
    tensor::View,
};

/// Counts the zeros of weights: parameters of at least two axes. Biases and the scales of norms do not count.
#[must_use]
pub fn sparsity(parameters: &[View<'_>]) -> Sparsity {
    let mut total = Sparsity { zeros: 0, weights: 0 };
    for weight in parameters.iter().filter(|p| p.rank() >= 2) {
        total.weights += weight.numel();
        total.zeros += weight.to_contiguous().iter().filter(|v| **v == 0.0).count();
    }
    total
}

/// Returns which weights go so that exactly `round(target·n)` do: all whose magnitude is below the first result, and of those that are
/// equal to it the first so many as the second result says. `(0.0, 0)` lets all of them stay.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if `target` is outside 0 to 1, or a weight is not finite.
pub fn magnitude_threshold(weights: &[f32], target: f64) -> Result<(f32, usize)> {
    share("prune", "target", target)?;
    if let Some(at) = weights.iter().position(|w| !w.is_finite()) {
        let got = format!("{} at position {at}", weights[at]);
        return Err(Error::argument("prune", "weights", got, "finite"));
    }
    let n = (target * weights.len() as f64).round() as usize;
    let Some(last) = n.checked_sub(1) else { return Ok((0.0, 0)) };
    let mut sizes: Vec<f32> = weights.iter().map(|w| w.abs()).collect();
    sizes.sort_by(f32::total_cmp);
    let threshold = sizes[last];
    let below = sizes.partition_point(|s| *s < threshold);
    Ok((threshold, n - below))
}

/// Returns the best approximation of `matrix` of the rank `max(1, ratio·min(rows, columns))`, rounded down, as U `[rows, r]`, the
/// singular values, and Vᵀ `[r, columns]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if `ratio` is outside 0 to 1; as [`svd`].
pub fn low_rank(matrix: &Tensor, ratio: f64) -> Result<(Tensor, Vec<f64>, Tensor)> {
    share("low_rank", "ratio", ratio)?;
    let parts = svd(matrix)?;
    let rank = ((ratio * parts.s.len() as f64).floor() as usize).max(1);
    let dtype = matrix.dtype();
    let u = parts.u.narrow(1, 0, rank)?.to_dtype(dtype)?;
    let vt = parts.vt.narrow(0, 0, rank)?.to_dtype(dtype)?;
    Ok((u, parts.s[..rank].to_vec(), vt))
}

/// Returns `α·KL(teacher at T ‖ student at T) + (1 − α)·cross entropy`, each the mean over the batch; the gradient reaches the
/// student only.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if T is not positive and finite, or α is outside 0 to 1; [`Error::ShapeMismatch`] unless both scores have
/// the same shape; as [`Tensor::cross_entropy`] for the labels.
pub fn distill_loss(
    student: &Tensor,
    teacher: &Tensor,
    labels: &Tensor,
    how: &Distillation,
) -> Result<Tensor> {
    let op = "distill_loss";
    let Distillation { temperature, alpha, scale_t_squared } = *how;
    if !(temperature > 0.0 && temperature.is_finite()) {
        return Err(Error::argument(op, "temperature", temperature, "positive and finite"));
    }
    share(op, "alpha", alpha)?;
    let soft = student.div_scalar(temperature)?.log_softmax(-1)?;
    let target = teacher.detach().div_scalar(temperature)?.softmax(-1)?;
    let taught = soft.kl_div_loss(&target, Reduction::BatchMean)?;
    let weight = alpha * if scale_t_squared { temperature * temperature } else { 1.0 };
    let told = student.cross_entropy(labels, &CrossEntropyOpts::default())?;
    taught.mul_scalar(weight)?.add(&told.mul_scalar(1.0 - alpha)?)
}
