//! What can be known before anything is measured.

use crate::{Error, Result};

/// Passes over memory of GELU in eight steps, and in one.
pub const GELU_PASSES: [u64; 2] = [18, 2];

/// Operations of GELU for each element: five multiplications, two additions, a tangent and the last product.
pub const GELU_FLOPS: u64 = 9;

/// Returns the operations for each byte of `flops` operations on each element, where `passes` arrays are read or written.
///
/// `I = flops / (passes · element)`; an addition of `f32` reads two arrays and writes one: 1/12. Infinite if nothing is moved.
///
/// # Examples
///
/// ```
/// use tinytorch_core::accel::elementwise_intensity;
///
/// assert_eq!(elementwise_intensity(1, 3, 4), 1.0 / 12.0);
/// ```
#[must_use]
pub fn elementwise_intensity(flops: u64, passes: u64, element: usize) -> f64 {
    flops as f64 / (passes as f64 * element as f64)
}

/// Returns the operations for each byte of a product `[m, k]·[k, n]` with `element` bytes for a number, if each of the three
/// matrices goes over the bus once.
///
/// `I = 2·m·k·n / (element · (m·k + k·n + m·n))`; for square matrices of `f32` that is `n/6`. 0 for an empty product.
///
/// # Examples
///
/// ```
/// use tinytorch_core::accel::matmul_intensity;
///
/// assert_eq!(matmul_intensity([96, 96, 96], 4), 16.0);
/// // One row: half an operation for each byte, whatever the size.
/// assert!((matmul_intensity([1, 4096, 4096], 4) - 0.5).abs() < 1e-3);
/// ```
#[must_use]
pub fn matmul_intensity([m, k, n]: [usize; 3], element: usize) -> f64 {
    let [m, k, n] = [m, k, n].map(|size| size as f64);
    let moved = element as f64 * (m * k + k * n + m * n);
    if m * k * n == 0.0 { 0.0 } else { 2.0 * m * k * n / moved }
}

/// Returns the largest tile of which three fit into `bytes` of cache, with `element` bytes for a number: `3·t²·element ≤ bytes`.
///
/// 0 if not even one element fits; an element of 0 bytes is taken as one of 1.
#[must_use]
pub fn largest_tile(bytes: usize, element: usize) -> usize {
    (bytes / 3 / element.max(1)).isqrt()
}

/// Returns how many times as fast `threads` threads can be at most, if the share `parallel` of the work of one can be divided
/// between them: `1 / ((1 − p) + p/threads)`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless `0 ≤ parallel ≤ 1`, and for 0 threads.
///
/// # Source
///
/// Amdahl (1967), AFIPS Spring Joint Computer Conference, 483.
///
/// # Examples
///
/// ```
/// use tinytorch_core::accel::amdahl;
///
/// assert_eq!(amdahl(0.75, 3)?, 2.0);
/// // A tenth that cannot be divided: never more than ten times as fast.
/// assert!(amdahl(0.9, 1_000_000)? < 10.0);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn amdahl(parallel: f64, threads: usize) -> Result<f64> {
    if !(0.0..=1.0).contains(&parallel) {
        return Err(Error::argument("amdahl", "parallel", parallel, "between 0 and 1"));
    }
    some_threads("amdahl", threads)?;
    Ok(1.0 / ((1.0 - parallel) + parallel / threads as f64))
}

/// Returns the share of the work that was not divided, from a speed-up that was measured: `(1/s − 1/n) / (1 − 1/n)`.
///
/// Below 0 if the threads gave more than their number, as they do when each has a cache of its own.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for fewer than 2 threads, and unless the speed-up is positive and finite.
///
/// # Source
///
/// Karp & Flatt (1990), "Measuring Parallel Processor Performance", CACM 33(5).
pub fn serial_share(speedup: f64, threads: usize) -> Result<f64> {
    if threads < 2 {
        return Err(Error::argument("serial_share", "threads", threads, "at least 2"));
    }
    if !(speedup > 0.0 && speedup.is_finite()) {
        return Err(Error::argument("serial_share", "speedup", speedup, "positive and finite"));
    }
    let one = 1.0 / threads as f64;
    Ok((1.0 / speedup - one) / (1.0 - one))
}

/// Refuses 0 threads.
pub(super) fn some_threads(op: &'static str, threads: usize) -> Result<()> {
    match threads {
        0 => Err(Error::argument(op, "threads", 0, "at least 1")),
        _ => Ok(()),
    }
}
