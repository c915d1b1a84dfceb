//! Reading and writing at positions that are data themselves.
//!
//! Indices are tensors of `i64`. Each read has its adjoint write: the gradient of a gather adds into the places it
//! came from.

mod gather;
mod lines;
mod order;
mod tuple;

pub use tuple::{Index, IntoIndices};

use crate::nostd::prelude::*;
use crate::{DType, Error, Result, Tensor};

/// Checks indices against the size of their axis and returns them, contiguous.
///
/// # Errors
///
/// [`Error::DTypeUnsupported`] unless the indices are `i64`; [`Error::IndexOutOfRange`] at the first bad one.
pub(crate) fn checked(op: &'static str, index: &Tensor, size: usize) -> Result<Vec<usize>> {
    if index.dtype() != DType::I64 {
        return Err(Error::dtype(op, index.dtype(), "i64 for indices"));
    }
    let index = index.typed::<i64>().to_contiguous();
    index
        .iter()
        .enumerate()
        .map(|(position, &i)| {
            usize::try_from(i).ok().filter(|&i| i < size).ok_or(Error::IndexOutOfRange {
                op,
                index: i,
                size,
                position,
            })
        })
        .collect()
}
