//! Seeded mistakes of module 19.

use super::{BenchLesson, Figures, Interval, Tensor, Verdict, plain, t_quantile};
use crate::{
    Result,
    bench::{Samples, mann_whitney},
    course::lesson::mutants,
};

/// The right figures with a mistake.
fn figures(values: &[f64], spoil: impl FnOnce(&mut Figures)) -> Result<Figures> {
    let mut figures = plain::summarise(values)?;
    spoil(&mut figures);
    Ok(figures)
}

/// An interval around the mean whose half width is made of quantile, deviation and number.
fn around(
    values: &[f64],
    level: f64,
    half: impl Fn(f64, f64, f64) -> f64,
) -> Result<Option<Interval>> {
    let Some(_) = plain::confidence_interval(values, level)? else { return Ok(None) };
    let f = plain::summarise(values)?;
    let n = values.len() as f64;
    let t = t_quantile(0.5 + level / 2.0, n - 1.0)?;
    let half = half(t, f.std.unwrap_or(0.0), n);
    Ok(Some(Interval { low: f.mean - half, high: f.mean + half }))
}

/// The verdict of a rule that is not a test at 5 %.
fn verdict(
    first: &[f64],
    second: &[f64],
    differs: impl Fn(f64, f64) -> bool,
) -> Result<(Verdict, f64)> {
    let (_, effect) = plain::compare(first, second)?;
    let (a, b) = (Samples::new(first.to_vec())?, Samples::new(second.to_vec())?);
    let (p, _) = mann_whitney(&a, &b);
    let ratio = b.median() / a.median();
    Ok((
        match (differs(p, ratio), ratio < 1.0) {
            (false, _) => Verdict::NoDifferenceShown,
            (true, true) => Verdict::Faster,
            (true, false) => Verdict::Slower,
        },
        effect,
    ))
}

mutants! {
    BenchLesson;
    fn percentile(sorted: &[f64], share: f64) -> f64 {
        "takes the value below" => {
            plain::percentile(sorted, share)?;
            sorted[(share * (sorted.len() - 1) as f64).floor() as usize]
        },
        "takes the nearest value" => {
            plain::percentile(sorted, share)?;
            sorted[(share * (sorted.len() - 1) as f64).round() as usize]
        },
        "exchanges the two parts" => {
            plain::percentile(sorted, share)?;
            let place = share * (sorted.len() - 1) as f64;
            let (below, above) = (place.floor() as usize, place.ceil() as usize);
            sorted[below] * place.fract() + sorted[above] * (1.0 - place.fract())
        },
        "counts positions from 0 to n" => {
            plain::percentile(sorted, share)?;
            let last = sorted.len() - 1;
            plain::percentile(sorted, (share * sorted.len() as f64 / last.max(1) as f64).min(1.0))?
        },
        "takes percent" => plain::percentile(sorted, share / 100.0)?,
        "turns the order around" => plain::percentile(sorted, 1.0 - share)?,
        "takes any input" => plain::percentile(sorted, share.clamp(0.0, 1.0)).unwrap_or(f64::NAN),
    }
    fn summarise(values: &[f64]) -> Figures {
        "divides squares by n" => figures(values, |f| f.std = f.std.map(|s| s * ((values.len() - 1) as f64 / values.len() as f64).sqrt()))?,
        "forgets the root" => figures(values, |f| f.std = f.std.map(|s| s * s))?,
        "squares values instead of deviations" => figures(values, |f| {
            let squares: f64 = values.iter().map(|v| v * v).sum();
            f.std = f.std.map(|_| (squares / (values.len() - 1) as f64).sqrt());
        })?,
        "subtracts large squares in single precision" => figures(values, |f| {
            let n = values.len() as f32;
            let (sum, squares) = values.iter().fold((0.0_f32, 0.0_f32), |(s, q), v| (s + *v as f32, q + (*v as f32).powi(2)));
            f.std = f.std.map(|_| f64::from(((squares - sum * sum / n) / (n - 1.0)).max(0.0).sqrt()));
        })?,
        "takes the middle of unsorted values" => figures(values, |f| f.median = values[values.len() / 2])?,
        "takes the upper of two middles" => figures(values, |f| {
            let mut sorted = values.to_vec();
            sorted.sort_by(f64::total_cmp);
            f.median = sorted[sorted.len() / 2];
        })?,
        "takes the median for the mean" => figures(values, |f| f.mean = f.median)?,
        "says 0 for the spread of one value" => figures(values, |f| f.std = f.std.or(Some(0.0)))?,
        "looks for the largest from 0 on" => figures(values, |f| f.max = f.max.max(0.0))?,
        "looks for the smallest from 0 on" => figures(values, |f| f.min = f.min.min(0.0))?,
        "leaves out what is not finite" => {
            let finite: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
            plain::summarise(&finite)?
        },
    }
    fn confidence_interval(values: &[f64], level: f64) -> Option<Interval> {
        "takes the normal distribution" => around(values, level, |_, s, n| t_quantile(0.5 + level / 2.0, 1e6).unwrap_or(0.0) * s / n.sqrt())?,
        "has n degrees of freedom" => around(values, level, |_, s, n| t_quantile(0.5 + level / 2.0, n).unwrap_or(0.0) * s / n.sqrt())?,
        "puts the whole rest on one side" => around(values, level, |_, s, n| t_quantile(level, n - 1.0).unwrap_or(0.0) * s / n.sqrt())?,
        "is as wide as the spread of values" => around(values, level, |t, s, _| t * s)?,
        "divides by n instead of its root" => around(values, level, |t, s, n| t * s / n)?,
        "takes the variance" => around(values, level, |t, s, n| t * s * s / n.sqrt())?,
        "has no width for one value" => plain::confidence_interval(values, level)?.or(Some(Interval { low: values[0], high: values[0] })),
        "lies around the median" => plain::confidence_interval(values, level)?.map(|i| {
            let (mean, median) = plain::summarise(values).map_or((0.0, 0.0), |f| (f.mean, f.median));
            Interval { low: i.low - mean + median, high: i.high - mean + median + if mean == median { i.high - i.low } else { 0.0 } }
        }),
        "takes percent for a level" => plain::confidence_interval(values, if level > 1.0 { level / 100.0 } else { level })?,
    }
    fn run_latency(work: &mut dyn FnMut() -> Result<()>, warmup: usize, runs: usize, now: &mut dyn FnMut() -> f64) -> Vec<f64> {
        "leaves the warm-up out" => plain::run_latency(work, 0, runs, now)?,
        "times the warm-up too" => {
            let mut times = plain::run_latency(work, 0, warmup + runs, now)?;
            times.drain(..warmup);
            if runs == 0 { plain::run_latency(work, 0, 0, now)? } else { times }
        },
        "reads the clock once for each run" => {
            for _ in 0..warmup {
                work()?;
            }
            let mut last = now();
            let mut times = Vec::new();
            for _ in 0..runs {
                work()?;
                let time = now();
                times.push(time - last);
                last = time;
            }
            if runs == 0 { plain::run_latency(work, 0, 0, now)? } else { times }
        },
        "subtracts the wrong way round" => plain::run_latency(work, warmup, runs, now)?.iter().map(|t| -t).collect(),
        "adds the times up" => {
            let mut sum = 0.0;
            plain::run_latency(work, warmup, runs, now)?.iter().map(|t| { sum += t; sum }).collect()
        },
        "goes on after an error" => plain::run_latency(&mut || { let _ = work(); Ok(()) }, warmup, runs, now)?,
        "returns no times for no runs" => if runs == 0 { Vec::new() } else { plain::run_latency(work, warmup, runs, now)? },
    }
    fn run_accuracy(predict: &mut dyn FnMut(&Tensor) -> Result<Vec<usize>>, x: &Tensor, labels: &[usize], batch: usize) -> f64 {
        "averages the shares of batches" => {
            let mut shares = Vec::new();
            let mut start = 0;
            let mut watched = |part: &Tensor| {
                let classes = predict(part)?;
                let hits = classes.iter().zip(&labels[start.min(labels.len())..]).filter(|(a, b)| a == b).count();
                start += classes.len();
                shares.push(hits as f64 / classes.len().max(1) as f64);
                Ok(classes)
            };
            plain::run_accuracy(&mut watched, x, labels, batch)?;
            shares.iter().sum::<f64>() / shares.len() as f64
        },
        "leaves out the last, smaller batch" => {
            let n = x.dims()[0];
            let whole = n - n % batch.max(1);
            if whole == 0 || batch == 0 || labels.len() != n {
                plain::run_accuracy(predict, x, labels, batch)?
            } else {
                plain::run_accuracy(predict, &x.narrow(0, 0, whole)?, &labels[..whole], batch)?
            }
        },
        "takes all samples at once" => {
            plain::run_accuracy(predict, x, labels, if batch == 0 { 0 } else { x.dims()[0] })?
        },
        "takes one sample at a time" => plain::run_accuracy(predict, x, labels, batch.min(1))?,
        "gives percent" => 100.0 * plain::run_accuracy(predict, x, labels, batch)?,
        "counts the wrong answers" => 1.0 - plain::run_accuracy(predict, x, labels, batch)?,
        "compares every batch with the first labels" => {
            let (mut right, n) = (0, x.dims()[0]);
            let mut watched = |part: &Tensor| {
                let classes = predict(part)?;
                right += classes.iter().zip(labels).filter(|(a, b)| a == b).count();
                Ok(classes)
            };
            plain::run_accuracy(&mut watched, x, labels, batch)?;
            right as f64 / n as f64
        },
        "does not count the answers" => {
            let mut padded = |part: &Tensor| {
                let mut classes = predict(part)?;
                classes.resize(part.dims()[0], usize::MAX);
                Ok(classes)
            };
            plain::run_accuracy(&mut padded, x, labels, batch)?
        },
        "takes any labels" => {
            let mut filled = labels.to_vec();
            filled.resize(x.dims()[0], usize::MAX);
            plain::run_accuracy(predict, x, &filled, batch)?
        },
    }
    fn compare(first: &[f64], second: &[f64]) -> (Verdict, f64) {
        "never sees a difference" => verdict(first, second, |_, _| false)?,
        "sees a difference in every two medians" => verdict(first, second, |_, ratio| ratio != 1.0)?,
        "tests at 30 %" => verdict(first, second, |p, _| p < 0.3)?,
        "tests one side alone" => verdict(first, second, |p, _| p / 2.0 < 0.05 || p <= 0.1)?,
        "asks for a factor of two" => verdict(first, second, |p, ratio| p < 0.05 && !(0.5..=2.0).contains(&ratio))?,
        "compares means" => {
            let (_, effect) = plain::compare(first, second)?;
            let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
            (match mean(second) / mean(first) {
                r if r < 0.95 => Verdict::Faster,
                r if r > 1.05 => Verdict::Slower,
                _ => Verdict::NoDifferenceShown,
            }, effect)
        },
        "turns the verdict around" => {
            let (verdict, effect) = plain::compare(first, second)?;
            (match verdict {
                Verdict::Faster => Verdict::Slower,
                Verdict::Slower => Verdict::Faster,
                Verdict::NoDifferenceShown => Verdict::NoDifferenceShown,
            }, effect)
        },
        "turns delta around" => plain::compare(first, second).map(|(v, d)| (v, -d))?,
        "returns the share of wins" => plain::compare(first, second).map(|(v, d)| (v, f64::midpoint(d, 1.0)))?,
        "counts ties as wins" => {
            let (verdict, _) = plain::compare(first, second)?;
            let wins = first.iter().flat_map(|a| second.iter().map(move |b| if a >= b { 1.0 } else { -1.0 }));
            (verdict, wins.sum::<f64>() / (first.len() * second.len()) as f64)
        },
        "takes any input" => plain::compare(first, second).unwrap_or((Verdict::NoDifferenceShown, 0.0)),
    }
}
