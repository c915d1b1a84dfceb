//! Seeded mistakes of module 14.

use super::{Bound, LatencyStats, Metrics, ProfileLesson, Work, plain};
use crate::course::lesson::mutants;

/// Figures where a mistake chooses what a percentile is.
fn described(times: &[f64], at: impl Fn(&[f64], f64) -> f64) -> crate::Result<LatencyStats> {
    let right = plain::latency_stats(times)?;
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    Ok(LatencyStats::new(
        right.mean,
        [right.min, at(&sorted, 0.5), at(&sorted, 0.95), at(&sorted, 0.99), right.max],
    ))
}

/// The right percentile of times in the order in which they stand.
fn percentile(times: &[f64], share: f64) -> f64 {
    let place = share * (times.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(times.len() - 1);
    times[below] + (place - below as f64) * (times[above] - times[below])
}

mutants! {
    ProfileLesson;
    fn count_parameters(shapes: &[&[usize]]) -> usize {
        "counts tensors, not numbers" => shapes.len(),
        "adds the sizes of a shape" => shapes.iter().map(|s| s.iter().sum::<usize>()).sum(),
        "counts matrices alone" => shapes.iter().filter(|s| s.len() > 1).map(|s| s.iter().product::<usize>()).sum(),
        "counts the first tensor alone" => plain::count_parameters(&shapes[..shapes.len().min(1)]),
        "takes a shape without axes for nothing" => {
            shapes.iter().filter(|s| !s.is_empty()).map(|s| s.iter().product::<usize>()).sum()
        },
        "multiplies over all tensors" => shapes.iter().flat_map(|s| s.iter()).product(),
        "counts bytes" => 4 * plain::count_parameters(shapes),
    }
    fn count_flops(work: Work) -> u64 {
        "counts a multiplication and an addition as one" => plain::count_flops(work) / 2,
        "leaves out the rows" => match work {
            Work::Linear { n_in, n_out, .. } => plain::count_flops(Work::Linear { rows: 1, n_in, n_out }),
            other => plain::count_flops(other),
        },
        "leaves out the window" => match work {
            Work::Conv2d { outputs, .. } => plain::count_flops(Work::Conv2d { outputs, window: 1 }),
            other => plain::count_flops(other),
        },
        "adds a bias" => match work {
            Work::Linear { rows, n_out, .. } => plain::count_flops(work) + (rows * n_out) as u64,
            other => plain::count_flops(other),
        },
        "counts one for what is free" => plain::count_flops(work).max(1),
        "adds inputs and outputs" => match work {
            Work::Linear { rows, n_in, n_out } => 2 * (rows * (n_in + n_out)) as u64,
            other => plain::count_flops(other),
        },
        "counts in 32 bits" => plain::count_flops(work) & 0xffff_ffff,
    }
    fn activation_bytes(shape: &[usize], element: usize) -> usize {
        "counts numbers, not bytes" => plain::activation_bytes(shape, 1),
        "takes every number for four bytes" => plain::activation_bytes(shape, 4),
        "adds the sizes" => shape.iter().sum::<usize>() * element,
        "leaves out the first axis" => plain::activation_bytes(shape.get(1..).unwrap_or(&[]), element),
        "takes a shape without axes for nothing" => if shape.is_empty() { 0 } else { plain::activation_bytes(shape, element) },
        "takes an axis without elements for one" => {
            shape.iter().map(|&d| d.max(1)).product::<usize>() * element
        },
        "counts input and output" => 2 * plain::activation_bytes(shape, element),
    }
    fn latency_stats(times: &[f64]) -> LatencyStats {
        "does not sort" => {
            let right = plain::latency_stats(times)?;
            let at = |share| percentile(times, share);
            LatencyStats::new(right.mean, [right.min, at(0.5), at(0.95), at(0.99), right.max])
        },
        "takes the nearest time below" => described(times, |t, share| t[(share * (t.len() - 1) as f64) as usize])?,
        "takes the place share · n" => {
            described(times, |t, share| t[((share * t.len() as f64) as usize).min(t.len() - 1)])?
        },
        "takes the upper of the two in the middle" => {
            let right = plain::latency_stats(times)?;
            let mut sorted = times.to_vec();
            sorted.sort_by(f64::total_cmp);
            LatencyStats::new(right.mean, [right.min, sorted[sorted.len() / 2], right.p95, right.p99, right.max])
        },
        "returns the median as the mean" => {
            let s = plain::latency_stats(times)?;
            LatencyStats::new(s.median, [s.min, s.median, s.p95, s.p99, s.max])
        },
        "divides the sum by n - 1" => {
            let s = plain::latency_stats(times)?;
            let n = times.len() as f64;
            LatencyStats::new(s.mean * n / (n - 1.0).max(1.0), [s.min, s.median, s.p95, s.p99, s.max])
        },
        "exchanges the ends" => {
            let s = plain::latency_stats(times)?;
            LatencyStats::new(s.mean, [s.max, s.median, s.p95, s.p99, s.min])
        },
        "takes no times for a time of 0" => plain::latency_stats(if times.is_empty() { &[0.0] } else { times })?,
        "leaves out times that are not finite" => {
            let usable: Vec<f64> = times.iter().copied().filter(|t| t.is_finite()).collect();
            plain::latency_stats(&usable)?
        },
        "turns negative times around" => {
            let usable: Vec<f64> = times.iter().map(|t| t.abs()).collect();
            plain::latency_stats(&usable)?
        },
    }
    fn derived_metrics(flops: u64, bytes: u64, seconds: f64) -> Metrics {
        "counts in millions" => {
            let m = plain::derived_metrics(flops, bytes, seconds)?;
            Metrics::new(1e3 * m.gflops, 1e3 * m.gigabytes_per_second, m.intensity)
        },
        "counts bytes in 2^30" => {
            let m = plain::derived_metrics(flops, bytes, seconds)?;
            Metrics::new(m.gflops, m.gigabytes_per_second * 1e9 / f64::from(1 << 30), m.intensity)
        },
        "multiplies by the time" => {
            let m = plain::derived_metrics(flops, bytes, seconds)?;
            Metrics::new(flops as f64 * seconds / 1e9, m.gigabytes_per_second, m.intensity)
        },
        "turns the intensity around" => {
            let m = plain::derived_metrics(flops, bytes, seconds)?;
            Metrics::new(m.gflops, m.gigabytes_per_second, m.intensity.map(|i| 1.0 / i))
        },
        "divides the intensity by the time" => {
            let m = plain::derived_metrics(flops, bytes, seconds)?;
            Metrics::new(m.gflops, m.gigabytes_per_second, m.intensity.map(|i| i / seconds))
        },
        "takes no traffic for an infinite intensity" => {
            let m = plain::derived_metrics(flops, bytes, seconds)?;
            Metrics::new(m.gflops, m.gigabytes_per_second, m.intensity.or(Some(f64::INFINITY)))
        },
        "takes a time of 0" => plain::derived_metrics(flops, bytes, if seconds == 0.0 { 1e-9 } else { seconds })?,
    }
    fn classify_bottleneck(intensity: f64, flops: f64, bandwidth: f64) -> Bound {
        "exchanges the two" => match plain::classify_bottleneck(intensity, flops, bandwidth)? {
            Bound::Compute => Bound::Memory,
            Bound::Memory => Bound::Compute,
        },
        "takes the ridge for the other side" => {
            plain::classify_bottleneck(intensity, flops, bandwidth)?;
            if intensity <= flops / bandwidth { Bound::Memory } else { Bound::Compute }
        },
        "divides bandwidth by operations" => {
            plain::classify_bottleneck(intensity, flops, bandwidth)?;
            if intensity < bandwidth / flops { Bound::Memory } else { Bound::Compute }
        },
        "has a fixed ridge of 10" => {
            plain::classify_bottleneck(intensity, flops, bandwidth)?;
            if intensity < 10.0 { Bound::Memory } else { Bound::Compute }
        },
        "calls everything bound by memory" => {
            plain::classify_bottleneck(intensity, flops, bandwidth)?;
            Bound::Memory
        },
        "takes a machine without figures" => if intensity * bandwidth < flops { Bound::Memory } else { Bound::Compute },
    }
}
