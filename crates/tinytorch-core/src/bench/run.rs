//! Taking samples of how long something takes.

use core::hint::black_box;
use core::time::Duration;
use std::time::Instant;

use crate::{Error, Result, dispatch};

use super::compare::mann_whitney;
use super::samples::Samples;

const OP: &str = "bench";

/// A sample lasts at least this many steps of the clock, so that a step is below a thousandth of it.
const STEPS_PER_SAMPLE: u32 = 1000;

/// How something is measured.
///
/// # Examples
///
/// ```
/// use tinytorch_core::bench::Bench;
///
/// let mut sum = 0_u64;
/// let measured = Bench::new().samples(5).sample_time_ms(1).run(|| {
///     sum = sum.wrapping_add((0..1000_u64).sum());
///     sum
/// })?;
/// assert_eq!(measured.seconds.len(), 5);
/// assert!(measured.seconds.median() > 0.0 && measured.iterations > 1);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Bench {
    n_samples: usize,
    warmup: Duration,
    sample: Duration,
}

/// Whether the figures moved while they were taken.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Drift {
    /// The first and the last third do not differ more than chance would have it.
    Steady,
    /// They do (Mann and Whitney, 1 %): the last third takes this many times as long as the first. Measure again on a quieter
    /// machine, or with a longer warm-up.
    Moved(f64),
    /// Fewer than fifteen samples.
    TooFew,
}

/// Samples of one thing and how they were taken.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Measured {
    /// Seconds of one call, one figure for each sample.
    pub seconds: Samples,
    /// Calls in a sample.
    pub iterations: u64,
    /// Whether the figures moved.
    pub drift: Drift,
}

impl Default for Bench {
    fn default() -> Self {
        Self::new()
    }
}

impl Bench {
    /// Thirty samples of at least two milliseconds after a tenth of a second of warm-up.
    #[must_use]
    pub const fn new() -> Self {
        Self { n_samples: 30, warmup: Duration::from_millis(100), sample: Duration::from_millis(2) }
    }

    /// Takes this many samples.
    #[must_use]
    pub const fn samples(mut self, n: usize) -> Self {
        self.n_samples = n;
        self
    }

    /// Calls for this long before the first sample, at least once.
    #[must_use]
    pub const fn warmup_ms(mut self, ms: u64) -> Self {
        self.warmup = Duration::from_millis(ms);
        self
    }

    /// Calls often enough that a sample lasts this long.
    #[must_use]
    pub const fn sample_time_ms(mut self, ms: u64) -> Self {
        self.sample = Duration::from_millis(ms);
        self
    }

    /// Measures `work`. What it returns is kept alive, so that the compiler cannot leave it out.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for no samples.
    pub fn run<T>(&self, mut work: impl FnMut() -> T) -> Result<Measured> {
        self.try_run(|| Ok(work()))
    }

    /// As [`run`](Self::run), for work that can fail: the first error ends the measurement.
    ///
    /// # Errors
    ///
    /// Those of `work`; [`Error::InvalidArgument`] for no samples.
    pub fn try_run<T>(&self, mut work: impl FnMut() -> Result<T>) -> Result<Measured> {
        if self.n_samples == 0 {
            return Err(Error::argument(OP, "samples", 0, "at least 1"));
        }
        let least = self.sample.max(timer_resolution() * STEPS_PER_SAMPLE);
        let begin = Instant::now();
        let mut calls = 0_u64;
        loop {
            black_box(work()?);
            calls += 1;
            if begin.elapsed() >= self.warmup {
                break;
            }
        }
        // One call as the warm-up had it, then enough of them; doubled while the guess was too small.
        let one = begin.elapsed().as_secs_f64() / calls as f64;
        let mut iterations = (least.as_secs_f64() / one.max(1e-12)).ceil().clamp(1.0, 1e12) as u64;
        let mut sample = |iterations: u64| -> Result<f64> {
            let begin = Instant::now();
            for _ in 0..iterations {
                black_box(work()?);
            }
            Ok(begin.elapsed().as_secs_f64())
        };
        while sample(iterations)? < 0.5 * least.as_secs_f64() && iterations < 1 << 40 {
            iterations *= 2;
        }
        let mut calls = || -> Result<()> {
            for _ in 0..iterations {
                black_box(work()?);
            }
            Ok(())
        };
        let mut clock = || begin.elapsed().as_secs_f64();
        let times = dispatch::run_latency(&mut calls, 0, self.n_samples, &mut clock)?;
        let seconds = Samples::new(times.iter().map(|t| t / iterations as f64).collect())?;
        Ok(Measured { drift: drift(&seconds), seconds, iterations })
    }
}

/// Compares the first with the last third.
pub(super) fn drift(samples: &Samples) -> Drift {
    let third = samples.len() / 3;
    if third < 5 {
        return Drift::TooFew;
    }
    let values = samples.values();
    let parts = (
        Samples::new(values[..third].to_vec()),
        Samples::new(values[values.len() - third..].to_vec()),
    );
    match parts {
        (Ok(first), Ok(last)) if mann_whitney(&first, &last).0 < 0.01 => {
            Drift::Moved(last.median() / first.median())
        }
        _ => Drift::Steady,
    }
}

/// Returns the smallest step of the clock that was seen in a hundred readings.
#[must_use]
pub fn timer_resolution() -> Duration {
    let mut least = Duration::from_millis(1);
    for _ in 0..100 {
        let begin = Instant::now();
        let step = loop {
            let step = begin.elapsed();
            if !step.is_zero() {
                break step;
            }
        };
        least = least.min(step);
    }
    least
}
