//! Fixed-point primitives: the few integer functions every operator is made of.
//!
//! A real multiplier is stored as a pair `(m, s)` with `d = m · 2^(s − 31)` and `2^30 <= m < 2^31`.
//! All functions are total: no argument makes them panic.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "products are i64, shifts are checked against their width, and a cast drops only bits proved zero"
)]

/// Returns `(a·b + 2^30) >> 31`, the product of two Q0.31 numbers rounded half towards plus infinity.
///
/// # Numerics
///
/// `i32::MIN` times itself saturates to `i32::MAX`.
#[inline]
#[must_use]
pub const fn high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    ((a as i64 * b as i64 + (1 << 30)) >> 31) as i32
}

/// Returns `x / 2^e` rounded to nearest, half away from zero; 0 when `e` is 32 or more.
///
/// A negative `e` counts as 0.
#[inline]
#[must_use]
pub const fn round_shift(x: i32, e: i32) -> i32 {
    if e < 0 {
        return x;
    }
    if e >= 32 {
        return 0;
    }
    let mask = ((1_i64 << e) - 1) as i32;
    let rem = x & mask;
    let thr = (mask.cast_unsigned() >> 1) as i32 + (x < 0) as i32;
    (x >> e) + (rem > thr) as i32
}

/// Returns `x · m · 2^(s − 31)` with two roundings: [`high_mul`], then [`round_shift`].
///
/// # Numerics
///
/// A left shift (`s > 0`) wraps; models are checked at load so that it cannot.
#[inline]
#[must_use]
pub const fn requant(x: i32, m: i32, s: i32) -> i32 {
    if s > 0 {
        high_mul(wrapping_shl(x, s), m)
    } else {
        round_shift(high_mul(x, m), s.wrapping_neg())
    }
}

/// Returns `x · m · 2^(s − 31)` rounded once: `(x·m + 2^(30 − s)) >> (31 − s)`.
///
/// The arithmetic of runtimes that round in one step; it differs from [`requant`] in the last bit for some inputs.
/// Operators use it in models that ask for it, with the feature `single-round`.
/// A half goes towards plus infinity. A total shift beyond 62 bits gives 0: no multiplier has one.
#[inline]
#[must_use]
pub const fn requant_once(x: i32, m: i32, s: i32) -> i32 {
    let right = 31_i64 - s as i64;
    if right <= 0 || right > 62 {
        return 0;
    }
    ((x as i64 * m as i64 + (1_i64 << (right - 1))) >> right) as i32
}

/// Shifts left and drops what leaves the word; 0 when `n` is 32 or more.
#[inline]
const fn wrapping_shl(x: i32, n: i32) -> i32 {
    if n >= 32 { 0 } else { x << n }
}

/// Returns `x · 2^n`, clamped to the range of `i32`.
#[inline]
#[must_use]
pub const fn sat_shl(x: i32, n: i32) -> i32 {
    let n = if n > 31 { 31 } else if n < 0 { 0 } else { n };
    let wide = (x as i64) << n;
    if wide > i32::MAX as i64 {
        i32::MAX
    } else if wide < i32::MIN as i64 {
        i32::MIN
    } else {
        wide as i32
    }
}

/// Encodes a non-negative real as `(m, s)`: `d = q · 2^s`, `q` in `[0.5, 1)`, `m = round(q · 2^31)`.
///
/// The rounding is half away from zero. A zero, a value below `2^-32`, and anything that is not a
/// finite positive number give `(0, 0)`.
///
/// ```
/// use kits_hal::fixed::encode;
/// assert_eq!(encode(1.0), (1 << 30, 1));
/// assert_eq!(encode(0.75), (3 << 29, 0));
/// ```
#[must_use]
pub const fn encode(d: f64) -> (i32, i32) {
    let bits = d.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    // Zero, subnormal (far below 2^-32), infinite, not a number, or negative.
    if exponent == 0 || exponent == 0x7ff || bits >> 63 == 1 {
        return (0, 0);
    }
    let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52); // q · 2^53
    let mut m = (mantissa + (1 << 21)) >> 22; // q · 2^31, half up
    let mut s = exponent - 1022;
    if m == 1 << 31 {
        m = 1 << 30;
        s += 1;
    }
    if s < -31 { (0, 0) } else { (m as i32, s) }
}

/// Returns `exp(a)` in Q0.31 for `a` in Q0.31 with `-1/4 <= a < 0`.
#[must_use]
pub const fn exp_small(a: i32) -> i32 {
    let x = a.wrapping_add(1 << 28);
    let x2 = high_mul(x, x);
    let x3 = high_mul(x2, x);
    let x4 = high_mul(x2, x2);
    let inner = high_mul(round_shift(x4, 2).wrapping_add(x3), 715_827_883).wrapping_add(x2);
    let t = round_shift(inner, 1);
    1_895_147_668_i32.wrapping_add(high_mul(1_895_147_668, x.wrapping_add(t)))
}

/// `exp(-2^e)` in Q0.31 for the exponents `e` from -2 to 4.
const EXP_POWERS: [(i32, i32); 7] = [
    (-2, 1_672_461_947),
    (-1, 1_302_514_674),
    (0, 790_015_084),
    (1, 290_630_308),
    (2, 39_332_535),
    (3, 720_401),
    (4, 242),
];

/// Returns `exp(a)` in Q0.31 for `a <= 0` in Q`k`.(31 − `k`).
///
/// The argument is split into a multiple of 1/4, whose factors come from a table, and a rest for
/// [`exp_small`].
///
/// # Numerics
///
/// `a = 0` gives `i32::MAX`, the largest number below 1. `k` is meant to lie in `0..=5`.
#[must_use]
pub fn exp_neg(a: i32, k: i32) -> i32 {
    if a == 0 {
        return i32::MAX;
    }
    let k = k.clamp(0, 29);
    let f = 31 - k;
    let quarter = 1_i32 << (f - 2);
    let am = (a & (quarter - 1)) - quarter;
    let mut r = exp_small(sat_shl(am, k));
    let rem = am.wrapping_sub(a);
    for (e, c) in EXP_POWERS {
        if e < k && f + e < 32 && rem & (1_i32 << (f + e)) != 0 {
            r = high_mul(r, c);
        }
    }
    r
}

/// Returns an approximation of `1 / (1 + a)` in Q2.29 for `a` in `[0, 1)`, Q0.31: three Newton steps.
#[must_use]
pub const fn newton(a: i32) -> i32 {
    let h = ((a as i64 + i32::MAX as i64 + 1) / 2) as i32;
    let mut x = 1_515_870_810_i32.wrapping_add(high_mul(h, -1_010_580_540));
    let mut step = 0;
    while step < 3 {
        let error = (1_i32 << 29).wrapping_sub(high_mul(h, x));
        x = x.wrapping_add(sat_shl(high_mul(x, error), 2));
        step += 1;
    }
    x
}

/// Returns `1 / (1 + a)` in Q0.31 for `a` in `[0, 1)`, Q0.31.
#[must_use]
pub const fn recip_1p(a: i32) -> i32 {
    sat_shl(newton(a), 1)
}

/// Returns `(1 − a) / (1 + a)` in Q0.31 for `a` in `[0, 1)`, Q0.31.
#[must_use]
pub const fn ratio(a: i32) -> i32 {
    sat_shl(newton(a).wrapping_sub(1 << 29), 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_mul_rounds_half_up() {
        assert_eq!(high_mul(1, 1 << 30), 1); // 0.5 goes up
        assert_eq!(high_mul(-1, 1 << 30), 0); // -0.5 goes up, too
        assert_eq!(high_mul(i32::MIN, i32::MIN), i32::MAX);
        assert_eq!(high_mul(i32::MIN, i32::MAX), -i32::MAX);
    }

    #[test]
    fn round_shift_rounds_half_away_from_zero() {
        assert_eq!(round_shift(3, 1), 2);
        assert_eq!(round_shift(-3, 1), -2);
        assert_eq!(round_shift(5, 2), 1);
        assert_eq!(round_shift(-6, 2), -2);
        assert_eq!(round_shift(i32::MIN, 31), -1);
        assert_eq!(round_shift(i32::MAX, 31), 1);
        assert_eq!(round_shift(12345, 32), 0);
        assert_eq!(round_shift(12345, 0), 12345);
    }

    #[test]
    fn round_shift_agrees_with_exact_division() {
        for x in (-5000..5000).chain([i32::MIN, i32::MIN + 1, i32::MAX - 1, i32::MAX]) {
            for e in 1..=31 {
                let half = 1_i64 << (e - 1);
                let exact = ((i64::from(x).abs() + half) >> e) * i64::from(x.signum());
                assert_eq!(i64::from(round_shift(x, e)), exact, "x = {x}, e = {e}");
            }
        }
    }

    #[test]
    fn one_rounding_is_the_exact_quotient_rounded_half_up() {
        let edges = [0, 1, 2, 3, 1 << 20, (1 << 30) - 1, 1 << 30, i32::MAX - 1, i32::MAX, i32::MIN + 1, i32::MIN];
        let mut state = 7_u32;
        let mut values = edges.to_vec();
        for _ in 0..300 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            values.push(state.cast_signed() >> (state % 31));
        }
        let mut twice_differs = 0;
        for &x in &values {
            for m in [1 << 30, 0x5a82_799a, 0x6000_0001, i32::MAX, 0] {
                for s in -31..=0 {
                    // floor(x·m / 2^(31−s) + 1/2), with nothing dropped before.
                    let divisor = 1_i128 << (31 - s);
                    let exact = (2 * i128::from(x) * i128::from(m) + divisor).div_euclid(2 * divisor);
                    assert_eq!(i128::from(requant_once(x, m, s)), exact, "{x} {m} {s}");
                    twice_differs += i32::from(requant(x, m, s) != requant_once(x, m, s));
                }
            }
        }
        assert!(twice_differs > 100, "the two are not the same function");
    }

    #[test]
    fn encode_is_within_half_a_step_of_the_real_number() {
        let mut d = 1.0e-9_f64;
        while d < 1.0e6 {
            let (m, s) = encode(d);
            let back = f64::from(m) * f64::from(s - 31).exp2_exact();
            assert!((back - d).abs() <= d * 0.5 / f64::from(1 << 30), "{d} became {back}");
            d *= 1.37;
        }
        for d in [0.0, -0.0, f64::NAN, f64::INFINITY, 1e-12] {
            assert_eq!(encode(d), (0, 0), "{d}");
        }
    }

    trait Exp2Exact {
        fn exp2_exact(self) -> f64;
    }

    impl Exp2Exact for f64 {
        /// A power of two built from its bits, for an integer argument.
        fn exp2_exact(self) -> f64 {
            Self::from_bits((1023 + self as i64).cast_unsigned() << 52)
        }
    }

    #[test]
    fn exponential_and_reciprocal_are_close_to_the_real_functions() {
        let one = f64::from(1_u32 << 31);
        for i in 1..2000 {
            let a = -i * 1_000_000; // Q5.26 down to about -30
            let real = exp_series(f64::from(a) / f64::from(1 << 26));
            // The series around -1/8 stops after the fourth power, (1/8)^5 / 5! is left; the rest
            // are roundings of half a step.
            let tolerance = 1.0 / 32_768.0 / 120.0 + 8.0 / one;
            assert!((f64::from(exp_neg(a, 5)) / one - real).abs() < tolerance, "a = {a}");
            let b = i * 1_073_741; // Q0.31 from 0 to 1
            let real = 1.0 / (1.0 + f64::from(b) / one);
            // Q2.29 carries four steps of Q0.31; Newton's last step rounds three times.
            assert!((f64::from(recip_1p(b)) / one - real).abs() < 32.0 / one, "b = {b}");
        }
    }

    /// `exp` by its series around the nearest multiple of ln 2: an independent formula for the test.
    fn exp_series(x: f64) -> f64 {
        let n = (x / core::f64::consts::LN_2).round();
        let r = x - n * core::f64::consts::LN_2;
        let series = (1..20).rev().fold(1.0, |sum, k| 1.0 + sum * r / f64::from(k));
        series * n.exp2_exact()
    }
}
