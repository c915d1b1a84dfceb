//! Modules 02 and 04: activations, softmax, log-softmax.

use crate::nostd::prelude::*;
use crate::{
    Result,
    kernels::{map, rows},
    tensor::{Real, View},
};

#[cfg(feature = "course")]
use crate::{
    course::{fit, m02, m04},
    dispatch::f32s,
};

/// The logistic function of one number.
#[inline(always)]
pub(crate) fn sigmoid<T: Real>(x: T) -> T {
    x.sigmoid()
}

/// The logistic function of each element, if a student serves it.
pub(crate) fn sigmoids<T: Real>(x: View<'_, T>) -> Result<Option<Vec<T>>> {
    #[cfg(feature = "course")]
    if let Some(v) = f32s(m02::slot::sigmoid, x)
        && let Some(out) = m02::hook::sigmoid(v)?
    {
        return fit(m02::slot::sigmoid, out, x.numel()).map(Some);
    }
    let _ = x;
    Ok(None)
}

/// `max(x, 0)`; NaN stays NaN.
pub(crate) fn relu<T: Real>(x: View<'_, T>) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(v) = f32s(m02::slot::relu, x)
        && let Some(out) = m02::hook::relu(v)?
    {
        return fit(m02::slot::relu, out, x.numel());
    }
    Ok(map::map1(x, |v| if v < T::ZERO { T::ZERO } else { v }))
}

/// Softmax along an axis.
pub(crate) fn softmax<T: Real>(x: View<'_, T>, axis: usize) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(v) = f32s(m02::slot::softmax, x)
        && let Some(out) = m02::hook::softmax(v, axis)?
    {
        return fit(m02::slot::softmax, out, x.numel());
    }
    Ok(rows::softmax(x, axis))
}

/// Logarithm of the softmax along an axis.
pub(crate) fn log_softmax<T: Real>(x: View<'_, T>, axis: usize) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(v) = f32s(m04::slot::log_softmax, x)
        && let Some(out) = m04::hook::log_softmax(v, axis)?
    {
        return fit(m04::slot::log_softmax, out, x.numel());
    }
    Ok(rows::log_softmax(x, axis))
}
