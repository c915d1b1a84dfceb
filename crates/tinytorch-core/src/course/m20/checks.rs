//! Checks of module 20.

use core::cell::RefCell;

use super::{About, BenchmarkReport, Contender, Event, Metrics, Submission, Tensor, ask};
use crate::{
    Result,
    course::{
        check::{Verdict, equal, holds, refused, value},
        lesson::checks,
    },
    olympics::SUBMISSION_TYPE,
};

/// A model that answers with the number it is shown, and notes what happens to it and to the clock.
struct Echo<'a>(&'a RefCell<Vec<String>>);

impl Contender for Echo<'_> {
    fn predict(&self, x: &Tensor) -> Result<Vec<usize>> {
        let shown = x.to_vec_as::<f32>();
        self.0.borrow_mut().push(format!("{shown:?}"));
        Ok(shown.iter().map(|v| *v as usize).collect())
    }

    fn parameters(&self) -> usize {
        610
    }

    fn bytes(&self) -> usize {
        2_097_152
    }

    fn name(&self) -> &'static str {
        "echo"
    }
}

const TOLD: &str = "a model of 610 parameters and 2 MiB that answers with the number it is shown";

/// Measures on samples `x` with `labels`; run i lasts `times[i]` ms. Also what happened, in order.
fn measured(x: &[f32], labels: &[usize], times: &[f64]) -> Result<(BenchmarkReport, Vec<String>)> {
    let log = RefCell::new(Vec::new());
    let (mut at, mut readings) = (100.0, 0);
    let mut clock = || {
        log.borrow_mut().push("clock".to_owned());
        // Every second reading ends a run; a minute passes between runs.
        at += if readings % 2 == 1 {
            times.get(readings / 2).copied().unwrap_or(0.0)
        } else {
            60_000.0
        };
        readings += 1;
        at
    };
    let x = Tensor::from_vec(x.to_vec(), [x.len(), 1])?;
    let report = ask::benchmark_report(&Echo(&log), &x, labels, times.len(), &mut clock)?;
    Ok((report, log.into_inner()))
}

/// One figure of four runs that last 2, 3, 1 and 6 ms.
fn figure(name: &str, of: fn(&Metrics) -> Option<f64>, want: f64) -> Verdict {
    let got = measured(&[0.0, 1.0], &[0, 1], &[2.0, 3.0, 1.0, 6.0]);
    let input = format!("{TOLD}, runs of 2, 3, 1 and 6 ms: {name}");
    // The clock stands above a hundred seconds, where a step of an f64 is 2e-11 ms.
    holds(input, got.map(|(r, _)| of(&r.metrics)), &format!("Some({want})"), |got| {
        got.is_some_and(|got| (got - want).abs() < 1e-9 * want.max(1.0))
    })
}

/// A report of a model of `size` MiB.
fn report(size: f64, accuracy: f64, mean: f64, median: Option<f64>) -> BenchmarkReport {
    let metrics = Metrics {
        parameter_count: 1000,
        model_size_mb: size,
        accuracy,
        latency_ms_mean: mean,
        latency_ms_std: None,
        latency_ms_median: median,
        throughput_samples_per_sec: None,
    };
    BenchmarkReport { model_name: format!("of {size} MiB"), metrics, latencies_ms: Vec::new() }
}

fn about() -> About {
    About {
        version: "7.8.9".into(),
        timestamp: "2026-11-02".into(),
        platform: "any".into(),
        student: Some("Ada".into()),
    }
}

fn techniques() -> [String; 2] {
    ["int8".to_owned(), "pruning".to_owned()]
}

/// Speed-up, compression and change of accuracy of a submission of both.
fn change(before: &BenchmarkReport, after: &BenchmarkReport, want: [f64; 3]) -> Verdict {
    let figures = |r: &BenchmarkReport| {
        let m = &r.metrics;
        format!(
            "{} MiB, accuracy {}, mean {} ms, median {:?}",
            m.model_size_mb, m.accuracy, m.latency_ms_mean, m.latency_ms_median
        )
    };
    let input = format!("{} -> {}", figures(before), figures(after));
    let got = ask::build_submission(&about(), before, Some((after, &techniques())));
    let got =
        got.map(|s| s.improvements.map(|i| [i.speedup, i.compression_ratio, i.accuracy_delta]));
    holds(input, got, &format!("Some({want:?})"), |got| {
        // Quotients and a difference of numbers with few digits: a few roundings.
        got.is_some_and(|got| {
            got.iter().zip(want).all(|(g, w)| (g - w).abs() <= 1e-12 * w.abs().max(1.0))
        })
    })
}

fn alone() -> Result<Submission> {
    ask::build_submission(&about(), &report(4.0, 0.75, 10.0, None), None)
}

fn both() -> Result<Submission> {
    let (before, after) = (report(4.0, 0.75, 10.0, None), report(2.0, 0.5, 5.0, None));
    ask::build_submission(&about(), &before, Some((&after, &techniques())))
}

/// Whether a model may enter, for each of some accuracies, sizes or medians.
fn enters(event: Event, cases: &[(f64, f64, f64, bool)]) -> Verdict {
    for &(accuracy, size, median, want) in cases {
        let m = report(size, accuracy, median, Some(median)).metrics;
        let input = format!("{event}: accuracy {accuracy}, {size} MiB, median {median} ms");
        equal(input, ask::qualifies(&m, event), want)?;
    }
    Ok(())
}

/// Metrics that no event may take.
fn unfit(what: &str, spoil: fn(&mut Metrics)) -> Verdict {
    for event in Event::ALL {
        let mut m = report(1.0, 0.9, 1.0, Some(1.0)).metrics;
        spoil(&mut m);
        refused!(format!("{event}: {what}"), ask::qualifies(&m, event), InvalidArgument)?;
    }
    Ok(())
}

checks! {
    $ __course_m20 m20;
    benchmark_report {
        accuracy Hand 2 "right answers divided by samples" => {
            let got = measured(&[0.0, 1.0, 2.0, 3.0, 4.0], &[0, 1, 2, 0, 4], &[1.0]);
            equal(format!("{TOLD}, shown 0 to 4, where 0, 1, 2, 0, 4 is right"), got.map(|g| g.0.metrics.accuracy), 0.8)
        };
        stored Hand 2 "parameters and MiB as the model counts them" => {
            let got = measured(&[0.0], &[0], &[1.0]);
            equal(TOLD, got.map(|g| (g.0.metrics.parameter_count, g.0.metrics.model_size_mb, g.0.model_name)), (610, 2.0, "echo".to_owned()))
        };
        mean Hand 1 "the sum divided by the number of runs" => figure("mean", |m| Some(m.latency_ms_mean), 3.0);
        // Deviations -1, 0, -2, 3: squares sum to 14, divided by 3.
        deviation Hand 2 "squares are divided by runs - 1" => figure("deviation", |m| m.latency_ms_std, (14.0_f64 / 3.0).sqrt());
        median Hand 1 "the middle of the sorted times" => figure("median", |m| m.latency_ms_median, 2.5);
        throughput Hand 1 "a second divided by the mean" => figure("throughput", |m| m.throughput_samples_per_sec, 1000.0 / 3.0);
        order Systems 3 "all samples first, then one at a time between two readings" => {
            let got = measured(&[0.0, 1.0, 2.0], &[0, 1, 2], &[1.0; 4]);
            let one = |k: usize| ["clock".to_owned(), format!("[{k}.0]"), "clock".to_owned()];
            let mut want = vec!["[0.0, 1.0, 2.0]".to_owned()];
            want.extend([0, 1, 2, 0].into_iter().flat_map(one));
            equal(format!("{TOLD}, samples 0, 1, 2, four runs: what happened"), got.map(|g| g.1), want)
        };
        raw Hand 1 "every time is kept, in order" => {
            let got = measured(&[0.0], &[0], &[2.0, 0.5, 1.0]);
            holds(format!("{TOLD}, runs of 2, 0.5 and 1 ms: times"), got.map(|g| g.0.latencies_ms), "[2.0, 0.5, 1.0]", |got| {
                got.len() == 3 && got.iter().zip([2.0, 0.5, 1.0]).all(|(g, w)| (g - w).abs() < 1e-9)
            })
        };
        once Hand 1 "a single run has the deviation 0" => {
            equal(format!("{TOLD}, one run: deviation"), measured(&[0.0], &[0], &[2.0]).map(|g| g.0.metrics.latency_ms_std), Some(0.0))
        };
        still Hand 1 "a clock too coarse to move gives no infinite throughput" => {
            let got = measured(&[0.0], &[0], &[0.0, 0.0]).map(|g| g.0.metrics.throughput_samples_per_sec);
            equal(format!("{TOLD}, runs of 0 ms: throughput"), got, Some(1000.0 / 1e-6))
        };
        nothing Error 1 "there is nothing to measure" => {
            refused!("no runs", measured(&[0.0], &[0], &[]).map(|g| g.0), InvalidArgument)?;
            refused!("no samples", measured(&[], &[], &[1.0]).map(|g| g.0), InvalidArgument)
        };
        labels Error 1 "one label for each sample" => {
            refused!("two samples, one label", measured(&[0.0, 1.0], &[0], &[1.0]).map(|g| g.0), InvalidArgument)
        };
        backwards Error 1 "no time is negative" => {
            refused!("a run of -1 ms", measured(&[0.0], &[0], &[2.0, -1.0]).map(|g| g.0), InvalidArgument)
        };
    }
    build_submission {
        medians Hand 2 "medians are compared if both have one" =>
            change(&report(4.0, 0.75, 50.0, Some(10.0)), &report(1.0, 0.5, 40.0, Some(5.0)), [2.0, 4.0, -0.25]);
        means Hand 2 "without one of the medians, means are" => {
            change(&report(4.0, 0.5, 10.0, None), &report(2.0, 0.75, 40.0, Some(5.0)), [0.25, 2.0, 0.25])?;
            change(&report(4.0, 0.5, 10.0, Some(1.0)), &report(2.0, 0.75, 5.0, None), [2.0, 2.0, 0.25])
        };
        floors Hand 2 "neither time nor size divides by 0" =>
            change(&report(2.0, 0.5, 3.0, None), &report(0.0, 0.5, 0.0, None), [3.0 / 1e-6, 2.0 / 1e-9, 0.0]);
        baseline_alone Hand 1 "a baseline alone has improved nothing" => {
            equal("a baseline alone", alone().map(|s| (s.optimized.is_none(), s.improvements.is_none())), (true, true))
        };
        words Hand 2 "version, time, platform, student and type are written down" => {
            let got = both().map(|s| (s.tinytorch_version, s.timestamp, s.system_info.platform, s.student_name, s.submission_type));
            equal("version 7.8.9, 2026-11-02, platform any, student Ada", got,
                ("7.8.9".to_owned(), "2026-11-02".to_owned(), "any".to_owned(), Some("Ada".to_owned()), SUBMISSION_TYPE.to_owned()))
        };
        entries Hand 2 "each model with its name and metrics, the second with its techniques" => {
            let got = both().map(|s| {
                let o = s.optimized.map(|o| (o.model_name, o.metrics.accuracy, o.techniques_applied));
                ((s.baseline.model_name, s.baseline.metrics.accuracy), o)
            });
            let second = ("of 2 MiB".to_owned(), 0.5, techniques().to_vec());
            equal("models of 4 and 2 MiB, techniques int8 and pruning", got, (("of 4 MiB".to_owned(), 0.75), Some(second)))
        };
        first_version Hand 1 "evidence and its schema come later" => {
            equal("any submission", both().map(|s| (s.schema.is_none(), s.evidence.is_none())), (true, true))
        };
        round_trip Systems 2 "the library can write it and reads the same" => {
            for submission in [alone(), both()] {
                let submission = value("a submission", submission)?;
                let text = submission.to_json();
                let again = text.as_ref().map(|t| Submission::from_json(t));
                holds("a submission, written and read", Ok(&text), "JSON without faults, which reads as the same submission", |_| {
                    again == Ok(Ok(submission))
                })?;
            }
            Ok(())
        };
    }
    qualifies {
        sprint Hand 2 "accuracy of at least 0.85" => {
            enters(Event::LatencySprint, &[(0.85, 99.0, 999.0, true), (0.849_999, 0.1, 0.1, false), (1.0, 1.0, 1.0, true)])
        };
        memory Hand 1 "accuracy of at least 0.85" => {
            enters(Event::MemoryChallenge, &[(0.85, 99.0, 999.0, true), (0.849_999, 0.1, 0.1, false)])
        };
        contest Hand 3 "median below 100 ms, size below 10 MiB, any accuracy" => {
            enters(Event::AccuracyContest, &[(0.1, 9.999, 99.99, true), (1.0, 10.0, 1.0, false), (1.0, 1.0, 100.0, false)])
        };
        of_the_median Hand 1 "the median decides, not the mean" => {
            let m = report(1.0, 0.9, 300.0, Some(1.0)).metrics;
            equal("accuracy_contest: mean 300 ms, median 1 ms", ask::qualifies(&m, Event::AccuracyContest), true)
        };
        push Hand 2 "accuracy of at least 0.80" => {
            enters(Event::ExtremePush, &[(0.80, 99.0, 999.0, true), (0.799_999, 0.1, 0.1, false)])
        };
        around Hand 1 "everybody may" => enters(Event::AllAround, &[(0.0, 999.0, 9999.0, true)]);
        not_finite Error 2 "NaN and infinity are no measurements" => {
            unfit("accuracy NaN", |m| m.accuracy = f64::NAN)?;
            unfit("size infinite", |m| m.model_size_mb = f64::INFINITY)?;
            unfit("mean NaN", |m| m.latency_ms_mean = f64::NAN)?;
            unfit("median NaN", |m| m.latency_ms_median = Some(f64::NAN))
        };
        out_of_range Error 2 "92 is no share; no time and no size is 0" => {
            unfit("accuracy 92", |m| m.accuracy = 92.0)?;
            unfit("accuracy -0.1", |m| m.accuracy = -0.1)?;
            unfit("size 0", |m| m.model_size_mb = 0.0)?;
            unfit("mean 0", |m| m.latency_ms_mean = 0.0)?;
            unfit("median -1", |m| m.latency_ms_median = Some(-1.0))
        };
        no_median Error 1 "the accuracy contest needs one, the others do not" => {
            let m = report(1.0, 0.9, 1.0, None).metrics;
            refused!("accuracy_contest without a median", ask::qualifies(&m, Event::AccuracyContest), InvalidArgument)?;
            equal("latency_sprint without a median", ask::qualifies(&m, Event::LatencySprint), true)
        };
    }
}
