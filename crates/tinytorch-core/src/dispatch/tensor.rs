//! Module 01: broadcasting, arithmetic, products, reductions.

use crate::nostd::prelude::*;
use crate::{
    Result, Shape,
    kernels::{
        gemm::{Mat, gemm},
        map, par,
        recycle::buffer,
        reduce,
    },
    slots::tensor as slot,
    tensor::{MAX_RANK, Number, Real, View, position},
};

pub(crate) use slot::{Arithmetic, MatmulPlan};

#[cfg(feature = "course")]
use crate::course::{
    defer, fit,
    m01::{hook, slot as student},
    wrong,
};
#[cfg(feature = "course")]
use crate::dispatch::{f32s, f32s_again};

/// Shape that two operands broadcast to.
pub(crate) fn broadcast_shape(op: &'static str, lhs: &[usize], rhs: &[usize]) -> Result<Shape> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::broadcast_shape(lhs, rhs)? {
        let fits = |s: &[usize]| {
            out.len() >= s.len()
                && s.iter().rev().zip(out.iter().rev()).all(|(&d, &o)| d == o || d == 1)
        };
        if fits(lhs) && fits(rhs) {
            return Shape::new(&out);
        }
        return Err(wrong(
            student::broadcast_shape,
            format!("returned {out:?}, to which {lhs:?} and {rhs:?} cannot be repeated"),
        ));
    }
    slot::broadcast_shape(op, lhs, rhs)
}

/// Steps of a row-major array.
#[inline]
pub(crate) fn row_major_strides(shape: &[usize]) -> [usize; MAX_RANK] {
    #[cfg(feature = "course")]
    match hook::row_major_strides(shape)
        .and_then(|out| out.map(|s| in_range(shape, &s)).transpose())
    {
        Ok(Some(strides)) => return strides,
        Ok(None) => {}
        Err(error) => defer(error),
    }
    slot::row_major_strides(shape)
}

/// Refuses steps that lead out of an array of this shape.
#[cfg(feature = "course")]
fn in_range(shape: &[usize], strides: &[usize]) -> Result<[usize; MAX_RANK]> {
    let numel: usize = shape.iter().product();
    let reach = shape
        .iter()
        .zip(strides)
        .try_fold(0usize, |at, (&d, &s)| at.checked_add(s.checked_mul(d.saturating_sub(1))?));
    if strides.len() != shape.len() || (numel > 0 && reach.is_none_or(|r| r >= numel)) {
        let detail = format!("returned {strides:?}, which leaves an array of shape {shape:?}");
        return Err(wrong(student::row_major_strides, detail));
    }
    let mut out = [0; MAX_RANK];
    out[..strides.len()].copy_from_slice(strides);
    Ok(out)
}

/// Elementwise arithmetic on two views of one shape.
pub(crate) fn elementwise_binary<T: Real>(
    op: Arithmetic,
    a: View<'_, T>,
    b: View<'_, T>,
) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let (Some(x), Some(y)) = (f32s(student::elementwise_binary, a), f32s_again(b))
        && let Some(out) = hook::elementwise_binary(op, x, y)?
    {
        return fit(student::elementwise_binary, out, a.numel());
    }
    Ok(match op {
        Arithmetic::Add => map::map2(a, b, |x, y| x + y),
        Arithmetic::Sub => map::map2(a, b, |x, y| x - y),
        Arithmetic::Mul => map::map2(a, b, |x, y| x * y),
        Arithmetic::Div => map::map2(a, b, |x, y| x / y),
    })
}

/// What a product of two shapes has to do.
pub(crate) fn matmul_check(lhs: &[usize], rhs: &[usize]) -> Result<MatmulPlan> {
    #[cfg(feature = "course")]
    if let Some(plan) = hook::matmul_check(lhs, rhs)? {
        return match slot::matmul_check(lhs, rhs) {
            Ok(right) if right == plan => Ok(plan),
            _ => Err(wrong(
                student::matmul_check,
                format!("returned {plan:?} for {lhs:?} times {rhs:?}"),
            )),
        };
    }
    slot::matmul_check(lhs, rhs)
}

/// Product of batches of matrices. `a` is `[batch.., m, k]`, `b` is `[batch.., k, n]` with equal batch axes (expanded
/// ones have stride 0).
pub(crate) fn matmul<T: Real>(plan: &MatmulPlan, a: View<'_, T>, b: View<'_, T>) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(out) = student_products(plan, a, b)? {
        return Ok(out);
    }
    let (m, k, n) = (plan.m, plan.k, plan.n);
    let batch = plan.batch.rank();
    let count = plan.batch.numel();
    if count * m * n == 0 || k == 0 {
        return Ok(vec![T::ZERO; count * m * n]);
    }
    let mut out = buffer(count * m * n);
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
    Ok(out)
}

/// The products of a batch, each by the student's slot.
#[cfg(feature = "course")]
pub(super) fn student_products<T: Real>(
    plan: &MatmulPlan,
    a: View<'_, T>,
    b: View<'_, T>,
) -> Result<Option<Vec<T>>> {
    let (Some(a), Some(b)) = (f32s(student::matmul, a), f32s_again(b)) else { return Ok(None) };
    let mut all = Vec::new();
    for index in 0..plan.batch.numel() {
        let (a, b) = (matrix(a, index, plan.batch.rank()), matrix(b, index, plan.batch.rank()));
        let Some(out) = hook::matmul(a, b)? else { return Ok(None) };
        all.extend(fit::<f32>(student::matmul, out, plan.m * plan.n)?);
    }
    Ok(T::of_f32s(all))
}

/// Matrix number `index` of a batch.
#[cfg(feature = "course")]
pub(super) fn matrix<'a>(v: View<'a, f32>, index: usize, batch: usize) -> View<'a, f32> {
    let at = position(index, &v.shape[..batch], &v.strides[..batch]);
    View {
        data: v.data.get(at..).unwrap_or(&[]),
        shape: &v.shape[batch..],
        strides: &v.strides[batch..],
    }
}

/// Shape with its missing size filled in.
pub(crate) fn reshape_infer(shape: &[usize], wanted: &[isize]) -> Result<Shape> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::reshape_infer(shape, wanted)? {
        let count = |s: &[usize]| s.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        if count(&out) == count(shape) {
            return Shape::new(&out);
        }
        return Err(wrong(
            student::reshape_infer,
            format!("returned {out:?} for a tensor of shape {shape:?}"),
        ));
    }
    slot::reshape_infer(shape, wanted)
}

/// Shape and strides with the axes in another order.
pub(crate) fn permute_axes(
    shape: &[usize],
    strides: &[usize],
    order: &[usize],
) -> Result<(Vec<usize>, Vec<usize>)> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::permute_axes(shape, strides, order)? {
        return match slot::permute_axes(shape, strides, order) {
            Ok(right) if right == out => Ok(out),
            _ => Err(wrong(
                student::permute_axes,
                format!(
                    "returned {out:?} for shape {shape:?}, strides {strides:?}, order {order:?}"
                ),
            )),
        };
    }
    slot::permute_axes(shape, strides, order)
}

/// Axes that a mask marks.
#[cfg(feature = "course")]
pub(super) fn marked(mask: &[bool]) -> Vec<usize> {
    (0..mask.len()).filter(|&a| mask[a]).collect()
}

/// Number of elements that a reduction leaves.
#[cfg(feature = "course")]
fn kept(shape: &[usize], mask: &[bool]) -> usize {
    shape.iter().zip(mask).filter(|(_, r)| !**r).map(|(&d, _)| d).product()
}

/// Sum over the marked axes.
pub(crate) fn reduce_sum<T: Number>(x: View<'_, T>, reduced: &[bool]) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(v) = f32s(student::reduce_sum, x)
        && let Some(out) = hook::reduce_sum(v, &marked(reduced))?
    {
        return fit(student::reduce_sum, out, kept(x.shape, reduced));
    }
    Ok(reduce::sum_axes(x, reduced, &|v| v))
}

/// Mean over the marked axes.
pub(crate) fn reduce_mean<T: Real>(x: View<'_, T>, reduced: &[bool]) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(v) = f32s(student::reduce_mean, x)
        && let Some(out) = hook::reduce_mean(v, &marked(reduced))?
    {
        return fit(student::reduce_mean, out, kept(x.shape, reduced));
    }
    let count: usize = x.shape.iter().zip(reduced).filter(|(_, r)| **r).map(|(&d, _)| d).product();
    let count = T::lit(count as f64);
    // A mean begins with a sum, which may be a student's.
    let mut out = reduce_sum(x, reduced)?;
    out.iter_mut().for_each(|v| *v = *v / count);
    Ok(out)
}

/// Largest element over the marked axes, which hold at least one element; NaN wins.
pub(crate) fn reduce_max<T: Real>(x: View<'_, T>, reduced: &[bool]) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if let Some(v) = f32s(student::reduce_max, x)
        && let Some(out) = hook::reduce_max(v, &marked(reduced))?
    {
        return fit(student::reduce_max, out, kept(x.shape, reduced));
    }
    Ok(reduce::fold_axes(x, reduced, T::max_nan))
}
