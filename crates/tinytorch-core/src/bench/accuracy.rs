//! Counting right answers.

use crate::{Result, Tensor, dispatch};

/// Returns the share of the samples `x: [N, ..]` that `predict` gives the class in `labels: [N]`, asked for `batch` samples at a time.
///
/// Samples are counted, not batches: a last batch that is smaller weighs less.
///
/// # Errors
///
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if there are no samples, another number of labels or of answers, or a
/// batch of 0; what `predict` and a student's slot return.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, bench::accuracy};
///
/// let x = Tensor::from([[0.9_f32], [0.2], [0.6]]);
/// let share = accuracy(|x| Ok(x.to_vec_as::<f32>().iter().map(|v| usize::from(*v > 0.5)).collect()), &x, &[1, 0, 0], 2)?;
/// assert!((share - 2.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn accuracy(
    mut predict: impl FnMut(&Tensor) -> Result<Vec<usize>>,
    x: &Tensor,
    labels: &[usize],
    batch: usize,
) -> Result<f64> {
    dispatch::run_accuracy(&mut predict, x, labels, batch)
}
