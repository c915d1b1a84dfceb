//! Module 20, Capstone: from measured times to a submission that qualifies.

use crate::{
    Error, Result, Tensor,
    bench::Samples,
    olympics::{
        About, BenchmarkReport, Contender, Entry, Event, Improvements, LEAST_LATENCY_MS, Metrics,
        Optimized, SUBMISSION_TYPE, Submission, SystemInfo,
    },
};

/// Bytes of a MiB.
const MIB: f64 = 1_048_576.0;

/// Measures `model` on the samples `x` with the classes `labels`: the share it classifies correctly, what it stores, and the time
/// of one sample, `runs` times.
///
/// It answers all samples at once first, which also warms it up. Run k then takes sample k modulo their number, alone, between two
/// readings of `now_ms`, the only ones. The deviation is that of a sample (divided by runs − 1), 0 for a single run; throughput is
/// 1000 ms divided by the mean, or by [`LEAST_LATENCY_MS`] if that is more.
///
/// # Shapes
///
/// `x: [N, ..]`, `labels: [N]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if there are no samples, no runs, or another number of labels than samples, or if the clock runs
/// backwards; what the model returns.
pub fn benchmark_report(
    model: &dyn Contender,
    x: &Tensor,
    labels: &[usize],
    runs: usize,
    now_ms: &mut dyn FnMut() -> f64,
) -> Result<BenchmarkReport> {
    let op = "benchmark_report";
    let n = x.dims().first().copied().unwrap_or(0);
    if n == 0 || n != labels.len() {
        let got = format_args!("{n} with {} labels", labels.len());
        return Err(Error::argument(op, "number of samples", got, "at least 1, a label for each"));
    }
    if runs == 0 {
        return Err(Error::argument(op, "runs", runs, "at least 1"));
    }
    let right =
        model.predict(x)?.iter().zip(labels).filter(|(class, label)| class == label).count();
    let mut latencies_ms = Vec::with_capacity(runs.min(1 << 20));
    for run in 0..runs {
        let one = x.narrow(0, run % n, 1)?.contiguous();
        let start = now_ms();
        core::hint::black_box(model.predict(&one)?);
        let time = now_ms() - start;
        if !(time >= 0.0 && time.is_finite()) {
            return Err(Error::argument(op, "time of a run", time, "at least 0 ms, and finite"));
        }
        latencies_ms.push(time);
    }
    let times = Samples::new(latencies_ms)?;
    let metrics = Metrics {
        parameter_count: model.parameters() as u64,
        model_size_mb: model.bytes() as f64 / MIB,
        accuracy: right as f64 / n as f64,
        latency_ms_mean: times.mean(),
        latency_ms_std: Some(times.std().unwrap_or(0.0)),
        latency_ms_median: Some(times.median()),
        throughput_samples_per_sec: Some(1000.0 / times.mean().max(LEAST_LATENCY_MS)),
    };
    Ok(BenchmarkReport {
        model_name: model.name().to_owned(),
        metrics,
        latencies_ms: times.values().to_vec(),
    })
}

/// Returns the submission of a baseline and, if there is one, of an optimized model with its techniques and what they changed:
/// version 1, without evidence.
#[must_use]
pub fn build_submission(
    about: &About,
    baseline: &BenchmarkReport,
    optimized: Option<(&BenchmarkReport, &[String])>,
) -> Submission {
    let entry = |report: &BenchmarkReport| Entry {
        model_name: report.model_name.clone(),
        metrics: report.metrics.clone(),
    };
    Submission {
        schema: None,
        tinytorch_version: about.version.clone(),
        submission_type: SUBMISSION_TYPE.to_owned(),
        timestamp: about.timestamp.clone(),
        system_info: SystemInfo { platform: about.platform.clone(), ..SystemInfo::default() },
        student_name: about.student.clone(),
        baseline: entry(baseline),
        optimized: optimized.map(|(report, techniques)| {
            let Entry { model_name, metrics } = entry(report);
            Optimized { model_name, metrics, techniques_applied: techniques.to_vec() }
        }),
        improvements: optimized
            .map(|(report, _)| Improvements::between(&baseline.metrics, &report.metrics)),
        evidence: None,
        extra: Default::default(),
    }
}

/// Returns whether a model with these metrics may enter `event`; the bounds themselves are inside for accuracy and outside for
/// latency and size.
///
/// # Errors
///
/// [`Error::InvalidArgument`] naming the metric if accuracy is not from 0 to 1, if size, mean or median is not positive and finite, or
/// if the accuracy contest finds no median.
pub fn qualifies(metrics: &Metrics, event: Event) -> Result<bool> {
    let op = "qualifies";
    if !(0.0..=1.0).contains(&metrics.accuracy) {
        return Err(Error::argument(op, "accuracy", metrics.accuracy, "a share from 0 to 1"));
    }
    for (name, value) in [
        ("model_size_mb", Some(metrics.model_size_mb)),
        ("latency_ms_mean", Some(metrics.latency_ms_mean)),
        ("latency_ms_median", metrics.latency_ms_median),
    ] {
        if let Some(value) = value.filter(|v| !(v.is_finite() && *v > 0.0)) {
            return Err(Error::argument(op, name, value, "positive and finite"));
        }
    }
    Ok(match event {
        Event::LatencySprint | Event::MemoryChallenge => metrics.accuracy >= 0.85,
        Event::AccuracyContest => {
            let Some(median) = metrics.latency_ms_median else {
                let need = "there, for the accuracy contest";
                return Err(Error::argument(op, "latency_ms_median", "missing", need));
            };
            median < 100.0 && metrics.model_size_mb < 10.0
        }
        Event::AllAround => true,
        Event::ExtremePush => metrics.accuracy >= 0.80,
    })
}
