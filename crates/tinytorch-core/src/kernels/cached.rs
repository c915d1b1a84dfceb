//! Attention of new queries to rows of keys and values that are kept, one query after the other.
//!
//! With one query there is nothing to share between queries, so the work is to read each kept row once: a dot product
//! with its key, then its value times the weight. Rows may be kept in fewer bits; they are widened as they are read.

use super::{
    dot::{Stored, rows},
    par,
    simd::{self, Fused, MulAdd},
};
use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Products from which work is shared between threads.
const PARALLEL: usize = 1 << 15;

/// Kept rows of all heads: row `p` of head `h` of sample `b` begins at element `((b·G + h)·max_len + p)·d`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a, E> {
    pub(crate) data: &'a [E],
    /// What a code of each row is worth, if rows are kept as codes.
    pub(crate) scales: Option<&'a [f32]>,
}

impl<'a, E> Rows<'a, E> {
    /// The first `n` rows of a head.
    fn head(self, head: usize, max_len: usize, n: usize, d: usize) -> Self {
        let first = head * max_len;
        let scales = self.scales.map(|s| &s[first..first + n]);
        Self { data: &self.data[first * d..(first + n) * d], scales }
    }

    #[inline(always)]
    fn scale(&self, row: usize) -> f32 {
        self.scales.map_or(1.0, |s| s[row])
    }
}

/// Sizes of one call. None is 0, the groups divide the heads, and the queries end within `max_len`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) heads: usize,
    pub(crate) groups: usize,
    /// New queries.
    pub(crate) queries: usize,
    /// Width of a head.
    pub(crate) d: usize,
    /// Positions before the first query: query `i` sees the rows up to `start + i`.
    pub(crate) start: usize,
    /// Positions for which there is room.
    pub(crate) max_len: usize,
}

/// Returns what queries `[B, H, S, d]` collect, in the same order.
pub(crate) fn attend<E: Stored<f32>>(
    q: &[f32],
    keys: Rows<'_, E>,
    values: Rows<'_, E>,
    sizes: Sizes,
) -> Vec<f32> {
    let Sizes { batch, heads, groups, queries, d, start, max_len } = sizes;
    let mut out = vec![0.0; batch * heads * queries * d];
    let (share, n) = (heads / groups, start + queries);
    let piece = queries * d;
    let parallel = batch * heads * queries * n * d >= PARALLEL;
    par::blocks(&mut out, piece, parallel, |at, out| {
        let head = at / piece; // of all samples
        let group = head / heads * groups + head % heads / share;
        simd::run_fused(Head {
            q: &q[at..at + piece],
            keys: keys.head(group, max_len, n, d),
            values: values.head(group, max_len, n, d),
            start,
            d,
            scores: &mut vec![0.0; n],
            out,
        });
    });
    out
}

/// The queries of one head.
struct Head<'a, E> {
    q: &'a [f32],
    keys: Rows<'a, E>,
    values: Rows<'a, E>,
    start: usize,
    d: usize,
    scores: &'a mut [f32],
    out: &'a mut [f32],
}

impl<E: Stored<f32>> Fused for Head<'_, E> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { q, keys, values, start, d, scores, out } = self;
        let scale = 1.0 / (d as f32).sqrt();
        for (i, (q, out)) in q.chunks(d).zip(out.chunks_mut(d)).enumerate() {
            let scores = &mut scores[..=start + i];
            let mut most = f32::NEG_INFINITY;
            let seen = &keys.data[..scores.len() * d];
            rows::<M, f32, E>((seen, d), (q, d), [1, d], scores);
            for (p, score) in scores.iter_mut().enumerate() {
                *score *= keys.scale(p) * scale;
                most = most.max(*score);
            }
            // Apart from their sum, which is made in order, they fill whole vectors.
            scores.iter_mut().for_each(|score| *score = down::<M>(*score - most));
            let sum: f32 = scores.iter().sum();
            for (p, (&weight, value)) in scores.iter().zip(values.data.chunks(d)).enumerate() {
                let weight = weight / sum * values.scale(p);
                for (o, &v) in out.iter_mut().zip(value) {
                    *o = M::mul_add(weight, v.wide(), *o);
                }
            }
        }
    }
}

/// `e^x` of `x ≤ 0`
#[inline(always)]
fn down<M: MulAdd>(x: f32) -> f32 {
    if M::FUSED { x.exp_down::<true>() } else { x.exp_down::<false>() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two samples, four heads on two groups, widths that fill lanes and do not, against loops in double precision.
    #[test]
    fn every_head_agrees_with_the_definition() {
        for d in [1, 3, 16, 37] {
            let (batch, heads, groups, queries, start, max_len) = (2, 4, 2, 3, 5, 11);
            let sizes = Sizes { batch, heads, groups, queries, d, start, max_len };
            let wave = |n: usize, step: f32| -> Vec<f32> {
                (0..n).map(|i| (i as f32 * step).sin()).collect()
            };
            let q = wave(batch * heads * queries * d, 0.37);
            let k = wave(batch * groups * max_len * d, 0.71);
            let v = wave(batch * groups * max_len * d, 0.53);
            let rows = |data| Rows { data, scales: None };
            let got = attend(&q, rows(&k), rows(&v), sizes);
            for (n, got) in got.chunks(d).enumerate() {
                let (head, i) = (n / queries, n % queries);
                let group = head / heads * groups + head % heads / 2;
                let row = |of: &[f32], p: usize| -> Vec<f64> {
                    of[(group * max_len + p) * d..][..d].iter().map(|&x| f64::from(x)).collect()
                };
                let weights: Vec<f64> = (0..=start + i)
                    .map(|p| {
                        let key = row(&k, p);
                        let q = q[n * d..][..d].iter().map(|&x| f64::from(x));
                        let score: f64 = q.zip(&key).map(|(q, k)| q * k).sum();
                        (score / (d as f64).sqrt()).exp()
                    })
                    .collect();
                let sum: f64 = weights.iter().sum();
                for (c, &got) in got.iter().enumerate() {
                    let want: f64 =
                        weights.iter().enumerate().map(|(p, w)| w / sum * row(&v, p)[c]).sum();
                    // A sum of at most eight products of numbers below 1: a few roundings of f32.
                    assert!((f64::from(got) - want).abs() < 2e-6, "{d} {n} {c}: {got} {want}");
                }
            }
        }
    }
}
