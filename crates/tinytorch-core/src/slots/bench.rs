//! Module 19, Benchmarking: figures that describe repeated measurements.

use crate::{Error, Result};

/// Returns the mean and the standard deviation of the sample (divided by n − 1; `None` for one value).
///
/// # Errors
///
/// [`Error::InvalidArgument`] if there is no value.
pub fn summarise(values: &[f64]) -> Result<(f64, Option<f64>)> {
    let n = values.len();
    if n == 0 {
        return Err(Error::argument("summarise", "values", "empty", "at least one value"));
    }
    let mean = values.iter().map(|v| v / n as f64).sum::<f64>();
    if n == 1 {
        return Ok((mean, None));
    }
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Ok((mean, Some((squares / (n - 1) as f64).sqrt())))
}

/// Returns the value at `share` (0 to 1) of ascending values: position `share·(n − 1)`, interpolated linearly.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if there is no value, or `share` is outside 0 to 1.
pub fn percentile(sorted: &[f64], share: f64) -> Result<f64> {
    let Some(last) = sorted.len().checked_sub(1) else {
        return Err(Error::argument("percentile", "values", "empty", "at least one value"));
    };
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::argument("percentile", "share", share, "between 0 and 1"));
    }
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    let part = place - below as f64;
    Ok(sorted[below] * (1.0 - part) + sorted[above] * part)
}

/// Returns the interval `mean ± t·std/√n`; `None` for fewer than two values.
#[must_use]
pub fn confidence_interval(mean: f64, std: Option<f64>, n: usize, t: f64) -> Option<(f64, f64)> {
    let half = t * std? / (n as f64).sqrt();
    (n >= 2).then_some((mean - half, mean + half))
}
