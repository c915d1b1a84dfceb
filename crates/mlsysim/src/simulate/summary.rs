//! What many samples say together.

use alloc::vec::Vec;

/// Mean, quantiles and sampling error of a run's samples.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Summary {
    /// Number of samples.
    pub count: usize,
    /// Mean; 0 without samples.
    pub mean: f64,
    /// Standard error of the mean, from the means of 32 consecutive batches, so that neighbors may depend on each other.
    ///
    /// 0 with fewer than 64 samples, where it cannot be told.
    pub standard_error: f64,
    /// Half of the samples are at most this.
    pub p50: f64,
    /// Nine in ten are at most this.
    pub p90: f64,
    /// Ninety-nine in a hundred are at most this.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

/// Batches behind the standard error: enough for a stable spread, few enough to be long.
const BATCHES: usize = 32;

impl Summary {
    /// Returns the summary of samples in the order in which they arose.
    #[must_use]
    pub fn of(samples: &[f64]) -> Self {
        let count = samples.len();
        if count == 0 {
            return Self::default();
        }
        let mean = mean_of(samples);
        let standard_error = if count >= 2 * BATCHES {
            let length = count / BATCHES;
            let means = samples.chunks_exact(length).take(BATCHES).map(mean_of);
            let spread: f64 = means.map(|m| (m - mean) * (m - mean)).sum();
            let batches = to_f64(BATCHES);
            libm::sqrt(spread / (batches - 1.0) / batches)
        } else {
            0.0
        };
        let mut sorted: Vec<f64> = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        // The smallest sample with at least the share `q` of all samples at or below it.
        let quantile = |hundredths: usize| sorted[(count * hundredths).div_ceil(100).max(1) - 1];
        Self {
            count,
            mean,
            standard_error,
            p50: quantile(50),
            p90: quantile(90),
            p99: quantile(99),
            max: sorted[count - 1],
        }
    }
}

fn mean_of(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / to_f64(samples.len())
}

/// A count as a float; exact below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts of a run are far below 2^53")]
pub(super) const fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        let samples: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        let summary = Summary::of(&samples);
        assert_eq!(
            (summary.mean, summary.p50, summary.p90, summary.p99, summary.max),
            (100.5, 100.0, 180.0, 198.0, 200.0)
        );
        assert_eq!((Summary::of(&[4.0]).p99, Summary::of(&[4.0]).count), (4.0, 1));
        assert_eq!(Summary::of(&[]), Summary::default());
    }

    #[test]
    fn the_error_of_independent_samples_is_the_textbook_one() {
        let mut random = crate::simulate::Random::new(3);
        let samples: Vec<f64> = (0..64_000).map(|_| random.normal()).collect();
        let textbook = 1.0 / libm::sqrt(64_000.0);
        let got = Summary::of(&samples).standard_error;
        // The spread of 32 batch means is itself known to 1/sqrt(62) = 13 %; three of them.
        assert!((got / textbook - 1.0).abs() < 0.4, "{got} against {textbook}");
    }
}
