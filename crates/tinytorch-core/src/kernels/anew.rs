//! In place of the buffers used again, for programs without `std`: memory is scarce there, so that no buffer waits.

use super::map::Value;
use crate::nostd::prelude::*;

/// Returns a vector of `n` elements for code that writes each of them.
pub(crate) fn buffer<T: Value>(n: usize) -> Vec<T> {
    vec![T::default(); n]
}

/// Returns a vector of `n` times `value`.
pub(crate) fn filled<T: Value>(n: usize, value: T) -> Vec<T> {
    vec![value; n]
}

/// Frees a vector.
pub(crate) fn keep<T: Value>(data: Vec<T>) {
    drop(data);
}

/// Leaves the memory of a dropped tensor to its owner, who frees it.
pub(crate) fn give(_data: &mut Vec<f32>) {}

/// There is nothing to let go of.
pub(crate) fn clear() {}
