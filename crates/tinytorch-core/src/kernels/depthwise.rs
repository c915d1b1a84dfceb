//! Convolution of each channel by itself, with step 1.
//!
//! As in the other kernel that slides the image, a tap meets elements a fixed distance behind the positions it counts for. With
//! one channel to a map there is no weight to share between maps, so a vector holds neighbouring positions and nothing
//! else, and a channel with its results stays in the first-level cache while it is worked on.

use core::hint::black_box;

use super::{
    conv::Geometry,
    direct,
    dot::{STEP, joined, total},
    par,
    recycle::{buffer, filled, keep},
    simd::{self, Fused, MulAdd},
    skinny,
};
use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Positions of one tile: four vectors of the widest kind.
const LANES: usize = 4 * STEP;

/// Elements of results that a thread takes at once.
const BLOCK: usize = 1 << 13;

/// Taps of a weight gradient that are summed side by side: those of the commonest kernel.
const TAPS: usize = 9;

/// True if this kernel serves the convolution better than the one that shares an image between maps.
pub(crate) fn fits(g: &Geometry) -> bool {
    g.channels == g.groups && g.maps <= 2 * g.groups && direct::fits(g)
}

/// Returns the convolution of `x` with `w`, plus `bias`, for a `g` that [`fits`].
pub(crate) fn forward<T: Real>(g: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>) -> Vec<T> {
    let (taps, maps) = (g.taps(), g.maps / g.groups);
    let (in_len, out_len) = (g.size[0] * g.size[1], g.out[0] * g.out[1]);
    let mut out = buffer(g.batch * g.maps * out_len);
    let planes = BLOCK.div_ceil(out_len);
    par::blocks(&mut out, planes * out_len, g.is_parallel(), |at, out| {
        let mut padded = filled(g.plane() + LANES, T::ZERO);
        let mut sums = buffer(g.run().next_multiple_of(LANES));
        for (i, out) in out.chunks_mut(out_len).enumerate() {
            let plane = at / out_len + i;
            let (image, map) = (plane / g.maps, plane % g.maps);
            let channel = image * g.channels + map / maps;
            g.pad(&x[channel * in_len..][..in_len], &mut padded);
            simd::run_fused(Forward {
                padded: &padded,
                taps: &taps,
                weights: &w[map * taps.len()..][..taps.len()],
                start: bias.map_or(T::ZERO, |bias| bias[map]),
                sums: &mut sums,
            });
            // Back from padded rows to rows.
            for (row, sums) in out.chunks_mut(g.out[1]).zip(sums.chunks(g.pitch())) {
                row.copy_from_slice(&sums[..row.len()]);
            }
        }
        keep(padded);
        keep(sums);
    });
    out
}

/// One map, position by position through the padded rows.
struct Forward<'a, T> {
    padded: &'a [T],
    taps: &'a [usize],
    weights: &'a [T],
    start: T,
    sums: &'a mut [T],
}

impl<T: Real> Fused for Forward<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { padded, taps, weights, start, sums } = self;
        for (tile, sums) in sums.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
            let image = &padded[tile * LANES..];
            let [mut a, mut b, mut c, mut d] = [[start; STEP]; 4];
            for (&tap, &w) in taps.iter().zip(weights) {
                let Some(x) = image.get(tap..).and_then(|x| x.first_chunk::<LANES>()) else {
                    break;
                };
                let x = x.as_chunks::<STEP>().0;
                a = skinny::joined::<M, T, STEP>(a, w, &x[0]);
                b = skinny::joined::<M, T, STEP>(b, w, &x[1]);
                c = skinny::joined::<M, T, STEP>(c, w, &x[2]);
                d = skinny::joined::<M, T, STEP>(d, w, &x[3]);
            }
            sums.copy_from_slice([a, b, c, d].as_flattened());
        }
    }
}

/// Returns the gradient of the kernels, given the input and the gradient of the output. `g` [`fits`].
pub(crate) fn weight_grad<T: Real>(g: &Geometry, x: &[T], grad: &[T]) -> Vec<T> {
    let (taps, maps) = (g.taps(), g.maps / g.groups);
    let (in_len, out_len) = (g.size[0] * g.size[1], g.out[0] * g.out[1]);
    let mut out = filled(g.maps * taps.len(), T::ZERO);
    par::blocks(&mut out, taps.len(), g.is_parallel(), |at, sum| {
        let map = at / taps.len();
        let mut padded = filled(g.plane() + LANES, T::ZERO);
        // With room for the last vector of the last row.
        let mut slope = filled(out_len + STEP, T::ZERO);
        for image in 0..g.batch {
            let channel = image * g.channels + map / maps;
            g.pad(&x[channel * in_len..][..in_len], &mut padded);
            slope[..out_len].copy_from_slice(&grad[(image * g.maps + map) * out_len..][..out_len]);
            simd::run_fused(WeightGrad { g, padded: &padded, slope: &slope, taps: &taps, sum });
        }
        keep(padded);
        keep(slope);
    });
    out
}

/// The gradient of one kernel from one image.
struct WeightGrad<'a, T> {
    g: &'a Geometry,
    padded: &'a [T],
    slope: &'a [T],
    taps: &'a [usize],
    sum: &'a mut [T],
}

impl<T: Real> Fused for WeightGrad<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { g, padded, slope, taps, sum } = self;
        let (whole, rest) = (g.out[1] / STEP, g.out[1] % STEP);
        for (taps, sum) in taps.chunks(TAPS).zip(sum.chunks_mut(TAPS)) {
            // Beyond the last tap it stands in for the missing ones, whose sums are left out.
            let taps = core::array::from_fn(|t| taps[t.min(taps.len() - 1)]);
            if whole > 0 {
                let sums = columns::<M, T>(g, padded, slope, taps, (0, whole));
                sum.iter_mut().zip(&sums).for_each(|(to, lanes)| *to += total(lanes));
            }
            if rest > 0 {
                // The last vector of a row reaches into the next: what its other lanes sum is left out.
                let sums = columns::<M, T>(g, padded, slope, taps, (whole * STEP, 1));
                for (to, lanes) in sum.iter_mut().zip(&sums) {
                    lanes[..rest].iter().for_each(|&lane| *to += lane);
                }
            }
        }
    }
}

/// The sums of products of the gradient with the image, each tap away, over `count` vectors of each row.
#[inline(always)]
fn columns<M: MulAdd, T: Real>(
    g: &Geometry,
    padded: &[T],
    slope: &[T],
    taps: [usize; TAPS],
    (first, count): (usize, usize),
) -> [[T; STEP]; TAPS] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut h, mut i, mut j] = [[T::ZERO; STEP]; TAPS];
    for row in 0..g.out[0] {
        let slope = &slope[row * g.out[1] + first..].as_chunks::<STEP>().0[..count];
        let image = &padded[row * g.pitch() + first..];
        let [p, q, r, s, t, u, v, w, x] =
            taps.map(|tap| &image[tap..].as_chunks::<STEP>().0[..count]);
        for at in 0..count {
            let slope = &slope[at];
            a = joined::<M, T, T>(a, slope, &p[at]);
            b = joined::<M, T, T>(b, slope, &q[at]);
            c = joined::<M, T, T>(c, slope, &r[at]);
            d = joined::<M, T, T>(d, slope, &s[at]);
            e = joined::<M, T, T>(e, slope, &t[at]);
            f = joined::<M, T, T>(f, slope, &u[at]);
            h = joined::<M, T, T>(h, slope, &v[at]);
            i = joined::<M, T, T>(i, slope, &w[at]);
            j = joined::<M, T, T>(j, slope, &x[at]);
        }
    }
    // The compiler must not see that the lanes are added up: for that it would cut the vectors of the loop into pairs.
    black_box([a, b, c, d, e, f, h, i, j])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;
    use crate::kernels::conv;

    /// Shapes with every remainder, one and two maps for a channel, against the definition, element by element.
    #[test]
    fn results_and_gradients_equal_the_definition() {
        let mut rng = Rng::seed(11);
        for round in 0..60 {
            let [batch, channels, each] = [3, 4, 2].map(|below| 1 + rng.below(below));
            let kernel = [1 + rng.below(4), 1 + rng.below(5)];
            let padding = kernel.map(|k| rng.below(k));
            let dilation = [1, 1 + round % 2];
            let least = [0, 1].map(|a| dilation[a] * (kernel[a] - 1) + 1);
            let size = [least[0] + rng.below(6), least[1] + rng.below(70)];
            let [oh, ow] = [0, 1].map(|a| size[a] + 2 * padding[a] + 1 - least[a]);
            let (maps, groups, stride) = (each * channels, channels, [1, 1]);
            let out = [oh, ow];
            let g = Geometry {
                batch,
                channels,
                size,
                maps,
                out,
                kernel,
                stride,
                padding,
                dilation,
                groups,
            };
            assert!(fits(&g));
            // Small integers: every order of addition is exact.
            let mut whole =
                |n: usize| -> Vec<f32> { (0..n).map(|_| rng.below(9) as f32 - 4.0).collect() };
            let [h, w] = size;
            let (x, slope) = (whole(batch * channels * h * w), whole(batch * maps * oh * ow));
            let (weights, bias) = (whole(maps * kernel[0] * kernel[1]), whole(maps));
            let mut result = vec![0.0; slope.len()];
            let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; weights.len()]);
            for at in 0..result.len() {
                let (plane, i, j) = (at / (oh * ow), at / ow % oh, at % ow);
                let (image, map) = (plane / maps, plane % maps);
                result[at] = bias[map];
                for tap in 0..kernel[0] * kernel[1] {
                    let [u, v] = [tap / kernel[1], tap % kernel[1]];
                    let row = (i + u * dilation[0]).checked_sub(padding[0]).filter(|&r| r < h);
                    let col = (j + v * dilation[1]).checked_sub(padding[1]).filter(|&c| c < w);
                    let Some((row, col)) = row.zip(col) else { continue };
                    let from = ((image * channels + map / each) * h + row) * w + col;
                    let weight = map * kernel[0] * kernel[1] + tap;
                    result[at] += weights[weight] * x[from];
                    dx[from] += weights[weight] * slope[at];
                    dw[weight] += x[from] * slope[at];
                }
            }
            assert_eq!(forward(&g, &x, &weights, Some(&bias)), result, "{g:?}");
            assert_eq!(weight_grad(&g, &x, &slope), dw, "{g:?}");
            // And as they are called.
            assert_eq!(conv::forward(&g, &x, &weights, Some(&bias)), result, "{g:?}");
            assert_eq!(conv::input_grad(&g, &slope, &weights), dx, "{g:?}");
            assert_eq!(conv::weight_grad(&g, &x, &slope), dw, "{g:?}");
        }
    }

    /// What lies beside the image must not reach a gradient, not even as a product with 0.
    #[test]
    fn an_infinite_pixel_stays_where_it_is() {
        let g = Geometry {
            batch: 1,
            channels: 1,
            size: [2, 18],
            maps: 1,
            out: [2, 18],
            kernel: [1, 3],
            stride: [1, 1],
            padding: [0, 1],
            dilation: [1, 1],
            groups: 1,
        };
        let (mut x, mut slope) = (vec![0.0f32; 36], vec![0.0; 36]);
        (x[35], slope[34]) = (f32::INFINITY, 1.0); // tap 2 alone meets them
        slope[35] = 0.0;
        let got = weight_grad(&g, &x, &slope);
        assert_eq!(got[2], f32::INFINITY, "{got:?}");
        assert!(got[0] == 0.0 && got[1].is_nan(), "0·∞ at the pixel itself alone: {got:?}");
    }
}
