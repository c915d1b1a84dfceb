//! Callbacks that watch one number: stop when it stops improving, keep the best state.

use core::ops::ControlFlow;
#[cfg(feature = "safetensors")]
use std::path::PathBuf;

use super::callback::{Callback, EpochEnd};
use crate::{Error, Result};

/// The number that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Monitor {
    /// Mean loss over the training data; smaller is better.
    TrainingLoss,
    /// Mean loss over the held-out data; smaller is better.
    ValidationLoss,
    /// Accuracy on the held-out data; larger is better.
    ValidationAccuracy,
}

impl Monitor {
    /// Returns the number of an epoch, negated if larger is better.
    fn value(self, end: &EpochEnd<'_>) -> Result<f64> {
        let value = match self {
            Self::TrainingLoss => Some(end.stats.loss),
            Self::ValidationLoss => end.validation.map(|v| v.loss),
            Self::ValidationAccuracy => end.validation.and_then(|v| v.accuracy).map(|a| -a),
        };
        value.ok_or_else(|| {
            let need = "measured (train with fit_validated, on classes for an accuracy)";
            Error::argument("monitor", "watched number", format!("{self:?}, not measured"), need)
        })
    }
}

/// Ends the training when the watched number has not improved for `patience` epochs in a row.
///
/// # Examples
///
/// ```
/// use tinytorch_core::train::{EarlyStop, Monitor};
///
/// let stop = EarlyStop::new(Monitor::ValidationLoss, 5).min_delta(1e-3);
/// assert_eq!(stop.best(), None);
/// ```
#[derive(Debug, Clone)]
pub struct EarlyStop {
    monitor: Monitor,
    patience: usize,
    min_delta: f64,
    best: Option<f64>,
    waited: usize,
}

impl EarlyStop {
    /// Returns a callback that waits `patience` epochs for an improvement; 0 counts as 1.
    #[must_use]
    pub fn new(monitor: Monitor, patience: usize) -> Self {
        Self { monitor, patience: patience.max(1), min_delta: 0.0, best: None, waited: 0 }
    }

    /// Counts only improvements by more than `delta`.
    #[must_use]
    pub fn min_delta(mut self, delta: f64) -> Self {
        self.min_delta = delta;
        self
    }

    /// Returns the best number so far; an accuracy is as measured.
    #[must_use]
    pub fn best(&self) -> Option<f64> {
        self.best.map(|b| if self.monitor == Monitor::ValidationAccuracy { -b } else { b })
    }
}

impl Callback for EarlyStop {
    fn on_epoch_end(&mut self, end: &EpochEnd<'_>) -> Result<ControlFlow<()>> {
        let value = self.monitor.value(end)?;
        // NaN is no improvement, neither over nothing nor over a number.
        if value < self.best.map_or(f64::INFINITY, |best| best - self.min_delta) {
            self.best = Some(value);
            self.waited = 0;
        } else {
            self.waited += 1;
        }
        let stop = self.waited >= self.patience;
        Ok(if stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

/// Saves a [`Checkpoint`](super::Checkpoint) whenever the watched number is better than ever before.
///
/// The file holds model, optimizer, the generators `order` and `augment` of the loader if it has them, and the counters `epoch` (epochs
/// done) and `step`, so that a run can go on from there.
#[cfg(feature = "safetensors")]
#[derive(Debug, Clone)]
pub struct BestCheckpoint {
    monitor: Monitor,
    path: PathBuf,
    best: f64,
}

#[cfg(feature = "safetensors")]
impl BestCheckpoint {
    /// Returns a callback that writes to `path`.
    #[must_use]
    pub fn new(monitor: Monitor, path: impl Into<PathBuf>) -> Self {
        Self { monitor, path: path.into(), best: f64::INFINITY }
    }
}

#[cfg(feature = "safetensors")]
impl Callback for BestCheckpoint {
    fn on_epoch_end(&mut self, end: &EpochEnd<'_>) -> Result<ControlFlow<()>> {
        let value = self.monitor.value(end)?;
        if value < self.best {
            let mut file = super::Checkpoint::of(end.model, end.optimizer)?
                .with_counter("epoch", end.stats.epoch as u64 + 1)
                .with_counter("step", end.steps as u64);
            for (name, rng) in [("order", end.order), ("augment", end.augment)] {
                if let Some(rng) = rng {
                    file = file.with_rng(name, rng);
                }
            }
            file.save(&self.path)?;
            self.best = value;
        }
        Ok(ControlFlow::Continue(()))
    }
}
