//! Module 01, Tensor: shapes, broadcasting, elementwise arithmetic, products, reductions.

use crate::nostd::prelude::*;
use crate::{
    Error, Result,
    tensor::{IntoShape, MAX_RANK, Number, Real, Shape, View, position},
};

/// The four operations of arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `a · b`
    Mul,
    /// `a / b`
    Div,
}

/// Returns the shape that two operands broadcast to.
///
/// The shapes are aligned at the right. Two sizes fit if they are equal or one of them is 1 or missing; the result
/// has the other one.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] naming `op` if two sizes do not fit.
pub fn broadcast_shape(op: &'static str, lhs: &[usize], rhs: &[usize]) -> Result<Shape> {
    let rank = lhs.len().max(rhs.len());
    let mut out = [1; MAX_RANK];
    for back in 1..=rank.min(MAX_RANK) {
        let a = if back <= lhs.len() { lhs[lhs.len() - back] } else { 1 };
        let b = if back <= rhs.len() { rhs[rhs.len() - back] } else { 1 };
        out[rank - back] = match (a, b) {
            (a, b) if a == b => a,
            (1, b) => b,
            (a, 1) => a,
            _ => {
                return Err(Error::shapes(
                    op,
                    (lhs, rhs),
                    format!("sizes {a} and {b} at axis -{back} differ"),
                    "shapes are aligned at the right; two sizes must be equal or one of them 1",
                    "insert axes of size 1 with unsqueeze, or reshape one side",
                ));
            }
        };
    }
    Shape::new(&out[..rank])
}

/// Returns the steps between neighbours along each axis of a row-major array, in elements.
///
/// The last axis has step 1; every other axis steps over one whole block of the axes after it.
#[must_use]
pub fn row_major_strides(shape: &[usize]) -> [usize; MAX_RANK] {
    let mut strides = [0; MAX_RANK];
    let mut step = 1;
    for axis in (0..shape.len()).rev() {
        strides[axis] = step;
        step *= shape[axis].max(1);
    }
    strides
}

/// Returns `a ∘ b` for each pair of elements of two views of one shape, in row-major order.
///
/// Broadcast operands arrive as views with stride 0. Division of numbers follows IEEE 754: `1/0` is infinite.
#[must_use]
pub fn elementwise_binary<T: Real>(op: Arithmetic, a: View<'_, T>, b: View<'_, T>) -> Vec<T> {
    let apply = |(x, y): (T, T)| match op {
        Arithmetic::Add => x + y,
        Arithmetic::Sub => x - y,
        Arithmetic::Mul => x * y,
        Arithmetic::Div => x / y,
    };
    a.iter().zip(b.iter()).map(apply).collect()
}

/// What a matrix product does with its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MatmulPlan {
    /// Batch axes of the result.
    pub batch: Shape,
    /// Rows of the left matrix.
    pub m: usize,
    /// The shared axis.
    pub k: usize,
    /// Columns of the right matrix.
    pub n: usize,
    /// The left operand is a vector: it counts as one row, and the row axis is dropped from the result.
    pub left_vector: bool,
    /// The right operand is a vector: it counts as one column, and the column axis is dropped from the result.
    pub right_vector: bool,
}

impl MatmulPlan {
    /// Returns the shape of the result.
    ///
    /// # Errors
    ///
    /// As [`Shape::new`].
    pub fn out_shape(&self) -> Result<Shape> {
        let mut dims = self.batch.to_vec();
        if !self.left_vector {
            dims.push(self.m);
        }
        if !self.right_vector {
            dims.push(self.n);
        }
        dims.into_shape()
    }
}

/// Checks the shapes of a product and returns what to compute.
///
/// `[k]·[k]` is a scalar, `[m, k]·[k]` a vector, `[k]·[k, n]` a vector, `[.., m, k]·[.., k, n]` a matrix for each
/// position of the batch axes, which broadcast.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] for a scalar operand, unequal inner sizes, or batch axes that do not broadcast.
pub fn matmul_check(lhs: &[usize], rhs: &[usize]) -> Result<MatmulPlan> {
    if lhs.is_empty() || rhs.is_empty() {
        return Err(Error::shapes(
            "matmul",
            (lhs, rhs),
            "an operand is a scalar",
            "a matrix product needs vectors or matrices",
            "multiply by a scalar with mul or the operator *",
        ));
    }
    let (left_vector, right_vector) = (lhs.len() == 1, rhs.len() == 1);
    let (l, r) = (lhs.len(), rhs.len());
    let (m, k) = if left_vector { (1, lhs[0]) } else { (lhs[l - 2], lhs[l - 1]) };
    let (rows, n) = if right_vector { (rhs[0], 1) } else { (rhs[r - 2], rhs[r - 1]) };
    if k != rows {
        return Err(Error::shapes(
            "matmul",
            (lhs, rhs),
            format!("inner sizes {k} and {rows} differ"),
            "the last axis of the left side must equal the second-last of the right side",
            "try rhs.t(), or reshape one side",
        ));
    }
    let batch =
        broadcast_shape("matmul", &lhs[..l.saturating_sub(2)], &rhs[..r.saturating_sub(2)])?;
    Ok(MatmulPlan { batch, m, k, n, left_vector, right_vector })
}

/// Returns the product of two matrices, `out[i, j] = Σₖ a[i, k]·b[k, j]`, in row-major order.
///
/// # Shapes
///
/// `a: [m, k]`, `b: [k, n]`, result `[m, n]`. Anything else gives an empty result.
#[must_use]
pub fn matmul<T: Real>(a: View<'_, T>, b: View<'_, T>) -> Vec<T> {
    let (&[m, k], &[k2, n]) = (a.shape, b.shape) else { return Vec::new() };
    if k != k2 {
        return Vec::new();
    }
    let mut out = vec![T::ZERO; m * n];
    for i in 0..m {
        for j in 0..n {
            for p in 0..k {
                out[i * n + j] += a.data[i * a.strides[0] + p * a.strides[1]]
                    * b.data[p * b.strides[0] + j * b.strides[1]];
            }
        }
    }
    out
}

/// Returns the shape that `wanted` stands for, where one size may be -1: it is inferred from the number of elements.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for two sizes of -1 or a size below -1; [`Error::ShapeMismatch`] if the counts of
/// elements differ or the missing size is not whole.
pub fn reshape_infer(shape: &[usize], wanted: &[isize]) -> Result<Shape> {
    let numel: usize = shape.iter().product();
    let text = || format!("{wanted:?}");
    if wanted.iter().filter(|&&d| d == -1).count() > 1 || wanted.iter().any(|&d| d < -1) {
        return Err(Error::argument(
            "reshape",
            "shape",
            text(),
            "sizes of at least 0, with at most one -1",
        ));
    }
    let known =
        wanted.iter().filter(|&&d| d != -1).try_fold(1usize, |n, &d| n.checked_mul(d as usize));
    let mismatch = |dims: &[usize], detail: String| {
        Error::shapes(
            "reshape",
            (shape, dims),
            detail,
            "a reshape keeps every element, so the products of the sizes must agree",
            "check the sizes, or write -1 for the one that follows from the others",
        )
    };
    let plain: Vec<usize> = wanted.iter().map(|&d| d.max(0) as usize).collect();
    let Some(known) = known else {
        return Err(mismatch(&plain, "the new shape has too many elements".into()));
    };
    let has_hole = wanted.contains(&-1);
    let missing = if has_hole { numel.checked_div(known).unwrap_or(0) } else { 1 };
    if known * missing != numel || (has_hole && known == 0) {
        let detail = if has_hole {
            format!("{numel} elements do not divide into {known}")
        } else {
            format!("{numel} elements do not fill {known} places")
        };
        return Err(mismatch(&plain, detail));
    }
    let dims: Vec<usize> =
        wanted.iter().map(|&d| if d == -1 { missing } else { d as usize }).collect();
    Shape::new(&dims)
}

/// Returns shape and strides with the axes in another order: axis `a` of the result is axis `order[a]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless `order` names every axis once.
pub fn permute_axes(
    shape: &[usize],
    strides: &[usize],
    order: &[usize],
) -> Result<(Vec<usize>, Vec<usize>)> {
    let once = (0..shape.len()).all(|a| order.iter().filter(|&&o| o == a).count() == 1);
    if order.len() != shape.len() || !once {
        let need = format!("an order of the {} axes that names each once", shape.len());
        return Err(Error::argument("permute", "order", format!("{order:?}"), need));
    }
    Ok((order.iter().map(|&a| shape[a]).collect(), order.iter().map(|&a| strides[a]).collect()))
}

/// Folds the elements of each group that shares its position on the kept axes.
fn reduce<T: Copy>(x: View<'_, T>, axes: &[usize], start: T, f: impl Fn(T, T) -> T) -> Vec<T> {
    // Strides into the result: 0 along reduced axes, row-major along kept ones.
    let kept: Vec<usize> =
        (0..x.rank()).map(|a| if axes.contains(&a) { 1 } else { x.shape[a] }).collect();
    let mut strides = row_major_strides(&kept)[..x.rank().min(MAX_RANK)].to_vec();
    axes.iter().for_each(|&a| strides[a] = 0);
    let mut out = vec![start; kept.iter().product()];
    for (n, v) in x.iter().enumerate() {
        let at = position(n, x.shape, &strides);
        out[at] = f(out[at], v);
    }
    out
}

/// Returns the sum over the given axes, in row-major order of the kept axes. The sum of nothing is 0.
#[must_use]
pub fn reduce_sum<T: Number>(x: View<'_, T>, axes: &[usize]) -> Vec<T> {
    reduce(x, axes, T::ZERO, T::plus)
}

/// Returns the mean over the given axes, in row-major order of the kept axes. The mean of nothing is NaN.
#[must_use]
pub fn reduce_mean<T: Real>(x: View<'_, T>, axes: &[usize]) -> Vec<T> {
    let count: usize = axes.iter().map(|&a| x.shape[a]).product();
    reduce_sum(x, axes).into_iter().map(|s| s / T::lit(count as f64)).collect()
}

/// Returns the largest element over the given axes, in row-major order of the kept axes; NaN wins. The largest of
/// nothing is negative infinity.
#[must_use]
pub fn reduce_max<T: Real>(x: View<'_, T>, axes: &[usize]) -> Vec<T> {
    reduce(x, axes, -T::INFINITY, T::max_nan)
}
