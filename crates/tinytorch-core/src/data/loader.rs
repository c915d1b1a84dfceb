//! Batches of samples, epoch after epoch.

use core::ops::Range;
use std::vec;

use super::{Dataset, collate::Collate};
use crate::{Error, Result, Rng, dispatch};

/// Cuts the samples of a dataset into batches.
///
/// Every [`epoch`](Self::epoch) visits every sample once; with a generator, in a new random order each time. The
/// order depends on the generator alone, so a seed fixes every batch of a training run.
///
/// # Examples
///
/// ```
/// use tinytorch_core::data::{DataLoader, TensorDataset};
/// use tinytorch_core::{Rng, Tensor};
///
/// let x = Tensor::arange(0.0, 10.0, 1.0, tinytorch_core::DType::F32)?;
/// let mut loader = DataLoader::builder(TensorDataset::new([x])?).batch_size(4).shuffle(Rng::seed(1)).build()?;
/// let sizes: Vec<usize> = loader.epoch().map(|batch| Ok(batch?[0].numel())).collect::<tinytorch_core::Result<_>>()?;
/// assert_eq!(sizes, [4, 4, 2]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct DataLoader<D> {
    dataset: D,
    batch_size: usize,
    drop_last: bool,
    rng: Option<Rng>,
}

/// Settings of a [`DataLoader`] under construction.
#[derive(Debug, Clone)]
pub struct Builder<D>(DataLoader<D>);

impl<D: Dataset> DataLoader<D> {
    /// Returns the settings for `dataset`: batches of 32 in order, the last one short.
    pub fn builder(dataset: D) -> Builder<D> {
        Builder(Self { dataset, batch_size: 32, drop_last: false, rng: None })
    }

    /// Returns the number of batches of one epoch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ranges().len()
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

    fn ranges(&self) -> Vec<Range<usize>> {
        dispatch::batch_ranges(self.dataset.len(), self.batch_size, self.drop_last)
    }

    /// Returns the batches of the next epoch.
    pub fn epoch(&mut self) -> Epoch<'_, D> {
        let order = dispatch::epoch_order(self.dataset.len(), self.rng.as_mut());
        Epoch { dataset: &self.dataset, order, ranges: self.ranges().into_iter() }
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

/// The batches of one epoch.
#[derive(Debug)]
pub struct Epoch<'a, D> {
    dataset: &'a D,
    order: Vec<usize>,
    ranges: vec::IntoIter<Range<usize>>,
}

impl<D> Iterator for Epoch<'_, D>
where
    D: Dataset,
    D::Item: Collate,
{
    type Item = Result<D::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let range = self.ranges.next()?;
        let samples =
            self.order[range].iter().map(|&i| self.dataset.get(i)).collect::<Result<Vec<_>>>();
        Some(samples.and_then(Collate::collate))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.ranges.size_hint()
    }
}

impl<D> ExactSizeIterator for Epoch<'_, D>
where
    D: Dataset,
    D::Item: Collate,
{
}
