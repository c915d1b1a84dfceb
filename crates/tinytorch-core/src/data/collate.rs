//! From samples to a batch.

use crate::{Error, Result, Tensor, dispatch};

/// A sample that several of its kind can be made into one batch of.
pub trait Collate: Sized {
    /// Returns `samples`, of which there is at least one, as a batch.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] showing both shapes if two samples differ.
    fn collate(samples: Vec<Self>) -> Result<Self>;
}

/// The k-th tensors of all samples, stacked along a new first axis.
impl<const K: usize> Collate for [Tensor; K] {
    fn collate(samples: Vec<Self>) -> Result<Self> {
        let samples: Vec<Vec<Tensor>> = samples.into_iter().map(Vec::from).collect();
        dispatch::collate(&samples)?.try_into().map_err(|batch: Vec<Tensor>| {
            Error::argument(
                "collate",
                "batch",
                format!("{} tensors", batch.len()),
                format!("{K} tensors"),
            )
        })
    }
}
