//! Datasets made of other datasets.

use super::{Dataset, Subset};
use crate::{Error, Result, Rng};

/// One dataset after another.
///
/// # Examples
///
/// ```
/// use tinytorch_core::data::{Concat, Dataset, DatasetExt, TensorDataset};
/// use tinytorch_core::Tensor;
///
/// let a = TensorDataset::new([Tensor::from([1.0_f32, 2.0])])?;
/// let b = TensorDataset::new([Tensor::from([3.0_f32])])?;
/// let doubled = Concat::new(vec![a, b]).map(|[x]| x.mul_scalar(2.0));
/// assert_eq!((doubled.len(), doubled.get(2)?.item::<f32>()?), (3, 6.0));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Concat<D>(Vec<D>);

impl<D: Dataset> Concat<D> {
    /// Returns the samples of all `parts` in order.
    #[must_use]
    pub fn new(parts: Vec<D>) -> Self {
        Self(parts)
    }
}

impl<D: Dataset> Dataset for Concat<D> {
    type Item = D::Item;

    fn len(&self) -> usize {
        self.0.iter().map(Dataset::len).fold(0, usize::saturating_add)
    }

    fn get(&self, index: usize) -> Result<D::Item> {
        let mut at = index;
        for part in &self.0 {
            match at.checked_sub(part.len()) {
                None => return part.get(at),
                Some(rest) => at = rest,
            }
        }
        Err(super::dataset::out_of_range(index, self.len()))
    }
}

/// The samples of a dataset after a function; made by [`DatasetExt::map`].
#[derive(Debug, Clone)]
pub struct Map<D, F> {
    dataset: D,
    f: F,
}

impl<D: Dataset, T, F: Fn(D::Item) -> Result<T>> Dataset for Map<D, F> {
    type Item = T;

    fn len(&self) -> usize {
        self.dataset.len()
    }

    fn get(&self, index: usize) -> Result<T> {
        (self.f)(self.dataset.get(index)?)
    }
}

/// What every dataset can be made into.
pub trait DatasetExt: Dataset + Sized {
    /// Returns the dataset whose samples are those of this one after `f`.
    fn map<T, F: Fn(Self::Item) -> Result<T>>(self, f: F) -> Map<Self, F> {
        Map { dataset: self, f }
    }
}

impl<D: Dataset> DatasetExt for D {}

/// Cuts a dataset at random into parts of these lengths, which together use every sample once.
///
/// Clones of `dataset` share what they hold if it is a reference, an `Arc`, or made of tensors.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless the lengths add up to that of the dataset.
///
/// # Examples
///
/// ```
/// use tinytorch_core::data::{Dataset, TensorDataset, random_split};
/// use tinytorch_core::{DType, Rng, Tensor};
///
/// let all = TensorDataset::new([Tensor::arange(0.0, 10.0, 1.0, DType::F32)?])?;
/// let parts = random_split(&all, &[8, 2], &mut Rng::seed(0))?;
/// assert_eq!((parts[0].len(), parts[1].len()), (8, 2));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn random_split<D: Dataset + Clone>(
    dataset: D,
    lengths: &[usize],
    rng: &mut Rng,
) -> Result<Vec<Subset<D>>> {
    let n = dataset.len();
    if lengths.iter().try_fold(0_usize, |sum, &l| sum.checked_add(l)) != Some(n) {
        let need = format!("a list that adds up to the {n} samples");
        return Err(Error::argument("random split", "lengths", format!("{lengths:?}"), need));
    }
    let mut order = crate::dispatch::epoch_order(n, Some(rng)).into_iter();
    lengths
        .iter()
        .map(|&length| Subset::new(dataset.clone(), order.by_ref().take(length).collect()))
        .collect()
}
