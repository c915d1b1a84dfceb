//! Requantization in few instructions: the same numbers as [`fixed::requant`](crate::fixed::requant).
//!
//! `round_shift(v, e)` rounds half away from zero. With `u = v − [v < 0]` it is `((u >> (e − 1)) + 1) >> 1`: for `v >= 0` the last
//! bit shifted out decides; for `v < 0` taking 1 away first moves an exact half to the lower side and changes no other
//! rounding.

/// Returns `(a·b + 2^30) >> 31` by a product of 64 bits.
///
/// Equal to [`fixed::high_mul`](crate::fixed::high_mul) except for `i32::MIN` times itself, which no multiplier is.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "only MIN·MIN leaves the word")]
pub(super) fn high_mul_wide(a: i32, b: i32) -> i32 {
    let product = i64::from(a).wrapping_mul(b.into());
    (product.wrapping_add(1 << 30) >> 31) as i32
}

/// As [`high_mul_wide`], put together from products of halves: for processors that multiply only 32 bits.
#[inline(always)]
pub(super) fn high_mul_halves(a: i32, b: i32) -> i32 {
    let (ah, bh) = (a >> 16, b >> 16);
    let (al, bl) = (a.cast_unsigned() & 0xffff, b.cast_unsigned() & 0xffff);
    let low = al.wrapping_mul(bl);
    // Neither sum overflows: |ah·bl| + 2^16 < 2^31, and so for the other.
    let middle = ah.wrapping_mul(bl.cast_signed()).wrapping_add((low >> 16).cast_signed());
    let other = al.cast_signed().wrapping_mul(bh).wrapping_add(middle & 0xffff);
    let top = ah.wrapping_mul(bh).wrapping_add(middle >> 16).wrapping_add(other >> 16);
    // Bits 31 and 30 of the low word: the last one kept and the one that rounds.
    let last = (other.cast_unsigned() >> 14) & 3;
    top.wrapping_shl(1).wrapping_add((last.wrapping_add(1) >> 1).cast_signed())
}

/// How a processor multiplies for the upper word and shifts by a register.
pub(super) trait Steps {
    /// Returns `(a·b + 2^30) >> 31`, unless both are `i32::MIN`.
    fn high_mul(a: i32, b: i32) -> i32;
    /// As [`Steps::high_mul`] for `-2^30 <= a < 2^30`.
    #[inline(always)]
    fn high_mul_small(a: i32, b: i32) -> i32 {
        Self::high_mul(a, b)
    }
    /// Returns `v >> n`, the sign for 32 and more.
    fn shift_right(v: i32, n: u32) -> i32;
}

/// Returns `x · m · 2^(s − 31)` with two roundings, for `m >= 0`: no multiplier is negative.
#[inline(always)]
pub(super) fn requant<S: Steps>(x: i32, m: i32, s: i32) -> i32 {
    if s >= 0 {
        let shifted = if s < 32 { x.wrapping_shl(s.cast_unsigned()) } else { 0 };
        return S::high_mul(shifted, m);
    }
    // −s − 1
    rounded::<S>(S::high_mul(x, m), (!s).cast_unsigned())
}

/// As [`requant`], without a branch.
#[inline(always)]
pub(super) fn requant_straight<S: Steps>(x: i32, m: i32, s: i32) -> i32 {
    let left = s.clamp(0, 31).cast_unsigned();
    let shifted = if s < 32 { x.wrapping_shl(left) } else { 0 };
    let high = S::high_mul(shifted, m);
    let right = rounded::<S>(high, (!s).max(0).cast_unsigned());
    if s < 0 { right } else { high }
}

/// Returns `v / 2^(n + 1)` rounded half away from zero.
///
/// `v` is a [`Steps::high_mul`] with a factor that is not negative, which leaves out `i32::MIN` and `i32::MAX`: from
/// `−2^31·(2^31 − 1) <= a·b <= (2^31 − 1)^2` follows `−2^31 + 1 <= v <= 2^31 − 2`. So neither step leaves the word.
#[inline(always)]
pub(super) fn rounded<S: Steps>(v: i32, n: u32) -> i32 {
    let down = v.wrapping_add(v >> 31);
    S::shift_right(down, n).wrapping_add(1) >> 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fast::form::{Across, Lanes, Pairs, Single},
        fixed,
    };

    /// Numbers around every power of two, and a few hundred spread ones.
    fn numbers() -> Vec<i32> {
        let mut all = Vec::new();
        for e in 0..31 {
            for d in -2..=2 {
                all.push((1_i32 << e).wrapping_add(d));
                all.push((1_i32 << e).wrapping_neg().wrapping_add(d));
            }
        }
        all.extend([i32::MAX, i32::MAX - 1, i32::MIN + 1, i32::MIN + 2, i32::MIN]);
        let mut state = 1_u32;
        for _ in 0..200 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            all.push(state.cast_signed());
        }
        all
    }

    #[test]
    fn products_agree_with_the_definition() {
        for &a in &numbers() {
            for &b in &numbers() {
                if (a, b) != (i32::MIN, i32::MIN) {
                    let expected = fixed::high_mul(a, b);
                    assert_eq!(high_mul_wide(a, b), expected, "{a} · {b}");
                    assert_eq!(high_mul_halves(a, b), expected, "{a} · {b}");
                    assert_eq!(Pairs::high_mul(a, b), expected, "{a} · {b}");
                    if a.unsigned_abs() < 1 << 30 {
                        assert_eq!(Pairs::high_mul_small(a, b), expected, "{a} · {b}");
                    }
                }
            }
        }
    }

    fn all_forms<S: Steps>() {
        let multipliers = [1 << 30, 0x5a82_799a, i32::MAX, 1, 0];
        for &x in &numbers() {
            for m in multipliers {
                for s in -128..128 {
                    let expected = fixed::requant(x, m, s);
                    assert_eq!(requant::<S>(x, m, s), expected, "{x} {m} {s}");
                    assert_eq!(requant_straight::<S>(x, m, s), expected, "{x} {m} {s}");
                }
            }
        }
    }

    #[test]
    fn requantization_agrees_with_the_definition() {
        all_forms::<Pairs>();
        all_forms::<Single>();
        all_forms::<Across>();
        all_forms::<Lanes>();
    }
}
