//! Order statistics of a few measurements.

/// Median and the quartiles around it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// The value a quarter of the measurements lie below.
    pub low: f64,
    /// The middle value.
    pub median: f64,
    /// The value a quarter of the measurements lie above.
    pub high: f64,
}

/// Returns the median and the quartiles of `values`, or nothing for no values.
///
/// Between two values the quantile is interpolated linearly.
#[must_use]
pub fn spread(values: &[f64]) -> Option<Spread> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(Spread {
        low: quantile(&sorted, 0.25)?,
        median: quantile(&sorted, 0.5)?,
        high: quantile(&sorted, 0.75)?,
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positions among some tens of measurements"
)]
fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let position = sorted.len().checked_sub(1)? as f64 * q;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    Some(below + (above - below) * position.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_of_known_lists() {
        let all = |low, median, high| Some(Spread { low, median, high });
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[7.0]), all(7.0, 7.0, 7.0));
        assert_eq!(spread(&[4.0, 2.0, 1.0, 3.0]), all(1.75, 2.5, 3.25));
        assert_eq!(spread(&[5.0, 1.0, 4.0, 2.0, 3.0]), all(2.0, 3.0, 4.0));
    }
}
