//! Looking on while a network trains.

use core::ops::ControlFlow;

use crate::Result;

/// What one optimizer step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Number of the epoch, from 0.
    pub epoch: usize,
    /// Epochs that the run will make at most.
    pub n_epochs: usize,
    /// Number of the step within the epoch, from 0.
    pub step: usize,
    /// Steps of one epoch.
    pub n_steps: usize,
    /// Samples in the batch.
    pub samples: usize,
    /// Mean loss of the batch, before the step.
    pub loss: f64,
}

/// What one pass over the training data did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochStats {
    /// Number of the epoch, from 0.
    pub epoch: usize,
    /// Mean loss over the samples, each measured just before the step its batch took part in.
    pub loss: f64,
    /// Share of the samples that were classified correctly at that moment, 0 to 1; none without classes.
    pub accuracy: Option<f64>,
    /// Samples seen.
    pub samples: usize,
    /// Optimizer steps taken.
    pub steps: usize,
}

/// Is told what happens during training, and may end it.
///
/// Both methods do nothing by default.
pub trait Callback {
    /// Called after every optimizer step.
    ///
    /// # Errors
    ///
    /// An error ends the training and is returned from it.
    fn on_step(&mut self, _report: &StepReport) -> Result<()> {
        Ok(())
    }

    /// Called after every epoch; `Break` ends the training with the epochs done so far.
    ///
    /// # Errors
    ///
    /// An error ends the training and is returned from it.
    fn on_epoch(&mut self, _stats: &EpochStats) -> Result<ControlFlow<()>> {
        Ok(ControlFlow::Continue(()))
    }
}

/// Looks on without doing anything.
impl Callback for () {}

impl<C: Callback + ?Sized> Callback for &mut C {
    fn on_step(&mut self, report: &StepReport) -> Result<()> {
        (**self).on_step(report)
    }

    fn on_epoch(&mut self, stats: &EpochStats) -> Result<ControlFlow<()>> {
        (**self).on_epoch(stats)
    }
}
