//! Module 04, Losses: how wrong a prediction is, as one number.

use super::activations::softmax;
use crate::nostd::prelude::*;
use crate::tensor::{Real, View};

/// Returns `ln(softmax(x))` along `axis`, without ever taking the logarithm of a rounded zero.
///
/// `log_softmax(x)ᵢ = xᵢ - m - ln Σⱼ e^(xⱼ - m)`, where `m` is the largest element of the slice.
#[must_use]
pub fn log_softmax<T: Real>(x: View<'_, T>, axis: usize) -> Vec<T> {
    let len = x.shape[axis];
    let inner: usize = x.shape[axis + 1..].iter().product();
    let mut out = x.to_vec();
    for start in 0..out.len() / len.max(1) {
        let at = |k: usize| start / inner * len * inner + k * inner + start % inner;
        let m = (0..len).map(|k| out[at(k)]).fold(-T::INFINITY, T::max_nan);
        // A slice of negative infinities has no finite shift; it stays as it is.
        let m = if m == -T::INFINITY { T::ZERO } else { m };
        let sum = (0..len).fold(T::ZERO, |s, k| s + (out[at(k)] - m).exp());
        let log_sum = if sum == T::ZERO { T::ZERO } else { sum.ln() };
        for k in 0..len {
            out[at(k)] = out[at(k)] - m - log_sum;
        }
    }
    out
}

/// Returns the mean of `(prediction - target)²`.
#[must_use]
pub fn mse<T: Real>(prediction: View<'_, T>, target: View<'_, T>) -> T {
    let sum = prediction.iter().zip(target.iter()).fold(T::ZERO, |s, (p, t)| s + (p - t) * (p - t));
    sum / T::lit(prediction.numel() as f64)
}

/// Returns the mean over the rows of `-ln softmax(logits)[target]`. Rows whose target is `ignore` do not count.
///
/// # Shapes
///
/// `logits: [N, C]`, `targets: [N]` with values below `C`.
#[must_use]
pub fn cross_entropy<T: Real>(logits: View<'_, T>, targets: &[i64], ignore: i64) -> T {
    let classes = logits.shape[1];
    let log_p = log_softmax(logits, 1);
    let (mut sum, mut count) = (T::ZERO, T::ZERO);
    for (row, &target) in targets.iter().enumerate().filter(|(_, t)| **t != ignore) {
        sum = sum - log_p[row * classes + target as usize];
        count += T::ONE;
    }
    sum / count
}

/// Returns the gradient of [`cross_entropy`] with respect to the logits: `(softmax - one-hot) / count`.
#[must_use]
pub fn cross_entropy_backward<T: Real>(
    logits: View<'_, T>,
    targets: &[i64],
    ignore: i64,
) -> Vec<T> {
    let classes = logits.shape[1];
    let mut out = softmax(logits, 1);
    let count = T::lit(targets.iter().filter(|t| **t != ignore).count() as f64);
    for (row, &target) in out.chunks_mut(classes).zip(targets) {
        if target == ignore {
            row.fill(T::ZERO);
            continue;
        }
        row[target as usize] = row[target as usize] - T::ONE;
        row.iter_mut().for_each(|g| *g = *g / count);
    }
    out
}
