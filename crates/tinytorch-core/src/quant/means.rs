//! Means in integers: of windows, and of whole images.

use super::fixed::Multiplier;
use super::graph::Window;
use super::requantize::clamp;

/// The mean of each window of one sample over the taps inside, half away from zero.
///
/// `x` is [H, W, C] with sizes `shape`; input and output have the same quantisation.
pub(super) fn avg_pool2d(
    x: &[i8],
    shape: [usize; 3],
    window: &Window,
    clamp_to: (i32, i32),
    y: &mut [i8],
) {
    let [height, width, channels] = shape;
    let Some(([_, out_w], [top, left])) = window.resolve([height, width]) else { return };
    let mut sums = vec![0_i32; channels];
    for (pixel, y) in y.chunks_exact_mut(channels.max(1)).enumerate() {
        let (oh, ow) = (pixel / out_w, pixel % out_w);
        let (rows, columns) = (window.taps(0, oh, top, height), window.taps(1, ow, left, width));
        sums.fill(0);
        for i in rows.clone() {
            for j in columns.clone() {
                let h = oh * window.stride[0] + i - top;
                let w = ow * window.stride[1] + j - left;
                let x = &x[(h * width + w) * channels..][..channels];
                sums.iter_mut().zip(x).for_each(|(sum, &x)| *sum += i32::from(x));
            }
        }
        // Every window has a tap inside: both schemes of padding see to that.
        let n = ((rows.len() * columns.len()) as i32).max(1);
        for (y, &sum) in y.iter_mut().zip(&sums) {
            let rounded = if sum > 0 { sum + n / 2 } else { sum - n / 2 };
            *y = clamp(rounded / n, clamp_to);
        }
    }
}

/// How a mean over `n` numbers at one scale becomes a code at another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MeanScale {
    multiplier: Multiplier,
    zeros: (i32, i32),
}

impl MeanScale {
    /// `None` if a sum of `n` codes does not fit 32 bits before or inside the rescaling.
    pub(super) fn new(n: usize, input: (f32, i32), output: (f32, i32)) -> Option<Self> {
        let whole = Multiplier::encode(f64::from(input.0) / f64::from(output.0));
        let most = i64::try_from(n).ok()?.checked_mul(255)?;
        let multiplier = whole.divided(n);
        let fits = most < 1_i64 << (31 - multiplier.shift.clamp(0, 31));
        (n > 0 && whole.shift <= 22 && fits)
            .then_some(Self { multiplier, zeros: (input.1, output.1) })
    }
}

/// The mean of each channel of one sample [H, W, C], `channels` of them.
pub(super) fn mean(x: &[i8], channels: usize, scale: MeanScale, y: &mut [i8]) {
    let n = (x.len() / channels.max(1)) as i32;
    for (c, y) in y.iter_mut().enumerate().take(channels) {
        let sum: i32 = x.iter().skip(c).step_by(channels).map(|&x| i32::from(x)).sum();
        let mean = scale.multiplier.apply(sum - n * scale.zeros.0);
        *y = clamp(mean.saturating_add(scale.zeros.1), (-128, 127));
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::Padding;
    use super::*;
    use crate::Rng;

    #[test]
    fn windows_by_hand() {
        // [2, 3, 1]: the mean of 1, 2, 4, 6 is 3.25; of 2, -9, 6, 0 it is -0.25.
        let x = [1, 2, -9, 4, 6, 0];
        let window = Window { kernel: [2, 2], stride: [1, 1], padding: Padding::Valid };
        let mut y = [0; 2];
        avg_pool2d(&x, [2, 3, 1], &window, (-128, 127), &mut y);
        assert_eq!(y, [3, 0]);
        // Halves go away from zero: (1 + 2)/2, (2 - 9)/2; with same padding the last window has one tap.
        let window = Window { kernel: [1, 2], stride: [1, 1], padding: Padding::Same };
        let mut y = [0; 6];
        avg_pool2d(&x, [2, 3, 1], &window, (-128, 127), &mut y);
        assert_eq!(y, [2, -4, -9, 5, 3, 0]);
        avg_pool2d(&x, [2, 3, 1], &window, (0, 127), &mut y);
        assert_eq!(y, [2, 0, 0, 5, 3, 0]);
    }

    /// Close to the real mean: the product is rounded before the shift, which rounds again.
    #[test]
    fn means_follow_the_real_ones() {
        let mut rng = Rng::seed(3);
        for _ in 0..300 {
            let (n, channels) = (1 + rng.below(60), 1 + rng.below(4));
            let (s_in, s_out) =
                (0.01 + 0.05 * rng.uniform() as f32, 0.01 + 0.05 * rng.uniform() as f32);
            let (z_in, z_out) = (rng.below(200) as i32 - 100, rng.below(60) as i32 - 30);
            let x: Vec<i8> =
                (0..n * channels).map(|_| (rng.below(256) as i64 - 128) as i8).collect();
            let scale = MeanScale::new(n, (s_in, z_in), (s_out, z_out)).unwrap();
            let mut y = vec![0; channels];
            mean(&x, channels, scale, &mut y);
            for (c, &y) in y.iter().enumerate() {
                let sum: i32 = x.iter().skip(c).step_by(channels).map(|&x| i32::from(x)).sum();
                let real = f64::from(s_in) * (f64::from(sum) / n as f64 - f64::from(z_in));
                let code = (real / f64::from(s_out) + f64::from(z_out)).clamp(-128.0, 127.0);
                // Half a code for the shift, and half of what it drops for the product: at most a quarter, by one bit.
                assert!((f64::from(y) - code).abs() <= 0.7501, "{y} {code}");
            }
        }
    }

    #[test]
    fn sums_that_do_not_fit_are_found() {
        assert!(MeanScale::new(0, (0.1, 0), (0.1, 0)).is_none());
        assert!(MeanScale::new(1 << 24, (0.1, 0), (0.1, 0)).is_none());
        assert!(MeanScale::new(1 << 22, (0.1, 0), (0.1, 0)).is_some());
        assert!(MeanScale::new(4, (1e9, 0), (0.1, 0)).is_none());
    }
}
