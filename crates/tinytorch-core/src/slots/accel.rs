//! Module 17, Acceleration: one product and one activation, in the orders in which processors like them.
//!
//! All products here add up each element from its first term to its last and round after every step, so the four that keep
//! one sum for each element give the same bits. What differs is the way through memory.

mod attention;

use core::num::NonZero;
use std::thread;

use crate::nostd::prelude::*;
use crate::{Error, Result, tensor::Real};

pub use attention::attention_tiled;

/// `√(2/π)`
const SQRT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
/// Factor of the cube in the tanh form of GELU (Hendrycks & Gimpel, 2016).
const CUBIC: f64 = 0.044_715;

/// Refuses slices of other lengths than `sizes` says, and returns the length of the result.
fn fits<T>(op: &'static str, a: &[T], b: &[T], [m, k, n]: [usize; 3]) -> Result<usize> {
    let right = m.checked_mul(k) == Some(a.len()) && k.checked_mul(n) == Some(b.len());
    match m.checked_mul(n) {
        Some(len) if right => Ok(len),
        _ => Err(Error::argument(
            op,
            "sizes",
            format_args!("[{m}, {k}, {n}] for {} and {} numbers", a.len(), b.len()),
            "[m, k, n] for m·k and k·n numbers",
        )),
    }
}

/// Refuses a tile without elements.
pub(crate) fn some_tile(op: &'static str, tile: usize) -> Result<NonZero<usize>> {
    NonZero::new(tile).ok_or_else(|| Error::argument(op, "tile", 0, "at least 1"))
}

/// Returns `a·b` by the definition: one inner product for each element, down the columns of `b`.
///
/// # Shapes
///
/// `sizes` is `[m, k, n]`: `a: [m, k]`, `b: [k, n]`, result `[m, n]`, all row-major.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the slices have other lengths.
pub fn matmul_naive<T: Real>(a: &[T], b: &[T], sizes: [usize; 3]) -> Result<Vec<T>> {
    let mut c = vec![T::ZERO; fits("matmul_naive", a, b, sizes)?];
    let [m, k, n] = sizes;
    for i in 0..m {
        for j in 0..n {
            let mut sum = T::ZERO;
            for p in 0..k {
                sum += a[i * k + p] * b[p * n + j];
            }
            c[i * n + j] = sum;
        }
    }
    Ok(c)
}

/// Adds `a·b` to `c`, row by row: each element of `a` times the row of `b` that belongs to it.
fn rows<T: Real>(a: &[T], b: &[T], c: &mut [T], [k, n]: [usize; 2]) {
    for (i, c) in c.chunks_mut(n.max(1)).enumerate() {
        for p in 0..k {
            let x = a[i * k + p];
            for (c, &y) in c.iter_mut().zip(&b[p * n..(p + 1) * n]) {
                *c += x * y;
            }
        }
    }
}

/// Returns `a·b` with the loops over `k` and `n` exchanged: the innermost one runs along rows of `b` and of the result.
///
/// # Errors
///
/// As [`matmul_naive`].
pub fn matmul_ikj<T: Real>(a: &[T], b: &[T], sizes: [usize; 3]) -> Result<Vec<T>> {
    let mut c = vec![T::ZERO; fits("matmul_ikj", a, b, sizes)?];
    rows(a, b, &mut c, [sizes[1], sizes[2]]);
    Ok(c)
}

/// Returns `a·b` tile by tile: of each factor and of the result `tile` rows and columns are in use at a time, fewer at the
/// borders.
///
/// # Errors
///
/// As [`matmul_naive`], and [`Error::InvalidArgument`] if `tile` is 0.
pub fn matmul_tiled<T: Real>(a: &[T], b: &[T], sizes: [usize; 3], tile: usize) -> Result<Vec<T>> {
    let t = some_tile("matmul_tiled", tile)?.get();
    let mut c = vec![T::ZERO; fits("matmul_tiled", a, b, sizes)?];
    let [m, k, n] = sizes;
    let end = |start: usize, size: usize| start.saturating_add(t).min(size);
    for i0 in (0..m).step_by(t) {
        for p0 in (0..k).step_by(t) {
            for j0 in (0..n).step_by(t) {
                let j1 = end(j0, n);
                for i in i0..end(i0, m) {
                    let c = &mut c[i * n + j0..i * n + j1];
                    for p in p0..end(p0, k) {
                        let x = a[i * k + p];
                        for (c, &y) in c.iter_mut().zip(&b[p * n + j0..p * n + j1]) {
                            *c += x * y;
                        }
                    }
                }
            }
        }
    }
    Ok(c)
}

/// Rows and columns of the result that [`matmul_packed`] computes at a time.
const TILE: [usize; 2] = [4, 16];

/// Returns `a·b` from panels of `b` that are copied so that they lie in the order in which they are read, and with sums that
/// stay in registers until they are complete.
///
/// # Errors
///
/// As [`matmul_naive`].
pub fn matmul_packed<T: Real>(a: &[T], b: &[T], sizes: [usize; 3]) -> Result<Vec<T>> {
    const ROWS: usize = TILE[0];
    const COLS: usize = TILE[1];
    let mut c = vec![T::ZERO; fits("matmul_packed", a, b, sizes)?];
    let [m, k, n] = sizes;
    for j0 in (0..n).step_by(COLS) {
        let width = COLS.min(n - j0);
        let mut panel = vec![[T::ZERO; COLS]; k];
        for (p, row) in panel.iter_mut().enumerate() {
            row[..width].copy_from_slice(&b[p * n + j0..][..width]);
        }
        for i0 in (0..m).step_by(ROWS) {
            let height = ROWS.min(m - i0);
            let mut sums = [[T::ZERO; COLS]; ROWS];
            for (p, row) in panel.iter().enumerate() {
                for (r, sums) in sums.iter_mut().enumerate().take(height) {
                    let x = a[(i0 + r) * k + p];
                    for (sum, &y) in sums.iter_mut().zip(row) {
                        *sum += x * y;
                    }
                }
            }
            for (r, sums) in sums.iter().enumerate().take(height) {
                c[(i0 + r) * n + j0..][..width].copy_from_slice(&sums[..width]);
            }
        }
    }
    Ok(c)
}

/// Rows of the result that a thread takes at a time.
const BLOCK: usize = 16;
/// More threads than this are not started, whatever is asked for.
const MOST_THREADS: usize = 256;

/// Returns `a·b`, with blocks of rows dealt to `threads` threads. The blocks do not depend on their number, so the result does
/// not either.
///
/// # Errors
///
/// As [`matmul_naive`], and [`Error::InvalidArgument`] for 0 threads.
pub fn matmul_parallel<T: Real>(
    a: &[T],
    b: &[T],
    sizes: [usize; 3],
    threads: usize,
) -> Result<Vec<T>> {
    if threads == 0 {
        return Err(Error::argument("matmul_parallel", "threads", 0, "at least 1"));
    }
    let mut c = vec![T::ZERO; fits("matmul_parallel", a, b, sizes)?];
    let [m, k, n] = sizes;
    let threads = threads.min(m.div_ceil(BLOCK)).clamp(1, MOST_THREADS);
    let mut shares: Vec<Vec<(usize, &mut [T])>> = (0..threads).map(|_| Vec::new()).collect();
    for (i, block) in c.chunks_mut((BLOCK * n).max(1)).enumerate() {
        shares[i % threads].push((i * BLOCK, block));
    }
    thread::scope(|scope| {
        for share in shares {
            scope.spawn(move || {
                for (first, block) in share {
                    rows(&a[first * k..], b, block, [k, n]);
                }
            });
        }
    });
    Ok(c)
}

/// Returns `x/2 · (1 + tanh(√(2/π)·(x + 0.044715 x³)))` of each element: every element is read once and written once.
#[must_use]
pub fn gelu_fused<T: Real>(x: &[T]) -> Vec<T> {
    x.iter().map(|&x| gelu(x)).collect()
}

/// The function of [`gelu_fused`].
#[inline(always)]
pub(crate) fn gelu<T: Real>(x: T) -> T {
    let u = T::lit(SQRT_2_OVER_PI) * (x + T::lit(CUBIC) * (x * x * x));
    T::lit(0.5) * x * (T::ONE + u.tanh())
}

/// Returns the same as [`gelu_fused`] in the eight steps of a formula that is typed in operation by operation. Each reads one
/// or two arrays and writes one: 18 passes over memory.
#[must_use]
pub fn gelu_unfused<T: Real>(x: &[T]) -> Vec<T> {
    let cube = pass(x, |x| x * x * x);
    let scaled = pass(&cube, |v| T::lit(CUBIC) * v);
    let sum = pass2(x, &scaled, |x, v| x + v);
    let inner = pass(&sum, |v| T::lit(SQRT_2_OVER_PI) * v);
    let bent = pass(&inner, T::tanh);
    let raised = pass(&bent, |v| T::ONE + v);
    let half = pass(x, |x| T::lit(0.5) * x);
    pass2(&half, &raised, |h, v| h * v)
}

fn pass<T: Real>(x: &[T], f: impl Fn(T) -> T) -> Vec<T> {
    x.iter().map(|&x| f(x)).collect()
}

fn pass2<T: Real>(x: &[T], y: &[T], f: impl Fn(T, T) -> T) -> Vec<T> {
    x.iter().zip(y).map(|(&x, &y)| f(x, y)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rng, slots::tensor, tensor::View};

    type Product = fn(&[f32], &[f32], [usize; 3]) -> Result<Vec<f32>>;

    #[test]
    fn one_sum_for_each_element_is_one_result() {
        let others: [(&str, Product); 7] = [
            ("ikj", matmul_ikj),
            ("tiled by 1", |a, b, s| matmul_tiled(a, b, s, 1)),
            ("tiled by 8", |a, b, s| matmul_tiled(a, b, s, 8)),
            ("tiled by more than there is", |a, b, s| matmul_tiled(a, b, s, usize::MAX)),
            ("packed", matmul_packed),
            ("one thread", |a, b, s| matmul_parallel(a, b, s, 1)),
            ("three threads", |a, b, s| matmul_parallel(a, b, s, 3)),
        ];
        for sizes in
            [[1, 1, 1], [7, 7, 7], [17, 19, 13], [65, 65, 65], [0, 3, 2], [3, 0, 2], [2, 3, 0]]
        {
            let [m, k, n] = sizes;
            let mut rng = Rng::seed(17);
            let mut draw = |n| (0..n).map(|_| rng.normal() as f32).collect::<Vec<f32>>();
            let (a, b) = (draw(m * k), draw(k * n));
            let (left, right) = ([m, k], [k, n]);
            let view = |data, shape, strides| View { data, shape, strides };
            // The definition of module 01 is another program.
            let want = tensor::matmul(view(&a, &left, &[k, 1]), view(&b, &right, &[n, 1]));
            assert_eq!(matmul_naive(&a, &b, sizes).unwrap(), want, "{sizes:?}");
            for (name, f) in others {
                assert_eq!(f(&a, &b, sizes).unwrap(), want, "{name} {sizes:?}");
            }
        }
    }

    #[test]
    fn slices_of_other_lengths_are_refused() {
        let x = [1.0f32; 6];
        let message = matmul_ikj(&x, &x, [2, 3, 3]).unwrap_err().to_string();
        assert!(message.contains("[2, 3, 3] for 6 and 6 numbers"), "{message}");
        assert!(matmul_naive(&x, &x, [usize::MAX, 2, 3]).is_err());
        assert!(matmul_naive::<f32>(&[], &[], [usize::MAX, 0, 2]).is_err());
        assert!(matmul_tiled(&x, &x, [2, 3, 2], 0).unwrap_err().to_string().contains("tile is 0"));
        assert!(matmul_parallel(&x, &x, [2, 3, 2], 0).is_err());
    }

    #[test]
    fn both_forms_of_gelu_agree_with_the_formula() {
        let x: Vec<f64> = (-400..=400).map(|i| f64::from(i) * 0.05).collect();
        for (i, (one, eight)) in gelu_fused(&x).iter().zip(gelu_unfused(&x)).enumerate() {
            // tanh u = 1 - 2/(e^(2u) + 1): another formula than that of the kernel.
            let u = (2.0 / core::f64::consts::PI).sqrt() * (x[i] + 0.044_715 * x[i].powi(3));
            let want = 0.5 * x[i] * (2.0 - 2.0 / ((2.0 * u).exp() + 1.0));
            // A handful of roundings of numbers up to |x|, which is what cancels for negative x.
            assert!((one - want).abs() <= 1e-15 * (1.0 + x[i].abs()), "{} {one} {want}", x[i]);
            assert!((one - eight).abs() <= 1e-15 * (1.0 + x[i].abs()));
        }
    }
}
