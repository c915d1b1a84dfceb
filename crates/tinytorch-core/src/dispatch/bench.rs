//! Module 19: benchmarking.

use crate::{
    Result, Tensor,
    bench::{Figures, Interval, Verdict},
    slots::bench as slot,
};

#[cfg(feature = "course")]
use crate::course::{
    m19::{hook, slot as student},
    wrong,
};

/// A quantile of ascending values.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> Result<f64> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::percentile(sorted, share)? {
        return Ok(out);
    }
    slot::percentile(sorted, share)
}

/// The figures that describe finite values, of which there is at least one.
pub(crate) fn summarise(values: &[f64]) -> Result<Figures> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::summarise(values)? {
        return Ok(out);
    }
    slot::summarise(values)
}

/// Where the mean lies.
pub(crate) fn confidence_interval(values: &[f64], level: f64) -> Result<Option<Interval>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::confidence_interval(values, level)? {
        return Ok(out);
    }
    slot::confidence_interval(values, level)
}

/// Times of calls.
pub(crate) fn run_latency(
    work: &mut dyn FnMut() -> Result<()>,
    warmup: usize,
    runs: usize,
    now: &mut dyn FnMut() -> f64,
) -> Result<Vec<f64>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::run_latency(&mut *work, warmup, runs, &mut *now)? {
        if out.len() != runs {
            let detail = format!("returned {} times of {runs} runs", out.len());
            return Err(wrong(student::run_latency, detail));
        }
        return Ok(out);
    }
    slot::run_latency(work, warmup, runs, now)
}

/// The share of right answers.
pub(crate) fn run_accuracy(
    predict: &mut dyn FnMut(&Tensor) -> Result<Vec<usize>>,
    x: &Tensor,
    labels: &[usize],
    batch: usize,
) -> Result<f64> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::run_accuracy(&mut *predict, x, labels, batch)? {
        if !(0.0..=1.0).contains(&out) {
            let detail = format!("returned {out}, a share from 0 to 1 is needed");
            return Err(wrong(student::run_accuracy, detail));
        }
        return Ok(out);
    }
    slot::run_accuracy(predict, x, labels, batch)
}

/// Which of two is faster, or that nothing shows it, and how clearly they differ.
pub(crate) fn compare(first: &[f64], second: &[f64]) -> Result<(Verdict, f64)> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::compare(first, second)? {
        return Ok(out);
    }
    slot::compare(first, second)
}
