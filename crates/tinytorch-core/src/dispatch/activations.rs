//! Modules 02 and 04: activations, softmax, log-softmax.

use crate::{
    kernels::{map, rows},
    tensor::{Real, View},
};

/// The logistic function of one number.
#[inline(always)]
pub(crate) fn sigmoid<T: Real>(x: T) -> T {
    x.sigmoid()
}

/// `max(x, 0)`; NaN stays NaN.
pub(crate) fn relu<T: Real>(x: View<'_, T>) -> Vec<T> {
    map::map1(x, |v| if v < T::ZERO { T::ZERO } else { v })
}

/// Softmax along an axis.
pub(crate) fn softmax<T: Real>(x: View<'_, T>, axis: usize) -> Vec<T> {
    rows::softmax(x, axis)
}

/// Logarithm of the softmax along an axis.
pub(crate) fn log_softmax<T: Real>(x: View<'_, T>, axis: usize) -> Vec<T> {
    rows::log_softmax(x, axis)
}
