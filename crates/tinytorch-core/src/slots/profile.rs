//! Module 14, Profiling: what a layer costs, counted, and what measurements say.

use crate::{Error, Result};

/// The part of a layer's shape that decides its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// `rows` inputs of `n_in` numbers become outputs of `n_out`.
    Linear {
        /// Rows of the input.
        rows: usize,
        /// Numbers in a row of the input.
        n_in: usize,
        /// Numbers in a row of the output.
        n_out: usize,
    },
    /// `outputs` sums over `window` products each: channels of a group times height and width of the kernel.
    Conv2d {
        /// Elements of the output.
        outputs: usize,
        /// Products in a sum.
        window: usize,
    },
    /// Nothing that counts: comparisons, clamps, copies.
    Free,
}

/// Returns the floating-point operations of a layer: a multiplication and an addition for each product.
#[must_use]
pub fn count_flops(work: Work) -> u64 {
    let product =
        |factors: &[usize]| factors.iter().map(|&f| f as u64).fold(2, u64::saturating_mul);
    match work {
        Work::Linear { rows, n_in, n_out } => product(&[rows, n_in, n_out]),
        Work::Conv2d { outputs, window } => product(&[outputs, window]),
        Work::Free => 0,
    }
}

/// Returns how many numbers parameters of these shapes hold together.
#[must_use]
pub fn count_parameters(shapes: &[&[usize]]) -> usize {
    shapes.iter().map(|shape| numel(shape)).fold(0, usize::saturating_add)
}

/// Returns the bytes of an activation of this shape at `element` bytes for each number.
#[must_use]
pub fn activation_bytes(shape: &[usize], element: usize) -> usize {
    numel(shape).saturating_mul(element)
}

/// What holds an operation back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// It needs so few bytes for its arithmetic that memory could feed it.
    Compute,
    /// Memory cannot deliver fast enough.
    Memory,
}

/// Returns what sets the pace of work with `intensity` operations for each byte on a machine of `flops` operations and `bandwidth`
/// bytes in a second: memory if it delivers less than arithmetic could use, `intensity · bandwidth < flops`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the intensity is negative or NaN, or a figure of the machine is not positive.
///
/// # Source
///
/// Williams, Waterman & Patterson (2009), "Roofline", CACM 52(4).
pub fn classify_bottleneck(intensity: f64, flops: f64, bandwidth: f64) -> Result<Bound> {
    const OP: &str = "classify_bottleneck";
    if intensity.is_nan() || intensity < 0.0 {
        return Err(Error::argument(OP, "intensity", intensity, "0 or more"));
    }
    for (name, figure) in [("flops", flops), ("bandwidth", bandwidth)] {
        if figure.is_nan() || figure <= 0.0 {
            return Err(Error::argument(OP, name, figure, "positive"));
        }
    }
    Ok(if intensity * bandwidth < flops { Bound::Memory } else { Bound::Compute })
}

/// Figures that follow from what was counted and timed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Metrics {
    /// Billions of operations in a second.
    pub gflops: f64,
    /// Billions of bytes in a second.
    pub gigabytes_per_second: f64,
    /// Operations for each byte; `None` if nothing was moved.
    pub intensity: Option<f64>,
}

impl Metrics {
    /// Returns the figures as given.
    #[must_use]
    pub const fn new(gflops: f64, gigabytes_per_second: f64, intensity: Option<f64>) -> Self {
        Self { gflops, gigabytes_per_second, intensity }
    }
}

/// Returns speed, traffic and intensity of `flops` operations on `bytes` bytes in `seconds`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless `seconds` is positive and finite.
pub fn derived_metrics(flops: u64, bytes: u64, seconds: f64) -> Result<Metrics> {
    if !(seconds > 0.0 && seconds.is_finite()) {
        return Err(Error::argument("derived_metrics", "seconds", seconds, "positive and finite"));
    }
    let (flops, bytes) = (flops as f64, bytes as f64);
    let intensity = (bytes > 0.0).then(|| flops / bytes);
    Ok(Metrics::new(flops / seconds / 1e9, bytes / seconds / 1e9, intensity))
}

/// What describes the times of repeated calls.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LatencyStats {
    /// Arithmetic mean.
    pub mean: f64,
    /// The shortest.
    pub min: f64,
    /// Half of the calls took less.
    pub median: f64,
    /// Nineteen of twenty took less.
    pub p95: f64,
    /// Ninety-nine of a hundred took less.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

impl LatencyStats {
    /// Returns the figures as given: mean, then from the shortest to the longest.
    #[must_use]
    pub const fn new(mean: f64, [min, median, p95, p99, max]: [f64; 5]) -> Self {
        Self { mean, min, median, p95, p99, max }
    }
}

/// Returns what describes these times, given in any order. A percentile lies at place `share · (n − 1)` of the sorted times,
/// interpolated between neighbours.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if there is none, or one is negative or not finite.
#[cfg(feature = "std")]
pub fn latency_stats(times: &[f64]) -> Result<LatencyStats> {
    const OP: &str = "latency_stats";
    if times.is_empty() {
        return Err(Error::argument(OP, "times", "empty", "at least one measurement"));
    }
    if let Some(at) = times.iter().position(|t| !(*t >= 0.0 && t.is_finite())) {
        let got = format_args!("{} at position {at}", times[at]);
        return Err(Error::argument(OP, "times", got, "0 or more, and finite"));
    }
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = times.len() as f64;
    // Divided before they are summed: the sum of finite times may not be finite.
    let mean = times.iter().map(|t| t / n).sum();
    let at = |share| crate::slots::bench::percentile(&sorted, share);
    Ok(LatencyStats::new(mean, [at(0.0)?, at(0.5)?, at(0.95)?, at(0.99)?, at(1.0)?]))
}

/// A count too large to hold stays at the largest one.
fn numel(shape: &[usize]) -> usize {
    shape.iter().fold(1, |n, &size| n.saturating_mul(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked figure of the field: 32 images of 3x224x224, 64 filters 3x3, padded by 1.
    #[test]
    fn flops_of_a_first_layer() {
        let work = Work::Conv2d { outputs: 32 * 64 * 224 * 224, window: 3 * 3 * 3 };
        assert_eq!(count_flops(work), 2 * 2_774_532_096);
        assert_eq!(count_flops(Work::Linear { rows: 1, n_in: 128, n_out: 64 }), 16_384);
        assert_eq!(count_parameters(&[&[256, 784], &[256]]), 200_704 + 256);
        assert_eq!(activation_bytes(&[64, 224, 224], 4), 12_845_056);
    }

    #[test]
    fn the_pace_is_set_by_the_lower_roof() {
        // 100 GFLOP/s, 10 GB/s: the ridge is at 10.
        let bound = |intensity| classify_bottleneck(intensity, 100e9, 10e9).unwrap();
        assert_eq!(
            [0.0, 9.9, 10.0, 1e9].map(bound),
            [Bound::Memory, Bound::Memory, Bound::Compute, Bound::Compute]
        );
        for (intensity, flops, bandwidth) in
            [(-1.0, 1.0, 1.0), (f64::NAN, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, f64::NAN)]
        {
            assert!(classify_bottleneck(intensity, flops, bandwidth).is_err());
        }
    }

    #[test]
    fn figures_follow_from_counts_and_times() {
        let m = derived_metrics(6_000_000_000, 2_000_000_000, 0.5).unwrap();
        assert_eq!(m, Metrics::new(12.0, 4.0, Some(3.0)));
        assert_eq!(derived_metrics(5, 0, 1.0).unwrap().intensity, None);
        for seconds in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(derived_metrics(1, 1, seconds).is_err(), "{seconds}");
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn times_are_described_by_place() {
        // 0 to 100: every percentile is its own number.
        let times: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let stats = latency_stats(&times).unwrap();
        assert!((stats.mean - 50.0).abs() < 1e-12);
        assert_eq!((stats.min, stats.median, stats.max), (0.0, 50.0, 100.0));
        assert!((stats.p95 - 95.0).abs() < 1e-12 && (stats.p99 - 99.0).abs() < 1e-12);
        let (none, bad) = (latency_stats(&[]), latency_stats(&[1.0, f64::NAN]));
        assert!(none.unwrap_err().to_string().contains("times is empty"));
        assert!(bad.unwrap_err().to_string().contains("NaN at position 1"));
    }
}
