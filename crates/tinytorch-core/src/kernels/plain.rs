//! Matrix products without another crate, for boards.
//!
//! Each element is summed from left to right, so the bits are those of the definition, [`crate::slots::tensor::matmul`]. Only
//! the order in which elements take their turn depends on how the right factor lies in memory: along its rows if
//! they are contiguous, else down its columns.

use super::gemm::Mat;
use crate::tensor::Real;

/// Computes `out = a·b`, or `out += a·b` if `accumulate`, for sizes that [`gemm`](super::gemm::gemm) has checked.
///
/// The last argument is there for the likeness to the product with threads.
pub(crate) fn product<T: Real>(
    (out, row_stride): (&mut [T], usize),
    a: Mat<'_, T>,
    b: Mat<'_, T>,
    accumulate: bool,
    _parallel: bool,
) {
    for (i, out) in out.chunks_mut(row_stride).take(a.rows).enumerate() {
        let out = &mut out[..b.cols];
        if !accumulate {
            out.fill(T::ZERO);
        }
        let left = a.data[i * a.rs..].iter().step_by(a.cs.max(1)).take(a.cols);
        if b.cs == 1 {
            for (p, &x) in left.enumerate() {
                let row = &b.data[p * b.rs..][..b.cols];
                out.iter_mut().zip(row).for_each(|(y, &w)| *y += x * w);
            }
        } else {
            for (j, y) in out.iter_mut().enumerate() {
                let right = b.data[j * b.cs..].iter().step_by(b.rs.max(1));
                *y = left.clone().zip(right).fold(*y, |sum, (&x, &w)| sum + x * w);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{slots, tensor::View};

    #[test]
    fn the_bits_are_those_of_the_definition() {
        for (m, k, n) in [(1, 1, 1), (3, 4, 5), (7, 17, 19), (65, 1, 33), (1, 70, 1)] {
            let a: Vec<f32> = (0..m * k).map(|i| (i as f32 * 0.37).sin()).collect();
            let b: Vec<f32> = (0..k * n).map(|i| (i as f32 * 0.91).cos()).collect();
            for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                let ma = if ta { Mat::rows(&a, k, m).t() } else { Mat::rows(&a, m, k) };
                let mb = if tb { Mat::rows(&b, n, k).t() } else { Mat::rows(&b, k, n) };
                let view = |x, shape, m: &Mat<'_, f32>| slots_matrix(x, shape, [m.rs, m.cs]);
                let (sa, sb) = ([m, k], [k, n]);
                let (va, vb) = (view(&a, &sa, &ma), view(&b, &sb, &mb));
                let expected = slots::tensor::matmul(va.view(), vb.view());
                let mut out = vec![f32::NAN; m * (n + 2)]; // two elements beside each row stay as they are
                product((&mut out, n + 2), ma, mb, false, false);
                let rows = |out: &[f32]| -> Vec<f32> {
                    out.chunks(n + 2).flat_map(|row| row[..n].iter().copied()).collect()
                };
                assert_eq!(rows(&out), expected, "{m} {k} {n} {ta} {tb}");
                assert!(out.chunks(n + 2).all(|row| row[n..].iter().all(|v| v.is_nan())));
                // 0 + a·b, then the same again: twice, up to one rounding in each of the k sums.
                product((&mut out, n + 2), ma, mb, true, false);
                let bound = k as f32 * f32::EPSILON * k as f32;
                assert!(
                    rows(&out).iter().zip(&expected).all(|(x, y)| (x - 2.0 * y).abs() <= bound)
                );
            }
        }
    }

    struct Matrix<'a>(&'a [f32], &'a [usize], [usize; 2]);

    impl Matrix<'_> {
        fn view(&self) -> View<'_, f32> {
            View { data: self.0, shape: self.1, strides: &self.2 }
        }
    }

    fn slots_matrix<'a>(data: &'a [f32], shape: &'a [usize], strides: [usize; 2]) -> Matrix<'a> {
        Matrix(data, shape, strides)
    }
}
