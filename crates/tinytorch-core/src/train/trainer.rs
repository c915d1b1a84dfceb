//! Epoch after epoch.

use core::{fmt, ops::ControlFlow};

use super::{
    callback::{Callback, EpochEnd, EpochStats, StepReport},
    evaluate::evaluate,
    recipe::{Recipe, Stepper},
};
use crate::{
    Error, Result, Tensor,
    data::{DataLoader, Dataset},
    dispatch,
    nn::{Loss, Module, ModuleExt},
    optim::{Clip, ExponentialMovingAverage, NonFinite, Optimizer, lr::Schedule},
    slots::train::Evaluation,
};

/// Trains one model with one optimizer and one loss.
///
/// # Examples
///
/// Four points that a line separates.
///
/// ```
/// use tinytorch_core::data::{DataLoader, TensorDataset};
/// use tinytorch_core::nn::{CrossEntropyLoss, Linear, ModuleExt};
/// use tinytorch_core::optim::{Sgd, SgdOpts};
/// use tinytorch_core::train::Trainer;
/// use tinytorch_core::{Rng, Tensor};
///
/// let x = Tensor::from_vec(vec![0.0_f32, 1.0, 2.0, 3.0], [4, 1])?;
/// let y = Tensor::from_vec(vec![0_i64, 0, 1, 1], [4])?;
/// let mut loader = DataLoader::builder(TensorDataset::new([x, y])?).batch_size(4).build()?;
/// let model = Linear::new(1, 2, &mut Rng::seed(0))?;
/// let mut sgd = Sgd::new(model.parameters(), SgdOpts { lr: 1.0, ..SgdOpts::default() })?;
/// let history = Trainer::new(&model, &mut sgd, &CrossEntropyLoss::new()).fit(&mut loader, 50, &mut ())?;
/// assert_eq!(history.epochs.len(), 50);
/// assert_eq!(history.epochs[49].accuracy, Some(1.0));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub struct Trainer<'a> {
    model: &'a dyn Module,
    optimizer: &'a mut dyn Optimizer,
    loss: &'a dyn Loss,
    recipe: Recipe<'a>,
    window: usize,
    epochs: usize,
}

impl fmt::Debug for Trainer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trainer").field("model", &self.model.name()).finish_non_exhaustive()
    }
}

/// What happened in a training run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct History {
    /// One entry for each epoch.
    pub epochs: Vec<EpochStats>,
    /// Measurements on held-out data, one for each epoch if there was any.
    pub validation: Vec<Evaluation>,
}

impl<'a> Trainer<'a> {
    /// Returns a trainer of `model`, whose parameters `optimizer` holds.
    pub fn new(
        model: &'a dyn Module,
        optimizer: &'a mut dyn Optimizer,
        loss: &'a dyn Loss,
    ) -> Self {
        Self { model, optimizer, loss, recipe: Recipe::default(), window: 1, epochs: 0 }
    }

    /// Sets the step size before every optimizer step: `schedule` at the number of steps taken since the start of the run.
    #[must_use]
    pub fn schedule_steps(mut self, schedule: &'a dyn Schedule) -> Self {
        self.recipe.by_step = Some(schedule);
        self
    }

    /// Sets the step size before every epoch: `schedule` at the number of epochs since the start of the run.
    #[must_use]
    pub fn schedule_epochs(mut self, schedule: &'a dyn Schedule) -> Self {
        self.recipe.by_epoch = Some(schedule);
        self
    }

    /// Takes one step for every `window` batches, whose gradients are averaged: a large batch in little memory.
    ///
    /// The last window of an epoch may hold fewer batches; it is averaged over those and steps too.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `window` is 0.
    pub fn accumulate(mut self, window: usize) -> Result<Self> {
        if window == 0 {
            return Err(Error::argument("trainer", "window", 0, "at least 1"));
        }
        self.window = window;
        Ok(self)
    }

    /// Limits the gradients before every step, and says what to do with gradients that are not finite.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless the limit is a finite number above 0.
    pub fn clip(mut self, clip: Clip, non_finite: NonFinite) -> Result<Self> {
        clip.check()?;
        self.recipe.clip = Some((clip, non_finite));
        Ok(self)
    }

    /// Updates `average` after every step.
    #[must_use]
    pub fn average(mut self, average: &'a mut ExponentialMovingAverage) -> Self {
        self.recipe.average = Some(average);
        self
    }

    /// Counts epochs and steps on from those of an earlier run, so that schedules and reports continue where it stopped.
    #[must_use]
    pub fn resume(mut self, epochs: usize, steps: usize) -> Self {
        self.epochs = epochs;
        self.recipe.steps = steps;
        self
    }

    /// Returns the optimizer steps taken since the start of the run, those left out included.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.recipe.steps
    }

    /// Returns how many steps were left out because a gradient was not finite.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.recipe.skipped
    }

    /// Trains for `n_epochs` epochs of `loader` and returns what happened; `callback` is told meanwhile.
    ///
    /// # Errors
    ///
    /// What the model, the loss, the optimizer, the dataset or the callback returns. Steps taken until then remain.
    pub fn fit<D>(
        &mut self,
        loader: &mut DataLoader<D>,
        n_epochs: usize,
        callback: &mut dyn Callback,
    ) -> Result<History>
    where
        D: Dataset<Item = [Tensor; 2]>,
    {
        self.run(loader, None::<&mut DataLoader<D>>, n_epochs, callback)
    }

    /// Trains as [`fit`](Self::fit) and measures the model on `held_out` after every epoch.
    ///
    /// The measurements change nothing in the training: with the same seeds the parameters end up the same.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn fit_validated<D, V>(
        &mut self,
        loader: &mut DataLoader<D>,
        held_out: &mut DataLoader<V>,
        n_epochs: usize,
        callback: &mut dyn Callback,
    ) -> Result<History>
    where
        D: Dataset<Item = [Tensor; 2]>,
        V: Dataset<Item = [Tensor; 2]>,
    {
        self.run(loader, Some(held_out), n_epochs, callback)
    }

    fn run<D, V>(
        &mut self,
        loader: &mut DataLoader<D>,
        mut held_out: Option<&mut DataLoader<V>>,
        n_epochs: usize,
        callback: &mut dyn Callback,
    ) -> Result<History>
    where
        D: Dataset<Item = [Tensor; 2]>,
        V: Dataset<Item = [Tensor; 2]>,
    {
        let mut history = History::default();
        let n_steps = loader.len().div_ceil(self.window);
        let start = self.epochs;
        let n_epochs = start.saturating_add(n_epochs);
        self.model.train(true);
        for epoch in start..n_epochs {
            if let Some(schedule) = self.recipe.by_epoch {
                self.optimizer.set_lr(schedule.lr(epoch))?;
            }
            let mut step = 0;
            let mut on_step = |samples, loss| {
                let report = StepReport { epoch, n_epochs, step, n_steps, samples, loss };
                step += 1;
                callback.on_step(&report)
            };
            let mut stepper = Stepper { inner: &mut *self.optimizer, recipe: &mut self.recipe };
            let (model, loss, batches) = (self.model, self.loss, &mut loader.epoch());
            let Evaluation { loss, accuracy, samples } = if self.window == 1 {
                dispatch::train_epoch(model, batches, &mut stepper, loss, &mut on_step)?
            } else {
                let window = self.window;
                dispatch::train_epoch_accumulated(
                    model,
                    batches,
                    &mut stepper,
                    loss,
                    window,
                    &mut on_step,
                )?
            };
            self.epochs = epoch + 1;
            let stats = EpochStats { epoch, loss, accuracy, samples, steps: step };
            history.epochs.push(stats);
            if let Some(held_out) = held_out.as_deref_mut() {
                history.validation.push(evaluate(self.model, held_out, self.loss)?);
            }
            let end = EpochEnd {
                stats: &stats,
                validation: held_out.is_some().then(|| history.validation.last()).flatten(),
                steps: self.recipe.steps,
                model: self.model,
                optimizer: &*self.optimizer,
                order: loader.rng(),
                augment: loader.augment_rng(),
            };
            if callback.on_epoch_end(&end)? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(history)
    }
}
