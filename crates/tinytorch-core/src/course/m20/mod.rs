//! Module 20, Capstone: measure a model, write the result down, and enter an event.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
use crate::slots::olympics as plain;
pub use crate::{
    Tensor,
    olympics::{About, BenchmarkReport, Contender, Event, Metrics, Submission},
};

lesson! {
    /// From measured times to a submission that qualifies.
    CapstoneLesson, m20, 20;

    /// Measures `model` on the samples `x: [N, ..]` with the classes `labels: [N]`. It answers all samples at once first, which also
    /// warms it up; run k of `runs` then takes sample k modulo N alone, between two readings of `now_ms`, which are the only ones.
    /// `model_size_mb` is in units of 2²⁰ bytes, the deviation that of a sample (0 for one run), throughput 1000 ms divided by the mean
    /// or by `LEAST_LATENCY_MS` if that is more. The report keeps every time in order and the name of the model.
    /// No samples, no runs, another number of labels than samples, and a clock that runs backwards are an `Error::InvalidArgument`.
    core fn benchmark_report(model: &dyn Contender, x: &Tensor, labels: &[usize], runs: usize, now_ms: &mut dyn FnMut() -> f64) -> BenchmarkReport,
        hint "x.narrow(0, k, 1) is sample k; bench::Samples has mean, deviation and median",
        plain::benchmark_report(model, x, labels, runs, now_ms);
    /// Returns the submission of version 1 (no `schema`, no `evidence`): what `about` says, the baseline, and if there is an optimized
    /// model, its techniques and what changed: `speedup` and `compression_ratio` are the baseline's latency and size divided by those
    /// of the optimized model, but never by less than `LEAST_LATENCY_MS` and `LEAST_SIZE_MB`; `accuracy_delta` is optimized minus
    /// baseline. Latencies are medians if both have one, else means.
    core fn build_submission(about: &About, baseline: &BenchmarkReport, optimized: Option<(&BenchmarkReport, &[String])>) -> Submission,
        hint "submission_type is always SUBMISSION_TYPE; think of divisors that are 0",
        Ok(plain::build_submission(about, baseline, optimized));
    /// Returns whether a model may enter `event`: latency sprint and memory challenge with an accuracy of at least 0.85; accuracy
    /// contest with a median latency below 100 ms and a size below 10 MiB; extreme push with an accuracy of at least 0.80; all-around
    /// always. An accuracy outside 0 to 1, a size, mean or median that is not positive and finite, and an accuracy contest without a
    /// median are an `Error::InvalidArgument`.
    core fn qualifies(metrics: &Metrics, event: Event) -> bool,
        hint "look at every metric before you look at the event; NaN is below nothing and above nothing",
        plain::qualifies(metrics, event);
}

pub(super) const MODULE: Module = Module {
    number: 20,
    id: "m20",
    name: "Capstone",
    tier: "capstone",
    lesson: "CapstoneLesson",
    prerequisites: &[14, 15, 16, 19],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 4,
};
