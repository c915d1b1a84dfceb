//! Inner products of a few rows with a few others: sixteen at once, so that each vector read serves four of them.
#![cfg_attr(
    all(not(feature = "std"), not(test)),
    expect(dead_code, reason = "products of few rows are plain ones without std")
)]

use super::{
    par,
    recycle::{buffer, keep},
    simd::{self, Fused, MulAdd},
};
use crate::tensor::Real;

/// Rows on each side.
pub(crate) const SIDE: usize = 4;

/// Elements of one step: one vector of the widest kind.
pub(crate) const STEP: usize = 16;

/// A few rows inside a slice: row `i` of part `n` starts at `starts[i] + n · stride`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, T, const N: usize> {
    pub(crate) data: &'a [T],
    pub(crate) starts: [usize; N],
    pub(crate) stride: usize,
}

impl<'a, T, const N: usize> Rows<'a, T, N> {
    #[inline(always)]
    fn part(&self, n: usize, len: usize) -> [&'a [T]; N] {
        self.starts.map(|start| &self.data[start + n * self.stride..][..len])
    }
}

/// `sum + w·x`, element by element.
#[inline(always)]
fn added<M: MulAdd, T: Real>(sum: [T; STEP], w: &[T; STEP], x: &[T; STEP]) -> [T; STEP] {
    let mut out = sum;
    for i in 0..STEP {
        out[i] = M::mul_add(w[i], x[i], sum[i]);
    }
    out
}

/// Inner products of four rows with `C` columns.
pub(crate) trait Products<const C: usize> {
    /// Returns them over `len` elements of each of `parts` parts. The order of additions depends on these lengths alone.
    fn products<M: MulAdd, T: Real>(
        rows: Rows<'_, T, SIDE>,
        columns: Rows<'_, T, C>,
        parts: usize,
        len: usize,
    ) -> [[T; C]; SIDE];
}

/// A number of columns.
pub(crate) struct Columns<const C: usize>;

/// Each sum has a variable of its own: of an array of them the compiler would make memory, not registers.
macro_rules! columns {
    ($C:literal: $($column:ident $a:ident $b:ident $c:ident $d:ident),*) => {
        impl Products<$C> for Columns<$C> {
            #[inline(always)]
            fn products<M: MulAdd, T: Real>(
                rows: Rows<'_, T, SIDE>,
                columns: Rows<'_, T, $C>,
                parts: usize,
                len: usize,
            ) -> [[T; $C]; SIDE] {
                let zero = [T::ZERO; STEP];
                $(let (mut $a, mut $b, mut $c, mut $d) = (zero, zero, zero, zero);)*
                let whole = len / STEP * STEP;
                for part in 0..parts {
                    let [r, s, t, u] = rows.part(part, whole);
                    let [$($column),*] = columns.part(part, whole);
                    for at in (0..whole).step_by(STEP) {
                        macro_rules! piece {
                            ($from:ident) => {
                                match $from.get(at..).and_then(|x| x.first_chunk::<STEP>()) {
                                    Some(piece) => piece,
                                    None => break,
                                }
                            };
                        }
                        let (r, s, t, u) = (piece!(r), piece!(s), piece!(t), piece!(u));
                        $(
                            let column = piece!($column);
                            $a = added::<M, T>($a, r, column);
                            $b = added::<M, T>($b, s, column);
                            $c = added::<M, T>($c, t, column);
                            $d = added::<M, T>($d, u, column);
                        )*
                    }
                }
                let sums = [
                    [$(total($a)),*],
                    [$(total($b)),*],
                    [$(total($c)),*],
                    [$(total($d)),*],
                ];
                if whole == len { sums } else { with_rest::<M, T, $C>(sums, rows, columns, parts, len) }
            }
        }
    };
}

columns!(4: w a b c d, x e f g h, y i j k l, z m n o p);
columns!(6: v a b c d, w e f g h, x i j k l, y m n o p, z a2 b2 c2 d2, q e2 f2 g2 h2);

/// Adds the products of the elements after the last whole step.
#[inline(always)]
fn with_rest<M: MulAdd, T: Real, const C: usize>(
    mut sums: [[T; C]; SIDE],
    rows: Rows<'_, T, SIDE>,
    columns: Rows<'_, T, C>,
    parts: usize,
    len: usize,
) -> [[T; C]; SIDE] {
    let whole = len / STEP * STEP;
    for part in 0..parts {
        let (rows, columns) = (rows.part(part, len), columns.part(part, len));
        for (sums, row) in sums.iter_mut().zip(rows) {
            for (sum, column) in sums.iter_mut().zip(columns) {
                for (&r, &c) in row[whole..].iter().zip(&column[whole..]) {
                    *sum = M::mul_add(r, c, *sum);
                }
            }
        }
    }
    sums
}

/// The sum of all lanes.
#[inline(always)]
fn total<T: Real>(mut lanes: [T; STEP]) -> T {
    let mut width = STEP;
    while width > 1 {
        width /= 2;
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
    }
    lanes[0]
}

/// Columns of a product that a thread takes at once.
const COLUMNS: usize = 16;

/// Computes `out = a·wᵀ`, or `out += a·wᵀ` if `accumulate`, for few rows `a: [m, k]` and many rows `w: [n, k]`, both with
/// `k` elements side by side.
///
/// A general product first copies both operands into the order in which it reads them. For a few rows that costs more
/// than the product: here `w` is read once, as it lies.
pub(crate) fn skinny<T: Real>(
    (out, row_stride): (&mut [T], usize),
    (a, a_stride): (&[T], usize),
    (w, w_stride): (&[T], usize),
    [m, k, n]: [usize; 3],
    (accumulate, parallel): (bool, bool),
) {
    // The transposed result: columns that one thread computes lie side by side.
    let mut turned = buffer(n * m);
    par::blocks(&mut turned, COLUMNS * m, parallel, |at, part| {
        let first = at / m;
        simd::run_fused(Skinny {
            a,
            a_stride,
            w: &w[first * w_stride..],
            w_stride,
            m,
            k,
            out: part,
        });
    });
    for (i, row) in out.chunks_mut(row_stride).take(m).enumerate() {
        let column = turned[i..].iter().step_by(m);
        if accumulate {
            row[..n].iter_mut().zip(column).for_each(|(o, &v)| *o += v);
        } else {
            row[..n].iter_mut().zip(column).for_each(|(o, &v)| *o = v);
        }
    }
    keep(turned);
}

/// Some columns of a product, as rows of `m` elements.
struct Skinny<'a, T> {
    a: &'a [T],
    a_stride: usize,
    w: &'a [T],
    w_stride: usize,
    m: usize,
    k: usize,
    out: &'a mut [T],
}

impl<T: Real> Fused for Skinny<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { a, a_stride, w, w_stride, m, k, out } = self;
        let n = out.len() / m;
        for j in (0..n).step_by(SIDE) {
            // Beyond the last row it stands in for the missing ones, and their sums are left out.
            let starts = core::array::from_fn(|s| (j + s).min(n - 1) * w_stride);
            let columns = Rows { data: w, starts, stride: 0 };
            // Six columns ask for ten vectors for 24 products, four for eight for 16.
            let mut i = 0;
            while i < m {
                let starts = |s: usize| (i + s).min(m - 1) * a_stride;
                let wide = m - i > SIDE;
                let mut put = |s: usize, sums: &[T]| {
                    let count = sums.len().min(m - i);
                    if j + s < n {
                        out[(j + s) * m + i..][..count].copy_from_slice(&sums[..count]);
                    }
                };
                if wide {
                    let rows = Rows { data: a, starts: core::array::from_fn(starts), stride: 0 };
                    let sums = Columns::<6>::products::<M, T>(columns, rows, 1, k);
                    sums.iter().enumerate().for_each(|(s, sums)| put(s, sums));
                    i += 6;
                } else {
                    let rows = Rows { data: a, starts: core::array::from_fn(starts), stride: 0 };
                    let sums = Columns::<4>::products::<M, T>(columns, rows, 1, k);
                    sums.iter().enumerate().for_each(|(s, sums)| put(s, sums));
                    i += 4;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skinny_products_equal_the_plain_loops() {
        for [m, k, n] in [[1, 1, 1], [1, 40, 70], [3, 16, 33], [5, 65, 17], [64, 31, 130]] {
            // Small integers: every order of addition is exact.
            let a: Vec<f32> = (0..m * (k + 2)).map(|i| (i % 7) as f32 - 3.0).collect();
            let w: Vec<f32> = (0..n * (k + 1)).map(|i| (i % 5) as f32 - 2.0).collect();
            let mut out = vec![1.0; m * (n + 3)];
            for turn in 0..2u8 {
                let (a, w) = ((&a[..], k + 2), (&w[..], k + 1));
                skinny((&mut out, n + 3), a, w, [m, k, n], (turn == 1, true));
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
