//! Products by packed panels and a tile of registers, after Goto and van de Geijn (2008), ACM TOMS 34(3).
//!
//! Both factors are copied into the order in which the innermost loop reads them: a panel of the right one is a column of
//! rows 32 wide, one of the left one a row of columns 8 high. The innermost loop keeps 8 by 32 sums in registers and reads
//! 40 numbers for 256 multiplications and additions. A slice of the inner axis is done at a time, so that a panel stays in the
//! first cache and a block of rows in the second.

use super::{
    par,
    recycle::{filled, keep},
    simd::{self, Fused, MulAdd},
    skinny::joined,
};
use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Numbers of one vector of the widest kind.
const LANES: usize = 16;
/// Rows of a tile.
const ROWS: usize = 8;
/// Columns of a tile: two vectors.
const COLS: usize = 2 * LANES;
/// Inner axis of a slice: a panel of the right factor has 24 KiB.
const DEPTH: usize = 192;
/// Rows of a block, the work that a thread takes at a time.
const BLOCK: usize = 8 * ROWS;
/// Multiply-adds from which a product is shared between threads.
const PARALLEL: usize = 1 << 19;

/// Returns `a·b` for row-major `a: [m, k]` and `b: [k, n]`.
///
/// Each element is the sum of one sum for each slice of the inner axis, for any number of threads.
pub(crate) fn product<T: Real>(a: &[T], b: &[T], [m, k, n]: [usize; 3], parallel: bool) -> Vec<T> {
    let mut c = filled(m * n, T::ZERO);
    if c.is_empty() {
        return c;
    }
    let shared = parallel && m.saturating_mul(n).saturating_mul(k) >= PARALLEL;
    for first in (0..k).step_by(DEPTH) {
        let depth = DEPTH.min(k - first);
        let mut right = filled(n.div_ceil(COLS) * depth * COLS, T::ZERO);
        par::blocks(&mut right, depth * COLS, shared, |at, panel| {
            let column = at / depth;
            let width = COLS.min(n - column);
            for (p, row) in panel.chunks_mut(COLS).enumerate() {
                row[..width].copy_from_slice(&b[(first + p) * n + column..][..width]);
            }
        });
        par::blocks(&mut c, BLOCK * n, shared, |at, c| {
            let a = &a[at / n * k + first..];
            simd::run_fused(Block { a, k, right: &right, depth, c, n });
        });
        keep(right);
    }
    c
}

/// A block of rows and one slice of the inner axis.
struct Block<'a, T> {
    /// From the first element of the first row on, of rows `k` apart.
    a: &'a [T],
    k: usize,
    /// Panels of the right factor.
    right: &'a [T],
    depth: usize,
    /// Rows of the result, which are added to.
    c: &'a mut [T],
    n: usize,
}

impl<T: Real> Fused for Block<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { a, k, right, depth, c, n } = self;
        let rows = c.len() / n;
        let mut left = vec![[T::ZERO; ROWS]; rows.div_ceil(ROWS) * depth];
        for (t, tile) in left.chunks_mut(depth).enumerate() {
            for r in 0..ROWS.min(rows - t * ROWS) {
                let row = &a[(t * ROWS + r) * k..][..depth];
                tile.iter_mut().zip(row).for_each(|(column, &v)| column[r] = v);
            }
        }
        for (p, panel) in right.chunks(depth * COLS).enumerate() {
            let width = COLS.min(n - p * COLS);
            let (vectors, _) = panel.as_chunks::<LANES>();
            let (panel, _) = vectors.as_chunks::<2>();
            for (t, tile) in left.chunks(depth).enumerate() {
                let sums = tile_of_sums::<M, T>(tile, panel);
                for (r, sums) in sums.iter().enumerate().take(rows - t * ROWS) {
                    let out = &mut c[(t * ROWS + r) * n + p * COLS..][..width];
                    out.iter_mut().zip(sums.as_flattened()).for_each(|(c, &sum)| *c += sum);
                }
            }
        }
    }
}

/// Declares the innermost loop. Each pair of vectors has variables of its own: of an array of them the compiler would make
/// memory, not registers.
macro_rules! tile {
    ($($r:literal $a:ident $b:ident),*) => {
        #[inline(always)]
        fn tile_of_sums<M: MulAdd, T: Real>(
            left: &[[T; ROWS]],
            right: &[[[T; LANES]; 2]],
        ) -> [[[T; LANES]; 2]; ROWS] {
            $(let (mut $a, mut $b) = ([T::ZERO; LANES], [T::ZERO; LANES]);)*
            for (x, [low, high]) in left.iter().zip(right) {
                $(
                    $a = joined::<M, T, LANES>($a, x[$r], low);
                    $b = joined::<M, T, LANES>($b, x[$r], high);
                )*
            }
            [$([$a, $b]),*]
        }
    };
}

tile!(0 a0 b0, 1 a1 b1, 2 a2 b2, 3 a3 b3, 4 a4 b4, 5 a5 b5, 6 a6 b6, 7 a7 b7);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots::accel::matmul_naive;

    #[test]
    fn products_equal_the_plain_loops() {
        for sizes in [
            [1, 1, 1],
            [7, 7, 7],
            [17, 19, 13],
            [65, 65, 65],
            [8, 192, 32],
            [9, 193, 33],
            [130, 400, 70],
            [0, 3, 4],
            [3, 0, 4],
            [3, 4, 0],
        ] {
            let [m, k, n] = sizes;
            // Small multiples of one half: every order of addition is exact.
            let a: Vec<f64> = (0..m * k).map(|i| (i % 13) as f64 - 6.0).collect();
            let b: Vec<f64> = (0..k * n).map(|i| (i % 11) as f64 * 0.5 - 2.0).collect();
            let want = matmul_naive(&a, &b, sizes).unwrap();
            for parallel in [false, true] {
                assert_eq!(product(&a, &b, sizes, parallel), want, "{sizes:?} {parallel}");
            }
        }
    }
}
