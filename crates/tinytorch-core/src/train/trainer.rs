//! Epoch after epoch.

use core::{fmt, ops::ControlFlow};

use super::{
    callback::{Callback, EpochStats, StepReport},
    evaluate::evaluate,
};
use crate::{
    Result, Tensor,
    data::{DataLoader, Dataset},
    dispatch,
    nn::{Loss, Module, ModuleExt},
    optim::Optimizer,
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
        Self { model, optimizer, loss }
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
        let n_steps = loader.len();
        self.model.train(true);
        for epoch in 0..n_epochs {
            let mut step = 0;
            let totals = dispatch::train_epoch(
                self.model,
                &mut loader.epoch(),
                self.optimizer,
                self.loss,
                &mut |samples, loss| {
                    let report = StepReport { epoch, n_epochs, step, n_steps, samples, loss };
                    step += 1;
                    callback.on_step(&report)
                },
            )?;
            let Evaluation { loss, accuracy, samples } = totals;
            let stats = EpochStats { epoch, loss, accuracy, samples, steps: step };
            history.epochs.push(stats);
            if let Some(held_out) = held_out.as_deref_mut() {
                history.validation.push(evaluate(self.model, held_out, self.loss)?);
            }
            if callback.on_epoch(&stats)? == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(history)
    }
}
