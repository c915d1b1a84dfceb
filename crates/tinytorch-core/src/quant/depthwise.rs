//! Convolution of each channel by itself, in integers.

use super::graph::Window;
use super::requantize::Requantize;

/// `y[h, w, o] = Σ w[kh, kw, o]·(x[h', w', o / m] − z) + b[o]` over the taps inside, for one sample.
///
/// `x` is [H, W, C] with sizes `shape`, `weight` [kh, kw, out] with `out = m·C`; `y` is [H', W', out].
pub(super) fn depthwise(
    x: &[i8],
    shape: [usize; 3],
    (weight, bias): (&[i8], &[i32]),
    window: &Window,
    rq: &Requantize,
    y: &mut [i8],
) {
    let [height, width, channels] = shape;
    let Some(([_, out_w], [top, left])) = window.resolve([height, width]) else { return };
    let outs = bias.len();
    let each = outs / channels.max(1);
    if each == 0 {
        return;
    }
    let mut sums = bias.to_vec();
    for (pixel, y) in y.chunks_exact_mut(outs).enumerate() {
        let (oh, ow) = (pixel / out_w, pixel % out_w);
        sums.copy_from_slice(bias);
        for i in window.taps(0, oh, top, height) {
            for j in window.taps(1, ow, left, width) {
                let h = oh * window.stride[0] + i - top;
                let w = ow * window.stride[1] + j - left;
                let x = &x[(h * width + w) * channels..][..channels];
                let f = &weight[(i * window.kernel[1] + j) * outs..][..outs];
                for ((sums, f), &x) in sums.chunks_exact_mut(each).zip(f.chunks_exact(each)).zip(x)
                {
                    let x = i32::from(x) - rq.input_zero;
                    sums.iter_mut().zip(f).for_each(|(sum, &f)| *sum += i32::from(f) * x);
                }
            }
        }
        for ((y, &sum), &m) in y.iter_mut().zip(&sums).zip(&rq.multipliers) {
            *y = rq.code(sum, m);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::{FusedActivation, Padding};
    use super::super::kernels::conv2d;
    use super::*;
    use crate::Rng;
    use crate::nostd::prelude::*;

    /// A full convolution whose filters are zero outside of their own channel is the definition.
    #[test]
    fn equals_a_full_convolution_with_zeros_elsewhere() {
        let mut rng = Rng::seed(2);
        for round in 0..40 {
            let [h, w, c, each] =
                [1 + rng.below(7), 1 + rng.below(7), 1 + rng.below(6), 1 + rng.below(3)];
            let kernel = [1 + rng.below(3), 1 + rng.below(4)];
            let padding = if round % 2 == 0 { Padding::Valid } else { Padding::Same };
            let window = Window { kernel, stride: [1 + rng.below(3), 1 + rng.below(2)], padding };
            let Some(([oh, ow], _)) = window.resolve([h, w]) else { continue };
            let (outs, taps) = (c * each, kernel[0] * kernel[1]);
            let mut codes = |n: usize| -> Vec<i8> {
                (0..n).map(|_| (rng.below(255) as i64 - 127) as i8).collect()
            };
            let (x, weight) = (codes(h * w * c), codes(taps * outs));
            let bias: Vec<i32> = codes(outs).into_iter().map(|b| 9 * i32::from(b)).collect();
            let mut full = vec![0; outs * taps * c];
            for o in 0..outs {
                for t in 0..taps {
                    full[(o * taps + t) * c + o / each] = weight[t * outs + o];
                }
            }
            let scales: Vec<f32> = (0..outs).map(|o| 0.01 + 0.004 * o as f32).collect();
            let rq = Requantize::new((0.02, -11), &scales, (0.1, 6), FusedActivation::Relu);
            let (mut fast, mut plain) = (vec![0; oh * ow * outs], vec![0; oh * ow * outs]);
            depthwise(&x, [h, w, c], (&weight, &bias), &window, &rq, &mut fast);
            conv2d(&x, [h, w, c], &full, &bias, &window, &rq, &mut plain);
            assert_eq!(fast, plain, "{window:?} on {h} x {w} x {c}, {each} each");
        }
    }
}
