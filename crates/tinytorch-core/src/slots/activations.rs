//! Module 02, Activations: the functions that make a network more than one linear map.

use super::tensor::{reduce_max, row_major_strides};
use crate::nostd::prelude::*;
use crate::tensor::{MAX_RANK, Real, View, position};

/// Returns `1 / (1 + e^-x)`.
///
/// For negative `x` the equal form `e^x / (1 + e^x)` is used: the exponential of a large positive number never occurs.
#[must_use]
pub fn sigmoid<T: Real>(x: T) -> T {
    if x >= T::ZERO {
        T::ONE / (T::ONE + (-x).exp())
    } else {
        let e = x.exp();
        e / (T::ONE + e)
    }
}

/// Returns `max(x, 0)` for each element. NaN stays NaN.
#[must_use]
pub fn relu<T: Real>(x: View<'_, T>) -> Vec<T> {
    x.iter().map(|v| if v < T::ZERO { T::ZERO } else { v }).collect()
}

/// Returns `e^xᵢ / Σⱼ e^xⱼ` along `axis`.
///
/// The largest element of each slice is subtracted first, which changes nothing but keeps `e^x` in range. A slice of
/// nothing but negative infinities gives zeros: nothing is left to choose from.
#[must_use]
pub fn softmax<T: Real>(x: View<'_, T>, axis: usize) -> Vec<T> {
    let max = reduce_max(x, &[axis]);
    // Where the slice of each element stands in `max`.
    let mut kept = x.shape.to_vec();
    kept[axis] = 1;
    let mut strides = row_major_strides(&kept);
    strides[axis] = 0;
    let slice_of = |n: usize| position(n, x.shape, &strides[..x.rank().min(MAX_RANK)]);

    let mut out: Vec<T> = Vec::with_capacity(x.numel());
    let mut sums = vec![T::ZERO; max.len()];
    for (n, v) in x.iter().enumerate() {
        let m = max[slice_of(n)];
        let e = if m == -T::INFINITY { T::ZERO } else { (v - m).exp() };
        sums[slice_of(n)] += e;
        out.push(e);
    }
    for (n, e) in out.iter_mut().enumerate() {
        let sum = sums[slice_of(n)];
        *e = if sum == T::ZERO { T::ZERO } else { *e / sum };
    }
    out
}
