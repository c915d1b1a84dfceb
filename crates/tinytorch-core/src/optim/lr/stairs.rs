//! Stairs, powers and ramps.

use super::{Schedule, at_least_one, not_negative, positive, power};
use crate::{Error, Result};

/// The step size falls by a factor every so many steps: η(t) = base·γ^⌊t/size⌋.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    base: f64,
    size: usize,
    gamma: f64,
}

impl Step {
    /// Returns stairs that start at `base` and are multiplied by `gamma` every `size` steps.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `base` and `gamma` are positive and finite and `size` at least 1.
    pub fn new(base: f64, size: usize, gamma: f64) -> Result<Self> {
        Ok(Self {
            base: positive("base", base)?,
            size: at_least_one("size", size)?,
            gamma: positive("gamma", gamma)?,
        })
    }
}

impl Schedule for Step {
    fn lr(&self, t: usize) -> f64 {
        self.base * power(self.gamma, t / self.size)
    }
}

/// The step size falls by a factor at chosen times: η(t) = base·γ^(number of milestones up to t).
#[derive(Debug, Clone, PartialEq)]
pub struct MultiStep {
    base: f64,
    milestones: Vec<usize>,
    gamma: f64,
}

impl MultiStep {
    /// Returns stairs that start at `base` and are multiplied by `gamma` at each of the `milestones`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `base` and `gamma` are positive and finite and the milestones in ascending order.
    pub fn new(base: f64, milestones: &[usize], gamma: f64) -> Result<Self> {
        if !milestones.is_sorted() {
            return Err(Error::argument(
                "schedule",
                "milestones",
                format!("{milestones:?}"),
                "a list in ascending order",
            ));
        }
        Ok(Self {
            base: positive("base", base)?,
            milestones: milestones.to_vec(),
            gamma: positive("gamma", gamma)?,
        })
    }
}

impl Schedule for MultiStep {
    fn lr(&self, t: usize) -> f64 {
        self.base * power(self.gamma, self.milestones.partition_point(|&m| m <= t))
    }
}

/// The step size changes by the same factor at every step: η(t) = base·γᵗ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    base: f64,
    gamma: f64,
}

impl Exponential {
    /// Returns the powers of `gamma` times `base`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless both are positive and finite.
    pub fn new(base: f64, gamma: f64) -> Result<Self> {
        Ok(Self { base: positive("base", base)?, gamma: positive("gamma", gamma)? })
    }
}

impl Schedule for Exponential {
    fn lr(&self, t: usize) -> f64 {
        self.base * power(self.gamma, t)
    }
}

/// A straight ramp: η(t) = base·(start + (end − start)·min(t, total)/total).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linear {
    base: f64,
    start: f64,
    end: f64,
    total: usize,
}

impl Linear {
    /// Returns the ramp from `base·start` at step 0 to `base·end` at step `total`, where it stays.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `base` is positive, `start` and `end` not negative, all finite, and `total` at least 1.
    pub fn new(base: f64, start: f64, end: f64, total: usize) -> Result<Self> {
        let (start, end) = (not_negative("start", start)?, not_negative("end", end)?);
        Ok(Self { base: positive("base", base)?, start, end, total: at_least_one("total", total)? })
    }
}

impl Schedule for Linear {
    fn lr(&self, t: usize) -> f64 {
        let share = t.min(self.total) as f64 / self.total as f64;
        self.base * (self.start + (self.end - self.start) * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: &dyn Schedule, expected: &[f64]) {
        for (t, &e) in expected.iter().enumerate() {
            let lr = schedule.lr(t);
            assert!((lr - e).abs() <= 1e-15 * e, "at {t}: {lr}, need {e}");
        }
    }

    #[test]
    fn values_by_hand() {
        check(&Step::new(0.8, 2, 0.5).unwrap(), &[0.8, 0.8, 0.4, 0.4, 0.2]);
        check(&MultiStep::new(0.8, &[1, 3, 3], 0.5).unwrap(), &[0.8, 0.4, 0.4, 0.1, 0.1]);
        check(&MultiStep::new(0.8, &[], 0.5).unwrap(), &[0.8, 0.8]);
        check(&Exponential::new(0.75, 2.0).unwrap(), &[0.75, 1.5, 3.0, 6.0]);
        check(&Linear::new(2.0, 0.25, 1.0, 3).unwrap(), &[0.5, 1.0, 1.5, 2.0, 2.0]);
        check(&Linear::new(2.0, 1.0, 0.0, 2).unwrap(), &[2.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn misuse_is_named() {
        let bad = [
            Step::new(0.0, 1, 0.5).err(),
            Step::new(0.1, 0, 0.5).err(),
            Step::new(0.1, 1, f64::NAN).err(),
            MultiStep::new(0.1, &[3, 2], 0.5).err(),
            Exponential::new(f64::INFINITY, 0.5).err(),
            Linear::new(0.1, -0.1, 1.0, 3).err(),
            Linear::new(0.1, 0.1, 1.0, 0).err(),
        ];
        assert!(
            bad.iter().all(|e| matches!(e, Some(Error::InvalidArgument { op: "schedule", .. }))),
            "{bad:?}"
        );
    }
}
