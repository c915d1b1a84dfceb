//! Module 14, Profiling: what a layer costs, what times say, and what holds an operation back.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
use crate::slots::profile as plain;
pub use crate::slots::profile::{Bound, LatencyStats, Metrics, Work};

lesson! {
    /// Counting, timing, and drawing conclusions.
    ProfileLesson, m14, 14;

    /// Returns how many numbers parameters of these shapes hold together. A shape without axes is one number.
    core fn count_parameters(shapes: &[&[usize]]) -> usize,
        hint "a sum of products",
        Ok(plain::count_parameters(shapes));
    /// Returns the floating-point operations of a layer: a multiplication and an addition for each product of a sum. What only
    /// compares or copies (`Work::Free`) has none.
    core fn count_flops(work: Work) -> u64,
        hint "match on the three kinds; count as u64",
        Ok(plain::count_flops(work));
    /// Returns the bytes of an activation of this shape with `element` bytes for each number.
    core fn activation_bytes(shape: &[usize], element: usize) -> usize,
        hint "the product of an empty list is 1",
        Ok(plain::activation_bytes(shape, element));
    /// Returns what describes these times, `LatencyStats::new(mean, [min, median, p95, p99, max])`. A percentile lies at place
    /// `share · (n - 1)` of the sorted times, interpolated between neighbours. No times at all, negative ones and ones that are not finite
    /// are an `Error::InvalidArgument`.
    core fn latency_stats(times: &[f64]) -> LatencyStats,
        hint "sort a copy with f64::total_cmp; place.floor() and what is left over",
        plain::latency_stats(times);
    /// Returns `Metrics::new(gflops, gigabytes_per_second, intensity)`: billions of operations and of bytes in a second, and operations for
    /// each byte, `None` if no byte was moved. A time that is not positive and finite is an `Error::InvalidArgument`.
    core fn derived_metrics(flops: u64, bytes: u64, seconds: f64) -> Metrics,
        hint "three divisions; the intensity does not depend on time",
        plain::derived_metrics(flops, bytes, seconds);
    /// Returns what sets the pace of work with `intensity` operations for each byte on a machine of `flops` operations and `bandwidth` bytes in
    /// a second: `Bound::Memory` if memory delivers for fewer operations than the machine can do, else `Bound::Compute`. An intensity
    /// that is negative or NaN, and figures of the machine that are not positive, are an `Error::InvalidArgument`.
    core fn classify_bottleneck(intensity: f64, flops: f64, bandwidth: f64) -> Bound,
        hint "bandwidth times intensity is how many operations memory can feed",
        plain::classify_bottleneck(intensity, flops, bandwidth);
}

pub(super) const MODULE: Module = Module {
    number: 14,
    id: "m14",
    name: "Profiling",
    tier: "optimization",
    lesson: "ProfileLesson",
    prerequisites: &[3, 9],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 3,
};
