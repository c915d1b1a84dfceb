//! Matrix products through the `gemm` crate: the one place where raw pointers are handed out.
//!
//! Without the feature `std` there is no such crate, and the product is [`plain`](super::plain).
#![cfg_attr(
    feature = "std",
    expect(
        unsafe_code,
        reason = "the product of the gemm crate takes raw pointers; bounds are checked here first"
    )
)]

#[cfg(feature = "parallel")]
use super::par;
use super::{across, skinny, steady};
use crate::tensor::Real;

/// A strided matrix inside a slice: element `[i, j]` is `data[i * rs + j * cs]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mat<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) rs: usize,
    pub(crate) cs: usize,
}

impl<'a, T> Mat<'a, T> {
    /// A row-major matrix.
    pub(crate) fn rows(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self { data, rows, cols, rs: cols, cs: 1 }
    }

    /// The transposed matrix, without moving anything.
    pub(crate) fn t(self) -> Self {
        Self { rows: self.cols, cols: self.rows, rs: self.cs, cs: self.rs, data: self.data }
    }

    fn last(&self) -> usize {
        (self.rows - 1) * self.rs + (self.cols - 1) * self.cs
    }
}

/// Multiply-adds from which a product is shared between threads.
const PARALLEL: usize = 1 << 19;

/// Rows up to which a product reads its right operand as it lies.
const SKINNY: usize = 128;

/// Computes `out = a·b`, or `out += a·b` if `accumulate`. `out` is row-major with `row_stride` between rows.
///
/// # Panics
///
/// If the inner sizes differ or a slice is too short: both are promises of the callers in this crate.
pub(crate) fn gemm<T: Real>(
    (out, row_stride): (&mut [T], usize),
    a: Mat<'_, T>,
    b: Mat<'_, T>,
    accumulate: bool,
    parallel: bool,
) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert_eq!(k, b.rows, "inner sizes of a product");
    if m == 0 || n == 0 {
        return;
    }
    assert!(row_stride >= n && (m - 1) * row_stride + n <= out.len(), "result of a product");
    if k == 0 {
        if !accumulate {
            out.chunks_mut(row_stride).take(m).for_each(|row| row[..n].fill(T::ZERO));
        }
        return;
    }
    assert!(a.last() < a.data.len() && b.last() < b.data.len(), "operands of a product");
    let shared = parallel && m * n * k >= PARALLEL;
    if steady::is_on() && a.cs == 1 && b.rs == 1 {
        let operands = ((a.data, a.rs), (b.data, b.cs));
        let how = (accumulate, shared);
        return skinny::steady((out, row_stride), operands.0, operands.1, [m, k, n], how);
    }
    if m <= SKINNY && n >= 4 * m && k >= 64 && a.cs == 1 && b.rs == 1 {
        let operands = ((a.data, a.rs), (b.data, b.cs));
        return skinny::product(
            (out, row_stride),
            operands.0,
            operands.1,
            [m, k, n],
            (accumulate, shared),
        );
    }
    if m <= across::FEW && n >= across::LEAST && k >= across::LEAST && a.cs == 1 && b.cs == 1 {
        let operands = ((a.data, a.rs), (b.data, b.rs));
        let how = (accumulate, shared);
        return across::product((out, row_stride), operands.0, operands.1, [m, k, n], how);
    }
    #[cfg(not(feature = "std"))]
    super::plain::product((out, row_stride), a, b, accumulate, parallel);
    #[cfg(feature = "std")]
    general((out, row_stride), a, b, accumulate, shared);
}

/// Into how many parts of neighbouring rows a product is cut for as many threads: 1 if it must stay whole.
///
/// The result has the same bits as in one piece. The `gemm` crate cuts the sum behind an element by the inner size alone,
/// with two exceptions: other cuts where there are at most 64 rows and columns, and other loops for up to 256 elements
/// and for single rows. A part is of these kinds only if the whole is: with more than 64 columns a part of 17 rows is
/// neither, with 4 columns one of 65.
#[cfg(feature = "parallel")]
fn parts(m: usize, n: usize, threads: usize) -> usize {
    // Of up to 32 parts the last one has at most 31 rows less than the others.
    let least = match n {
        0..4 => return 1,
        4..=64 => 96,
        65.. => 48,
    };
    threads.min(m / least).clamp(1, 32)
}

/// The product of two matrices of any kind, on several threads if `shared`.
#[cfg(feature = "std")]
fn general<T: Real>(
    (out, row_stride): (&mut [T], usize),
    a: Mat<'_, T>,
    b: Mat<'_, T>,
    accumulate: bool,
    shared: bool,
) {
    #[cfg(feature = "parallel")]
    if shared && par::several() {
        let (m, n) = (a.rows, b.cols);
        let parts = parts(m, n, rayon::current_num_threads());
        if parts < 2 {
            return single((out, row_stride), a, b, accumulate, gemm::Parallelism::Rayon(0));
        }
        let rows = m.div_ceil(parts);
        let out = &mut out[..(m - 1) * row_stride + n];
        return par::blocks(out, rows * row_stride, true, |at, out| {
            let first = at / row_stride;
            let part = Mat { data: &a.data[first * a.rs..], rows: rows.min(m - first), ..a };
            single((out, row_stride), part, b, accumulate, gemm::Parallelism::None);
        });
    }
    let _ = shared;
    single((out, row_stride), a, b, accumulate, gemm::Parallelism::None);
}

/// The product by the `gemm` crate.
#[cfg(feature = "std")]
fn single<T: Real>(
    (out, row_stride): (&mut [T], usize),
    a: Mat<'_, T>,
    b: Mat<'_, T>,
    accumulate: bool,
    threads: gemm::Parallelism,
) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert!((m - 1) * row_stride + n <= out.len(), "result of a product");
    assert!(a.last() < a.data.len() && b.last() < b.data.len(), "operands of a product");
    let alpha = if accumulate { T::ONE } else { T::ZERO };
    // SAFETY: the sizes are positive and the assertions above show that the largest index into each of the
    // three slices lies inside it; `out` is borrowed mutably, so it overlaps neither operand.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            row_stride as isize,
            accumulate,
            a.data.as_ptr(),
            a.cs as isize,
            a.rs as isize,
            b.data.as_ptr(),
            b.cs as isize,
            b.rs as isize,
            alpha,
            T::ONE,
            false,
            false,
            false,
            threads,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{slots, tensor::View};

    /// Views repeat rows without memory for them: their steps are shorter than their rows.
    #[test]
    fn rows_may_repeat_or_overlap() {
        let (k, n) = (70, 64);
        let data: Vec<f64> = (0..n * k).map(|i| (i % 13) as f64 - 6.0).collect();
        for (m, a_step, b_step) in [(7, 0, k), (7, 3, k), (16, 0, 0), (2, 0, 1), (16, k, 0)] {
            let a = View { data: &data, shape: &[m, k], strides: &[a_step, 1] };
            let b = View { data: &data, shape: &[k, n], strides: &[1, b_step] };
            let mut out = vec![f64::NAN; m * n];
            let mat = |data, rows, rs, cols, cs| Mat { data, rows, cols, rs, cs };
            // The least memory that such a view needs.
            let (left, right) = (&data[..(m - 1) * a_step + k], &data[..(n - 1) * b_step + k]);
            let operands = (mat(left, m, a_step, k, 1), mat(right, k, 1, n, b_step));
            gemm((&mut out, n), operands.0, operands.1, false, true);
            assert_eq!(out, slots::tensor::matmul(a, b), "{m} rows {a_step} apart, {b_step}");
        }
    }

    /// Sizes on both sides of every limit of the crate behind, in each layout, for up to as many threads as there are rows.
    #[cfg(feature = "parallel")]
    #[test]
    fn any_number_of_threads_gives_the_same_bits() {
        let pools = [1, 2, 3, 8, 64]
            .map(|threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap());
        let wave =
            |n: usize, step: f32| -> Vec<f32> { (0..n).map(|i| (i as f32 * step).sin()).collect() };
        let mut cut = 0;
        for m in [95, 96, 97, 129, 192, 385] {
            for n in [3, 4, 5, 16, 64, 65, 200] {
                for k in [2, 300, 513, 700, 1025] {
                    if m * n * k < PARALLEL {
                        continue;
                    }
                    let (a, b) = (wave(m * k, 0.37), wave(k * n, 0.53));
                    for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                        let ma = if ta { Mat::rows(&a, k, m).t() } else { Mat::rows(&a, m, k) };
                        let mb = if tb { Mat::rows(&b, n, k).t() } else { Mat::rows(&b, k, n) };
                        let [one, others @ ..] = pools.each_ref().map(|pool| {
                            let mut out = vec![0.0; m * n];
                            pool.install(|| general((&mut out, n), ma, mb, false, true));
                            out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
                        });
                        assert!(others.iter().all(|o| *o == one), "{m} {k} {n} {ta} {tb}");
                    }
                    cut += usize::from(parts(m, n, 8) > 1);
                }
            }
        }
        assert!(cut > 50, "{cut} products were cut");
    }

    #[test]
    fn every_product_agrees_with_the_plain_loops() {
        for (m, k, n) in
            [(1, 1, 1), (3, 4, 5), (7, 17, 19), (65, 1, 33), (1, 70, 1), (40, 0, 3), (96, 96, 96)]
        {
            let a: Vec<f64> = (0..m * k).map(|i| (i % 13) as f64 - 6.0).collect();
            let b: Vec<f64> = (0..k * n).map(|i| (i % 11) as f64 * 0.5 - 2.0).collect();
            let plain = |ta: bool, tb: bool| {
                let (sa, sb) = (if ta { [1, m] } else { [k, 1] }, if tb { [1, k] } else { [n, 1] });
                let a = View { data: &a, shape: &[m, k], strides: &sa };
                let b = View { data: &b, shape: &[k, n], strides: &sb };
                slots::tensor::matmul(a, b)
            };
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let ma = if ta { Mat::rows(&a, k, m).t() } else { Mat::rows(&a, m, k) };
                let mb = if tb { Mat::rows(&b, n, k).t() } else { Mat::rows(&b, k, n) };
                let mut out = vec![f64::NAN; m * n];
                gemm((&mut out, n), ma, mb, false, true);
                // Small multiples of one half: every order of addition is exact.
                assert_eq!(out, plain(ta, tb), "{m} {k} {n} {ta} {tb}");
                gemm((&mut out, n), ma, mb, true, false);
                assert!(out.iter().zip(plain(ta, tb)).all(|(a, b)| *a == 2.0 * b));
            }
        }
    }
}
