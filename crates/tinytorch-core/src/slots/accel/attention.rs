//! Attention without the matrix of scores.

use super::some_tile;
use crate::nostd::prelude::*;
use crate::{Error, Result, tensor::Real};

/// Returns `softmax(q·kᵀ/√d)·v` of row-major `q: [s, d]`, `k: [t, d]` and `v: [t, d]`, from `tile` queries and `tile` keys at a
/// time, fewer at the ends. If `causal`, query `i` sees the keys up to `i`. A query that sees no key collects zeros.
///
/// With the largest score `m` and the sum `l = Σ e^(s-m)` of the keys seen so far, further keys raise `m` to `m'`, and what was
/// collected before shrinks by `e^(m-m')`. No more than `tile` scores exist at a time, where the whole matrix has `s·t`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the slices have other lengths than `sizes`, `[s, t, d]`, says, or `tile` is 0.
///
/// # Source
///
/// Milakov and Gimelshein (2018), "Online normalizer calculation for softmax", algorithm 3; Dao et al. (2022), "FlashAttention".
pub fn attention_tiled<T: Real>(
    q: &[T],
    k: &[T],
    v: &[T],
    sizes: [usize; 3],
    tile: usize,
    causal: bool,
) -> Result<Vec<T>> {
    let [s, t, d] = sizes;
    let tile = some_tile("attention_tiled", tile)?.get();
    let of = |rows: usize| rows.checked_mul(d);
    if of(s) != Some(q.len()) || [k, v].iter().any(|x| of(t) != Some(x.len())) {
        let lengths = [q.len(), k.len(), v.len()];
        let got = format_args!("[{s}, {t}, {d}] for {lengths:?} numbers");
        return Err(Error::argument(
            "attention_tiled",
            "sizes",
            got,
            "[s, t, d] for s·d, t·d and t·d numbers",
        ));
    }
    let mut out = vec![T::ZERO; q.len()];
    if d == 0 {
        return Ok(out);
    }
    let scale = T::lit((d as f64).sqrt().recip());
    let end = |start: usize, size: usize| start.saturating_add(tile).min(size);
    let mut scores = Vec::with_capacity(tile.min(t));
    let mut stats = Vec::with_capacity(tile.min(s));
    for q0 in (0..s).step_by(tile) {
        stats.clear();
        stats.resize(end(q0, s) - q0, (-T::INFINITY, T::ZERO));
        for k0 in (0..t).step_by(tile) {
            for (i, (most, sum)) in (q0..).zip(&mut stats) {
                let seen = if causal { end(k0, t).min(i + 1) } else { end(k0, t) };
                let (query, out) = (&q[i * d..][..d], &mut out[i * d..][..d]);
                scores.clear();
                scores.extend((k0..seen).map(|j| {
                    let products = query.iter().zip(&k[j * d..][..d]);
                    products.fold(T::ZERO, |sum, (&x, &y)| sum + x * y) * scale
                }));
                let top = scores.iter().fold(*most, |top, &score| top.max_nan(score));
                if top == -T::INFINITY {
                    continue;
                }
                let shrink = (*most - top).exp();
                *sum = *sum * shrink;
                out.iter_mut().for_each(|o| *o = *o * shrink);
                for (score, j) in scores.iter().zip(k0..) {
                    let weight = (*score - top).exp();
                    *sum += weight;
                    for (o, &x) in out.iter_mut().zip(&v[j * d..][..d]) {
                        *o += weight * x;
                    }
                }
                *most = top;
            }
        }
        for (i, (_, sum)) in (q0..).zip(&stats) {
            if *sum != T::ZERO {
                out[i * d..][..d].iter_mut().for_each(|o| *o = *o / *sum);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    /// Row by row with all scores at once, in doubles.
    fn whole(q: &[f64], k: &[f64], v: &[f64], [s, t, d]: [usize; 3], causal: bool) -> Vec<f64> {
        let row = |i: usize| {
            let seen = if causal { t.min(i + 1) } else { t };
            let score = |j: usize| {
                (0..d).map(|c| q[i * d + c] * k[j * d + c]).sum::<f64>() / (d as f64).sqrt()
            };
            let scores: Vec<f64> = (0..seen).map(score).collect();
            let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = scores.iter().map(|s| (s - top).exp()).collect();
            let sum: f64 = weights.iter().sum();
            let of =
                |c: usize| weights.iter().enumerate().map(|(j, w)| w * v[j * d + c] / sum).sum();
            (0..d).map(of).collect::<Vec<f64>>()
        };
        (0..s).flat_map(row).collect()
    }

    #[test]
    fn tiles_of_any_size_give_the_whole() {
        let mut rng = Rng::seed(17);
        for sizes in [[1, 1, 1], [5, 5, 3], [9, 13, 4], [33, 20, 8]] {
            let [s, t, d] = sizes;
            let mut draw = |n| (0..n).map(|_| 3.0 * rng.normal()).collect::<Vec<f64>>();
            let (q, k, v) = (draw(s * d), draw(t * d), draw(t * d));
            for causal in [false, true] {
                let want = whole(&q, &k, &v, sizes, causal);
                for tile in [1, 2, 7, 16, usize::MAX] {
                    let got = attention_tiled(&q, &k, &v, sizes, tile, causal).unwrap();
                    for (got, want) in got.iter().zip(&want) {
                        assert!(
                            (got - want).abs() < 1e-13,
                            "{sizes:?} {tile} {causal}: {got} {want}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn edges() {
        let x = [1.0f32; 6];
        assert!(attention_tiled(&x, &x, &x, [3, 3, 2], 0, false).is_err());
        let message =
            attention_tiled(&x, &x, &x[..4], [3, 3, 2], 2, false).unwrap_err().to_string();
        assert!(message.contains("[3, 3, 2] for [6, 6, 4] numbers"), "{message}");
        assert!(attention_tiled::<f32>(&[], &[], &[], [usize::MAX, 2, 3], 2, false).is_err());
        assert_eq!(attention_tiled(&x, &[], &[], [3, 0, 2], 2, false).unwrap(), [0.0; 6]);
        assert_eq!(attention_tiled(&[], &x, &x, [0, 3, 2], 2, true).unwrap(), [0.0f32; 0]);
        assert_eq!(attention_tiled::<f32>(&[], &[], &[], [3, 3, 0], 2, true).unwrap(), [0.0; 0]);
    }
}
