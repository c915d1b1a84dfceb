//! The sum of two tensors in integers, and a border around an image.

use super::fixed::Multiplier;
use super::graph::FusedActivation;
use super::requantize::clamp;

/// Bits by which both operands of a sum are shifted to the left, so that scaling loses nothing that matters.
const HEADROOM: u32 = 20;

/// How two tensors at scales of their own become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct AddScale {
    left: Multiplier,
    right: Multiplier,
    out: Multiplier,
    zeros: [i32; 3],
    activation: FusedActivation,
}

impl AddScale {
    /// Both operands are brought to twice the larger scale, summed, and brought to the scale of the output.
    ///
    /// `None` if the output is so much finer than the operands that the sum would have to grow.
    pub(super) fn new(
        left: (f32, i32),
        right: (f32, i32),
        out: (f32, i32),
        activation: FusedActivation,
    ) -> Option<Self> {
        let [a, b, y] = [left.0, right.0, out.0].map(f64::from);
        let twice = 2.0 * a.max(b);
        let factors = [a / twice, b / twice, twice / (f64::from(1 << HEADROOM) * y)];
        let [left_m, right_m, out_m] = factors.map(Multiplier::encode);
        let fits = [left_m, right_m, out_m].iter().all(|m| m.mantissa != 0 && m.shift <= 0);
        fits.then_some(Self {
            left: left_m,
            right: right_m,
            out: out_m,
            zeros: [left.1, right.1, out.1],
            activation,
        })
    }
}

/// `y = a + b`, element by element.
pub(super) fn add(a: &[i8], b: &[i8], scale: &AddScale, y: &mut [i8]) {
    let [za, zb, zy] = scale.zeros;
    let range = scale.activation.clamp_range(zy);
    for ((&a, &b), y) in a.iter().zip(b).zip(y) {
        // At most 255 · 2^20 each, halved by the multiplier: the sum has room.
        let a = scale.left.apply((i32::from(a) - za) << HEADROOM);
        let b = scale.right.apply((i32::from(b) - zb) << HEADROOM);
        *y = clamp(scale.out.apply(a + b).saturating_add(zy), range);
    }
}

/// One sample `x`, [H, W, C] with sizes `shape`, inside a larger image with `before` = [top, left] rows and columns in front
/// of it; what is outside stays as it is in `y`, [_, `out_width`, C].
pub(super) fn pad(
    x: &[i8],
    [height, width, channels]: [usize; 3],
    [top, left]: [usize; 2],
    out_width: usize,
    y: &mut [i8],
) {
    let row = width * channels;
    for h in 0..height {
        let at = ((top + h) * out_width + left) * channels;
        y[at..at + row].copy_from_slice(&x[h * row..(h + 1) * row]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    /// The nearest code of the real sum; three roundings far below one code come before the last.
    #[test]
    fn sums_follow_the_real_ones() {
        let mut rng = Rng::seed(6);
        for round in 0..2_000 {
            let mut scale = || 0.005 + 0.1 * rng.uniform() as f32;
            let (sa, sb) = (scale(), scale());
            let sy = scale() + 0.01;
            let mut code = || (rng.below(256) as i64 - 128) as i8;
            let ([a, b], [za, zb, zy]) =
                ([code(), code()], [code(), code(), code()].map(i32::from));
            let activation =
                if round % 2 == 0 { FusedActivation::None } else { FusedActivation::Relu };
            let scales = AddScale::new((sa, za), (sb, zb), (sy, zy), activation).unwrap();
            let mut y = [0];
            add(&[a], &[b], &scales, &mut y);
            let real = |s: f32, q: i8, z: i32| f64::from(s) * f64::from(i32::from(q) - z);
            let sum = real(sa, a, za) + real(sb, b, zb);
            let (lo, hi) = activation.clamp_range(zy);
            let exact = (sum / f64::from(sy) + f64::from(zy)).clamp(f64::from(lo), f64::from(hi));
            assert!((f64::from(y[0]) - exact).abs() <= 0.51, "{} {exact}", y[0]);
        }
    }

    #[test]
    fn an_output_too_fine_is_found() {
        let none = FusedActivation::None;
        assert!(AddScale::new((0.5, 0), (0.25, 0), (0.75, 0), none).is_some());
        assert!(AddScale::new((0.5, 0), (0.25, 0), (1e-7, 0), none).is_none());
        assert!(AddScale::new((0.5, 0), (1e-12, 0), (0.5, 0), none).is_none());
    }

    #[test]
    fn a_border_by_hand() {
        let mut y = [9; 12];
        pad(&[1, 2, 3, 4], [2, 2, 1], [1, 1], 4, &mut y);
        assert_eq!(y, [9, 9, 9, 9, 9, 1, 2, 9, 9, 3, 4, 9]);
    }
}
