//! Module 19, Benchmarking: figures that describe repeated measurements.

use crate::{Error, Result};

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
