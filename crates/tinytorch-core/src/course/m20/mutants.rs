//! Seeded mistakes of module 20.

use super::{
    About, BenchmarkReport, CapstoneLesson, Contender, Event, Metrics, Submission, Tensor, plain,
};
use crate::{
    Result,
    bench::Samples,
    course::lesson::mutants,
    olympics::{Improvements, SCHEMA},
};

/// What a measurement does differently.
#[derive(Clone, Copy, PartialEq)]
enum Odd {
    Cold,
    OneSample,
    WholeBatch,
    OneReading,
    Reversed,
}

/// Measures with a mistake in what is called when.
fn odd_report(
    odd: Odd,
    model: &dyn Contender,
    x: &Tensor,
    labels: &[usize],
    runs: usize,
    now_ms: &mut dyn FnMut() -> f64,
) -> Result<BenchmarkReport> {
    let n = x.dims()[0].max(1);
    // Refuses what has to be refused, with a clock and a model of its own.
    let mut still = || 0.0;
    let plainly = plain::benchmark_report(&Mute(model), x, labels, runs, &mut still)?;
    let right = if odd == Odd::Cold { None } else { Some(model.predict(x)?) };
    let mut times = Vec::new();
    let mut last = if odd == Odd::OneReading { now_ms() } else { 0.0 };
    for run in 0..runs {
        let k = match odd {
            Odd::OneSample => 0,
            Odd::Reversed => n - 1 - run % n,
            _ => run % n,
        };
        let one = if odd == Odd::WholeBatch { x.clone() } else { x.narrow(0, k, 1)?.contiguous() };
        if odd != Odd::OneReading {
            last = now_ms();
        }
        model.predict(&one)?;
        let now = now_ms();
        times.push(now - last);
        last = now;
    }
    let right = right.map_or_else(|| model.predict(x), Ok)?;
    let hits = right.iter().zip(labels).filter(|(a, b)| a == b).count();
    let mut report = plainly;
    report.metrics.accuracy = hits as f64 / n as f64;
    describe(&mut report, times)?;
    Ok(report)
}

/// Counts and names, and answers for nothing.
struct Mute<'a>(&'a dyn Contender);

impl Contender for Mute<'_> {
    fn predict(&self, x: &Tensor) -> Result<Vec<usize>> {
        Ok(vec![0; x.dims()[0]])
    }

    fn parameters(&self) -> usize {
        self.0.parameters()
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn name(&self) -> &str {
        self.0.name()
    }
}

fn describe(report: &mut BenchmarkReport, times: Vec<f64>) -> Result<()> {
    let s = Samples::new(times.clone())?;
    let m = &mut report.metrics;
    m.latency_ms_mean = s.mean();
    m.latency_ms_std = Some(s.std().unwrap_or(0.0));
    m.latency_ms_median = Some(s.median());
    m.throughput_samples_per_sec = Some(1000.0 / s.mean().max(1e-6));
    report.latencies_ms = times;
    Ok(())
}

/// The right report with one figure changed.
fn report(
    model: &dyn Contender,
    x: &Tensor,
    labels: &[usize],
    runs: usize,
    now_ms: &mut dyn FnMut() -> f64,
    spoil: impl FnOnce(&mut BenchmarkReport),
) -> Result<BenchmarkReport> {
    let mut report = plain::benchmark_report(model, x, labels, runs, now_ms)?;
    spoil(&mut report);
    Ok(report)
}

/// The right submission with a mistake.
fn spoiled(
    about: &About,
    baseline: &BenchmarkReport,
    optimized: Option<(&BenchmarkReport, &[String])>,
    spoil: impl FnOnce(&mut Submission),
) -> Submission {
    let mut submission = plain::build_submission(about, baseline, optimized);
    spoil(&mut submission);
    submission
}

/// The right submission with improvements of its own.
fn changed(
    about: &About,
    baseline: &BenchmarkReport,
    optimized: Option<(&BenchmarkReport, &[String])>,
    change: impl Fn(&Metrics, &Metrics, Improvements) -> Improvements,
) -> Submission {
    spoiled(about, baseline, optimized, |s| {
        if let (Some(right), Some(o)) = (s.improvements, &s.optimized) {
            s.improvements = Some(change(&s.baseline.metrics, &o.metrics, right));
        }
    })
}

mutants! {
    CapstoneLesson;
    fn benchmark_report(model: &dyn Contender, x: &Tensor, labels: &[usize], runs: usize, now_ms: &mut dyn FnMut() -> f64) -> BenchmarkReport {
        "measures a model that is not warm" => odd_report(Odd::Cold, model, x, labels, runs, now_ms)?,
        "takes the first sample in every run" => odd_report(Odd::OneSample, model, x, labels, runs, now_ms)?,
        "takes all samples in every run" => odd_report(Odd::WholeBatch, model, x, labels, runs, now_ms)?,
        "reads the clock once for each run" => odd_report(Odd::OneReading, model, x, labels, runs, now_ms)?,
        "takes the samples from the end" => odd_report(Odd::Reversed, model, x, labels, runs, now_ms)?,
        "gives the accuracy in percent" => report(model, x, labels, runs, now_ms, |r| r.metrics.accuracy *= 100.0)?,
        "counts the wrong answers" => report(model, x, labels, runs, now_ms, |r| r.metrics.accuracy = 1.0 - r.metrics.accuracy)?,
        "gives the size in bytes" => report(model, x, labels, runs, now_ms, |r| r.metrics.model_size_mb *= 1_048_576.0)?,
        "takes a million bytes for a MiB" => report(model, x, labels, runs, now_ms, |r| r.metrics.model_size_mb *= 1.048_576)?,
        "counts bytes as parameters" => report(model, x, labels, runs, now_ms, |r| r.metrics.parameter_count = model.bytes() as u64)?,
        "forgets the name" => report(model, x, labels, runs, now_ms, |r| r.model_name.clear())?,
        "gives seconds" => report(model, x, labels, runs, now_ms, |r| {
            r.latencies_ms.iter_mut().for_each(|t| *t /= 1000.0);
            r.metrics.latency_ms_mean /= 1000.0;
        })?,
        "divides squares by the number of runs" => report(model, x, labels, runs, now_ms, |r| {
            let n = r.latencies_ms.len() as f64;
            r.metrics.latency_ms_std = r.metrics.latency_ms_std.map(|s| s * ((n - 1.0) / n).sqrt());
        })?,
        "has no deviation for a single run" => report(model, x, labels, runs, now_ms, |r| {
            if r.latencies_ms.len() == 1 {
                r.metrics.latency_ms_std = None;
            }
        })?,
        "takes the mean for the median" => report(model, x, labels, runs, now_ms, |r| r.metrics.latency_ms_median = Some(r.metrics.latency_ms_mean))?,
        "takes an upper middle time for the median" => report(model, x, labels, runs, now_ms, |r| {
            let mut sorted = r.latencies_ms.clone();
            sorted.sort_by(f64::total_cmp);
            r.metrics.latency_ms_median = sorted.get(sorted.len() / 2).copied();
        })?,
        "sorts the times it keeps" => report(model, x, labels, runs, now_ms, |r| r.latencies_ms.sort_by(f64::total_cmp))?,
        "divides by a mean of 0" => report(model, x, labels, runs, now_ms, |r| r.metrics.throughput_samples_per_sec = Some(1000.0 / r.metrics.latency_ms_mean))?,
        "gives the throughput of a millisecond" => report(model, x, labels, runs, now_ms, |r| r.metrics.throughput_samples_per_sec = Some(1.0 / r.metrics.latency_ms_mean))?,
        "takes any input" => match plain::benchmark_report(model, x, labels, runs, now_ms) {
            Ok(report) => report,
            Err(_) => BenchmarkReport { model_name: model.name().to_owned(), metrics: Metrics {
                parameter_count: 0, model_size_mb: 0.0, accuracy: 0.0, latency_ms_mean: 0.0,
                latency_ms_std: None, latency_ms_median: None, throughput_samples_per_sec: None,
            }, latencies_ms: Vec::new() },
        },
        "believes a clock that runs backwards" => {
            let mut last = f64::NEG_INFINITY;
            let mut forwards = || { last = now_ms().max(last); last };
            plain::benchmark_report(model, x, labels, runs, &mut forwards)?
        },
    }
    fn build_submission(about: &About, baseline: &BenchmarkReport, optimized: Option<(&BenchmarkReport, &[String])>) -> Submission {
        "compares means always" => changed(about, baseline, optimized, |b, o, i| Improvements { speedup: b.latency_ms_mean / o.latency_ms_mean.max(1e-6), ..i }),
        "compares a median with a mean" => changed(about, baseline, optimized, |b, o, i| {
            let of = |m: &Metrics| m.latency_ms_median.unwrap_or(m.latency_ms_mean);
            Improvements { speedup: of(b) / of(o).max(1e-6), ..i }
        }),
        "turns the speed-up upside down" => changed(about, baseline, optimized, |_, _, i| Improvements { speedup: 1.0 / i.speedup, ..i }),
        "turns the compression upside down" => changed(about, baseline, optimized, |_, _, i| Improvements { compression_ratio: 1.0 / i.compression_ratio, ..i }),
        "compares parameters instead of bytes" => changed(about, baseline, optimized, |b, o, i| Improvements { compression_ratio: b.parameter_count as f64 / o.parameter_count as f64, ..i }),
        "subtracts the wrong way round" => changed(about, baseline, optimized, |_, _, i| Improvements { accuracy_delta: -i.accuracy_delta, ..i }),
        "gives the change of accuracy as a ratio" => changed(about, baseline, optimized, |b, o, i| Improvements { accuracy_delta: o.accuracy / b.accuracy - 1.0, ..i }),
        "divides by a latency of 0" => changed(about, baseline, optimized, |_, o, i| if o.latency_ms_mean == 0.0 { Improvements { speedup: f64::INFINITY, ..i } } else { i }),
        "divides by a size of 0" => changed(about, baseline, optimized, |_, o, i| if o.model_size_mb == 0.0 { Improvements { compression_ratio: f64::INFINITY, ..i } } else { i }),
        "forgets the techniques" => spoiled(about, baseline, optimized, |s| if let Some(o) = &mut s.optimized { o.techniques_applied.clear(); }),
        "takes the baseline for the optimized model" => spoiled(about, baseline, optimized, |s| if let Some(o) = &mut s.optimized { o.metrics = s.baseline.metrics.clone(); }),
        "leaves the improvements out" => spoiled(about, baseline, optimized, |s| s.improvements = None),
        "improves a baseline without an optimized model" => spoiled(about, baseline, optimized, |s| {
            s.improvements.get_or_insert(Improvements { speedup: 1.0, compression_ratio: 1.0, accuracy_delta: 0.0 });
        }),
        "forgets the student" => spoiled(about, baseline, optimized, |s| s.student_name = None),
        "writes a type of its own" => spoiled(about, baseline, optimized, |s| s.submission_type = "benchmark".to_owned()),
        "claims evidence that is not there" => spoiled(about, baseline, optimized, |s| s.schema = Some(SCHEMA.to_owned())),
    }
    fn qualifies(metrics: &Metrics, event: Event) -> bool {
        "asks for more than 0.85" => plain::qualifies(metrics, event)? && !(metrics.accuracy == 0.85 && matches!(event, Event::LatencySprint | Event::MemoryChallenge)),
        "asks for more than 0.80" => plain::qualifies(metrics, event)? && !(metrics.accuracy == 0.80 && event == Event::ExtremePush),
        "asks everybody for 0.85" => plain::qualifies(metrics, event)? && metrics.accuracy >= 0.85,
        "asks for 0.80 in every event with a floor" => match event {
            Event::LatencySprint | Event::MemoryChallenge => plain::qualifies(metrics, Event::ExtremePush)?,
            _ => plain::qualifies(metrics, event)?,
        },
        "lets a size of 10 MiB in" => plain::qualifies(metrics, event)? || (event == Event::AccuracyContest && metrics.model_size_mb == 10.0),
        "lets a median of 100 ms in" => plain::qualifies(metrics, event)? || (event == Event::AccuracyContest && metrics.latency_ms_median == Some(100.0)),
        "looks at the mean latency" => plain::qualifies(metrics, event)? && (event != Event::AccuracyContest || metrics.latency_ms_mean < 100.0),
        "takes one of two limits" => plain::qualifies(metrics, event)? || (event == Event::AccuracyContest && (metrics.latency_ms_median.is_some_and(|m| m < 100.0) || metrics.model_size_mb < 10.0)),
        "lets latency alone decide the memory challenge" => match event {
            Event::MemoryChallenge => plain::qualifies(metrics, Event::AccuracyContest)?,
            _ => plain::qualifies(metrics, event)?,
        },
        "says no to what is no measurement" => plain::qualifies(metrics, event).unwrap_or(false),
        "needs a median in every event" => {
            plain::qualifies(metrics, Event::AccuracyContest)?;
            plain::qualifies(metrics, event)?
        },
        "takes the mean where the median is missing" => {
            let median = Some(metrics.latency_ms_median.unwrap_or(metrics.latency_ms_mean));
            plain::qualifies(&Metrics { latency_ms_median: median, ..metrics.clone() }, event)?
        },
    }
}
