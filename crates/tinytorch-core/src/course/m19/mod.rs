//! Module 19, Benchmarking: repeat, describe, and say no more than the figures show.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
use crate::{Result, slots::bench as plain};
pub use crate::{
    Tensor,
    bench::{Figures, Interval, Verdict, t_quantile},
};

lesson! {
    /// Measurements, and what may be said after them.
    BenchLesson, m19, 19;

    /// Returns the value at `share` (0 to 1) of ascending values: position `share·(n − 1)`, between two values in proportion.
    /// No value, and a share outside 0 to 1, are an `Error::InvalidArgument`.
    core fn percentile(sorted: &[f64], share: f64) -> f64,
        hint "position 1.25 is three quarters of value 1 and a quarter of value 2",
        plain::percentile(sorted, share);
    /// Returns mean, standard deviation (squares divided by n − 1; `None` for one value), smallest, median and largest of values in
    /// any order. No value, and one that is not finite, are an `Error::InvalidArgument`.
    core fn summarise(values: &[f64]) -> Figures,
        hint "sort a copy; the median of an even number lies between two values",
        plain::summarise(values);
    /// Returns where the mean lies with probability `level`: mean ± t·s/√n, with `t_quantile(0.5 + level/2, n − 1)`; `None` for one
    /// value. No value, one that is not finite, and a level that is not between 0 and 1 are an `Error::InvalidArgument`.
    core fn confidence_interval(values: &[f64], level: f64) -> Option<Interval>,
        hint "few values know their own spread badly: that is what Student's t pays for",
        plain::confidence_interval(values, level);
    /// Calls `work` `warmup` times without a look at the clock, then `runs` times between two readings of `now` each, and returns the
    /// differences in order. No runs are an `Error::InvalidArgument`; an error of `work` ends everything.
    core fn run_latency(work: &mut dyn FnMut() -> Result<()>, warmup: usize, runs: usize, now: &mut dyn FnMut() -> f64) -> Vec<f64>,
        hint "nothing but work() stands between the two readings",
        plain::run_latency(work, warmup, runs, now);
    /// Returns the share of the samples `x: [N, ..]` to which `predict` gives their class in `labels: [N]`, asked for `batch` samples at
    /// a time, the rest in the last one. No samples, another number of labels or of answers, and a batch of 0 are an
    /// `Error::InvalidArgument`.
    core fn run_accuracy(predict: &mut dyn FnMut(&Tensor) -> Result<Vec<usize>>, x: &Tensor, labels: &[usize], batch: usize) -> f64,
        hint "count right answers over all batches and divide once",
        plain::run_accuracy(predict, x, labels, batch);
    /// Compares times of two programs. Returns `Faster` or `Slower` for the second one if a test shows at 5 % that the two differ
    /// (ranks by Mann and Whitney, or how often as large a difference comes about when the two are mixed at random), else
    /// `NoDifferenceShown`; and Cliff's delta, the share of pairs in which the first takes more time minus the share in which it takes
    /// less. No values, and one that is not finite, are an `Error::InvalidArgument`.
    core fn compare(first: &[f64], second: &[f64]) -> (Verdict, f64),
        hint "count pairs first: delta is (wins - losses) / (n·m), and the sum of ranks follows from it",
        plain::compare(first, second);
}

pub(super) const MODULE: Module = Module {
    number: 19,
    id: "m19",
    name: "Benchmarking",
    tier: "optimization",
    lesson: "BenchLesson",
    prerequisites: &[14],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 4,
};
