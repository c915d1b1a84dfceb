//! Module 19, Benchmarking: figures that describe repeated measurements, and what they allow to say.

use crate::{
    Error, Result, Tensor,
    bench::{Figures, Interval, Samples, Verdict, mann_whitney, t_quantile},
};

/// Probability of calling equal things different that [`compare`] accepts.
pub const ALPHA: f64 = 0.05;

/// Returns the value at `share` (0 to 1) of ascending values: position `share·(n − 1)`, interpolated linearly.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if there is no value, or `share` is outside 0 to 1.
pub fn percentile(sorted: &[f64], share: f64) -> Result<f64> {
    let Some(last) = sorted.len().checked_sub(1) else {
        return Err(Error::argument("percentile", "values", "empty", "at least one value"));
    };
    if !(0.0..=1.0).contains(&share) {
        return Err(Error::argument("percentile", "share", share, "between 0 and 1"));
    }
    let place = share * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    let part = place - below as f64;
    Ok(sorted[below] * (1.0 - part) + sorted[above] * part)
}

/// Returns mean, deviation (divided by n − 1), median, smallest and largest of `values`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if there is no value, or one is not finite.
pub fn summarise(values: &[f64]) -> Result<Figures> {
    let samples = Samples::new(values.to_vec())?;
    let sorted = samples.sorted();
    Ok(Figures {
        mean: samples.mean(),
        std: samples.std(),
        min: percentile(sorted, 0.0)?,
        median: percentile(sorted, 0.5)?,
        max: percentile(sorted, 1.0)?,
    })
}

/// Returns Student's interval of the mean, `mean ± t·s/√n` with n − 1 degrees of freedom; `None` for a single value.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if `level` is not between 0 and 1, there is no value, or one is not finite.
pub fn confidence_interval(values: &[f64], level: f64) -> Result<Option<Interval>> {
    if !(level > 0.0 && level < 1.0) {
        let need = "between 0 and 1, for example 0.95";
        return Err(Error::argument("samples", "level", level, need));
    }
    let samples = Samples::new(values.to_vec())?;
    let Some(std) = samples.std() else { return Ok(None) };
    let n = samples.len() as f64;
    let half = t_quantile(0.5 + level / 2.0, n - 1.0)? * std / n.sqrt();
    let mean = samples.mean();
    Ok(Some(Interval { low: mean - half, high: mean + half }))
}

/// Returns how long each of `runs` calls of `work` takes by the clock `now`, after `warmup` calls that nobody times.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for no runs; the first error of `work` ends the measurement.
pub fn run_latency(
    work: &mut dyn FnMut() -> Result<()>,
    warmup: usize,
    runs: usize,
    now: &mut dyn FnMut() -> f64,
) -> Result<Vec<f64>> {
    if runs == 0 {
        return Err(Error::argument("bench", "samples", runs, "at least 1"));
    }
    for _ in 0..warmup {
        work()?;
    }
    let mut times = Vec::with_capacity(runs.min(1 << 20));
    for _ in 0..runs {
        let start = now();
        work()?;
        times.push(now() - start);
    }
    Ok(times)
}

/// Returns the share of the samples `x: [N, ..]` that `predict` gives the class in `labels: [N]`, asked for `batch` samples at a time;
/// the last batch may be smaller.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if there are no samples, another number of labels or of answers, or a batch of 0; what `predict`
/// returns.
pub fn run_accuracy(
    predict: &mut dyn FnMut(&Tensor) -> Result<Vec<usize>>,
    x: &Tensor,
    labels: &[usize],
    batch: usize,
) -> Result<f64> {
    let n = x.dims().first().copied().unwrap_or(0);
    if n == 0 || labels.len() != n {
        let got = format_args!("{n} with {} labels", labels.len());
        let need = "at least 1, a label for each";
        return Err(Error::argument("accuracy", "number of samples", got, need));
    }
    if batch == 0 {
        return Err(Error::argument("accuracy", "batch", batch, "at least 1"));
    }
    let mut right = 0;
    for start in (0..n).step_by(batch) {
        let len = batch.min(n - start);
        let classes = predict(&x.narrow(0, start, len)?)?;
        if classes.len() != len {
            return Err(Error::argument(
                "accuracy",
                "number of answers",
                classes.len(),
                len.to_string(),
            ));
        }
        right +=
            classes.iter().zip(&labels[start..]).filter(|(class, label)| class == label).count();
    }
    Ok(right as f64 / n as f64)
}

/// Returns whether the second takes less or more time than the first, or that nothing shows a difference, by the test of Mann and
/// Whitney at 5 % and the medians; and Cliff's delta: the share of pairs in which the first is larger minus that in which it is
/// smaller.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if one side has no value, or one is not finite.
pub fn compare(first: &[f64], second: &[f64]) -> Result<(Verdict, f64)> {
    let (first, second) = (Samples::new(first.to_vec())?, Samples::new(second.to_vec())?);
    let (p, effect) = mann_whitney(&first, &second);
    let median = |s: &Samples| percentile(s.sorted(), 0.5);
    let verdict = match median(&second)?.total_cmp(&median(&first)?) {
        _ if p >= ALPHA => Verdict::NoDifferenceShown,
        core::cmp::Ordering::Less => Verdict::Faster,
        core::cmp::Ordering::Greater => Verdict::Slower,
        core::cmp::Ordering::Equal => Verdict::NoDifferenceShown,
    };
    Ok((verdict, effect))
}
