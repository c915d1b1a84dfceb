//! Products of rows with weights that are stored in fewer bits and widened as they are read.
//!
//! A single row does little with each weight, so the time is that of reading the weights: half of the bytes, half of the
//! time.

use super::{
    dot::{Stored, rows},
    gemm::{Mat, gemm},
    par,
    recycle::{buffer, keep},
    simd::{self, Fused, MulAdd},
    steady,
};
use crate::nostd::prelude::*;

/// Rows of weights that a thread takes at once.
const BLOCK: usize = 128;

/// From this many rows on the weights are widened once for all of them.
const MANY: usize = 8;

/// Multiply-adds from which a product is shared between threads.
const PARALLEL: usize = 1 << 17;

/// Weights `[n, k]`, row after row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weights<'a, E> {
    pub(crate) data: &'a [E],
    /// What a code of each row is worth, if rows are stored as codes.
    pub(crate) scales: Option<&'a [f32]>,
    pub(crate) n: usize,
    pub(crate) k: usize,
}

/// Returns `x·wᵀ + bias` for rows `x: [m, k]`, row-major `[m, n]`. No size is 0.
///
/// While [`steady`] is on, a row has the same bits in every company.
pub(crate) fn product<E: Stored<f32>>(
    x: &[f32],
    w: Weights<'_, E>,
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let Weights { data, scales, n, k } = w;
    let m = x.len() / k;
    let parallel = m * n * k >= PARALLEL;
    let mut out = buffer(m * n);
    if m >= MANY && !steady::is_on() {
        let mut wide = buffer(n * k);
        par::blocks(&mut wide, BLOCK * k, parallel, |at, wide| {
            simd::run_fused(Widen { data: &data[at..at + wide.len()], wide });
        });
        gemm((&mut out, n), Mat::rows(x, m, k), Mat::rows(&wide, n, k).t(), false, true);
        keep(wide);
    } else {
        // Turned, so that what one thread computes lies side by side.
        let mut turned = buffer(n * m);
        par::blocks(&mut turned, BLOCK * m, parallel, |at, out| {
            let first = at / m * k;
            simd::run_fused(Dots { x, data: &data[first..first + out.len() / m * k], m, k, out });
        });
        for (i, row) in out.chunks_mut(n).enumerate() {
            row.iter_mut().zip(turned[i..].iter().step_by(m)).for_each(|(o, &v)| *o = v);
        }
        keep(turned);
    }
    for row in out.chunks_mut(n) {
        if let Some(scales) = scales {
            row.iter_mut().zip(scales).for_each(|(o, s)| *o *= s);
        }
        if let Some(bias) = bias {
            row.iter_mut().zip(bias).for_each(|(o, b)| *o += b);
        }
    }
    out
}

/// Numbers as they are computed with.
struct Widen<'a, E> {
    data: &'a [E],
    wide: &'a mut [f32],
}

impl<E: Stored<f32>> Fused for Widen<'_, E> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        for (to, from) in self.wide.iter_mut().zip(self.data) {
            *to = from.wide();
        }
    }
}

/// Rows of the turned result, one entry at a time.
struct Dots<'a, E> {
    x: &'a [f32],
    data: &'a [E],
    m: usize,
    k: usize,
    out: &'a mut [f32],
}

impl<E: Stored<f32>> Fused for Dots<'_, E> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { x, data, m, k, out } = self;
        rows::<M, f32, E>((data, k), (x, k), [m, k], out);
    }
}

#[cfg(test)]
mod tests {
    use half::bf16;

    use super::*;
    use crate::Rng;

    /// Random shapes with every remainder of the vectors and of the blocks, few rows and many.
    #[test]
    fn products_equal_the_plain_loops() {
        let mut rng = Rng::seed(4);
        for round in 0..60 {
            let [m, k, n] = [12, 150, 200].map(|below| 1 + rng.below(below));
            // Whole numbers: every order of addition is exact.
            let mut whole = |n: usize| -> Vec<i8> {
                (0..n).map(|_| (rng.below(15) as i64 - 7) as i8).collect()
            };
            let (codes, x, bias) = (whole(n * k), whole(m * k), whole(n));
            let floats = |v: &[i8]| -> Vec<f32> { v.iter().map(|&v| f32::from(v)).collect() };
            let (x, bias) = (floats(&x), floats(&bias));
            let brains: Vec<bf16> = codes.iter().map(|&c| bf16::from_f32(f32::from(c))).collect();
            let scales: Vec<f32> = (0..n).map(|j| [0.5, 1.0, 2.0][j % 3]).collect();
            let bias = (round % 2 == 0).then_some(&bias[..]);
            let scaled = Weights { data: &codes[..], scales: Some(&scales), n, k };
            let plain = Weights { data: &brains[..], scales: None, n, k };
            let run = || [product(&x, scaled, bias), product(&x, plain, bias)];
            for [scaled, plain] in [run(), steady::scope(run)] {
                for at in 0..m * n {
                    let (i, j) = (at / n, at % n);
                    let row = codes[j * k..][..k].iter().zip(&x[i * k..]);
                    let sum: f32 = row.map(|(&w, x)| f32::from(w) * x).sum();
                    let b = bias.map_or(0.0, |b| b[j]);
                    assert_eq!(scaled[at], sum * scales[j] + b, "{m} {k} {n}: {i} {j}");
                    assert_eq!(plain[at], sum + b, "{m} {k} {n}: {i} {j}");
                }
            }
        }
    }
}
