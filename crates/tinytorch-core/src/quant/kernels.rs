//! The integer operators: small integers in, 32-bit sums, small integers out.
//!
//! The fully connected layer is the slot [`crate::slots::quant::qlinear_forward`]. These are the definitions: loops in the
//! order of the formula, no blocking. Sums are exact because [`sum_fits`] holds for every graph that runs, so another order
//! of the terms gives the same bits: those of [`conv2d_packed`], which makes a product of a convolution.

use super::fixed::{self, Multiplier};
use super::graph::Window;
use super::requantize::{Requantize, clamp};
use super::weights::PackedWeights;
use crate::kernels::par;

/// Returns whether no order of summation can overflow, before or inside the rescaling.
///
/// For every channel Σ|w|·255 + |b| must stay below 2³¹, and below 2^(31 − s) when the
/// multiplier shifts left by s.
#[must_use]
pub(super) fn sum_fits(weight: &[i8], bias: &[i32], multipliers: &[Multiplier]) -> bool {
    let Some(size) = weight.len().checked_div(bias.len()) else { return true };
    bias.iter().zip(multipliers).enumerate().all(|(c, (&b, m))| {
        let w = &weight[c * size..(c + 1) * size];
        let most = w.iter().map(|v| i64::from(v.unsigned_abs()) * 255).sum::<i64>()
            + i64::from(b.unsigned_abs());
        most < 1_i64 << (31 - m.shift.clamp(0, 31))
    })
}

/// Convolution of one sample: `y[h, w, o] = Σ w[o, kh, kw, c]·(x[h', w', c] − z) + b[o]` over the taps inside.
///
/// `x` is [H, W, C] with sizes `shape`, `weight` [out, kh, kw, C]; `y` is [H', W', out].
#[cfg(test)]
pub(super) fn conv2d(
    x: &[i8],
    shape: [usize; 3],
    weight: &[i8],
    bias: &[i32],
    window: &Window,
    rq: &Requantize,
    y: &mut [i8],
) {
    let [height, width, channels] = shape;
    let Some(([_, out_w], [top, left])) = window.resolve([height, width]) else { return };
    let [kh, kw] = window.kernel;
    let outs = bias.len().max(1);
    for (pixel, y) in y.chunks_exact_mut(outs).enumerate() {
        let (oh, ow) = (pixel / out_w, pixel % out_w);
        for (o, ((y, &b), &m)) in y.iter_mut().zip(bias).zip(&rq.multipliers).enumerate() {
            let mut acc = b;
            for i in window.taps(0, oh, top, height) {
                for j in window.taps(1, ow, left, width) {
                    let h = oh * window.stride[0] + i - top;
                    let w = ow * window.stride[1] + j - left;
                    let x = &x[(h * width + w) * channels..][..channels];
                    let f = &weight[((o * kh + i) * kw + j) * channels..][..channels];
                    acc += x
                        .iter()
                        .zip(f)
                        .map(|(&x, &f)| i32::from(f) * (i32::from(x) - rq.input_zero))
                        .sum::<i32>();
                }
            }
            *y = rq.code(acc, m);
        }
    }
}

/// Bytes of windows that a thread lays out at once, so that they stay in the first-level cache.
const WINDOWS: usize = 1 << 14;

/// [`conv2d`] of any number of samples: their windows become rows, which the packed filters are multiplied with.
///
/// A tap outside of the image is the zero point; `bias` has the zero point of the input in it.
pub(super) fn conv2d_packed(
    x: &[i8],
    shape: [usize; 3],
    (packed, bias): (&PackedWeights, &[i32]),
    window: &Window,
    rq: &Requantize,
    y: &mut [i8],
) {
    let [height, width, channels] = shape;
    let Some(([out_h, out_w], [top, left])) = window.resolve([height, width]) else { return };
    let [outs, taps] = packed.sizes();
    if outs == 0 {
        return;
    }
    if taps == 0 {
        return packed.forward(&[], bias, rq, y, false);
    }
    let rows = (WINDOWS / taps).clamp(1, 96);
    // The zero point of a checked graph has eight bits.
    let zero = clamp(rq.input_zero, (-128, 127));
    let parallel = (y.len() / outs).saturating_mul(taps).saturating_mul(outs) >= 1 << 20;
    par::blocks(y, rows * outs, parallel, |at, y| {
        let mut windows = vec![zero; y.len() / outs * taps];
        for (row, to) in windows.chunks_exact_mut(taps).enumerate() {
            let pixel = at / outs + row;
            let (sample, oh, ow) = (pixel / (out_h * out_w), pixel / out_w % out_h, pixel % out_w);
            let x = &x[sample * height * width * channels..][..height * width * channels];
            let columns = window.taps(1, ow, left, width);
            if columns.is_empty() {
                continue;
            }
            let first = ow * window.stride[1] + columns.start - left;
            for i in window.taps(0, oh, top, height) {
                let h = oh * window.stride[0] + i - top;
                let from = &x[(h * width + first) * channels..][..columns.len() * channels];
                let start = (i * window.kernel[1] + columns.start) * channels;
                to[start..start + from.len()].copy_from_slice(from);
            }
        }
        packed.forward(&windows, bias, rq, y, false);
    });
}

/// Max pooling of `x`, [H, W, C] with sizes `shape`: the largest code among the taps inside.
pub(super) fn max_pool2d(
    x: &[i8],
    shape: [usize; 3],
    window: &Window,
    clamp_to: (i32, i32),
    y: &mut [i8],
) {
    let [height, width, channels] = shape;
    let Some(([_, out_w], [top, left])) = window.resolve([height, width]) else { return };
    for (pixel, y) in y.chunks_exact_mut(channels.max(1)).enumerate() {
        let (oh, ow) = (pixel / out_w, pixel % out_w);
        y.fill(i8::MIN);
        for i in window.taps(0, oh, top, height) {
            for j in window.taps(1, ow, left, width) {
                let h = oh * window.stride[0] + i - top;
                let w = ow * window.stride[1] + j - left;
                let x = &x[(h * width + w) * channels..][..channels];
                for (y, &x) in y.iter_mut().zip(x) {
                    *y = (*y).max(x);
                }
            }
        }
        for y in y {
            *y = clamp(i32::from(*y), clamp_to);
        }
    }
}

/// Integer bits of the scaled differences that softmax exponentiates.
const DIFFERENCE_BITS: u32 = 5;
/// Integer bits of the sum of exponentials.
const SUM_BITS: u32 = 12;

/// Softmax of rows of `row` codes at scale `input_scale`, to scale 1/256 and zero point −128.
///
/// With d = x − max(x): e = exp(d · scale) in fixed point, and y = e / Σe. Differences whose exponential
/// is below what 31 bits hold are left out and give −128.
pub(super) fn softmax(x: &[i8], row: usize, input_scale: f32, y: &mut [i8]) {
    let fraction = 31 - DIFFERENCE_BITS;
    let unit = f64::from(1_u32 << fraction);
    let m = Multiplier::encode((f64::from(input_scale) * unit).min(2_147_483_647.0));
    let left = m.shift.clamp(0, 31).unsigned_abs();
    #[expect(clippy::cast_possible_truncation, reason = "at most 31 · 2^26 < 2^31")]
    let lowest = -(libm::floor(31.0 * unit / f64::from(1_u32 << left)) as i32);
    let exponential =
        |d: i32| fixed::exp_neg(fixed::high_mul(d << left, m.mantissa), DIFFERENCE_BITS);
    for (x, y) in x.chunks_exact(row.max(1)).zip(y.chunks_exact_mut(row.max(1))) {
        let top = x.iter().copied().max().map_or(0, i32::from);
        let differences = x.iter().map(|&v| i32::from(v) - top);
        let sum: i32 = differences
            .clone()
            .filter(|&d| d >= lowest)
            .map(|d| fixed::round_shift(exponential(d), SUM_BITS))
            .fold(0, i32::wrapping_add);
        let zeros = sum.leading_zeros();
        // The leading one of the sum is dropped: what is left is a in sum = 2^k · (1 + a).
        #[expect(clippy::cast_possible_wrap, reason = "the top bit is zero after the exclusive or")]
        let a = ((sum.cast_unsigned() << zeros.min(31)) ^ (1 << 31)) as i32;
        let inverse = fixed::reciprocal_of_one_plus(a);
        for (d, y) in differences.zip(y) {
            *y = if d < lowest {
                i8::MIN
            } else {
                let e = fixed::high_mul(inverse, exponential(d));
                let probability = fixed::round_shift(e, (SUM_BITS + 31 - 8).saturating_sub(zeros));
                clamp(probability - 128, (-128, 127))
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::{FusedActivation, Padding};
    use super::*;
    use crate::{Rng, slots::quant::qlinear_forward as fully_connected};

    fn unit_scale(n: usize) -> Requantize {
        Requantize::new((1.0, 0), &vec![1.0; n], (1.0, 0), FusedActivation::None)
    }

    fn codes(rng: &mut Rng, n: usize) -> Vec<i8> {
        (0..n)
            .map(|_| i8::try_from(i32::try_from(rng.below(255)).unwrap() - 127).unwrap())
            .collect()
    }

    #[test]
    fn fully_connected_by_hand() {
        let mut y = [0; 2];
        fully_connected(&[1, 2, 3], &[1, 0, -1, 2, 2, 2], &[10, -20], &unit_scale(2), &mut y);
        assert_eq!(y, [8, -8]);
        let mut rq = Requantize::new((0.5, 1), &[0.5, 1.0], (0.25, -3), FusedActivation::Relu);
        // (0+0-2)+10 = 8, factor 1 -> 8-3 = 5; (0+2+4)-20 = -14, factor 2 -> -28, clamped at -3.
        fully_connected(&[1, 2, 3], &[1, 0, -1, 2, 2, 2], &[10, -20], &rq, &mut y);
        assert_eq!(y, [5, -3]);
        rq.activation = FusedActivation::None;
        fully_connected(&[1, 2, 3], &[1, 0, -1, 2, 2, 2], &[10, -20], &rq, &mut y);
        assert_eq!(y, [5, -31]);
    }

    /// A convolution whose window is the whole image is a fully connected layer.
    #[test]
    fn whole_image_convolution_is_fully_connected() {
        let mut rng = Rng::seed(4);
        let (x, w) = (codes(&mut rng, 3 * 2 * 2), codes(&mut rng, 5 * 12));
        let bias = [100, -50, 0, 7, 900];
        let rq = Requantize::new(
            (0.02, -7),
            &[0.01, 0.02, 0.03, 0.04, 0.05],
            (0.3, 4),
            FusedActivation::None,
        );
        let window = Window { kernel: [3, 2], stride: [1, 1], padding: Padding::Valid };
        let (mut a, mut b) = ([0; 5], [0; 5]);
        conv2d(&x, [3, 2, 2], &w, &bias, &window, &rq, &mut a);
        fully_connected(&x, &w, &bias, &rq, &mut b);
        assert_eq!(a, b);
    }

    /// Padded taps stand for the real number 0: the same as an image with a border of zero points.
    #[test]
    fn padding_is_a_border_of_zero_points() {
        let mut rng = Rng::seed(8);
        let (x, w) = (codes(&mut rng, 16), codes(&mut rng, 9));
        let rq = Requantize::new((0.02, 5), &[0.01], (0.3, 0), FusedActivation::None);
        let same = Window { kernel: [3, 3], stride: [1, 1], padding: Padding::Same };
        let mut border = vec![5_i8; 36];
        for r in 0..4 {
            border[(r + 1) * 6 + 1..][..4].copy_from_slice(&x[r * 4..][..4]);
        }
        let (mut a, mut b) = ([0; 16], [0; 16]);
        conv2d(&x, [4, 4, 1], &w, &[3], &same, &rq, &mut a);
        conv2d(
            &border,
            [6, 6, 1],
            &w,
            &[3],
            &Window { padding: Padding::Valid, ..same },
            &rq,
            &mut b,
        );
        assert_eq!(a, b);
    }

    /// Every remainder of rows, several samples, padding on both sides, steps beyond the window.
    #[test]
    fn packed_convolutions_equal_the_definition() {
        let mut rng = Rng::seed(12);
        for round in 0..60 {
            let [h, w, c] = [1 + rng.below(9), 1 + rng.below(9), 1 + rng.below(5)];
            let kernel = [1 + rng.below(4), 1 + rng.below(4)];
            let (outs, n) = (1 + rng.below(40), 1 + rng.below(3));
            let padding = if round % 3 == 0 { Padding::Valid } else { Padding::Same };
            let window = Window { kernel, stride: [1 + rng.below(5), 1 + rng.below(3)], padding };
            let Some(([oh, ow], _)) = window.resolve([h, w]) else { continue };
            let taps = kernel[0] * kernel[1] * c;
            let (x, weight) = (codes(&mut rng, n * h * w * c), codes(&mut rng, outs * taps));
            let bias: Vec<i32> =
                codes(&mut rng, outs).into_iter().map(|b| 30 * i32::from(b)).collect();
            let scales: Vec<f32> = (0..outs).map(|o| 0.01 + 0.002 * o as f32).collect();
            let rq = Requantize::new((0.02, 9), &scales, (0.3, -4), FusedActivation::None);
            let packed = PackedWeights::new(&weight, [outs, taps]).unwrap();
            let shifted = super::super::weights::shifted(&weight, &bias, 9);
            let mut fast = vec![0; n * oh * ow * outs];
            conv2d_packed(&x, [h, w, c], (&packed, &shifted), &window, &rq, &mut fast);
            let mut plain = vec![0; oh * ow * outs];
            for (x, fast) in x.chunks(h * w * c).zip(fast.chunks(oh * ow * outs)) {
                conv2d(x, [h, w, c], &weight, &bias, &window, &rq, &mut plain);
                assert_eq!(fast, plain, "{window:?} on {h} x {w} x {c}, {outs} filters");
            }
        }
    }

    #[test]
    fn max_pool_by_hand() {
        let x = [1, -5, 2, 9, 3, -1, -7, 0, -128, 4, 8, 8]; // [3, 2, 2]
        let window = Window { kernel: [2, 2], stride: [1, 1], padding: Padding::Valid };
        let mut y = [0; 4];
        max_pool2d(&x, [3, 2, 2], &window, (-128, 127), &mut y);
        assert_eq!(y, [3, 9, 8, 8]);
        max_pool2d(&x, [3, 2, 2], &window, (5, 127), &mut y);
        assert_eq!(y, [5, 9, 8, 8]);
    }

    /// Against the float softmax; one code is 1/256, and the integer path is off by less than one.
    #[test]
    fn softmax_follows_the_float_one() {
        let mut rng = Rng::seed(6);
        for scale in [0.003_f32, 0.05, 0.2, 1.5] {
            for _ in 0..50 {
                let x = codes(&mut rng, 10);
                let mut y = [0; 10];
                softmax(&x, 10, scale, &mut y);
                let e: Vec<f64> =
                    x.iter().map(|&v| (f64::from(v) * f64::from(scale)).exp()).collect();
                let total: f64 = e.iter().sum();
                for (&y, e) in y.iter().zip(&e) {
                    let exact = (256.0 * e / total).min(255.0);
                    assert!(
                        (f64::from(y) + 128.0 - exact).abs() <= 1.0,
                        "{x:?} {scale}: {y} {exact}"
                    );
                }
            }
        }
    }

    #[test]
    fn sums_that_could_overflow_are_found() {
        let m = [Multiplier::encode(0.5)];
        assert!(sum_fits(&[127; 100], &[0], &m));
        assert!(!sum_fits(&[127; 100], &[i32::MAX - 127 * 255 * 100 + 1], &m));
        assert!(!sum_fits(&[1], &[1 << 29], &[Multiplier::encode(2.0)]), "shifts left by two");
    }
}
