//! Module 20: the capstone.

use crate::{
    Result, Tensor,
    olympics::{About, BenchmarkReport, Contender, Event, Metrics, Submission},
    slots::olympics as slot,
};

#[cfg(feature = "course")]
use crate::course::{
    m20::{hook, slot as student},
    wrong,
};

/// What is measured on one model.
pub(crate) fn benchmark_report(
    model: &dyn Contender,
    x: &Tensor,
    labels: &[usize],
    runs: usize,
    now_ms: &mut dyn FnMut() -> f64,
) -> Result<BenchmarkReport> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::benchmark_report(model, x, labels, runs, &mut *now_ms)? {
        if out.latencies_ms.len() != runs {
            let detail = format!("returned {} times of {runs} runs", out.latencies_ms.len());
            return Err(wrong(student::benchmark_report, detail));
        }
        return Ok(out);
    }
    slot::benchmark_report(model, x, labels, runs, now_ms)
}

/// The submission of what was measured.
pub(crate) fn build_submission(
    about: &About,
    baseline: &BenchmarkReport,
    optimized: Option<(&BenchmarkReport, &[String])>,
) -> Result<Submission> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::build_submission(about, baseline, optimized)? {
        if let Some(fault) = out.validate().first() {
            return Err(wrong(student::build_submission, format!("returned a fault: {fault}")));
        }
        return Ok(out);
    }
    Ok(slot::build_submission(about, baseline, optimized))
}

/// Whether a model may enter an event.
pub(crate) fn qualifies(metrics: &Metrics, event: Event) -> Result<bool> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::qualifies(metrics, event)? {
        return Ok(out);
    }
    slot::qualifies(metrics, event)
}
