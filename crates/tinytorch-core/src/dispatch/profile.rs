//! Module 14: counts, and figures of what was timed.

use crate::{Result, slots::profile as slot};

pub(crate) use slot::Work;

#[cfg(feature = "std")]
use slot::{Bound, LatencyStats, Metrics};

#[cfg(feature = "course")]
use crate::course::{
    m14::{hook, slot as student},
    wrong,
};

/// Operations of a layer.
pub(crate) fn count_flops(work: Work) -> Result<u64> {
    #[cfg(feature = "course")]
    if let Some(flops) = hook::count_flops(work)? {
        return Ok(flops);
    }
    Ok(slot::count_flops(work))
}

/// Numbers in parameters.
pub(crate) fn count_parameters(shapes: &[&[usize]]) -> Result<usize> {
    #[cfg(feature = "course")]
    if let Some(n) = hook::count_parameters(shapes)? {
        return Ok(n);
    }
    Ok(slot::count_parameters(shapes))
}

/// Bytes of an activation.
pub(crate) fn activation_bytes(shape: &[usize], element: usize) -> Result<usize> {
    #[cfg(feature = "course")]
    if let Some(bytes) = hook::activation_bytes(shape, element)? {
        return Ok(bytes);
    }
    Ok(slot::activation_bytes(shape, element))
}

/// What describes times.
#[cfg(feature = "std")]
pub(crate) fn latency_stats(times: &[f64]) -> Result<LatencyStats> {
    #[cfg(feature = "course")]
    if let Some(stats) = hook::latency_stats(times)? {
        let LatencyStats { mean, min, median, p95, p99, max } = stats;
        if [mean, min, median, p95, p99, max].iter().any(|v| !v.is_finite()) {
            return Err(wrong(
                student::latency_stats,
                format!("returned {stats:?} for finite times"),
            ));
        }
        return Ok(stats);
    }
    slot::latency_stats(times)
}

/// Speed, traffic and intensity.
#[cfg(feature = "std")]
pub(crate) fn derived_metrics(flops: u64, bytes: u64, seconds: f64) -> Result<Metrics> {
    #[cfg(feature = "course")]
    if let Some(metrics) = hook::derived_metrics(flops, bytes, seconds)? {
        return Ok(metrics);
    }
    slot::derived_metrics(flops, bytes, seconds)
}

/// What sets the pace.
#[cfg(feature = "std")]
pub(crate) fn classify_bottleneck(intensity: f64, flops: f64, bandwidth: f64) -> Result<Bound> {
    #[cfg(feature = "course")]
    if let Some(bound) = hook::classify_bottleneck(intensity, flops, bandwidth)? {
        return Ok(bound);
    }
    slot::classify_bottleneck(intensity, flops, bandwidth)
}
