//! Observers watch a tensor during calibration and propose its quantisation.

use super::affine::{self, QParams};
use crate::nostd::prelude::*;
use crate::{Error, Result, dispatch};

/// Watches values and says which range eight bits should cover.
///
/// Implementers see every batch of one tensor, in order, and are asked once at the end.
pub trait Observer {
    /// Takes in the values of one batch.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] naming the first value that is not finite.
    fn observe(&mut self, values: &[f32]) -> Result<()>;

    /// Returns the parameters for all that was seen.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if nothing was seen.
    fn params(&self) -> Result<QParams>;
}

/// The smallest and the largest value seen: no value is clipped, and one outlier widens every step.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct MinMax {
    range: Option<(f32, f32)>,
}

impl MinMax {
    /// Returns an observer that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the smallest and the largest value seen, or `None` before the first.
    #[must_use]
    pub fn range(&self) -> Option<(f32, f32)> {
        self.range
    }
}

/// Refuses NaN and infinity by position.
fn finite(values: &[f32]) -> Result<()> {
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(i) => {
            let got = format!("{} at position {i}", values[i]);
            let need = "finite (check the trained weights for NaN)";
            Err(Error::argument("calibrate", "values", got, need))
        }
    }
}

/// The parameters of a range, if there is one.
fn params(range: Option<(f32, f32)>) -> Result<QParams> {
    let (lo, hi) = range
        .ok_or_else(|| Error::argument("calibrate", "values", "empty", "at least one number"))?;
    QParams::affine(f64::from(lo), f64::from(hi))
}

impl Observer for MinMax {
    fn observe(&mut self, values: &[f32]) -> Result<()> {
        finite(values)?;
        self.range = dispatch::calibrate(self.range, values)?;
        Ok(())
    }

    fn params(&self) -> Result<QParams> {
        params(self.range)
    }
}

/// Ranges of batches, of which the later ones count more: each end moves by a share of its distance to that of the batch.
///
/// A single wild batch is forgotten after a while, which [`MinMax`] never does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MovingAverage {
    share: f32,
    range: Option<(f32, f32)>,
}

impl MovingAverage {
    /// Returns an observer that has seen nothing and moves by `share` of the distance.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless 0 ≤ share ≤ 1.
    pub fn new(share: f32) -> Result<Self> {
        if !(0.0..=1.0).contains(&share) {
            return Err(Error::argument("calibrate", "share", share, "between 0 and 1"));
        }
        Ok(Self { share, range: None })
    }

    /// Returns the present range, or `None` before the first value.
    #[must_use]
    pub fn range(&self) -> Option<(f32, f32)> {
        self.range
    }
}

impl Observer for MovingAverage {
    fn observe(&mut self, values: &[f32]) -> Result<()> {
        finite(values)?;
        let Some(batch) = dispatch::calibrate(None, values)? else { return Ok(()) };
        let moved = |old: f32, new: f32| old + self.share * (new - old);
        self.range = Some(match self.range {
            None => batch,
            Some((lo, hi)) => (moved(lo, batch.0), moved(hi, batch.1)),
        });
        Ok(())
    }

    fn params(&self) -> Result<QParams> {
        params(self.range)
    }
}

/// The range of most values: as many are left out at each end.
///
/// Outliers are saturated, and all other values have finer steps. Every value is kept until the end: four bytes each.
#[derive(Debug, Clone, PartialEq)]
pub struct Percentile {
    share: f64,
    values: Vec<f32>,
}

impl Percentile {
    /// Returns an observer that has seen nothing, for the range of `share` of all values, such as 0.999.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless 0 < share ≤ 1.
    pub fn new(share: f64) -> Result<Self> {
        if share > 0.0 && share <= 1.0 {
            return Ok(Self { share, values: Vec::new() });
        }
        Err(Error::argument("calibrate", "share", share, "above 0, at most 1"))
    }

    /// Returns the range so far, or `None` before the first value: of `n` values `⌊n·(1 − share)/2⌋` lie below it, and as many
    /// above.
    #[must_use]
    pub fn range(&self) -> Option<(f32, f32)> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f32::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        // A little less than the product: 1 − share is rarely exact, and 1000·0.002/2 is to be 1.
        let out = libm::floor(sorted.len() as f64 * (1.0 - self.share) / 2.0 + 1e-9) as usize;
        let out = out.min(last / 2);
        Some((sorted[out], sorted[last - out]))
    }
}

impl Observer for Percentile {
    fn observe(&mut self, values: &[f32]) -> Result<()> {
        finite(values)?;
        self.values.extend_from_slice(values);
        Ok(())
    }

    fn params(&self) -> Result<QParams> {
        params(self.range())
    }
}

/// The range with the least squared error over all values: that of [`MinMax`], or a share of it.
///
/// Eighty shares from 100 % down are tried. Every value is kept until the end: four bytes each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LeastSquares {
    values: Vec<f32>,
}

impl LeastSquares {
    /// Returns an observer that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Observer for LeastSquares {
    fn observe(&mut self, values: &[f32]) -> Result<()> {
        finite(values)?;
        self.values.extend_from_slice(values);
        Ok(())
    }

    fn params(&self) -> Result<QParams> {
        let whole = dispatch::calibrate(None, &self.values)?;
        let mut best = params(whole)?;
        let mut least = f64::INFINITY;
        for percent in (21..=100).rev() {
            let share = percent as f32 / 100.0;
            // A range so small that it has no steps is no better than the one before.
            let Ok(tried) = params(whole.map(|(lo, hi)| (lo * share, hi * share))) else { break };
            let back = affine::values(&affine::codes(&self.values, tried)?, tried)?;
            let error = |(x, back): (&f32, f64)| (f64::from(*x) - back) * (f64::from(*x) - back);
            let sum: f64 = self.values.iter().zip(back).map(error).sum();
            if sum < least {
                (best, least) = (tried, sum);
            }
        }
        Ok(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn min_max_covers_all_batches() {
        let mut o = MinMax::new();
        assert!(o.params().is_err(), "nothing seen yet");
        o.observe(&[0.5, -1.0]).unwrap();
        o.observe(&[]).unwrap();
        o.observe(&[3.0, 2.0]).unwrap();
        assert_eq!(o.range(), Some((-1.0, 3.0)));
        assert_eq!(o.params().unwrap().zero_point, -64); // -128 + 255/4
    }

    #[test]
    fn non_finite_values_are_named() {
        let err = MinMax::new().observe(&[0.0, f32::INFINITY]).unwrap_err();
        assert!(err.to_string().contains("position 1"), "{err}");
    }

    #[test]
    fn a_moving_average_by_hand() {
        let mut o = MovingAverage::new(0.25).unwrap();
        assert!(o.params().is_err(), "nothing seen yet");
        for batch in [&[-4.0, 8.0][..], &[], &[0.0, 16.0]] {
            o.observe(batch).unwrap();
        }
        assert_eq!(o.range(), Some((-3.0, 10.0)));
        assert!(MovingAverage::new(1.5).is_err() && MovingAverage::new(f32::NAN).is_err());
    }

    #[test]
    fn percentiles_by_hand() {
        let mut o = Percentile::new(0.8).unwrap();
        assert_eq!(o.range(), None);
        // Of ten values one is left out at each end.
        o.observe(&[3.0, -100.0, 1.0, 2.0, 4.0]).unwrap();
        o.observe(&[5.0, 900.0, 7.0, 8.0, 6.0]).unwrap();
        assert_eq!(o.range(), Some((1.0, 8.0)));
        let mut all = Percentile::new(1.0).unwrap();
        all.observe(&[2.0, -1.0]).unwrap();
        assert_eq!(all.range(), Some((-1.0, 2.0)));
        assert!([0.0, 1.1, f64::NAN].iter().all(|s| Percentile::new(*s).is_err()));
    }

    /// An outlier stretches every step of the whole range; the others let it be saturated.
    #[test]
    fn outliers_are_given_up() {
        let mut rng = crate::Rng::seed(2);
        let mut values: Vec<f32> = (0..4_000).map(|_| rng.normal() as f32).collect();
        values[7] = 30.0;
        let scale = |o: &mut dyn Observer| {
            o.observe(&values).unwrap();
            o.params().unwrap().scale
        };
        let whole = scale(&mut MinMax::new());
        let most = scale(&mut Percentile::new(0.999).unwrap());
        let squares = scale(&mut LeastSquares::new());
        // Normal values reach from -3.6 to 3.6; with the outlier 255 steps have to cover 33.6 instead of 7.
        assert!(whole > 0.12 && most < 0.035, "{whole} {most}");
        // One value off by 20 weighs as much as 4000 off by 0.3: it is kept, or nearly so.
        assert!(squares <= whole && squares > most, "{squares}");
        let mut plain = LeastSquares::new();
        plain.observe(&[0.0, 255.0]).unwrap();
        assert_eq!(plain.params().unwrap().scale, 1.0, "both values are exact in the whole range");
        assert!(LeastSquares::new().params().is_err());
    }
}
