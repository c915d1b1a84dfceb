//! Smaller steps when progress stops.

use super::{not_negative, positive};
use crate::{Error, Result};

/// Which direction is progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Smaller is better, as for a loss.
    #[default]
    Min,
    /// Larger is better, as for an accuracy.
    Max,
}

/// When and how [`Plateau`] lowers the step size; the default is that of PyTorch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlateauOpts {
    /// Which direction is progress: down.
    pub mode: Mode,
    /// What the step size is multiplied with: 0.1.
    pub factor: f64,
    /// Epochs without progress that are waited for: 10.
    pub patience: usize,
    /// Share by which a value must beat the best one to count as progress: 1e-4.
    pub threshold: f64,
    /// Epochs after a reduction in which nothing is counted: 0.
    pub cooldown: usize,
    /// The step size does not fall below this: 0.
    pub min_lr: f64,
}

impl Default for PlateauOpts {
    fn default() -> Self {
        Self {
            mode: Mode::Min,
            factor: 0.1,
            patience: 10,
            threshold: 1e-4,
            cooldown: 0,
            min_lr: 0.0,
        }
    }
}

/// Lowers the step size when a measured value has not improved for longer than `patience` epochs.
///
/// # Examples
///
/// ```
/// use tinytorch_core::optim::lr::{Plateau, PlateauOpts};
///
/// let mut plateau = Plateau::new(0.1, PlateauOpts { patience: 1, factor: 0.5, ..Default::default() })?;
/// let lrs = [1.0, 0.9, 0.95, 0.93, 0.8].map(|loss| plateau.observe(loss));
/// assert_eq!(lrs, [0.1, 0.1, 0.1, 0.05, 0.05]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    options: PlateauOpts,
    lr: f64,
    best: f64,
    bad: usize,
    rest: usize,
}

impl Plateau {
    /// Returns the rule that starts with step size `base`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless `base` is positive, `factor` between 0 and 1, and `threshold` and `min_lr` not negative.
    pub fn new(base: f64, options: PlateauOpts) -> Result<Self> {
        if !(options.factor > 0.0 && options.factor < 1.0) {
            return Err(Error::argument("schedule", "factor", options.factor, "between 0 and 1"));
        }
        not_negative("threshold", options.threshold)?;
        not_negative("min_lr", options.min_lr)?;
        let best = match options.mode {
            Mode::Min => f64::INFINITY,
            Mode::Max => f64::NEG_INFINITY,
        };
        Ok(Self { options, lr: positive("base", base)?, best, bad: 0, rest: 0 })
    }

    /// Returns the step size in force.
    #[must_use]
    pub fn lr(&self) -> f64 {
        self.lr
    }

    /// Takes the value measured after an epoch and returns the step size for the next. NaN is no progress.
    pub fn observe(&mut self, value: f64) -> f64 {
        let PlateauOpts { mode, factor, patience, threshold, cooldown, min_lr } = self.options;
        // As in PyTorch, the share is taken of the best value itself.
        let progress = match mode {
            Mode::Min => value < self.best * (1.0 - threshold),
            Mode::Max => value > self.best * (1.0 + threshold),
        };
        if progress {
            self.best = value;
            self.bad = 0;
        } else {
            self.bad += 1;
        }
        if self.rest > 0 {
            self.rest -= 1;
            self.bad = 0;
        }
        if self.bad > patience {
            // A step size that starts below the floor stays.
            self.lr = (self.lr * factor).max(min_lr).min(self.lr);
            self.rest = cooldown;
            self.bad = 0;
        }
        self.lr
    }

    /// Returns what the rule remembers, for a checkpoint: step size, best value, epochs without progress, epochs of rest left.
    #[must_use]
    pub fn state(&self) -> [f64; 4] {
        [self.lr, self.best, self.bad as f64, self.rest as f64]
    }

    /// Continues from a saved [`state`](Self::state).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the step size is positive and the counts are whole numbers.
    pub fn load_state(&mut self, state: [f64; 4]) -> Result<()> {
        let [lr, best, bad, rest] = state;
        let count = |name, n: f64| {
            let whole = n >= 0.0 && n.fract() == 0.0 && n < 9e15;
            if whole {
                Ok(n as usize)
            } else {
                Err(Error::argument("schedule", name, n, "a whole number"))
            }
        };
        let (lr, bad, rest) = (positive("lr", lr)?, count("bad", bad)?, count("rest", rest)?);
        *self = Self { lr, best, bad, rest, ..*self };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lrs(options: PlateauOpts, values: &[f64]) -> Vec<f64> {
        let mut plateau = Plateau::new(1.0, options).unwrap();
        values.iter().map(|&v| plateau.observe(v)).collect()
    }

    const QUICK: PlateauOpts = PlateauOpts {
        mode: Mode::Min,
        factor: 0.5,
        patience: 0,
        threshold: 0.0,
        cooldown: 0,
        min_lr: 0.0,
    };

    #[test]
    fn values_by_hand() {
        assert_eq!(
            lrs(QUICK, &[3.0, 2.0, 2.0, 1.0, f64::NAN, 0.5]),
            [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
        );
        let up = PlateauOpts { mode: Mode::Max, ..QUICK };
        assert_eq!(lrs(up, &[0.1, 0.2, 0.2, 0.3]), [1.0, 1.0, 0.5, 0.5]);
        let patient = PlateauOpts { patience: 2, ..QUICK };
        assert_eq!(lrs(patient, &[1.0; 8]), [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25, 0.25]);
    }

    #[test]
    fn threshold_rest_and_floor() {
        let picky = PlateauOpts { threshold: 0.1, ..QUICK };
        assert_eq!(lrs(picky, &[1.0, 0.95, 0.89]), [1.0, 0.5, 0.5]);
        let rest = PlateauOpts { cooldown: 2, ..QUICK };
        assert_eq!(lrs(rest, &[1.0; 6]), [1.0, 0.5, 0.5, 0.5, 0.25, 0.25]);
        let floor = PlateauOpts { min_lr: 0.3, ..QUICK };
        assert_eq!(lrs(floor, &[1.0; 4]), [1.0, 0.5, 0.3, 0.3]);
        let above = PlateauOpts { min_lr: 7.0, ..QUICK };
        assert_eq!(lrs(above, &[1.0; 3]), [1.0, 1.0, 1.0]);
    }

    #[test]
    fn a_saved_rule_continues() {
        let options = PlateauOpts { patience: 2, cooldown: 1, ..QUICK };
        let mut a = Plateau::new(1.0, options).unwrap();
        let values = [5.0, 5.0, 4.0, 4.0, 4.0, 4.0, 4.0, 3.0, 3.0, 3.0, 3.0, 3.0];
        for (i, &v) in values.iter().enumerate() {
            let mut b = Plateau::new(0.5, options).unwrap();
            b.load_state(a.state()).unwrap();
            assert_eq!(a, b);
            assert_eq!(a.observe(v), b.observe(v), "{i}");
        }
        assert_eq!(a.lr(), 0.25);
    }

    #[test]
    fn misuse_is_named() {
        let with = |options| Plateau::new(0.1, options).err();
        let mut plateau = Plateau::new(0.1, QUICK).unwrap();
        let bad = [
            with(PlateauOpts { factor: 1.0, ..QUICK }),
            with(PlateauOpts { factor: f64::NAN, ..QUICK }),
            with(PlateauOpts { threshold: -1.0, ..QUICK }),
            with(PlateauOpts { min_lr: f64::NAN, ..QUICK }),
            Plateau::new(0.0, QUICK).err(),
            plateau.load_state([0.1, 1.0, -1.0, 0.0]).err(),
            plateau.load_state([0.1, 1.0, 0.0, 0.5]).err(),
        ];
        assert!(
            bad.iter().all(|e| matches!(e, Some(Error::InvalidArgument { op: "schedule", .. }))),
            "{bad:?}"
        );
        assert_eq!(plateau.lr(), 0.1);
    }
}
