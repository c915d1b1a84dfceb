//! What is measured on one model, and how two models compare.

use serde::{Deserialize, Serialize};

use super::number::{marked, maybe_marked};

/// Shortest time that counts as a divisor, in milliseconds: one nanosecond.
pub const LEAST_LATENCY_MS: f64 = 1e-6;
/// Smallest size that counts as a divisor, in MiB: a thousandth of a byte.
pub const LEAST_SIZE_MB: f64 = 1e-9;

/// What was measured on one model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Weights and biases.
    pub parameter_count: u64,
    /// Bytes of everything that the model stores, in units of 2²⁰.
    #[serde(serialize_with = "marked")]
    pub model_size_mb: f64,
    /// Share of the test samples that were classified correctly, 0 to 1.
    #[serde(serialize_with = "marked")]
    pub accuracy: f64,
    /// Mean time of one sample, in milliseconds.
    #[serde(serialize_with = "marked")]
    pub latency_ms_mean: f64,
    /// Standard deviation of the times.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "maybe_marked")]
    pub latency_ms_std: Option<f64>,
    /// Median of the times: half of the samples were faster.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "maybe_marked")]
    pub latency_ms_median: Option<f64>,
    /// Samples in a second, one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "maybe_marked")]
    pub throughput_samples_per_sec: Option<f64>,
}

/// What an optimization changed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Improvements {
    /// Latency of the baseline divided by that of the optimized model: 2 is twice as fast.
    #[serde(serialize_with = "marked")]
    pub speedup: f64,
    /// Size of the baseline divided by that of the optimized model.
    #[serde(serialize_with = "marked")]
    pub compression_ratio: f64,
    /// Accuracy of the optimized model minus that of the baseline.
    #[serde(serialize_with = "marked")]
    pub accuracy_delta: f64,
}

impl Improvements {
    /// Returns what `optimized` changed: medians are compared if both have one, else means, and neither divisor falls below
    /// [`LEAST_LATENCY_MS`] and [`LEAST_SIZE_MB`].
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::olympics::{Improvements, Metrics};
    ///
    /// let of = |size, accuracy, mean| Metrics {
    ///     parameter_count: 1000,
    ///     model_size_mb: size,
    ///     accuracy,
    ///     latency_ms_mean: mean,
    ///     latency_ms_std: None,
    ///     latency_ms_median: None,
    ///     throughput_samples_per_sec: None,
    /// };
    /// let change = Improvements::between(&of(4.0, 0.75, 10.0), &of(1.0, 0.5, 5.0));
    /// assert_eq!((change.speedup, change.compression_ratio, change.accuracy_delta), (2.0, 4.0, -0.25));
    /// ```
    #[must_use]
    pub fn between(baseline: &Metrics, optimized: &Metrics) -> Self {
        let (before, after) = match (baseline.latency_ms_median, optimized.latency_ms_median) {
            (Some(before), Some(after)) => (before, after),
            _ => (baseline.latency_ms_mean, optimized.latency_ms_mean),
        };
        Self {
            speedup: before / after.max(LEAST_LATENCY_MS),
            compression_ratio: baseline.model_size_mb / optimized.model_size_mb.max(LEAST_SIZE_MB),
            accuracy_delta: optimized.accuracy - baseline.accuracy,
        }
    }
}
