//! Whole runs of all ranks, with checkpoints to go on from.

use std::path::PathBuf;

use super::DataParallel;
use crate::{
    Error, Result, Tensor,
    data::{DataLoader, Dataset},
    nn::{Loss, Module, ModuleExt},
    optim::Optimizer,
    train::Checkpoint,
};

const EPOCH: &str = "epoch";
const BATCH: &str = "batch";
const STEPS: &str = "steps";
const ORDER: &str = "order";

/// Where and how often rank 0 writes a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Save {
    /// The file, which is replaced as a whole.
    pub path: PathBuf,
    /// Steps between two checkpoints; 0 writes one only when something goes wrong.
    pub every: u64,
}

/// How far to train, and from where.
#[derive(Debug, Clone, Copy, Default)]
pub struct Run<'a> {
    /// Epochs since the start of the run that are to be done in the end.
    pub epochs: u64,
    /// A checkpoint of an earlier run, on every rank; none to begin from the start.
    pub from: Option<&'a Checkpoint>,
    /// Where checkpoints go, if there are to be any.
    pub save: Option<&'a Save>,
}

impl DataParallel {
    /// Trains until [`Run::epochs`] epochs of `loader` are done, and returns the loss of each batch of this call.
    ///
    /// Every rank calls this with a loader that gives the same batches in the same order. Rank 0 writes the checkpoints; if a
    /// step fails it writes one of the last step that all have completed. A run goes on from a checkpoint as if nothing had
    /// happened, also in the middle of an epoch: batches that were trained on are passed over.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step); what the dataset returns; [`Error::Io`] if a checkpoint cannot be written;
    /// [`Error::MissingParameter`] for a checkpoint without what it takes. The other ranks get an error too.
    pub fn fit<D>(
        &mut self,
        model: &dyn Module,
        loss: &dyn Loss,
        optimizer: &mut dyn Optimizer,
        loader: &mut DataLoader<D>,
        run: &Run<'_>,
    ) -> Result<Vec<f64>>
    where
        D: Dataset<Item = [Tensor; 2]>,
    {
        let mut at = Progress::default();
        if let Some(saved) = run.from {
            saved.restore(model, optimizer)?;
            at = Progress {
                epoch: saved.counter(EPOCH)?,
                batch: saved.counter(BATCH)?,
                steps: saved.counter(STEPS)?,
            };
            if loader.rng().is_some() {
                loader.set_rng(Some(saved.rng(ORDER)?));
            }
        }
        model.train(true);
        let mut losses = Vec::new();
        while at.epoch < run.epochs {
            let order = loader.rng().cloned();
            let checkpoint = |model: &dyn Module, optimizer: &dyn Optimizer, at: &Progress| {
                let saved = Checkpoint::of(model, optimizer)?
                    .with_counter(EPOCH, at.epoch)
                    .with_counter(BATCH, at.batch)
                    .with_counter(STEPS, at.steps);
                Ok::<_, Error>(match &order {
                    Some(rng) => saved.with_rng(ORDER, rng),
                    None => saved,
                })
            };
            for batch in loader.epoch().skip(at.batch as usize) {
                let mut taken = batch.and_then(|batch| self.step(model, loss, &batch, optimizer));
                if taken.is_ok() {
                    at.batch += 1;
                    at.steps += 1;
                }
                if let Some(save) = run.save.filter(|_| self.communicator().rank() == 0) {
                    let due = save.every > 0 && at.steps.is_multiple_of(save.every);
                    if taken.is_err() || due {
                        let written =
                            checkpoint(model, optimizer, &at).and_then(|c| c.save(&save.path));
                        // The first error is the one to be told.
                        taken = taken.and_then(|loss| written.map(|()| loss));
                    }
                }
                match taken {
                    Ok(loss) => losses.push(loss),
                    Err(error) => {
                        self.communicator()
                            .abort(error.to_string().lines().next().unwrap_or_default());
                        return Err(error);
                    }
                }
            }
            at = Progress { epoch: at.epoch + 1, batch: 0, ..at };
        }
        Ok(losses)
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, Default)]
struct Progress {
    epoch: u64,
    /// Batches of this epoch that are done.
    batch: u64,
    /// Steps since the start.
    steps: u64,
}
