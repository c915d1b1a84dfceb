//! Seeded mistakes of module 17.

use super::{AccelLesson, plain};
use crate::{course::lesson::mutants, slots::activations};

/// A product where a mistake decides what a term does to a sum: `next([i, p, j], sum, x, y)`.
fn summed(
    a: &[f32],
    b: &[f32],
    [m, k, n]: [usize; 3],
    next: impl Fn([usize; 3], f32, f32, f32) -> f32,
) -> Vec<f32> {
    let mut c = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            for p in 0..k {
                c[i * n + j] = next([i, p, j], c[i * n + j], a[i * k + p], b[p * n + j]);
            }
        }
    }
    c
}

/// The rows of the right factor as if they were its columns.
fn turned(b: &[f32], [k, n]: [usize; 2]) -> Vec<f32> {
    (0..k * n).map(|at| b[at % n * k + at / n]).collect()
}

/// GELU where a mistake makes the result of `x` and the argument of the tangent.
fn gelu(x: &[f32], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    x.iter().map(|&x| f(x, 0.797_884_6 * (x + 0.044_715 * x * x * x))).collect()
}

/// How a score, a mask, a maximum and what shrinks with it are made in attention by tiles.
#[derive(Clone, Copy)]
struct Way {
    /// The score of a product of vectors of this width.
    score: fn(f32, usize) -> f32,
    /// Whether query `i` sees key `j` where tiles have this many keys, if it must not look ahead.
    sees: fn(usize, usize, usize) -> bool,
    /// The largest score so far, from the one before and the scores of a tile.
    top: fn(f32, &[f32]) -> f32,
    /// What becomes of the sum and of what was collected when the largest score goes from the first to the second.
    shrink: fn(f32, f32) -> [f32; 2],
}

/// The largest of all scores.
fn largest(before: f32, scores: &[f32]) -> f32 {
    scores.iter().copied().fold(before, f32::max)
}

/// Without a mistake.
const RIGHT: Way = Way {
    score: |product, d| product / (d as f32).sqrt(),
    sees: |i, j, _| j <= i,
    top: largest,
    shrink: |before, now| [(before - now).exp(); 2],
};

/// Attention by tiles, with a mistake in the way; refuses what the slot refuses.
fn attention(
    [q, k, v]: [&[f32]; 3],
    sizes: [usize; 3],
    tile: usize,
    causal: bool,
    way: Way,
) -> crate::Result<Vec<f32>> {
    plain::attention_tiled(q, k, v, sizes, tile, causal)?;
    let [s, t, d] = sizes;
    let mut out = vec![0.0; s * d];
    for i in 0..s {
        let (mut most, mut sum) = (f32::NEG_INFINITY, 0.0f32);
        let out = &mut out[i * d..][..d];
        for k0 in (0..t).step_by(tile) {
            let keys =
                (k0..k0.saturating_add(tile).min(t)).filter(|&j| !causal || (way.sees)(i, j, tile));
            let keys: Vec<usize> = keys.collect();
            let product = |j: usize| (0..d).map(|c| q[i * d + c] * k[j * d + c]).sum::<f32>();
            let scores: Vec<f32> = keys.iter().map(|&j| (way.score)(product(j), d)).collect();
            if scores.is_empty() {
                continue;
            }
            let top = (way.top)(most, &scores);
            let [of_sum, of_collected] = (way.shrink)(most, top);
            sum *= of_sum;
            out.iter_mut().for_each(|o| *o *= of_collected);
            for (j, score) in keys.into_iter().zip(scores) {
                let weight = (score - top).exp();
                sum += weight;
                (0..d).for_each(|c| out[c] += weight * v[j * d + c]);
            }
            most = top;
        }
        if sum > 0.0 || sum.is_nan() {
            out.iter_mut().for_each(|o| *o /= sum);
        }
    }
    Ok(out)
}

mutants! {
    AccelLesson;
    fn matmul_ikj(a: &[f32], b: &[f32], sizes: [usize; 3]) -> Vec<f32> {
        "keeps the last term instead of the sum" => summed(a, b, sizes, |_, _, x, y| x * y),
        "leaves out the last term of each sum" =>
            summed(a, b, sizes, |at, sum, x, y| if at[1] + 1 == sizes[1] { sum } else { sum + x * y }),
        "leaves out the last column" =>
            summed(a, b, sizes, |at, sum, x, y| if at[2] + 1 == sizes[2] { sum } else { sum + x * y }),
        "leaves out the last row" =>
            summed(a, b, sizes, |at, sum, x, y| if at[0] + 1 == sizes[0] { sum } else { sum + x * y }),
        "reads b by columns" => plain::matmul_ikj(a, &turned(b, [sizes[1], sizes[2]]), sizes)?,
        "returns the transpose" => {
            let c = plain::matmul_ikj(a, b, sizes)?;
            turned(&c, [sizes[2], sizes[0]])
        },
        "skips terms with a zero" => summed(a, b, sizes, |_, sum, x, y| if x == 0.0 { sum } else { sum + x * y }),
        "starts the sums of a row with those of the row above" => {
            let mut c = plain::matmul_ikj(a, b, sizes)?;
            (sizes[2]..c.len()).for_each(|at| c[at] += c[at - sizes[2]]);
            c
        },
    }
    fn matmul_tiled(a: &[f32], b: &[f32], sizes: [usize; 3], tile: usize) -> Vec<f32> {
        "leaves out what fills no tile" => {
            let whole = sizes.map(|size| size / tile.max(1) * tile);
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| if (0..3).any(|i| at[i] >= whole[i]) { sum } else { sum + x * y })
        },
        "leaves out the rest of the inner axis" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            let whole = sizes[1] / tile * tile;
            summed(a, b, sizes, |at, sum, x, y| if at[1] >= whole { sum } else { sum + x * y })
        },
        "starts the sums anew with each tile of the inner axis" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| if at[1] % tile == 0 { x * y } else { sum + x * y })
        },
        "lets neighbouring tiles overlap" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| {
                sum + if at[1] % tile == 0 && at[1] > 0 { 2.0 * x * y } else { x * y }
            })
        },
        "computes the first tile of columns alone" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| if at[2] >= tile { sum } else { sum + x * y })
        },
        "computes tiles on the diagonal alone" => {
            plain::matmul_tiled(a, b, sizes, tile)?;
            summed(a, b, sizes, |at, sum, x, y| if at[0] / tile == at[2] / tile { sum + x * y } else { sum })
        },
        "takes a tile of 0 for one of 1" => plain::matmul_tiled(a, b, sizes, tile.max(1))?,
        "reads b by columns" => plain::matmul_tiled(a, &turned(b, [sizes[1], sizes[2]]), sizes, tile)?,
    }
    fn gelu_fused(x: &[f32]) -> Vec<f32> {
        "leaves out the factor one half" => gelu(x, |x, u| x * (1.0 + u.tanh())),
        "leaves out the one" => gelu(x, |x, u| 0.5 * x * u.tanh()),
        "leaves out the cube" => gelu(x, |x, _| 0.5 * x * (1.0 + (0.797_884_6 * x).tanh())),
        "squares instead of cubing" =>
            gelu(x, |x, _| 0.5 * x * (1.0 + (0.797_884_6 * (x + 0.044_715 * x * x)).tanh())),
        "takes √2/π for √(2/π)" =>
            gelu(x, |x, u| 0.5 * x * (1.0 + (u / 0.797_884_6 * 0.450_158_15).tanh())),
        "uses the sigmoid of 1.702 x" => gelu(x, |x, _| x * activations::sigmoid(1.702 * x)),
        "uses the error function" => {
            gelu(x, |x, _| 0.5 * x * (1.0 + libm::erff(x * core::f32::consts::FRAC_1_SQRT_2)))
        },
        "takes the tangent through exponentials that overflow" => gelu(x, |x, u| {
            let (up, down) = (u.exp(), (-u).exp());
            0.5 * x * (1.0 + (up - down) / (up + down))
        }),
        "clips NaN away" => gelu(x, |x, u| if x.is_nan() { 0.0 } else { 0.5 * x * (1.0 + u.tanh()) }),
    }
    fn matmul_packed(a: &[f32], b: &[f32], sizes: [usize; 3]) -> Vec<f32> {
        "leaves out columns that fill no panel" =>
            summed(a, b, sizes, |at, sum, x, y| if at[2] >= sizes[2] / 16 * 16 { sum } else { sum + x * y }),
        "leaves out rows that fill no tile" =>
            summed(a, b, sizes, |at, sum, x, y| if at[0] >= sizes[0] / 4 * 4 { sum } else { sum + x * y }),
        "uses the first panel for all columns" => {
            let first = |at: [usize; 3]| b[at[1] * sizes[2] + at[2] % 16];
            summed(a, b, sizes, |at, sum, x, _| sum + x * first(at))
        },
        "packs b by columns" => plain::matmul_packed(a, &turned(b, [sizes[1], sizes[2]]), sizes)?,
        "leaves the sums of a tile in the registers for the next" => {
            let mut c = plain::matmul_packed(a, b, sizes)?;
            (4 * sizes[2]..c.len()).for_each(|at| c[at] += c[at - 4 * sizes[2]]);
            c
        },
    }
    fn matmul_parallel(a: &[f32], b: &[f32], sizes: [usize; 3], threads: usize) -> Vec<f32> {
        "leaves rows that cannot be shared evenly to nobody" => {
            plain::matmul_parallel(a, b, sizes, threads)?;
            let shared = sizes[0] / threads * threads;
            summed(a, b, sizes, |at, sum, x, y| if at[0] >= shared { sum } else { sum + x * y })
        },
        "waits for the first thread alone" => {
            plain::matmul_parallel(a, b, sizes, threads)?;
            let own = sizes[0].div_ceil(threads);
            summed(a, b, sizes, |at, sum, x, y| if at[0] >= own { sum } else { sum + x * y })
        },
        "shares the inner axis out and adds the parts" => {
            plain::matmul_parallel(a, b, sizes, threads)?;
            let [m, k, n] = sizes;
            let part = k.div_ceil(threads).max(1);
            let mut c = vec![0.0; m * n];
            for first in (0..k).step_by(part) {
                let terms = first..first + part;
                let own = summed(a, b, sizes, |at, sum, x, y| if terms.contains(&at[1]) { sum + x * y } else { sum });
                c.iter_mut().zip(own).for_each(|(c, own)| *c += own);
            }
            c
        },
        "gives every thread the rows of the first" => {
            plain::matmul_parallel(a, b, sizes, threads)?;
            let own = sizes[0].div_ceil(threads).max(1);
            summed(a, b, sizes, |at, sum, _, y| sum + a[at[0] % own * sizes[1] + at[1]] * y)
        },
        "takes 0 threads for one" => plain::matmul_parallel(a, b, sizes, threads.max(1))?,
    }
    fn attention_tiled(q: &[f32], k: &[f32], v: &[f32], sizes: [usize; 3], tile: usize, causal: bool) -> Vec<f32> {
        "does not scale" => attention([q, k, v], sizes, tile, causal, Way { score: |product, _| product, ..RIGHT })?,
        "divides by the width instead of its root" =>
            attention([q, k, v], sizes, tile, causal, Way { score: |product, d| product / d as f32, ..RIGHT })?,
        "leaves the sum as it was when the largest score grows" =>
            attention([q, k, v], sizes, tile, causal, Way {
                shrink: |before, now| [if before == f32::NEG_INFINITY { 0.0 } else { 1.0 }, (before - now).exp()],
                ..RIGHT
            })?,
        "leaves what was collected as it was when the largest score grows" =>
            attention([q, k, v], sizes, tile, causal, Way { shrink: |before, now| [(before - now).exp(), 1.0], ..RIGHT })?,
        "takes the exponential of the scores themselves" =>
            attention([q, k, v], sizes, tile, causal, Way { top: |_, _| 0.0, ..RIGHT })?,
        "takes the largest score of a tile for the largest so far" =>
            attention([q, k, v], sizes, tile, causal, Way { top: |_, scores| largest(f32::NEG_INFINITY, scores), ..RIGHT })?,
        "lets a query see the rest of its tile" =>
            attention([q, k, v], sizes, tile, causal, Way { sees: |i, j, tile| j / tile <= i / tile, ..RIGHT })?,
        "hides from a query its own key" =>
            attention([q, k, v], sizes, tile, causal, Way { sees: |i, j, _| j < i, ..RIGHT })?,
        "looks ahead" => plain::attention_tiled(q, k, v, sizes, tile, false)?,
        "leaves out keys that fill no tile" => {
            plain::attention_tiled(q, k, v, sizes, tile, causal)?;
            let whole = sizes[1] / tile * tile;
            let (k, v) = (&k[..whole * sizes[2]], &v[..whole * sizes[2]]);
            plain::attention_tiled(q, k, v, [sizes[0], whole, sizes[2]], tile, causal)?
        },
        "averages the tiles" => {
            plain::attention_tiled(q, k, v, sizes, tile, causal)?;
            let [s, t, d] = sizes;
            let mut out = vec![0.0; s * d];
            let tiles = t.div_ceil(tile).max(1) as f32;
            for k0 in (0..t).step_by(tile) {
                let keys = k0..k0.saturating_add(tile).min(t);
                let part = [s, keys.len(), d];
                let keys = keys.start * d..keys.end * d;
                let one = plain::attention_tiled(q, &k[keys.clone()], &v[keys], part, tile, causal)?;
                out.iter_mut().zip(one).for_each(|(o, x)| *o += x / tiles);
            }
            out
        },
        "collects keys instead of values" => plain::attention_tiled(q, k, k, sizes, tile, causal)?,
        "takes a tile of 0 for one of 1" => plain::attention_tiled(q, k, v, sizes, tile.max(1), causal)?,
    }
}
