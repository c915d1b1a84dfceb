//! Products of few rows with many, `a·wᵀ`, that read the many as they lie.
//!
//! A general product first copies both operands into the order in which it reads them. For a few rows that costs as much
//! as the product itself. Here the few rows are turned instead, so that a vector holds one element of each of them, and
//! every weight is read once, multiplied with such a vector.

use super::{
    dot::{STEP, rows},
    par,
    recycle::{buffer, filled, keep},
    simd::{self, Fused, MulAdd},
};
use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Rows of `w` that a tile takes at once.
const ROWS: usize = 8;

/// Rows of `w` that a thread takes at once.
const BLOCK: usize = 64;

/// Fewer rows than this are multiplied one by one: a vector of them would be mostly empty.
const FEW: usize = 6;

/// `sum + w·x`
#[inline(always)]
pub(crate) fn joined<M: MulAdd, T: Real, const N: usize>(sum: [T; N], w: T, x: &[T; N]) -> [T; N] {
    let mut out = sum;
    for i in 0..N {
        out[i] = M::mul_add(w, x[i], sum[i]);
    }
    out
}

/// Computes `out = a·wᵀ`, or `out += a·wᵀ` if `accumulate`, for few rows `a: [m, k]` and many rows `w: [n, k]`, both with
/// `k` elements side by side. Each result is one sum in order of `k`, or of 64 lanes of it.
pub(crate) fn product<T: Real>(
    out: (&mut [T], usize),
    a: (&[T], usize),
    w: (&[T], usize),
    sizes: [usize; 3],
    how: (bool, bool),
) {
    compute(out, a, w, sizes, how, sizes[0] < FEW);
}

/// As [`product`], where each result is one sum in order of `k` however many rows there are: a row has the same bits in
/// every company.
pub(crate) fn steady<T: Real>(
    out: (&mut [T], usize),
    a: (&[T], usize),
    w: (&[T], usize),
    sizes: [usize; 3],
    how: (bool, bool),
) {
    compute(out, a, w, sizes, how, false);
}

fn compute<T: Real>(
    (out, row_stride): (&mut [T], usize),
    (a, a_stride): (&[T], usize),
    (w, w_stride): (&[T], usize),
    [m, k, n]: [usize; 3],
    (accumulate, parallel): (bool, bool),
    few: bool,
) {
    // Lanes: the rows of `a`, in whole vectors.
    let lanes = if few { m } else { m.next_multiple_of(STEP) };
    let mut turned = Vec::new();
    if !few {
        turned = filled(lanes * k, T::ZERO);
        for i in 0..m {
            // Rows may repeat or overlap: the steps between them are those of a view.
            let row = &a[i * a_stride..][..k];
            let lane = turned[i / STEP * STEP * k + i % STEP..].iter_mut().step_by(STEP);
            lane.zip(row).for_each(|(to, &v)| *to = v);
        }
    }
    // The turned result: what one thread computes lies side by side.
    let mut result = buffer(n * lanes);
    par::blocks(&mut result, BLOCK * lanes, parallel, |at, out| {
        let w = &w[at / lanes * w_stride..];
        if few {
            simd::run_fused(Single { a, a_stride, w, w_stride, m, k, out });
        } else {
            simd::run_fused(Tiles { turned: &turned, w, w_stride, lanes, k, out });
        }
    });
    for (i, row) in out.chunks_mut(row_stride).take(m).enumerate() {
        let column = result[i..].iter().step_by(lanes);
        for (o, &v) in row[..n].iter_mut().zip(column) {
            *o = if accumulate { *o + v } else { v };
        }
    }
    keep(result);
    keep(turned);
}

/// Rows of the turned result by vectors of rows of `a`.
struct Tiles<'a, T> {
    turned: &'a [T],
    w: &'a [T],
    w_stride: usize,
    lanes: usize,
    k: usize,
    out: &'a mut [T],
}

impl<T: Real> Fused for Tiles<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { turned, w, w_stride, lanes, k, out } = self;
        let n = out.len() / lanes;
        for first in (0..n).step_by(ROWS) {
            // Beyond the last row it stands in for the missing ones, whose results are left out.
            let rows: [&[T]; ROWS] =
                core::array::from_fn(|r| &w[(first + r).min(n - 1) * w_stride..][..k]);
            for (group, x) in turned.chunks(2 * STEP * k).enumerate() {
                let at = group * 2 * STEP;
                if x.len() == 2 * STEP * k {
                    let (x, y) = x.split_at(STEP * k);
                    let sums = double::<M, T>(&rows, x, y);
                    for (row, sums) in out[first * lanes..].chunks_mut(lanes).zip(&sums) {
                        row[at..at + 2 * STEP].copy_from_slice(sums.as_flattened());
                    }
                } else {
                    let sums = single::<M, T>(&rows, x);
                    for (row, sums) in out[first * lanes..].chunks_mut(lanes).zip(&sums) {
                        row[at..at + STEP].copy_from_slice(sums);
                    }
                }
            }
        }
    }
}

/// Declares tiles of eight rows by one and by two vectors. Each sum has a variable of its own: of an array of them the
/// compiler would make memory, not registers.
macro_rules! tiles {
    ($($r:literal $row:ident $a:ident $b:ident),*) => {
        /// Eight rows by one vector.
        #[inline(always)]
        fn single<M: MulAdd, T: Real>(rows: &[&[T]; ROWS], x: &[T]) -> [[T; STEP]; ROWS] {
            $(let mut $a = [T::ZERO; STEP];)*
            let k = rows[0].len();
            $(let $row = &rows[$r][..k];)*
            let x = &x.as_chunks::<STEP>().0[..k];
            for at in 0..k {
                $($a = joined::<M, T, STEP>($a, $row[at], &x[at]);)*
            }
            [$($a),*]
        }

        /// Eight rows by two vectors.
        #[inline(always)]
        fn double<M: MulAdd, T: Real>(
            rows: &[&[T]; ROWS],
            x: &[T],
            y: &[T],
        ) -> [[[T; STEP]; 2]; ROWS] {
            $(let (mut $a, mut $b) = ([T::ZERO; STEP], [T::ZERO; STEP]);)*
            let k = rows[0].len();
            $(let $row = &rows[$r][..k];)*
            let (x, y) = (&x.as_chunks::<STEP>().0[..k], &y.as_chunks::<STEP>().0[..k]);
            for at in 0..k {
                $(
                    $a = joined::<M, T, STEP>($a, $row[at], &x[at]);
                    $b = joined::<M, T, STEP>($b, $row[at], &y[at]);
                )*
            }
            [$([$a, $b]),*]
        }
    };
}

tiles!(0 r0 a b, 1 r1 c d, 2 r2 e f, 3 r3 g h, 4 r4 i j, 5 r5 k0 l, 6 r6 m n, 7 r7 o p);

/// Rows of the turned result, one entry at a time.
struct Single<'a, T> {
    a: &'a [T],
    a_stride: usize,
    w: &'a [T],
    w_stride: usize,
    m: usize,
    k: usize,
    out: &'a mut [T],
}

impl<T: Real> Fused for Single<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { a, a_stride, w, w_stride, m, k, out } = self;
        rows::<M, T, T>((w, w_stride), (a, a_stride), [m, k], out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_equal_the_plain_loops() {
        for [m, k, n] in [
            [1, 1, 1],
            [1, 40, 70],
            [3, 16, 33],
            [6, 65, 17],
            [16, 9, 8],
            [64, 31, 130],
            [81, 7, 3],
        ] {
            // Small integers: every order of addition is exact.
            let a: Vec<f32> = (0..m * (k + 2)).map(|i| (i % 7) as f32 - 3.0).collect();
            let w: Vec<f32> = (0..n * (k + 1)).map(|i| (i % 5) as f32 - 2.0).collect();
            let mut out = vec![1.0; m * (n + 3)];
            for turn in 0..2u8 {
                let (a, w) = ((&a[..], k + 2), (&w[..], k + 1));
                product((&mut out, n + 3), a, w, [m, k, n], (turn == 1, true));
                for (i, row) in out.chunks(n + 3).enumerate() {
                    for (j, &got) in row[..n].iter().enumerate() {
                        let dot: f32 =
                            (0..k).map(|c| a.0[i * (k + 2) + c] * w.0[j * (k + 1) + c]).sum();
                        assert_eq!(got, dot * f32::from(turn + 1), "{m} {k} {n}: {i} {j}");
                    }
                    assert_eq!(row[n..], [1.0; 3], "beyond the result nothing is written");
                }
            }
        }
    }
}
