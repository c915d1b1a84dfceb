//! Seeded mistakes of module 01.

use super::{Arithmetic, MatmulPlan, TensorLesson, View, plain};
use crate::course::{Reference, lesson::mutants};

/// Steps of an array whose first axis is the fast one.
fn column_major(shape: &[usize]) -> Vec<usize> {
    (0..shape.len()).map(|a| shape[..a].iter().product()).collect()
}

/// The elements of a view as if it were contiguous.
fn raw(x: View<'_>) -> impl Iterator<Item = f32> + '_ {
    x.data.iter().copied().cycle().take(x.numel())
}

/// A product with the elements read by `a(i, p)` and `b(p, j)`.
fn product(
    [m, k, n]: [usize; 3],
    a: impl Fn(usize, usize) -> f32,
    b: impl Fn(usize, usize) -> f32,
) -> Vec<f32> {
    let mut out = Vec::new();
    for i in 0..m {
        (0..n).for_each(|j| out.push((0..k).map(|p| a(i, p) * b(p, j)).sum()));
    }
    out
}

fn sizes(a: View<'_>, b: View<'_>) -> [usize; 3] {
    [a.shape[0], a.shape[1], b.shape[1]]
}

fn read(x: View<'_>, i: usize, j: usize) -> f32 {
    x.data.get(i * x.strides[0] + j * x.strides[1]).copied().unwrap_or(0.0)
}

/// Sums over other axes than asked, cut or padded to the right length.
fn over(x: View<'_>, axes: &[usize], wrong: &[usize]) -> Vec<f32> {
    let (mut out, len) = (plain::reduce_sum(x, wrong), plain::reduce_sum(x, axes).len());
    out.resize(len, 0.0);
    out
}

fn other_axis(x: View<'_>, axes: &[usize]) -> Vec<usize> {
    axes.iter().map(|a| (a + 1) % x.rank().max(1)).collect()
}

fn count(x: View<'_>, axes: &[usize]) -> f32 {
    axes.iter().map(|&a| x.shape[a] as f32).product()
}

fn scaled(values: Vec<f32>, by: f32) -> Vec<f32> {
    values.into_iter().map(|v| v * by).collect()
}

mutants! {
    TensorLesson;
    fn broadcast_shape(lhs: &[usize], rhs: &[usize]) -> Vec<usize> {
        "returns the left shape" => { Reference.broadcast_shape(lhs, rhs)?; lhs.to_vec() },
        "returns the longer shape" => {
            Reference.broadcast_shape(lhs, rhs)?;
            if lhs.len() >= rhs.len() { lhs.to_vec() } else { rhs.to_vec() }
        },
        "aligns the shapes at the left" => {
            let n = lhs.len().max(rhs.len());
            let at = |s: &[usize], i: usize| s.get(i).copied().unwrap_or(1);
            let fits = (0..n).all(|i| at(lhs, i) == at(rhs, i) || at(lhs, i) == 1 || at(rhs, i) == 1);
            if !fits { return Err(super::super::shape_mismatch("broadcast", lhs, rhs, "differ")); }
            (0..n).map(|i| at(lhs, i).max(at(rhs, i))).collect()
        },
        "takes the larger size and refuses nothing" => {
            let n = lhs.len().max(rhs.len());
            let at = |s: &[usize], i: usize| (i + s.len()).checked_sub(n).map_or(1, |i| s[i]);
            (0..n).map(|i| at(lhs, i).max(at(rhs, i))).collect()
        },
        "lets an axis of size 0 lose against 1" => {
            Reference.broadcast_shape(lhs, rhs)?.into_iter().map(|d| d.max(1)).collect()
        },
        "refuses with an argument error" => Reference.broadcast_shape(lhs, rhs)
            .map_err(|_| super::super::invalid_argument("broadcast", "shapes", "different", "equal"))?,
    }
    fn row_major_strides(shape: &[usize]) -> Vec<usize> {
        "makes the first axis the fast one" => column_major(shape),
        "returns the sizes" => shape.to_vec(),
        "includes the size of the axis itself" => (0..shape.len()).map(|a| shape[a..].iter().product()).collect(),
        "counts bytes instead of elements" => Reference.row_major_strides(shape)?.into_iter().map(|s| 4 * s).collect(),
        "lets a size of 0 make the steps 0" => (0..shape.len()).map(|a| shape[a + 1..].iter().product()).collect(),
        "adds the sizes instead of multiplying" =>
            (0..shape.len()).map(|a| shape[a + 1..].iter().sum::<usize>().max(1)).collect(),
    }
    fn elementwise_binary(op: Arithmetic, a: View<'_>, b: View<'_>) -> Vec<f32> {
        "exchanges the operands" => Reference.elementwise_binary(op, b, a)?,
        "ignores the strides of the left operand" => {
            let data: Vec<f32> = raw(a).collect();
            let strides = Reference.row_major_strides(a.shape)?;
            Reference.elementwise_binary(op, View { data: &data, shape: a.shape, strides: &strides }, b)?
        },
        "ignores the strides of the right operand" => {
            let data: Vec<f32> = raw(b).collect();
            let strides = Reference.row_major_strides(b.shape)?;
            Reference.elementwise_binary(op, a, View { data: &data, shape: b.shape, strides: &strides })?
        },
        "adds whatever is asked" => Reference.elementwise_binary(Arithmetic::Add, a, b)?,
        "multiplies for a division" => Reference.elementwise_binary(
            if op == Arithmetic::Div { Arithmetic::Mul } else { op }, a, b)?,
        "replaces infinite quotients by 0" => Reference.elementwise_binary(op, a, b)?
            .into_iter().map(|v| if v.is_finite() { v } else { 0.0 }).collect(),
    }
    fn matmul_check(lhs: &[usize], rhs: &[usize]) -> MatmulPlan {
        "exchanges rows and columns" => { let p = Reference.matmul_check(lhs, rhs)?; MatmulPlan { m: p.n, n: p.m, ..p } },
        "accepts a vector only as a matrix with one row" => {
            MatmulPlan { right_vector: false, ..Reference.matmul_check(lhs, rhs)? }
        },
        "keeps the row axis of a vector on the left" => {
            MatmulPlan { left_vector: false, ..Reference.matmul_check(lhs, rhs)? }
        },
        "drops the batch axes" => MatmulPlan {
            batch: crate::Shape::clipped(&[]), ..Reference.matmul_check(lhs, rhs)?
        },
        "takes the batch axes of the left side" => MatmulPlan {
            batch: crate::Shape::clipped(&lhs[..lhs.len().saturating_sub(2)]), ..Reference.matmul_check(lhs, rhs)?
        },
        "accepts unequal inner sizes" => {
            let mut fixed = rhs.to_vec();
            let inner = fixed.len().saturating_sub(2);
            if let (Some(d), Some(&k)) = (fixed.get_mut(inner), lhs.last()) { *d = k; }
            Reference.matmul_check(lhs, &fixed)?
        },
    }
    fn matmul(a: View<'_>, b: View<'_>) -> Vec<f32> {
        "writes every element of the result transposed" => {
            let [m, k, n] = sizes(a, b);
            product([n, k, m], |j, p| read(b, p, j), |p, i| read(a, i, p))
        },
        "reads the right matrix along its rows" => product(sizes(a, b), |i, p| read(a, i, p), |p, j| read(b, j, p)),
        "ignores the strides of the left matrix" => {
            let k = a.shape[1];
            product(sizes(a, b), |i, p| a.data.get(i * k + p).copied().unwrap_or(0.0), |p, j| read(b, p, j))
        },
        "ignores the strides of the right matrix" => {
            let n = b.shape[1];
            product(sizes(a, b), |i, p| read(a, i, p), |p, j| b.data.get(p * n + j).copied().unwrap_or(0.0))
        },
        "leaves out the last term of each sum" => {
            let [m, k, n] = sizes(a, b);
            product([m, k.saturating_sub(1), n], |i, p| read(a, i, p), |p, j| read(b, p, j))
        },
        "keeps only the last term of each sum" => {
            let [m, k, n] = sizes(a, b);
            let last = k.saturating_sub(1);
            product([m, k.min(1), n], |i, _| read(a, i, last), |_, j| read(b, last, j))
        },
        "adds where it should multiply" => {
            let [m, k, n] = sizes(a, b);
            let mut out = Vec::new();
            for i in 0..m { (0..n).for_each(|j| out.push((0..k).map(|p| read(a, i, p) + read(b, p, j)).sum())); }
            out
        },
    }
    fn reshape_infer(shape: &[usize], wanted: &[isize]) -> Vec<usize> {
        "returns the sizes as given, with -1 as 1" => wanted.iter().map(|&d| d.unsigned_abs()).collect(),
        "does not compare the counts" => {
            if wanted.contains(&-1) { return Reference.reshape_infer(shape, wanted); }
            wanted.iter().map(|&d| d.unsigned_abs()).collect()
        },
        "rounds the missing size down" => {
            let known: isize = wanted.iter().filter(|d| **d > 0).product();
            let n: usize = shape.iter().product();
            if !wanted.contains(&-1) { return Reference.reshape_infer(shape, wanted); }
            if wanted.iter().filter(|d| **d == -1).count() > 1 { return Reference.reshape_infer(shape, wanted); }
            wanted.iter().map(|&d| if d == -1 { n / known.unsigned_abs().max(1) } else { d.unsigned_abs() }).collect()
        },
        "accepts two sizes of -1" => {
            let mut seen = false;
            let fixed: Vec<isize> = wanted.iter().map(|&d| {
                if d == -1 && core::mem::replace(&mut seen, true) { 1 } else { d }
            }).collect();
            Reference.reshape_infer(shape, &fixed)?
        },
        "takes the old first size for -1" => {
            Reference.reshape_infer(shape, wanted)?;
            wanted.iter().map(|&d| if d == -1 { shape.first().copied().unwrap_or(1) } else { d.unsigned_abs() }).collect()
        },
        "keeps the old shape" => { Reference.reshape_infer(shape, wanted)?; shape.to_vec() },
    }
    fn permute_axes(shape: &[usize], strides: &[usize], order: &[usize]) -> (Vec<usize>, Vec<usize>) {
        "leaves the strides where they were" => {
            (Reference.permute_axes(shape, strides, order)?.0, strides.to_vec())
        },
        "leaves the shape where it was" => {
            (shape.to_vec(), Reference.permute_axes(shape, strides, order)?.1)
        },
        "applies the inverse order" => {
            Reference.permute_axes(shape, strides, order)?;
            let mut inverse = vec![0; order.len()];
            order.iter().enumerate().for_each(|(to, &from)| inverse[from] = to);
            Reference.permute_axes(shape, strides, &inverse)?
        },
        "computes new row-major strides" => {
            let out = Reference.permute_axes(shape, strides, order)?.0;
            let strides = Reference.row_major_strides(&out)?;
            (out, strides)
        },
        "always reverses the axes" => {
            Reference.permute_axes(shape, strides, order)?;
            (shape.iter().rev().copied().collect(), strides.iter().rev().copied().collect())
        },
        "accepts an axis named twice" => {
            let pick = |s: &[usize]| order.iter().map(|&a| s.get(a).copied().unwrap_or(1)).collect();
            (pick(shape), pick(strides))
        },
    }
    fn reduce_sum(x: View<'_>, axes: &[usize]) -> Vec<f32> {
        "sums over the next axis" => over(x, axes, &other_axis(x, axes)),
        "sums over all axes" => over(x, axes, &(0..x.rank()).collect::<Vec<_>>()),
        "sums over the first of the axes only" => over(x, axes, axes.get(..1).unwrap_or(&[])),
        "keeps the last element instead of adding" => {
            let kept: Vec<usize> = (0..x.rank()).map(|a| if axes.contains(&a) { 1 } else { x.shape[a] }).collect();
            let mut strides = Reference.row_major_strides(&kept)?;
            axes.iter().for_each(|&a| strides[a] = 0);
            let mut out = vec![0.0; kept.iter().product()];
            for (n, v) in x.iter().enumerate() { out[crate::tensor::position(n, x.shape, &strides)] = v; }
            out
        },
        "ignores the strides" => {
            let data: Vec<f32> = raw(x).collect();
            let strides = Reference.row_major_strides(x.shape)?;
            plain::reduce_sum(View { data: &data, shape: x.shape, strides: &strides }, axes)
        },
        "starts from 1" => plain::reduce_sum(x, axes).into_iter().map(|v| v + 1.0).collect(),
    }
    fn reduce_mean(x: View<'_>, axes: &[usize]) -> Vec<f32> {
        "returns the sum" => plain::reduce_sum(x, axes),
        "divides by the number of all elements" => scaled(plain::reduce_sum(x, axes), 1.0 / x.numel() as f32),
        "divides by the count minus one" => {
            let n = count(x, axes) - 1.0;
            scaled(plain::reduce_sum(x, axes), 1.0 / n)
        },
        "divides by the size of the first axis only" => {
            let n = axes.first().map_or(1.0, |&a| x.shape[a] as f32);
            scaled(plain::reduce_sum(x, axes), 1.0 / n)
        },
        "averages over the next axis" => {
            let wrong = other_axis(x, axes);
            scaled(over(x, axes, &wrong), 1.0 / count(x, &wrong))
        },
        "rounds the mean down" => plain::reduce_mean(x, axes).into_iter().map(f32::floor).collect(),
    }
    fn reduce_max(x: View<'_>, axes: &[usize]) -> Vec<f32> {
        "starts from 0" => plain::reduce_max(x, axes).into_iter().map(|v: f32| if v < 0.0 { 0.0 } else { v }).collect(),
        "returns the smallest element" => {
            let data: Vec<f32> = x.iter().map(|v| -v).collect();
            let strides = Reference.row_major_strides(x.shape)?;
            let max = plain::reduce_max(View { data: &data, shape: x.shape, strides: &strides }, axes);
            scaled(max, -1.0)
        },
        "passes over NaN" => {
            let data: Vec<f32> = x.iter().map(|v| if v.is_nan() { f32::NEG_INFINITY } else { v }).collect();
            let strides = Reference.row_major_strides(x.shape)?;
            plain::reduce_max(View { data: &data, shape: x.shape, strides: &strides }, axes)
        },
        "compares sizes without the sign" => {
            let data: Vec<f32> = x.iter().map(f32::abs).collect();
            let strides = Reference.row_major_strides(x.shape)?;
            plain::reduce_max(View { data: &data, shape: x.shape, strides: &strides }, axes)
        },
        "looks along the next axis" => {
            let (mut out, len) = (plain::reduce_max(x, &other_axis(x, axes)), plain::reduce_max(x, axes).len());
            out.resize(len, 0.0);
            out
        },
        "ignores the strides" => {
            let data: Vec<f32> = raw(x).collect();
            let strides = Reference.row_major_strides(x.shape)?;
            plain::reduce_max(View { data: &data, shape: x.shape, strides: &strides }, axes)
        },
    }
}
