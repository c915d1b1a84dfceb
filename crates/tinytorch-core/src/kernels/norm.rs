//! Normalization of rows.

use super::{
    par::{self, GRAIN},
    recycle::buffer,
    reduce::sum_of,
    simd::{self, Loop},
};
use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Rows whose weight gradients are summed as one part, for any number of threads.
const PART: usize = 32;

/// Which normalization.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RowNorm {
    /// Elements per row.
    pub(crate) len: usize,
    /// Added to the variance, inside the root.
    pub(crate) eps: f64,
    /// Subtract the mean first; otherwise the root mean square alone is used.
    pub(crate) centered: bool,
}

impl RowNorm {
    #[inline(always)]
    fn statistics<T: Real>(&self, row: &[T]) -> (T, T) {
        let n = T::lit(self.len as f64);
        let mean = if self.centered { sum_of(row, &|v| v) / n } else { T::ZERO };
        // Two passes: the squares of deviations, not the deviation of squares.
        let var = sum_of(row, &|v| (v - mean) * (v - mean)) / n;
        (mean, T::ONE / (var + T::lit(self.eps)).sqrt())
    }

    fn block(&self) -> usize {
        (GRAIN / 8 / self.len.max(1)).max(1)
    }

    /// Returns `(x - mean)·rstd·w + b` with the mean and `rstd = 1/√(var + eps)` of each row.
    pub(crate) fn forward<T: Real>(
        &self,
        x: &[T],
        w: Option<&[T]>,
        b: Option<&[T]>,
    ) -> (Vec<T>, Vec<T>, Vec<T>) {
        let rows = x.len() / self.len.max(1);
        let mut y = buffer(x.len());
        let mut statistics = vec![(T::ZERO, T::ZERO); rows];
        let block = self.block();
        let parallel = x.len() >= GRAIN / 4;
        par::blocks2(
            (&mut y, block * self.len),
            (&mut statistics, block),
            parallel,
            |i, y, statistics| {
                let x = x[i * block * self.len..].chunks(self.len);
                for ((x, y), s) in x.zip(y.chunks_mut(self.len)).zip(statistics) {
                    *s = simd::run(Forward { norm: self, x, y, w, b });
                }
            },
        );
        let (mean, rstd) = statistics.into_iter().unzip();
        (y, mean, rstd)
    }

    /// Returns the gradients of `x`, of the weight and of the bias.
    ///
    /// With `x̂ = (x - mean)·rstd` and `h = g·w`: `dx = rstd·(h - mean(h) - x̂·mean(h·x̂))`, `dw = Σ g·x̂`, `db = Σ g`.
    pub(crate) fn backward<T: Real>(
        &self,
        x: &[T],
        grad: &[T],
        w: Option<&[T]>,
        (mean, rstd): (&[T], &[T]),
    ) -> (Vec<T>, Vec<T>, Vec<T>) {
        let len = self.len;
        let parts = mean.len().div_ceil(PART);
        let mut dx = buffer(x.len());
        let mut partial = vec![T::ZERO; parts * 2 * len];
        let parallel = x.len() >= GRAIN / 4;
        par::blocks2((&mut dx, PART * len), (&mut partial, 2 * len), parallel, |i, dx, partial| {
            let (dw, db) = partial.split_at_mut(len);
            let (mut hat, mut h) = (vec![T::ZERO; len], vec![T::ZERO; len]);
            for (r, dx) in dx.chunks_mut(len).enumerate() {
                let row = i * PART + r;
                let (x, g) = (&x[row * len..(row + 1) * len], &grad[row * len..(row + 1) * len]);
                let statistics = (mean[row], rstd[row]);
                simd::run(Backward {
                    norm: self,
                    x,
                    g,
                    w,
                    statistics,
                    scratch: [&mut hat, &mut h],
                    out: [dx, &mut *dw, &mut *db],
                });
            }
        });
        let mut sum = vec![T::ZERO; 2 * len];
        partial
            .chunks(2 * len.max(1))
            .for_each(|p| sum.iter_mut().zip(p).for_each(|(s, &p)| *s += p));
        let db = sum.split_off(len);
        (dx, sum, db)
    }
}

/// One row forward; returns its mean and inverse deviation.
struct Forward<'a, T> {
    norm: &'a RowNorm,
    x: &'a [T],
    y: &'a mut [T],
    w: Option<&'a [T]>,
    b: Option<&'a [T]>,
}

impl<T: Real> Loop for Forward<'_, T> {
    type Out = (T, T);

    #[inline(always)]
    fn run(self) -> (T, T) {
        let Self { norm, x, y, w, b } = self;
        let (mean, rstd) = norm.statistics(x);
        match (w, b) {
            (Some(w), Some(b)) => {
                for (((y, &x), &w), &b) in y.iter_mut().zip(x).zip(w).zip(b) {
                    *y = (x - mean) * rstd * w + b;
                }
            }
            (w, b) => {
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = (x - mean) * rstd;
                }
                if let Some(w) = w {
                    for (y, &w) in y.iter_mut().zip(w) {
                        *y = *y * w;
                    }
                }
                if let Some(b) = b {
                    for (y, &b) in y.iter_mut().zip(b) {
                        *y += b;
                    }
                }
            }
        }
        (mean, rstd)
    }
}

/// One row backward: its input's gradient, and its part of those of weight and bias.
struct Backward<'a, T> {
    norm: &'a RowNorm,
    /// The input and the gradient of the result.
    x: &'a [T],
    g: &'a [T],
    w: Option<&'a [T]>,
    /// Mean and inverse deviation.
    statistics: (T, T),
    /// Room for `x̂` and `h`.
    scratch: [&'a mut [T]; 2],
    /// `dx` is set, `dw` and `db` are added to.
    out: [&'a mut [T]; 3],
}

impl<T: Real> Loop for Backward<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { norm, x, g, w, statistics: (mean, rstd), scratch: [hat, h], out: [dx, dw, db] } =
            self;
        let n = T::lit(norm.len as f64);
        for (o, &x) in hat.iter_mut().zip(x) {
            *o = (x - mean) * rstd;
        }
        match w {
            Some(w) => {
                for ((o, &g), &w) in h.iter_mut().zip(g).zip(w) {
                    *o = g * w;
                }
            }
            None => h.copy_from_slice(g),
        }
        let mean_h = if norm.centered { sum_of(h, &|v| v) / n } else { T::ZERO };
        for ((o, &h), &hat) in dx.iter_mut().zip(&*h).zip(&*hat) {
            *o = h * hat;
        }
        let products = sum_of(dx, &|v| v) / n;
        for ((o, &h), &hat) in dx.iter_mut().zip(&*h).zip(&*hat) {
            *o = rstd * (h - mean_h - hat * products);
        }
        for ((o, &g), &hat) in dw.iter_mut().zip(g).zip(&*hat) {
            *o += g * hat;
        }
        for (o, &g) in db.iter_mut().zip(g) {
            *o += g;
        }
    }
}
