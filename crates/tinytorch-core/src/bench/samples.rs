//! Repeated measurements of one thing.

use crate::{Error, Result, dispatch};

use super::intervals::Interval;

const OP: &str = "samples";

/// How many median deviations make an outlier; 1.4826 of them are a standard deviation of normal samples.
const OUTLIER: f64 = 3.5;
/// Standard deviations per median absolute deviation of a normal distribution: 1/Φ⁻¹(3/4).
const NORMAL_PER_MAD: f64 = 1.482_602_218_505_602;

/// Repeated measurements: at least one, all finite.
///
/// # Examples
///
/// ```
/// use tinytorch_core::bench::Samples;
///
/// let s = Samples::new(vec![1.2, 3.1, 1.4, 1.3, 1.5, 1.1, 1.6])?;
/// assert!((s.mean() - 1.6).abs() < 1e-12);
/// assert_eq!(s.median(), 1.4);
/// assert_eq!(s.outliers(), [3.1]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// As measured.
    values: Vec<f64>,
    /// Ascending.
    sorted: Vec<f64>,
}

/// The five figures that a student's slot computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the sample (divided by n − 1); `None` for a single one.
    pub std: Option<f64>,
    /// Smallest.
    pub min: f64,
    /// Half of the samples lie below.
    pub median: f64,
    /// Largest.
    pub max: f64,
}

/// The figures that describe samples.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// Number of samples.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the sample (divided by n − 1); `None` for a single one.
    pub std: Option<f64>,
    /// Smallest.
    pub min: f64,
    /// Half of the samples lie below.
    pub median: f64,
    /// Nine tenths lie below.
    pub p90: f64,
    /// Ninety-nine hundredths lie below.
    pub p99: f64,
    /// Largest.
    pub max: f64,
    /// Student's interval of the mean at 95 %; `None` for a single sample.
    pub mean_95: Option<Interval>,
}

impl Samples {
    /// Takes measurements in the order in which they were made.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if there is none, or one is not finite.
    pub fn new(values: Vec<f64>) -> Result<Self> {
        if values.is_empty() {
            return Err(Error::argument(OP, "values", "empty", "at least one measurement"));
        }
        if let Some((at, value)) = values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            let got = format!("{value} at position {at}");
            return Err(Error::argument(OP, "values", got, "finite measurements"));
        }
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        Ok(Self { values, sorted })
    }

    /// Returns the measurements in the order in which they were made.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Returns the measurements in ascending order.
    #[must_use]
    pub fn sorted(&self) -> &[f64] {
        &self.sorted
    }

    /// Returns how many there are, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns the arithmetic mean. It stays finite: values are scaled down before they are summed.
    #[must_use]
    pub fn mean(&self) -> f64 {
        let n = self.values.len() as f64;
        self.values.iter().map(|v| v / n).sum()
    }

    /// Returns the standard deviation of the sample, `None` if there is only one.
    #[must_use]
    pub fn std(&self) -> Option<f64> {
        let n = self.values.len();
        if n < 2 {
            return None;
        }
        let mean = self.mean();
        // Deviations are scaled by the largest one, so that no square overflows.
        let largest = self.values.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max);
        if largest == 0.0 {
            return Some(0.0);
        }
        let squares: f64 = self.values.iter().map(|v| ((v - mean) / largest).powi(2)).sum();
        Some(largest * (squares / (n - 1) as f64).sqrt())
    }

    /// Returns the quantile at `share` (0 the smallest, 1 the largest), interpolated linearly between neighbours.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `share` is outside 0 to 1.
    pub fn quantile(&self, share: f64) -> Result<f64> {
        dispatch::percentile(&self.sorted, share)
    }

    fn at(&self, share: f64) -> f64 {
        quantile(&self.sorted, share)
    }

    /// Returns the median.
    #[must_use]
    pub fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// Returns the median of the distances from the median.
    #[must_use]
    pub fn median_deviation(&self) -> f64 {
        let median = self.median();
        let mut away: Vec<f64> = self.sorted.iter().map(|v| (v - median).abs()).collect();
        away.sort_by(f64::total_cmp);
        quantile(&away, 0.5)
    }

    /// Returns the samples that lie more than 3.5 robust standard deviations from the median (Iglewicz & Hoaglin, 1993).
    /// Where more than half of the samples are equal the spread is 0 and every other one counts.
    #[must_use]
    pub fn outliers(&self) -> Vec<f64> {
        let (median, limit) = (self.median(), OUTLIER * NORMAL_PER_MAD * self.median_deviation());
        self.sorted.iter().copied().filter(|v| (v - median).abs() > limit).collect()
    }

    /// Returns Student's interval of the mean, which holds it with probability `level` if the samples are independent and about
    /// normal; `None` for a single sample, which says nothing about the spread.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `level` is not between 0 and 1.
    pub fn mean_interval(&self, level: f64) -> Result<Option<Interval>> {
        dispatch::confidence_interval(&self.values, level)
    }

    /// Returns the figures that describe the samples.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let figures = dispatch::summarise(&self.values).unwrap_or_else(|error| {
            wait(error);
            Figures {
                mean: self.mean(),
                std: self.std(),
                min: self.at(0.0),
                median: self.median(),
                max: self.at(1.0),
            }
        });
        let Figures { mean, std, min, median, max } = figures;
        let mean_95 = self.mean_interval(0.95).unwrap_or_else(|error| {
            wait(error);
            None
        });
        let (p90, p99) = (self.at(0.9), self.at(0.99));
        Summary { n: self.len(), mean, std, min, median, p90, p99, max, mean_95 }
    }
}

/// A quantile of ascending values, of which there is at least one, where nothing can fail.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    dispatch::percentile(sorted, share).unwrap_or_else(|error| {
        wait(error);
        f64::NAN
    })
}

/// Only a student's slot can fail here: its error waits for the next operation that can return one.
fn wait(error: Error) {
    #[cfg(feature = "course")]
    crate::course::defer(error);
    #[cfg(not(feature = "course"))]
    drop(error);
}
