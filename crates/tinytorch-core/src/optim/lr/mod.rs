//! Step sizes that change during training.
//!
//! Large steps at the start make way, small steps at the end settle. A [`Schedule`] says how large the step is at each time; it is a
//! pure function of the step number, so that a run can stop and continue anywhere. [`Plateau`] alone looks at the loss and
//! therefore has a memory.
//!
//! Times count from 0 and mean optimizer steps or epochs, as you like. Values follow PyTorch's schedulers of similar names.
//!
//! | schedule | shape |
//! |---|---|
//! | [`Step`], [`MultiStep`] | stairs |
//! | [`Exponential`] | the same factor at every step |
//! | [`Linear`] | a ramp, up or down, then constant |
//! | [`Cosine`] | half a wave down, then constant |
//! | [`CosineRestarts`] | waves of growing length, each starting at the top |
//! | [`WarmupCosine`] | a ramp up, then half a wave down: the usual one for transformers |
//! | [`OneCycle`] | half a wave up, then half a wave down to almost nothing |
//! | [`Plateau`] | a stair down when the loss stops falling |
//!
//! # Examples
//!
//! ```
//! use tinytorch_core::optim::lr::{Schedule, WarmupCosine};
//!
//! let schedule = WarmupCosine::new(1e-3, 1e-4, 100, 1_000)?;
//! assert_eq!(schedule.lr(0), 1e-5);
//! assert_eq!(schedule.lr(99), 1e-3);
//! assert_eq!(schedule.lr(1_000), 1e-4);
//! # Ok::<(), tinytorch_core::Error>(())
//! ```

mod cosine;
mod one_cycle;
mod plateau;
mod stairs;

pub use cosine::{Cosine, CosineRestarts, WarmupCosine};
pub use one_cycle::{OneCycle, OneCycleOpts};
pub use plateau::{Mode, Plateau, PlateauOpts};
pub use stairs::{Exponential, Linear, MultiStep, Step};

use crate::{Error, Result};

/// A step size for each time.
///
/// Implementers return the same value for the same `t`, whatever was asked before, and a value for every `t`.
///
/// # Examples
///
/// A rule of your own:
///
/// ```
/// use tinytorch_core::optim::lr::Schedule;
///
/// #[derive(Debug)]
/// struct InverseRoot(f64);
///
/// impl Schedule for InverseRoot {
///     fn lr(&self, t: usize) -> f64 {
///         self.0 / ((t + 1) as f64).sqrt()
///     }
/// }
///
/// assert_eq!(InverseRoot(0.5).lr(3), 0.25);
/// ```
pub trait Schedule {
    /// Returns the step size in force at time `t`, the first being 0.
    fn lr(&self, t: usize) -> f64;
}

impl<S: Schedule + ?Sized> Schedule for &S {
    fn lr(&self, t: usize) -> f64 {
        (**self).lr(t)
    }
}

impl<S: Schedule + ?Sized> Schedule for Box<S> {
    fn lr(&self, t: usize) -> f64 {
        (**self).lr(t)
    }
}

/// The same step size at all times.
impl Schedule for f64 {
    fn lr(&self, _t: usize) -> f64 {
        *self
    }
}

/// Refuses everything but a positive, finite number.
fn positive(name: &'static str, value: f64) -> Result<f64> {
    let good = value > 0.0 && value.is_finite();
    if good {
        Ok(value)
    } else {
        Err(Error::argument("schedule", name, value, "positive and finite"))
    }
}

/// Refuses everything but a finite number that is not negative.
fn not_negative(name: &'static str, value: f64) -> Result<f64> {
    let good = value >= 0.0 && value.is_finite();
    if good {
        Ok(value)
    } else {
        Err(Error::argument("schedule", name, value, "0 or positive, and finite"))
    }
}

/// Refuses 0.
fn at_least_one(name: &'static str, value: usize) -> Result<usize> {
    if value > 0 { Ok(value) } else { Err(Error::argument("schedule", name, value, "at least 1")) }
}

/// x to the power t, which soon is 0 or infinite.
fn power(x: f64, t: usize) -> f64 {
    libm::pow(x, t as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_can_be_boxed_and_borrowed() {
        let all: Vec<Box<dyn Schedule>> =
            vec![Box::new(0.5), Box::new(Step::new(1.0, 2, 0.5).unwrap())];
        assert_eq!(all.iter().map(|s| s.lr(2)).collect::<Vec<_>>(), [0.5, 0.5]);
        assert_eq!(Schedule::lr(&all[1], 1), 1.0);
    }

    /// Every schedule gives a finite value from 0 to the largest it was told, at every time.
    #[test]
    fn any_time_has_a_step_size() {
        let all: Vec<Box<dyn Schedule>> = vec![
            Box::new(Step::new(0.5, 3, 0.9).unwrap()),
            Box::new(MultiStep::new(0.5, &[3, 9], 0.1).unwrap()),
            Box::new(Exponential::new(0.5, 0.99).unwrap()),
            Box::new(Linear::new(0.5, 0.1, 1.0, 7).unwrap()),
            Box::new(Cosine::new(0.5, 0.01, 10).unwrap()),
            Box::new(CosineRestarts::new(0.5, 0.0, 4, 2).unwrap()),
            Box::new(CosineRestarts::new(0.5, 0.0, 1, 1).unwrap()),
            Box::new(WarmupCosine::new(0.5, 0.01, 4, 20).unwrap()),
            Box::new(WarmupCosine::new(0.5, 0.01, 0, 0).unwrap()),
            Box::new(OneCycle::new(0.5, 20, OneCycleOpts::default()).unwrap()),
            Box::new(OneCycle::new(0.5, 1, OneCycleOpts::default()).unwrap()),
        ];
        for (i, schedule) in all.iter().enumerate() {
            for t in (0..50).chain([1 << 31, 1 << 53, usize::MAX - 1, usize::MAX]) {
                let lr = schedule.lr(t);
                assert!((0.0..=0.5).contains(&lr), "schedule {i} at {t}: {lr}");
            }
        }
    }
}
