//! Singular values.

use crate::nostd::prelude::*;
use crate::{DType, Error, Result, Tensor};

const OP: &str = "svd";
/// Sweeps over all pairs of columns; ten are plenty for matrices of this use.
const SWEEPS: usize = 60;

/// A matrix as `U·diag(s)·Vᵀ` with k = min(rows, columns) singular values.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Svd {
    /// Left vectors, `[rows, k]`, columns orthonormal.
    pub u: Tensor,
    /// Singular values, descending, not negative.
    pub s: Vec<f64>,
    /// Right vectors as rows, `[k, columns]`, orthonormal.
    pub vt: Tensor,
}

/// Returns the singular values and vectors of a matrix, by rotations of pairs of columns until all are orthogonal (one-sided
/// Jacobi; Demmel & Veselić, 1992). Small values come out with high relative accuracy. Sums are in `f64`; the vectors have the
/// type `f64`. The time grows with rows·columns·min(rows, columns).
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless it has two axes of at least one element, all finite; [`Error::DTypeUnsupported`] unless it
/// holds `f32` or `f64`.
///
/// # Examples
///
/// ```
/// use tinytorch_core::Tensor;
/// use tinytorch_core::compress::svd;
///
/// let s = svd(&Tensor::from([[3.0_f64, 0.0], [4.0, 5.0]]))?.s;
/// // AᵀA has the eigenvalues 45 and 5.
/// assert!((s[0] - 45.0_f64.sqrt()).abs() < 1e-12 && (s[1] - 5.0_f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn svd(matrix: &Tensor) -> Result<Svd> {
    let [rows, columns] = *matrix.dims() else {
        let got = format_args!("of shape {}", matrix.shape());
        return Err(Error::argument(OP, "matrix", got, "of two axes"));
    };
    if !matches!(matrix.dtype(), DType::F32 | DType::F64) {
        return Err(Error::dtype(OP, matrix.dtype(), "f32 or f64"));
    }
    if rows == 0 || columns == 0 {
        let got = format_args!("{rows} by {columns}");
        return Err(Error::argument(OP, "size", got, "at least 1 by 1"));
    }
    let values = matrix.detach().to_dtype(DType::F64)?.to_vec::<f64>()?;
    if let Some(at) = values.iter().position(|v| !v.is_finite()) {
        let got = format!("{} at row {}, column {}", values[at], at / columns, at % columns);
        return Err(Error::argument(OP, "matrix", got, "finite"));
    }
    // Columns of the taller form: rotations need at least as many rows as columns.
    let tall = rows >= columns;
    let (length, k) = if tall { (rows, columns) } else { (columns, rows) };
    let at = |row: usize, column: usize| values[row * columns + column];
    let mut a: Vec<Vec<f64>> = (0..k)
        .map(|c| (0..length).map(|r| if tall { at(r, c) } else { at(c, r) }).collect())
        .collect();
    // Scaled, so that no square overflows or vanishes.
    let largest = values.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    if largest > 0.0 {
        a.iter_mut().flatten().for_each(|v| *v /= largest);
    }
    let mut v: Vec<Vec<f64>> =
        (0..k).map(|c| (0..k).map(|r| f64::from(u8::from(r == c))).collect()).collect();
    for _ in 0..SWEEPS {
        if !sweep(&mut a, &mut v) {
            break;
        }
    }
    let norms: Vec<f64> = a.iter().map(|c| dot(c, c).sqrt()).collect();
    let mut order: Vec<usize> = (0..k).collect();
    order.sort_by(|&i, &j| norms[j].total_cmp(&norms[i]));
    let left = orthonormal(&a, &norms, &order, length);
    let right: Vec<&Vec<f64>> = order.iter().map(|&c| &v[c]).collect();
    let s = order.iter().map(|&c| norms[c] * largest).collect();
    // The j-th vector of each side: `left` has the long ones, `right` the short ones.
    let (of_rows, of_columns): (Vec<&Vec<f64>>, Vec<&Vec<f64>>) =
        if tall { (left.iter().collect(), right) } else { (right, left.iter().collect()) };
    let u = (0..rows).flat_map(|r| of_rows.iter().map(move |c| c[r])).collect();
    let vt = of_columns.iter().flat_map(|c| c.iter().copied()).collect();
    Ok(Svd { u: Tensor::from_vec(u, [rows, k])?, s, vt: Tensor::from_vec(vt, [k, columns])? })
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Rotates every pair of columns that is not orthogonal; false if none was.
fn sweep(a: &mut [Vec<f64>], v: &mut [Vec<f64>]) -> bool {
    let mut turned = false;
    for i in 0..a.len() {
        for j in i + 1..a.len() {
            let (alpha, beta, gamma) = (dot(&a[i], &a[i]), dot(&a[j], &a[j]), dot(&a[i], &a[j]));
            if gamma == 0.0 || gamma.abs() <= 1e-15 * (alpha * beta).sqrt() {
                continue;
            }
            turned = true;
            let zeta = (beta - alpha) / (2.0 * gamma);
            let t = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
            let c = 1.0 / t.hypot(1.0);
            let s = c * t;
            rotate(a, i, j, c, s);
            rotate(v, i, j, c, s);
        }
    }
    turned
}

fn rotate(columns: &mut [Vec<f64>], i: usize, j: usize, c: f64, s: f64) {
    let (before, after) = columns.split_at_mut(j);
    for (x, y) in before[i].iter_mut().zip(&mut after[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

/// Columns divided by their norms; where a norm vanishes, any vector orthogonal to those before.
fn orthonormal(a: &[Vec<f64>], norms: &[f64], order: &[usize], length: usize) -> Vec<Vec<f64>> {
    let mut out: Vec<Vec<f64>> = Vec::with_capacity(order.len());
    let least = f64::EPSILON * norms.iter().fold(0.0_f64, |m, n| m.max(*n));
    for &c in order {
        if norms[c] > least {
            out.push(a[c].iter().map(|v| v / norms[c]).collect());
            continue;
        }
        // Of the unit vectors one at least is far from the span of fewer than `length` others.
        let candidate = (0..length).find_map(|axis| {
            let mut x: Vec<f64> = (0..length).map(|r| f64::from(u8::from(r == axis))).collect();
            for _ in 0..2 {
                for other in &out {
                    let along = dot(&x, other);
                    x.iter_mut().zip(other).for_each(|(x, o)| *x -= along * o);
                }
            }
            let norm = dot(&x, &x).sqrt();
            (norm * norm > 0.5 / length as f64).then(|| x.iter().map(|v| v / norm).collect())
        });
        out.push(candidate.unwrap_or_else(|| vec![0.0; length]));
    }
    out
}
