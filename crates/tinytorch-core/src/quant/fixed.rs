//! Fixed-point arithmetic: how integer inference multiplies by a real number without floats.
//!
//! A positive real factor d is written once, before inference, as m · 2^(s − 31) with an integer
//! m in [2³⁰, 2³¹): a [`Multiplier`]. Scaling a 32-bit sum by d is then one 64-bit product and
//! two rounded shifts, the same on every machine. Results are those of the portable kernels of
//! TensorFlow Lite for Microcontrollers, which round twice: half towards plus infinity after the
//! product, half away from zero after the shift.
//!
//! A number written Qk.f below is an `i32` whose value is the integer divided by 2^f, with
//! k + f = 31. The exponential and the reciprocal that softmax needs work in these formats.

/// Returns `(a·b + 2³⁰) >> 31`: the product of two Q0.31 numbers, half rounded up.
///
/// The one product that does not fit, −1 · −1, saturates to `i32::MAX`.
#[must_use]
pub fn high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b) + (1 << 30);
    #[expect(clippy::cast_possible_truncation, reason = "|a·b| < 2^62, so the shifted value fits")]
    let high = (product >> 31) as i32;
    high
}

/// Returns `x / 2^e` rounded to the nearest integer, half away from zero; 0 from e = 32 on.
#[must_use]
pub fn round_shift(x: i32, e: u32) -> i32 {
    if e > 31 {
        return 0;
    }
    let mask = (1_i64 << e) - 1;
    let rem = i64::from(x) & mask;
    let threshold = (mask >> 1) + i64::from(x < 0);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "at most x in size, at least one bit less when it rounds"
    )]
    let y = ((i64::from(x) >> e) + i64::from(rem > threshold)) as i32;
    y
}

/// Returns `x · 2^n`, saturated to the range of `i32`.
#[must_use]
pub fn saturating_shl(x: i32, n: u32) -> i32 {
    let wide = i64::from(x) << n.min(31);
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the range of i32")]
    let y = wide.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    y
}

/// A real factor as an integer and a power of two: `mantissa · 2^(shift − 31)`.
///
/// # Examples
///
/// ```
/// use tinytorch_core::quant::fixed::Multiplier;
///
/// let third = Multiplier::encode(1.0 / 3.0);
/// assert_eq!(third.apply(300), 100);
/// assert_eq!(third.apply(-301), -101); // -100.33, but -200.67 and then -100.5 are rounded in turn
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multiplier {
    /// Q0.31 number in [½, 1), or 0 for the factor 0.
    pub mantissa: i32,
    /// Power of two that multiplies the mantissa.
    pub shift: i32,
}

impl Multiplier {
    /// Returns the nearest multiplier of a finite `d` ≥ 0; below 2⁻³² it is 0.
    ///
    /// With d = q · 2^s and q in [½, 1), the mantissa is q · 2³¹ rounded half away from zero.
    #[must_use]
    pub fn encode(d: f64) -> Self {
        let (q, mut shift) = libm::frexp(d);
        #[expect(clippy::cast_possible_truncation, reason = "|q| < 1, so |q|·2^31 fits an i64")]
        let mut mantissa = libm::round(q * 2_147_483_648.0) as i64;
        if mantissa == 1 << 31 {
            mantissa = 1 << 30;
            shift += 1;
        }
        if mantissa == 0 || shift < -31 {
            return Self { mantissa: 0, shift: 0 };
        }
        #[expect(clippy::cast_possible_truncation, reason = "now |mantissa| < 2^31")]
        let mantissa = mantissa as i32;
        Self { mantissa, shift }
    }

    /// Returns the factor over `n`, which loses no more bits of the mantissa than it must; itself for `n = 0`.
    ///
    /// The mantissa is first shifted up by the whole part of log₂ n, as far as a shift by 31 to the right goes, and then divided.
    #[must_use]
    pub fn divided(self, n: usize) -> Self {
        let Some(log2) = n.checked_ilog2() else { return self };
        let room = (31 + self.shift).max(0).unsigned_abs();
        let up = log2.min(32).min(room);
        let mantissa = (i128::from(self.mantissa) << up) / n as i128;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "n >= 2^up: not above the old mantissa"
        )]
        let mantissa = mantissa as i32;
        Self { mantissa, shift: self.shift - up.cast_signed() }
    }

    /// Returns `x` times the factor, rounded twice as the module text says.
    ///
    /// For a factor above 1 the sum is shifted left first; the shift wraps, so the caller bounds `x`.
    #[must_use]
    pub fn apply(self, x: i32) -> i32 {
        let (left, right) = (self.shift.max(0).unsigned_abs(), self.shift.min(0).unsigned_abs());
        round_shift(high_mul(x.wrapping_shl(left), self.mantissa), right)
    }
}

/// 1/3 in Q0.31.
const THIRD: i32 = 715_827_883;
/// e^(−1/8) in Q0.31.
const EXP_MINUS_EIGHTH: i32 = 1_895_147_668;
/// e^(−2^i) in Q0.31 for i = −2 .. 4.
const EXP_MINUS_POWERS: [i32; 7] =
    [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];

/// Returns e^a in Q0.31 for `a` in Q0.31 between −1/4 and 0: four Taylor terms around −1/8.
fn exp_small(a: i32) -> i32 {
    let x = a + (1 << 28);
    let x2 = high_mul(x, x);
    let x3 = high_mul(x2, x);
    let x4 = high_mul(x2, x2);
    // x²/2 + x³/6 + x⁴/24 = (x² + (x³ + x⁴/4)/3) / 2
    let tail = round_shift(high_mul(round_shift(x4, 2) + x3, THIRD) + x2, 1);
    EXP_MINUS_EIGHTH + high_mul(EXP_MINUS_EIGHTH, x + tail)
}

/// Returns e^a in Q0.31 for `a` ≤ 0 given in Q`k`.(31−`k`), `k` from 0 to 5 (larger ones count as 5).
///
/// The exponent is split into a part above −1/4, which has a short series, and powers of two
/// times −1/4, whose exponentials are stored.
#[must_use]
pub fn exp_neg(a: i32, k: u32) -> i32 {
    let k = k.min(5);
    let fraction = 31 - k;
    let quarter = 1 << (fraction - 2);
    let small = (a & (quarter - 1)) - quarter;
    let mut result = exp_small(saturating_shl(small, k));
    let rest = small.wrapping_sub(a);
    for (i, factor) in (fraction - 2..31).zip(EXP_MINUS_POWERS) {
        if rest & (1 << i) != 0 {
            result = high_mul(result, factor);
        }
    }
    if a == 0 { i32::MAX } else { result }
}

/// Returns 1 / (1 + a) in Q0.31 for `a` in [0, 1), also Q0.31; negative numbers count as 0.
///
/// Three Newton steps x ← x + x·(1 − h·x) for h = (1 + a)/2, from 48/17 − 32/17 · h.
#[must_use]
pub fn reciprocal_of_one_plus(a: i32) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "the mean of two i32 is an i32")]
    let h = ((i64::from(a.max(0)) + i64::from(i32::MAX) + 1) / 2) as i32;
    let mut x = 1_515_870_810 + high_mul(h, -1_010_580_540); // Q2.29
    for _ in 0..3 {
        x += saturating_shl(high_mul(x, (1 << 29) - high_mul(h, x)), 2);
    }
    saturating_shl(x, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_divided_factor_keeps_its_value() {
        let value = |m: Multiplier| f64::from(m.mantissa) * 2.0_f64.powi(m.shift - 31);
        for factor in [0.3, 0.75, 1.0, 5.0] {
            let whole = Multiplier::encode(factor);
            for n in [1_usize, 2, 3, 9, 36, 49, 1_000, 65_535] {
                let error = value(whole.divided(n)) * n as f64 / value(whole) - 1.0;
                // The division drops less than one unit of a mantissa of at least 2^29.
                assert!(error <= 0.0 && error > -1.0 / f64::from(1 << 29), "{factor} {n}: {error}");
            }
            assert_eq!(whole.divided(0), whole);
        }
    }

    const Q31: f64 = 2_147_483_648.0;

    #[test]
    fn high_mul_rounds_half_up() {
        assert_eq!(high_mul(1 << 30, 1), 1, "0.5 ulp up");
        assert_eq!(high_mul(-(1 << 30), 1), 0, "-0.5 ulp up");
        assert_eq!(high_mul(i32::MIN, i32::MIN), i32::MAX);
        assert_eq!(high_mul(i32::MIN, i32::MAX), -i32::MAX);
    }

    #[test]
    fn round_shift_rounds_half_away_from_zero() {
        for (x, e, expected) in [
            (5, 1, 3),
            (-5, 1, -3),
            (4, 1, 2),
            (6, 2, 2),
            (-6, 2, -2),
            (5, 2, 1),
            (7, 0, 7),
            (i32::MIN, 31, -1),
            (i32::MAX, 31, 1),
            (1 << 30, 31, 1),
            (123, 32, 0),
        ] {
            assert_eq!(round_shift(x, e), expected, "{x} >> {e}");
        }
    }

    #[test]
    fn encode_splits_the_factor() {
        assert_eq!(Multiplier::encode(1.0), Multiplier { mantissa: 1 << 30, shift: 1 });
        assert_eq!(Multiplier::encode(0.5), Multiplier { mantissa: 1 << 30, shift: 0 });
        assert_eq!(Multiplier::encode(0.0), Multiplier { mantissa: 0, shift: 0 });
        // Rounds up to 2^31 and so carries into the exponent.
        let almost_one = 1.0 - 1e-15;
        assert_eq!(Multiplier::encode(almost_one), Multiplier { mantissa: 1 << 30, shift: 1 });
        // 2^-33 = ½ · 2^-32: below the smallest shift.
        assert_eq!(Multiplier::encode(1.0 / 8_589_934_592.0), Multiplier { mantissa: 0, shift: 0 });
    }

    #[test]
    fn apply_is_within_one_of_the_real_product() {
        for d in [1e-6, 0.003, 0.2501, 0.999, 1.0, 1.7, 55.0] {
            let m = Multiplier::encode(d);
            for x in [-100_000, -12_345, -1, 0, 1, 2, 77, 99_999] {
                let exact = f64::from(x) * d;
                assert!((f64::from(m.apply(x)) - exact).abs() <= 1.0, "{x} · {d}");
            }
        }
    }

    /// The oracle is the float exponential; the series leaves out x⁵/120 at |x| ≤ 1/8 and later terms.
    #[test]
    fn exp_neg_follows_the_exponential() {
        for k in [0, 2, 4, 5] {
            let one = 2_f64.powi(31 - i32::try_from(k).unwrap());
            for i in 0..2_000 {
                let a = -i * (i32::MAX / 2_000);
                let got = f64::from(exp_neg(a, k)) / Q31;
                let exact = (f64::from(a) / one).exp();
                assert!((got - exact).abs() < 2.6e-7, "k {k}, a {a}: {got} {exact}");
            }
        }
        assert_eq!(exp_neg(0, 5), i32::MAX);
    }

    #[test]
    fn reciprocal_follows_division() {
        for i in 0..1_000 {
            let a = i * (i32::MAX / 1_000);
            let got = f64::from(reciprocal_of_one_plus(a)) / Q31;
            let exact = 1.0 / (1.0 + f64::from(a) / Q31);
            assert!((got - exact).abs() < 1e-8, "{a}: {got} {exact}");
        }
    }
}
