//! Numbers that come with their uncertainty: times that were taken several times, shares of a finite number of images.

use serde_json::{Value, json};

use crate::{Result, bench::Samples};

/// A positive quantity that was measured several times.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Arithmetic mean.
    pub mean: f64,
    /// Half of the measurements lie below.
    pub median: f64,
    /// Student's interval of the mean at 95 %, cut off at 0; none for a single measurement.
    pub interval: Option<[f64; 2]>,
    /// Number of measurements.
    pub n: usize,
}

impl Figure {
    pub(super) fn new(samples: &Samples) -> Result<Self> {
        let interval = samples.mean_interval(0.95)?.map(|i| [i.low.max(0.0), i.high]);
        let (mean, median, n) = (samples.mean(), samples.median(), samples.len());
        Ok(Self { mean, median, interval, n })
    }

    /// For example `3.2 µs (95 %: 3.1 to 3.3)` with a scale of 10⁶ and the unit µs.
    pub(super) fn text(&self, scale: f64, unit: &str) -> String {
        let mean = format!("{:.3} {unit}", self.mean * scale);
        match self.interval {
            Some([low, high]) => {
                format!("{mean} (95 %: {:.3} to {:.3})", low * scale, high * scale)
            }
            None => mean,
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({"mean": self.mean, "median": self.median, "interval_95": self.interval, "n": self.n})
    }
}

/// Returns the interval in which the true share lies, at 95 %, if `share` of `n` independent samples was found.
///
/// With z = 1.96 it is (p + z²/2n ± z·√(p(1 − p)/n + z²/4n²)) / (1 + z²/n); 0 to 1 of no samples.
///
/// # Source
///
/// Wilson (1927), "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22.
///
/// # Examples
///
/// ```
/// use tinytorch_core::milestones::measured::interval;
///
/// let [low, high] = interval(0.5, 100);
/// assert!((low - 0.4038).abs() < 1e-4 && (high - 0.5962).abs() < 1e-4);
/// ```
#[must_use]
pub fn interval(share: f64, n: usize) -> [f64; 2] {
    if n == 0 {
        return [0.0, 1.0];
    }
    let (z2, n) = (1.96 * 1.96, n as f64);
    let middle = share + z2 / (2.0 * n);
    let half = (z2 * (share * (1.0 - share) / n + z2 / (4.0 * n * n))).sqrt();
    [-half, half].map(|half| ((middle + half) / (1.0 + z2 / n)).clamp(0.0, 1.0))
}

/// For example `97.5 % (95 %: 95.3 to 98.7)`.
pub(super) fn share(share: f64, n: usize) -> String {
    let [low, high] = interval(share, n).map(|x| 100.0 * x);
    format!("{:.1} % (95 %: {low:.1} to {high:.1})", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The defining property: at the ends of the interval the share found is 1.96 standard deviations away.
    #[test]
    fn the_ends_are_as_far_away_as_they_should_be() {
        for (p, n) in [(0.975, 360), (0.5, 10), (0.1, 1_000)] {
            for end in interval(p, n) {
                let deviation = (end * (1.0 - end) / n as f64).sqrt();
                // A few roundings.
                assert!(((p - end).abs() / deviation - 1.96).abs() < 1e-9, "{p} of {n}");
            }
        }
        assert_eq!(interval(0.0, 5)[0], 0.0);
        assert_eq!(interval(0.3, 0), [0.0, 1.0]);
        assert_eq!(share(0.5, 100), "50.0 % (95 %: 40.4 to 59.6)");
    }

    #[test]
    fn one_measurement_has_no_interval() {
        let one = Figure::new(&Samples::new(vec![2e-6]).unwrap()).unwrap();
        assert_eq!((one.text(1e6, "µs").as_str(), one.interval, one.n), ("2.000 µs", None, 1));
        let two = Figure::new(&Samples::new(vec![1.0, 3.0]).unwrap()).unwrap();
        // t of one degree of freedom, 12.706, times the standard error 1.
        assert!(two.text(1.0, "s") == "2.000 s (95 %: 0.000 to 14.706)", "{two:?}");
    }
}
