//! Looking on while a network trains.

use core::ops::ControlFlow;

use crate::{Result, Rng, nn::Module, optim::Optimizer, slots::train::Evaluation};

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

/// Everything there is to see at the end of an epoch.
#[derive(Clone, Copy)]
pub struct EpochEnd<'a> {
    /// What the pass over the training data did.
    pub stats: &'a EpochStats,
    /// The measurement on held-out data, if there are any.
    pub validation: Option<&'a Evaluation>,
    /// Optimizer steps since the start of the run, over all epochs.
    pub steps: usize,
    /// The model as it is now.
    pub model: &'a dyn Module,
    /// The optimizer as it is now.
    pub optimizer: &'a dyn Optimizer,
    /// The generator that will order the next epoch, if the order is random.
    pub order: Option<&'a Rng>,
    /// The generator of the next random changes to samples, if there are any.
    pub augment: Option<&'a Rng>,
}

impl core::fmt::Debug for EpochEnd<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EpochEnd")
            .field("stats", self.stats)
            .field("validation", &self.validation)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// Is told what happens during training, and may end it.
///
/// The methods do nothing by default. Several callbacks together are a `Vec` of them: each is told, in order, and one that breaks
/// ends the training after all were told.
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

    /// Called after every epoch with everything there is to see; unless implemented it calls [`on_epoch`](Self::on_epoch).
    ///
    /// # Errors
    ///
    /// An error ends the training and is returned from it.
    fn on_epoch_end(&mut self, end: &EpochEnd<'_>) -> Result<ControlFlow<()>> {
        self.on_epoch(end.stats)
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

    fn on_epoch_end(&mut self, end: &EpochEnd<'_>) -> Result<ControlFlow<()>> {
        (**self).on_epoch_end(end)
    }
}

impl<C: Callback> Callback for Vec<C> {
    fn on_step(&mut self, report: &StepReport) -> Result<()> {
        self.iter_mut().try_for_each(|c| c.on_step(report))
    }

    fn on_epoch(&mut self, stats: &EpochStats) -> Result<ControlFlow<()>> {
        all(self.iter_mut().map(|c| c.on_epoch(stats)))
    }

    fn on_epoch_end(&mut self, end: &EpochEnd<'_>) -> Result<ControlFlow<()>> {
        all(self.iter_mut().map(|c| c.on_epoch_end(end)))
    }
}

/// Breaks if any of them breaks, after asking them all.
fn all(flows: impl Iterator<Item = Result<ControlFlow<()>>>) -> Result<ControlFlow<()>> {
    let mut flow = ControlFlow::Continue(());
    for one in flows {
        if one?.is_break() {
            flow = ControlFlow::Break(());
        }
    }
    Ok(flow)
}
