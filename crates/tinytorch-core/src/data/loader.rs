//! Batches of samples, epoch after epoch.

use core::fmt;
use std::{path::Path, sync::Arc, vec};

use super::{
    Dataset,
    collate::Collate,
    workers::{Plan, Workers, guarded},
};
use crate::{Error, Result, Rng, dispatch};

/// Makes a batch of samples.
type CollateFn<I> = Arc<dyn Fn(Vec<I>) -> Result<I> + Send + Sync>;
/// Changes a sample at random.
type AugmentFn<I> = Arc<dyn Fn(I, &mut Rng) -> Result<I> + Send + Sync>;
/// Starts threads; known only where the dataset may be sent to them.
type StartFn<D, I> = fn(Arc<D>, Steps<I>, Vec<Plan>, [usize; 2]) -> Result<Workers<I>>;

/// Cuts the samples of a dataset into batches.
///
/// Every [`epoch`](Self::epoch) visits every sample once; with a generator, in a new random order each time. The
/// order depends on the generator alone, so a seed fixes every batch of a training run, for any number of workers.
///
/// # Examples
///
/// ```
/// use tinytorch_core::data::{DataLoader, TensorDataset};
/// use tinytorch_core::{Rng, Tensor};
///
/// let x = Tensor::arange(0.0, 10.0, 1.0, tinytorch_core::DType::F32)?;
/// let mut loader = DataLoader::builder(TensorDataset::new([x])?).batch_size(4).shuffle(Rng::seed(1)).workers(2).build()?;
/// let sizes: Vec<usize> = loader.epoch().map(|batch| Ok(batch?[0].numel())).collect::<tinytorch_core::Result<_>>()?;
/// assert_eq!(sizes, [4, 4, 2]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub struct DataLoader<D: Dataset> {
    dataset: Arc<D>,
    batch_size: usize,
    drop_last: bool,
    rng: Option<Rng>,
    augment_rng: Option<Rng>,
    steps: Steps<D::Item>,
    workers: usize,
    prefetch: usize,
    start: Option<StartFn<D, D::Item>>,
}

/// What is done with the samples of a batch.
struct Steps<I> {
    augment: Option<AugmentFn<I>>,
    collate: Option<CollateFn<I>>,
}

impl<I> Clone for Steps<I> {
    fn clone(&self) -> Self {
        Self { augment: self.augment.clone(), collate: self.collate.clone() }
    }
}

impl<I: Collate> Steps<I> {
    /// Makes one batch.
    fn batch(&self, dataset: &impl Dataset<Item = I>, (indices, mut rng): Plan) -> Result<I> {
        let mut samples = Vec::with_capacity(indices.len());
        for index in indices {
            let sample = dataset.get(index)?;
            samples.push(match (&self.augment, &mut rng) {
                (Some(augment), Some(rng)) => augment(sample, rng)?,
                _ => sample,
            });
        }
        match &self.collate {
            Some(collate) => collate(samples),
            None => Collate::collate(samples),
        }
    }
}

impl<D: Dataset> Clone for DataLoader<D> {
    /// The clone shares the dataset and has generators of its own, in the same state.
    fn clone(&self) -> Self {
        Self {
            dataset: Arc::clone(&self.dataset),
            rng: self.rng.clone(),
            augment_rng: self.augment_rng.clone(),
            steps: self.steps.clone(),
            ..*self
        }
    }
}

impl<D: Dataset> fmt::Debug for DataLoader<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataLoader")
            .field("samples", &self.dataset.len())
            .field("batch_size", &self.batch_size)
            .field("drop_last", &self.drop_last)
            .field("rng", &self.rng)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`DataLoader`] under construction.
#[derive(Debug, Clone)]
pub struct Builder<D: Dataset>(DataLoader<D>);

impl<D: Dataset> DataLoader<D> {
    /// Returns the settings for `dataset`: batches of 32 in order, the last one short, made when they are wanted.
    pub fn builder(dataset: D) -> Builder<D> {
        Builder(Self {
            dataset: Arc::new(dataset),
            batch_size: 32,
            drop_last: false,
            rng: None,
            augment_rng: None,
            steps: Steps { augment: None, collate: None },
            workers: 0,
            prefetch: 2,
            start: None,
        })
    }

    /// Returns the number of batches of one epoch.
    #[must_use]
    pub fn len(&self) -> usize {
        dispatch::batch_ranges(self.dataset.len(), self.batch_size, self.drop_last).len()
    }

    /// Returns whether an epoch has no batches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the dataset.
    #[must_use]
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// Returns the generator of the order, whose state belongs into a checkpoint.
    #[must_use]
    pub fn rng(&self) -> Option<&Rng> {
        self.rng.as_ref()
    }

    /// Continues with another generator of the order, such as one from a checkpoint.
    pub fn set_rng(&mut self, rng: Option<Rng>) {
        self.rng = rng;
    }

    /// Returns the generator of the random changes, whose state belongs into a checkpoint too.
    #[must_use]
    pub fn augment_rng(&self) -> Option<&Rng> {
        self.augment_rng.as_ref()
    }

    /// Continues with another generator of the random changes. Without one, samples stay as they are.
    pub fn set_augment_rng(&mut self, rng: Option<Rng>) {
        self.augment_rng = rng;
    }

    /// Returns the batches of the next epoch.
    pub fn epoch(&mut self) -> Epoch<'_, D> {
        let order = dispatch::epoch_order(self.dataset.len(), self.rng.as_mut());
        let ranges = dispatch::batch_ranges(self.dataset.len(), self.batch_size, self.drop_last);
        let left = ranges.len();
        // Each batch has a generator of its own, drawn here: it does not matter who makes the batch, and when.
        let mut plan = |range| -> Plan {
            let indices = order.get::<core::ops::Range<usize>>(range).unwrap_or_default().to_vec();
            (indices, self.augment_rng.as_mut().map(Rng::split))
        };
        let plans: Vec<Plan> = ranges.into_iter().map(&mut plan).collect();
        let (dataset, steps) = (&*self.dataset, &self.steps);
        let source = match self.start {
            Some(start) if self.workers > 0 => {
                let sizes = [self.workers, self.prefetch];
                match start(Arc::clone(&self.dataset), steps.clone(), plans, sizes) {
                    Ok(workers) => Source::Workers(workers),
                    Err(error) => Source::Failed(Some(error)),
                }
            }
            _ => Source::Here(plans.into_iter()),
        };
        Epoch { dataset, steps, source, left }
    }
}

impl<D: Dataset> Builder<D> {
    /// Sets the number of samples in a batch.
    #[must_use]
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.0.batch_size = batch_size;
        self
    }

    /// Visits the samples in a random order drawn from `rng`, a new one each epoch.
    #[must_use]
    pub fn shuffle(mut self, rng: Rng) -> Self {
        self.0.rng = Some(rng);
        self
    }

    /// Leaves out a last batch that is not full.
    #[must_use]
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.0.drop_last = drop_last;
        self
    }

    /// Makes batches of samples with `f` instead of stacking their tensors.
    #[must_use]
    pub fn collate(
        mut self,
        f: impl Fn(Vec<D::Item>) -> Result<D::Item> + Send + Sync + 'static,
    ) -> Self {
        self.0.steps.collate = Some(Arc::new(f));
        self
    }

    /// Changes every sample at random with `f`, such as a transform of its image.
    ///
    /// Each batch draws from a generator of its own that is split from `rng`, so that the changes depend on the seed alone.
    #[must_use]
    pub fn augment(
        mut self,
        rng: Rng,
        f: impl Fn(D::Item, &mut Rng) -> Result<D::Item> + Send + Sync + 'static,
    ) -> Self {
        self.0.augment_rng = Some(rng);
        self.0.steps.augment = Some(Arc::new(f));
        self
    }

    /// Sets how many batches each worker may be ahead: 2 unless this is called. 0 hands each batch over directly.
    #[must_use]
    pub fn prefetch(mut self, batches: usize) -> Self {
        self.0.prefetch = batches;
        self
    }

    /// Returns the loader.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the batch size is 0.
    pub fn build(self) -> Result<DataLoader<D>> {
        if self.0.batch_size == 0 {
            return Err(Error::argument("data loader", "batch_size", 0, "at least 1"));
        }
        Ok(self.0)
    }
}

impl<D> Builder<D>
where
    D: Dataset + Send + Sync + 'static,
    D::Item: Collate + Send + 'static,
{
    /// Makes batches ahead of time on `n` threads, which live as long as an epoch; 0 makes each one when it is wanted.
    ///
    /// Batches and their order are the same for every `n`.
    #[must_use]
    pub fn workers(mut self, n: usize) -> Self {
        self.0.workers = n;
        self.0.start = Some(|dataset, steps, plans, [n, prefetch]| {
            let make: Arc<dyn Fn(Plan) -> Result<D::Item> + Send + Sync> =
                Arc::new(move |plan| steps.batch(&*dataset, plan));
            Workers::start(plans, n, prefetch, &make)
                .map_err(|e| Error::io("start", Path::new("a thread of the data loader"), e))
        });
        self
    }
}

/// Where the batches of an epoch come from.
#[derive(Debug)]
enum Source<I> {
    Here(vec::IntoIter<Plan>),
    Workers(Workers<I>),
    Failed(Option<Error>),
}

/// The batches of one epoch.
///
/// An error, or a panic in the dataset, is returned in the place of its batch; the batches after it follow.
pub struct Epoch<'a, D: Dataset> {
    dataset: &'a D,
    steps: &'a Steps<D::Item>,
    source: Source<D::Item>,
    left: usize,
}

impl<D: Dataset> fmt::Debug for Epoch<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Epoch").field("left", &self.left).finish_non_exhaustive()
    }
}

impl<D> Iterator for Epoch<'_, D>
where
    D: Dataset,
    D::Item: Collate,
{
    type Item = Result<D::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        match &mut self.source {
            Source::Here(plans) => {
                let plan = plans.next()?;
                Some(guarded(|| self.steps.batch(self.dataset, plan)))
            }
            Source::Workers(workers) => workers.next(),
            Source::Failed(error) => {
                self.left = 0;
                error.take().map(Err)
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<D> ExactSizeIterator for Epoch<'_, D>
where
    D: Dataset,
    D::Item: Collate,
{
}
