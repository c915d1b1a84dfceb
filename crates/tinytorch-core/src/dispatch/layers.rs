//! Module 03: the dense layer.

use crate::{
    kernels::gemm::{Mat, gemm},
    tensor::{Real, View},
};

pub(crate) use crate::slots::layers::linear_init;

/// `x·Wᵀ + b` for contiguous rows `x: [m, k]` and any layout of `w: [n, k]`.
pub(crate) fn linear_forward<T: Real>(
    [m, k, n]: [usize; 3],
    x: &[T],
    w: View<'_, T>,
    bias: Option<&[T]>,
) -> Vec<T> {
    let mut out = match bias {
        Some(bias) => bias.repeat(m),
        None => vec![T::ZERO; m * n],
    };
    let w = Mat { data: w.data, rows: n, cols: k, rs: w.strides[0], cs: w.strides[1] };
    gemm((&mut out, n), Mat::rows(x, m, k), w.t(), bias.is_some(), true);
    out
}
