//! How long one call takes.

use core::hint::black_box;
use std::time::Instant;

use crate::{Error, Result, dispatch, slots::profile::LatencyStats};

/// Returns what describes the seconds of `iterations` calls of `work`, after `warmup` calls that are not counted.
///
/// Each call is timed by itself: for what takes a few steps of the clock or less use [`Bench`](crate::bench::Bench), which times
/// many calls at once.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for no iterations; the first error of `work`.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{DType, Tensor, profile};
///
/// let x = Tensor::ones([64, 64], DType::F32)?;
/// let stats = profile::measure_latency(2, 10, || x.matmul(&x))?;
/// assert!(stats.min <= stats.median && stats.median <= stats.p99);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn measure_latency<T>(
    warmup: usize,
    iterations: usize,
    mut work: impl FnMut() -> Result<T>,
) -> Result<LatencyStats> {
    if iterations == 0 {
        return Err(Error::argument("measure_latency", "iterations", 0, "at least 1"));
    }
    for _ in 0..warmup {
        black_box(work()?);
    }
    let mut times = Vec::new();
    for _ in 0..iterations {
        let begin = Instant::now();
        black_box(work()?);
        times.push(begin.elapsed().as_secs_f64());
    }
    dispatch::latency_stats(&times)
}
