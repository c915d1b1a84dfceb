//! Products of very few rows with a matrix, `a·b`, that read the matrix as it lies, row after row.
//!
//! Each entry of `b` takes part in a product for each row of `a` and is never needed again, so memory decides. A general
//! product would copy `b` first.

use super::{
    par,
    recycle::{buffer, keep},
    simd::{self, Fused, MulAdd},
};
use crate::tensor::Real;

/// Rows up to which the copy of a general product costs more than it saves.
pub(crate) const FEW: usize = 5;

/// Inner size and columns from which it does.
pub(crate) const LEAST: usize = 64;

/// Columns that a thread takes at once: their sums stay in the first-level cache.
const COLUMNS: usize = 1024;

/// Rows of `b` that are read side by side.
const ROWS: usize = 4;

/// Computes `out = a·b`, or `out += a·b` if `accumulate`, for rows `a: [m, k]` and `b: [k, n]`, whose elements lie side by
/// side with the given steps between rows. Each result is one sum in order of `k`.
pub(crate) fn product<T: Real>(
    (out, row_stride): (&mut [T], usize),
    (a, a_stride): (&[T], usize),
    (b, b_stride): (&[T], usize),
    [m, k, n]: [usize; 3],
    (accumulate, parallel): (bool, bool),
) {
    // Block after block of columns, in each the rows one after the other.
    let mut result = buffer(m * n);
    par::blocks(&mut result, COLUMNS * m, parallel, |at, out| {
        simd::run_fused(Columns { a, a_stride, b: &b[at / m..], b_stride, k, m, out });
    });
    for (i, row) in out.chunks_mut(row_stride).take(m).enumerate() {
        for (to, block) in row[..n].chunks_mut(COLUMNS).zip(result.chunks(COLUMNS * m)) {
            for (o, &v) in to.iter_mut().zip(&block[i * block.len() / m..]) {
                *o = if accumulate { *o + v } else { v };
            }
        }
    }
    keep(result);
}

/// All rows of the result in some columns, `[m, width]`.
struct Columns<'a, T> {
    a: &'a [T],
    a_stride: usize,
    b: &'a [T],
    b_stride: usize,
    k: usize,
    m: usize,
    out: &'a mut [T],
}

impl<T: Real> Fused for Columns<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { a, a_stride, b, b_stride, k, m, out } = self;
        let width = out.len() / m;
        out.fill(T::ZERO);
        for at in (0..k / ROWS * ROWS).step_by(ROWS) {
            let [r, s, t, u]: [&[T]; ROWS] =
                core::array::from_fn(|row| &b[(at + row) * b_stride..][..width]);
            for (i, out) in out.chunks_mut(width).enumerate() {
                let x: [T; ROWS] = core::array::from_fn(|row| a[i * a_stride + at + row]);
                let out = &mut out[..width];
                for c in 0..width {
                    let sum = M::mul_add(x[0], r[c], out[c]);
                    let sum = M::mul_add(x[1], s[c], sum);
                    let sum = M::mul_add(x[2], t[c], sum);
                    out[c] = M::mul_add(x[3], u[c], sum);
                }
            }
        }
        for at in k / ROWS * ROWS..k {
            let row = &b[at * b_stride..][..width];
            for (i, out) in out.chunks_mut(width).enumerate() {
                let x = a[i * a_stride + at];
                for (o, &w) in out.iter_mut().zip(row) {
                    *o = M::mul_add(x, w, *o);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::nostd::prelude::*;

    /// Random shapes with every remainder, rows with gaps between them, written and added.
    #[test]
    fn products_equal_the_plain_loops() {
        let mut rng = Rng::seed(6);
        for round in 0..40 {
            let [m, k] = [FEW, 70].map(|below| 1 + rng.below(below));
            let n = 1 + rng.below(if round % 4 == 0 { 2500 } else { 90 });
            // Small integers: every order of addition is exact.
            let mut whole =
                |n: usize| -> Vec<f32> { (0..n).map(|_| rng.below(15) as f32 - 7.0).collect() };
            let (a, b) = (whole(m * (k + 2)), whole(k * (n + 1)));
            let mut out = vec![1.0; m * (n + 3)];
            for turn in 0..2u8 {
                let operands = ((&a[..], k + 2), (&b[..], n + 1));
                product((&mut out, n + 3), operands.0, operands.1, [m, k, n], (turn == 1, true));
                for (i, row) in out.chunks(n + 3).enumerate() {
                    for (j, &got) in row[..n].iter().enumerate() {
                        let sum: f32 =
                            (0..k).map(|c| a[i * (k + 2) + c] * b[c * (n + 1) + j]).sum();
                        assert_eq!(got, sum * f32::from(turn + 1), "{m} {k} {n}: {i} {j}");
                    }
                    assert_eq!(row[n..], [1.0; 3], "beyond the result nothing is written");
                }
            }
        }
    }
}
