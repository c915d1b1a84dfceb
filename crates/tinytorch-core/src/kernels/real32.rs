//! Exponential, hyperbolic tangent, logistic and error function of single precision, without branches.
//!
//! The functions of the standard library are calls, one element at a time. These are short chains of additions and
//! multiplications, so a loop over them runs on all lanes of a vector ([`simd`](super::simd)), and they give the same bits
//! on every machine; [`exp_down`] says where it does not. Polynomials were computed with 40 digits by interpolation at Chebyshev nodes; each names its error.

use core::f32::consts::LOG2_E;

#[cfg(not(feature = "std"))]
use crate::nostd::Float;

/// `ln 2` in two parts: the first ends in nine zero bits, so that its multiples up to 2^9 are exact.
const LN2_HIGH: f32 = 0.693_145_75;
const LN2_LOW: f32 = 1.428_606_8e-6;

/// `1.5 · 2^23`: adding it rounds to an integer, which then stands in the low bits.
const ROUND: f32 = 12_582_912.0;

/// `e^r = 1 + r + r²·q(r)` on `|r| ≤ ln 2 / 2`, within 8e-9.
const EXP: [f32; 5] = [0.5, 0.166_665_77, 0.041_666_556, 0.008_363_233, 0.001_392_625_1];

/// `tanh x = x + x³·p(x²)` on `|x| ≤ 0.63`, within 2e-8 of `x`.
const TANH: [f32; 5] =
    [-0.333_333_28, 0.133_327_19, -0.053_843_264, 0.020_961_33, -0.006_045_165_3];

/// `erf x = x·p(x²)` on `|x| ≤ 1`, within 2e-9 of `x`.
#[expect(
    clippy::approx_constant,
    reason = "the first coefficient of the series happens to be 2/√π"
)]
const ERF: [f32; 7] = [
    1.128_379_1,
    -0.376_126_26,
    0.112_835_95,
    -0.026_854_213,
    0.005_189_087_5,
    -0.000_801_686_43,
    0.000_078_758_75,
];

/// `1 - erf x = t·e^(-x²)·p(t)` with `t = 2/(2 + x)` on `1 ≤ x ≤ 4.1`, within 5e-10 of `p`.
const ERFC: [f32; 8] = [
    0.282_261_53,
    0.279_452_53,
    0.264_346_36,
    0.114_673_1,
    0.201_106_58,
    -0.098_949_05,
    -0.097_401_09,
    0.054_746_903,
];

#[inline(always)]
fn polynomial<const N: usize>(x: f32, c: &[f32; N]) -> f32 {
    let mut p = c[N - 1];
    for i in (0..N - 1).rev() {
        p = p * x + c[i];
    }
    p
}

/// Returns `e^x` within 2 units of the last place; 0 below -104, infinity above 88.73.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // NaN passes both comparisons. Beyond the bounds the result is 0 or infinite anyway.
    let x = if x > 89.0 { 89.0 } else { x };
    let x = if x < -105.0 { -105.0 } else { x };
    let shifted = x * LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let y = 1.0 + (r + r * r * polynomial(r, &EXP));
    // 2^n as two factors: either alone is a normal number even where the result is not.
    let n = shifted.to_bits().wrapping_sub(ROUND.to_bits()).cast_signed();
    let half = n >> 1;
    let power = |n: i32| f32::from_bits(n.wrapping_add(127).cast_unsigned() << 23);
    y * power(half) * power(n.wrapping_sub(half))
}

/// Returns `e^x` of `x ≤ 0` within 2 units of the last place; 0 below -87, where the least normal numbers begin.
///
/// With `FUSED` products and sums are rounded once, where the machine has an instruction for it: the last bit may differ
/// from that of another machine.
#[inline(always)]
pub(crate) fn exp_down<const FUSED: bool>(x: f32) -> f32 {
    let joined = |a: f32, b: f32, c: f32| if FUSED { a.mul_add(b, c) } else { a * b + c };
    // NaN passes the comparison, and all that follows.
    let b = if x < -87.0 { -87.0 } else { x };
    let shifted = joined(b, LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = joined(n, -LN2_LOW, joined(n, -LN2_HIGH, b));
    let mut q = EXP[EXP.len() - 1];
    for i in (0..EXP.len() - 1).rev() {
        q = joined(q, r, EXP[i]);
    }
    let y = joined(r * r, q, r) + 1.0;
    // 2^n: n stands in the low bits of `shifted`.
    let power = f32::from_bits(shifted.to_bits().wrapping_sub(ROUND.to_bits() - 127) << 23);
    if x < -87.0 { 0.0 } else { y * power }
}

/// Returns `tanh x` within 3 units of the last place.
#[inline(always)]
pub(crate) fn tanh(x: f32) -> f32 {
    let a = x.abs();
    let z = x * x;
    let near = a + a * z * polynomial(z, &TANH);
    let far = 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
    (if a < 0.625 { near } else { far }).copysign(x)
}

/// Returns `1 / (1 + e^-x)` within 3 units of the last place; the exponential never overflows.
#[inline(always)]
pub(crate) fn sigmoid(x: f32) -> f32 {
    let e = exp(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// Returns `2/√π ∫₀ˣ e^(-t²) dt` within 2 units of the last place.
#[inline(always)]
pub(crate) fn erf(x: f32) -> f32 {
    let a = x.abs();
    let near = a * polynomial(a * a, &ERF);
    // From 4.1 on the result rounds to 1.
    let b = if a > 4.1 { 4.1 } else { a };
    let t = 2.0 / (2.0 + b);
    let far = 1.0 - t * exp(-b * b) * polynomial(t, &ERFC);
    (if a < 1.0 { near } else { far }).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks `f` against doubles: the error in units of the last place of the result, or of the least normal number.
    #[track_caller]
    fn check(f: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64, range: [f32; 2], units: f64) {
        let steps = 200_000;
        for i in 0..=steps {
            let x = range[0] + (range[1] - range[0]) * (i as f32 / steps as f32);
            let (got, want) = (f64::from(f(x)), exact(f64::from(x)));
            let unit = want.abs().max(f64::from(f32::MIN_POSITIVE)) * f64::from(f32::EPSILON);
            assert!((got - want).abs() <= units * unit, "{x}: {got} and {want}");
        }
    }

    #[test]
    fn errors_stay_within_the_stated_units() {
        check(exp, f64::exp, [-104.0, 88.7], 2.0);
        check(exp, f64::exp, [-1.0, 1.0], 2.0);
        for f in [exp_down::<false>, exp_down::<true>] {
            check(f, f64::exp, [-87.0, 0.0], 2.0);
            check(f, f64::exp, [-1.0, 0.0], 2.0);
        }
        check(tanh, f64::tanh, [-12.0, 12.0], 3.0);
        check(tanh, f64::tanh, [-0.7, 0.7], 3.0);
        check(tanh, f64::tanh, [-1e-3, 1e-3], 3.0);
        check(sigmoid, |x| 1.0 / (1.0 + (-x).exp()), [-87.0, 40.0], 3.0);
        check(erf, super::super::erf::erf, [-6.0, 6.0], 2.0);
        check(erf, super::super::erf::erf, [-1.1, 1.1], 2.0);
        check(erf, super::super::erf::erf, [-1e-4, 1e-4], 2.0);
    }

    #[test]
    fn limits_are_exact() {
        assert_eq!((exp(0.0), exp(-0.0)), (1.0, 1.0));
        assert_eq!([exp(f32::INFINITY), exp(89.0), exp(f32::MAX)], [f32::INFINITY; 3]);
        assert_eq!([exp(f32::NEG_INFINITY), exp(-104.5), exp(f32::MIN)], [0.0; 3]);
        assert_eq!(
            [-87.1, -1e30, f32::NEG_INFINITY, 0.0].map(exp_down::<true>),
            [0.0, 0.0, 0.0, 1.0]
        );
        assert!(exp_down::<true>(f32::NAN).is_nan() && exp_down::<false>(f32::NAN).is_nan());
        assert!(exp(-103.0) > 0.0, "subnormal results are kept");
        assert_eq!([tanh(f32::INFINITY), tanh(-30.0), tanh(0.0)], [1.0, -1.0, 0.0]);
        assert!(tanh(-0.0).is_sign_negative() && erf(-0.0).is_sign_negative());
        assert_eq!(
            [sigmoid(f32::INFINITY), sigmoid(f32::NEG_INFINITY), sigmoid(0.0)],
            [1.0, 0.0, 0.5]
        );
        assert_eq!([erf(f32::INFINITY), erf(-5.0), erf(0.0)], [1.0, -1.0, 0.0]);
        assert!(
            [exp(f32::NAN), tanh(f32::NAN), sigmoid(f32::NAN), erf(f32::NAN)]
                .iter()
                .all(|y| y.is_nan())
        );
    }
}
