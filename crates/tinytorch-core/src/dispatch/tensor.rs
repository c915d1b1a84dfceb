//! Module 01: broadcasting, arithmetic, products, reductions.

use crate::{
    kernels::{
        gemm::{Mat, gemm},
        map, par, reduce,
    },
    slots::tensor as slot,
    tensor::{Number, Real, View, position},
};

pub(crate) use slot::{
    Arithmetic, MatmulPlan, broadcast_shape, matmul_check, permute_axes, reshape_infer,
    row_major_strides,
};

/// Elementwise arithmetic on two views of one shape.
pub(crate) fn elementwise_binary<T: Real>(
    op: Arithmetic,
    a: View<'_, T>,
    b: View<'_, T>,
) -> Vec<T> {
    match op {
        Arithmetic::Add => map::map2(a, b, |x, y| x + y),
        Arithmetic::Sub => map::map2(a, b, |x, y| x - y),
        Arithmetic::Mul => map::map2(a, b, |x, y| x * y),
        Arithmetic::Div => map::map2(a, b, |x, y| x / y),
    }
}

/// Product of batches of matrices. `a` is `[batch.., m, k]`, `b` is `[batch.., k, n]` with equal batch axes (expanded
/// ones have stride 0).
pub(crate) fn matmul<T: Real>(plan: &MatmulPlan, a: View<'_, T>, b: View<'_, T>) -> Vec<T> {
    let (m, k, n) = (plan.m, plan.k, plan.n);
    let batch = plan.batch.rank();
    let count = plan.batch.numel();
    let mut out = vec![T::ZERO; count * m * n];
    if out.is_empty() || k == 0 {
        return out;
    }
    let mat = |v: View<'_, T>, index: usize, rows: usize, cols: usize| -> usize {
        debug_assert_eq!((v.shape[batch], v.shape[batch + 1]), (rows, cols));
        position(index, &v.shape[..batch], &v.strides[..batch])
    };
    let product = |index: usize, out: &mut [T], parallel: bool| {
        let (i, j) = (mat(a, index, m, k), mat(b, index, k, n));
        let a = Mat {
            data: &a.data[i..],
            rows: m,
            cols: k,
            rs: a.strides[batch],
            cs: a.strides[batch + 1],
        };
        let b = Mat {
            data: &b.data[j..],
            rows: k,
            cols: n,
            rs: b.strides[batch],
            cs: b.strides[batch + 1],
        };
        gemm((out, n), a, b, false, parallel);
    };
    if count == 1 {
        product(0, &mut out, true);
    } else {
        // One thread per product: a batch is wide enough by itself.
        let parallel = count * m * n * k >= 1 << 18;
        par::blocks(&mut out, m * n, parallel, |at, out| product(at / (m * n), out, false));
    }
    out
}

/// Sum over the marked axes.
pub(crate) fn reduce_sum<T: Number>(x: View<'_, T>, reduced: &[bool]) -> Vec<T> {
    reduce::sum_axes(x, reduced, |v| v)
}

/// Mean over the marked axes.
pub(crate) fn reduce_mean<T: Real>(x: View<'_, T>, reduced: &[bool]) -> Vec<T> {
    let count: usize = x.shape.iter().zip(reduced).filter(|(_, r)| **r).map(|(&d, _)| d).product();
    let count = T::lit(count as f64);
    let mut out = reduce::sum_axes(x, reduced, |v| v);
    out.iter_mut().for_each(|v| *v = *v / count);
    out
}

/// Largest element over the marked axes, which hold at least one element; NaN wins.
pub(crate) fn reduce_max<T: Real>(x: View<'_, T>, reduced: &[bool]) -> Vec<T> {
    reduce::fold_axes(x, reduced, T::max_nan)
}
