//! Measuring a model for a submission.

use core::fmt::Write as _;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::Metrics;
use crate::{Result, Tensor, dispatch};

/// A model that competes.
pub trait Contender {
    /// Returns the class of each sample of `x: [N, ..]`.
    ///
    /// # Errors
    ///
    /// What the operations inside return.
    fn predict(&self, x: &Tensor) -> Result<Vec<usize>>;

    /// Returns the number of weights and biases.
    fn parameters(&self) -> usize;

    /// Returns the bytes of everything that the model stores.
    fn bytes(&self) -> usize;

    /// Returns the name of the model in reports.
    fn name(&self) -> &str;
}

/// What was measured on one model, with every single time.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkReport {
    /// Name of the model.
    pub model_name: String,
    /// The figures.
    pub metrics: Metrics,
    /// Time of each run in milliseconds, in the order of the runs.
    pub latencies_ms: Vec<f64>,
}

/// Measures `model` with the clock of the machine: accuracy over all samples, then one sample at a time, `runs` times.
///
/// # Shapes
///
/// `x: [N, ..]`, `labels: [N]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`](crate::Error::InvalidArgument) without samples or runs, or if there is not one label for each sample;
/// what the model and a student's slot return.
pub fn benchmark(
    model: &dyn Contender,
    x: &Tensor,
    labels: &[usize],
    runs: usize,
) -> Result<BenchmarkReport> {
    let start = Instant::now();
    dispatch::benchmark_report(model, x, labels, runs, &mut || 1e3 * start.elapsed().as_secs_f64())
}

/// Returns the SHA-256 of some bytes as 64 hexadecimal digits.
///
/// # Examples
///
/// ```
/// use tinytorch_core::olympics::sha256;
///
/// // An example of FIPS 180-2.
/// assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea414140de5dae2223"));
/// ```
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut out, byte| {
        // Writing into a text cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
