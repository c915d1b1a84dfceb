//! Intervals of confidence by resampling.

use crate::{Error, Result, Rng};

use super::samples::Samples;

const OP: &str = "bootstrap";

/// Where a quantity lies with a stated probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Returns whether `value` lies inside, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// Returns the distance of the ends.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// Returns the interval that holds `statistic` with probability `level`, from `rounds` samples drawn again with replacement
/// (Efron & Tibshirani, 1993, percentile method). It needs no normal distribution, but some ten samples.
///
/// The same `rng` gives the same interval.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if `level` is not between 0 and 1, or there are fewer than 100 rounds.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Rng;
/// use tinytorch_core::bench::{Samples, bootstrap};
///
/// let s = Samples::new((1..=99).map(f64::from).collect())?;
/// let around = bootstrap(&s, |drawn| drawn.median(), 0.95, 2000, &mut Rng::seed(7))?;
/// assert!(around.contains(50.0) && around.width() < 40.0);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn bootstrap(
    samples: &Samples,
    statistic: impl Fn(&Samples) -> f64,
    level: f64,
    rounds: usize,
    rng: &mut Rng,
) -> Result<Interval> {
    if !(level > 0.0 && level < 1.0) {
        return Err(Error::argument(OP, "level", level.to_string(), "between 0 and 1"));
    }
    if rounds < 100 {
        return Err(Error::argument(OP, "rounds", rounds.to_string(), "at least 100"));
    }
    let values = samples.values();
    let drawn: Vec<f64> = (0..rounds)
        .map(|_| {
            let again = values.iter().map(|_| values[rng.below(values.len())]).collect();
            Samples::new(again).map(|s| statistic(&s))
        })
        .collect::<Result<_>>()?;
    ends(drawn, level)
}

/// The quantiles that leave half of the rest on either side.
pub(super) fn ends(drawn: Vec<f64>, level: f64) -> Result<Interval> {
    let drawn = Samples::new(drawn)?;
    let rest = (1.0 - level) / 2.0;
    Ok(Interval { low: drawn.quantile(rest)?, high: drawn.quantile(1.0 - rest)? })
}
