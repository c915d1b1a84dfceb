//! Sources of samples.

use crate::{Error, Result, Tensor, dispatch};

/// A finite, indexed source of samples.
///
/// Implementers return the same sample for the same index, at any time and in any order.
pub trait Dataset {
    /// What one sample is.
    type Item;

    /// Returns the number of samples.
    fn len(&self) -> usize;

    /// Returns sample `index`.
    ///
    /// # Errors
    ///
    /// [`Error::IndexOutOfRange`] from `len()` on; for data that is read on demand also its own failures.
    fn get(&self, index: usize) -> Result<Self::Item>;

    /// Returns whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<D: Dataset + ?Sized> Dataset for &D {
    type Item = D::Item;

    fn len(&self) -> usize {
        (**self).len()
    }

    fn get(&self, index: usize) -> Result<Self::Item> {
        (**self).get(index)
    }
}

impl<D: Dataset + ?Sized> Dataset for Box<D> {
    type Item = D::Item;

    fn len(&self) -> usize {
        (**self).len()
    }

    fn get(&self, index: usize) -> Result<Self::Item> {
        (**self).get(index)
    }
}

impl<D: Dataset + ?Sized> Dataset for std::sync::Arc<D> {
    type Item = D::Item;

    fn len(&self) -> usize {
        (**self).len()
    }

    fn get(&self, index: usize) -> Result<Self::Item> {
        (**self).get(index)
    }
}

/// Tensors in memory whose first axes count the same samples: sample `i` is slice `i` of each.
///
/// # Examples
///
/// ```
/// use tinytorch_core::data::{Dataset, TensorDataset};
/// use tinytorch_core::Tensor;
///
/// let x = Tensor::from_vec(vec![1.0_f32, 2.0, 3.0, 4.0], [2, 2])?;
/// let y = Tensor::from_vec(vec![0_i64, 1], [2])?;
/// let pairs = TensorDataset::new([x, y])?;
/// let [image, label] = pairs.get(1)?;
/// assert_eq!((image.to_vec::<f32>()?, label.item::<i64>()?), (vec![3.0, 4.0], 1));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct TensorDataset<const K: usize = 2> {
    tensors: [Tensor; K],
    len: usize,
}

impl<const K: usize> TensorDataset<K> {
    /// Returns the dataset of `tensors`, which are aligned along their first axes.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] showing the lengths if they differ, if a tensor is a scalar, or if there is none.
    pub fn new(tensors: [Tensor; K]) -> Result<Self> {
        let lengths: Vec<Option<usize>> =
            tensors.iter().map(|t| t.dims().first().copied()).collect();
        match lengths.as_slice() {
            [Some(len), rest @ ..] if rest.iter().all(|l| *l == Some(*len)) => {
                Ok(Self { len: *len, tensors: tensors.map(|t| t.detach()) })
            }
            _ => {
                let shapes: Vec<_> = tensors.iter().map(|t| t.shape().to_string()).collect();
                let got = format!("of shapes {}", shapes.join(" and "));
                let need = "one or more tensors with first axes of one length";
                Err(Error::argument("tensor dataset", "tensors", got, need))
            }
        }
    }

    /// Returns the whole tensors.
    #[must_use]
    pub fn tensors(&self) -> &[Tensor; K] {
        &self.tensors
    }
}

impl<const K: usize> Dataset for TensorDataset<K> {
    type Item = [Tensor; K];

    fn len(&self) -> usize {
        self.len
    }

    fn get(&self, index: usize) -> Result<[Tensor; K]> {
        if index >= self.len {
            return Err(out_of_range(index, self.len));
        }
        let parts = dispatch::tensor_dataset_get(&self.tensors, index)?;
        parts.try_into().map_err(|parts: Vec<Tensor>| {
            let got = format!("{} tensors", parts.len());
            Error::argument("tensor dataset", "sample", got, format!("{K} tensors"))
        })
    }
}

/// The error for an index from the length on.
#[cold]
pub(super) fn out_of_range(index: usize, size: usize) -> Error {
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    Error::IndexOutOfRange { op: "dataset", index, size, position: 0 }
}

/// The samples of another dataset at chosen indices, in their order.
#[derive(Debug, Clone)]
pub struct Subset<D> {
    dataset: D,
    indices: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    /// Returns the samples of `dataset` at `indices`.
    ///
    /// # Errors
    ///
    /// [`Error::IndexOutOfRange`] naming the first index that `dataset` does not have, and its position.
    pub fn new(dataset: D, indices: Vec<usize>) -> Result<Self> {
        let size = dataset.len();
        if let Some(position) = indices.iter().position(|&i| i >= size) {
            let index = i64::try_from(indices[position]).unwrap_or(i64::MAX);
            return Err(Error::IndexOutOfRange { op: "subset", index, size, position });
        }
        Ok(Self { dataset, indices })
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    type Item = D::Item;

    fn len(&self) -> usize {
        self.indices.len()
    }

    fn get(&self, index: usize) -> Result<D::Item> {
        let &at = self.indices.get(index).ok_or_else(|| out_of_range(index, self.indices.len()))?;
        self.dataset.get(at)
    }
}
