//! Half waves.

use super::{Schedule, at_least_one, not_negative, positive};
use crate::{Error, Result, dispatch};

/// Half a wave from `max` down to `min`, then constant.
///
/// η(t) = min + (max − min)·(1 + cos(π·t/total))/2 for t below total, else min.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cosine {
    max: f64,
    min: f64,
    total: usize,
}

impl Cosine {
    /// Returns the half wave from `max` at step 0 to `min` at step `total`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `max` is positive, 0 ≤ `min` ≤ `max`, and `total` at least 1.
    pub fn new(max: f64, min: f64, total: usize) -> Result<Self> {
        let (max, min) = ends(max, min)?;
        Ok(Self { max, min, total: at_least_one("total", total)? })
    }
}

impl Schedule for Cosine {
    fn lr(&self, t: usize) -> f64 {
        dispatch::cosine_lr(t, self.max, self.min, self.total)
    }
}

/// Half waves one after another, each starting at the top: the first `first` steps long, each `factor` times as long as the one
/// before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CosineRestarts {
    max: f64,
    min: f64,
    first: usize,
    factor: usize,
}

impl CosineRestarts {
    /// Returns half waves from `max` to `min` with lengths `first`, `first·factor`, `first·factor²` and so on.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `max` is positive, 0 ≤ `min` ≤ `max`, and `first` and `factor` at least 1.
    pub fn new(max: f64, min: f64, first: usize, factor: usize) -> Result<Self> {
        let (max, min) = ends(max, min)?;
        Ok(Self {
            max,
            min,
            first: at_least_one("first", first)?,
            factor: at_least_one("factor", factor)?,
        })
    }
}

impl Schedule for CosineRestarts {
    fn lr(&self, t: usize) -> f64 {
        let (mut t, mut length) = (t, self.first);
        if self.factor == 1 {
            t %= length;
        }
        while t >= length {
            t -= length;
            length = length.saturating_mul(self.factor);
        }
        dispatch::cosine_lr(t, self.max, self.min, length)
    }
}

/// A ramp up, then half a wave down, then constant.
///
/// η(t) = max·(t + 1)/warmup for t below warmup; from there the half wave of [`Cosine`] until total, and then min.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WarmupCosine {
    max: f64,
    min: f64,
    warmup: usize,
    total: usize,
}

impl WarmupCosine {
    /// Returns the ramp to `max` over `warmup` steps and the half wave to `min` at step `total`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `max` is positive, 0 ≤ `min` ≤ `max`, and `warmup` ≤ `total`.
    pub fn new(max: f64, min: f64, warmup: usize, total: usize) -> Result<Self> {
        let (max, min) = ends(max, min)?;
        if warmup > total {
            return Err(Error::argument(
                "schedule",
                "warmup",
                warmup,
                format!("at most {total}, the total"),
            ));
        }
        Ok(Self { max, min, warmup, total })
    }
}

impl Schedule for WarmupCosine {
    fn lr(&self, t: usize) -> f64 {
        if t < self.warmup {
            return self.max * ((t + 1) as f64 / self.warmup as f64);
        }
        dispatch::cosine_lr(t - self.warmup, self.max, self.min, self.total - self.warmup)
    }
}

fn ends(max: f64, min: f64) -> Result<(f64, f64)> {
    let (max, min) = (positive("max", max)?, not_negative("min", min)?);
    if min > max {
        return Err(Error::argument(
            "schedule",
            "min",
            min,
            format!("at most {max}, the largest value"),
        ));
    }
    Ok((max, min))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: &dyn Schedule, expected: &[f64]) {
        for (t, &e) in expected.iter().enumerate() {
            let lr = schedule.lr(t);
            assert!((lr - e).abs() <= 1e-15, "at {t}: {lr}, need {e}");
        }
    }

    /// cos(π/2) = 0 and cos(π/3) = ½ make the values plain.
    #[test]
    fn values_by_hand() {
        check(&Cosine::new(0.4, 0.0, 2).unwrap(), &[0.4, 0.2, 0.0, 0.0]);
        check(&Cosine::new(0.5, 0.1, 3).unwrap(), &[0.5, 0.4, 0.2, 0.1, 0.1]);
        check(&CosineRestarts::new(0.4, 0.0, 2, 1).unwrap(), &[0.4, 0.2, 0.4, 0.2, 0.4]);
        let q = 0.2 * 0.5_f64.sqrt();
        check(
            &CosineRestarts::new(0.4, 0.0, 2, 2).unwrap(),
            &[0.4, 0.2, 0.4, 0.2 + q, 0.2, 0.2 - q, 0.4],
        );
        check(&WarmupCosine::new(0.4, 0.2, 2, 4).unwrap(), &[0.2, 0.4, 0.4, 0.3, 0.2, 0.2]);
        check(&WarmupCosine::new(0.4, 0.2, 0, 2).unwrap(), &[0.4, 0.3, 0.2]);
    }

    #[test]
    fn misuse_is_named() {
        let bad = [
            Cosine::new(0.1, 0.2, 5).err(),
            Cosine::new(0.1, 0.0, 0).err(),
            Cosine::new(f64::NAN, 0.0, 5).err(),
            CosineRestarts::new(0.1, 0.0, 0, 2).err(),
            CosineRestarts::new(0.1, 0.0, 2, 0).err(),
            WarmupCosine::new(0.1, -1.0, 2, 4).err(),
            WarmupCosine::new(0.1, 0.0, 5, 4).err(),
        ];
        assert!(
            bad.iter().all(|e| matches!(e, Some(Error::InvalidArgument { op: "schedule", .. }))),
            "{bad:?}"
        );
    }
}
