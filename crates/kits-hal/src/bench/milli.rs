//! Numbers with three decimals, without formatting floats: that would bring panics into an image.

use core::fmt;

/// A number in thousandths, printed with three decimals; `None` prints as `nan`.
///
/// ```
/// use kits_hal::bench::Milli;
///
/// assert_eq!(Milli::of(0.996_093_75).to_string(), "0.996");
/// assert_eq!(Milli::of(-12.5).to_string(), "-12.500");
/// assert_eq!(Milli::of(f32::NAN).to_string(), "nan");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Milli(pub Option<i64>);

impl Milli {
    /// Returns `value · 1000`, rounded to the nearest integer and ties to even, as printing with
    /// three decimals does; infinities and numbers past 64 bits become the ends of the range.
    #[must_use]
    pub fn of(value: f32) -> Self {
        if value.is_nan() {
            return Self(None);
        }
        let bits = value.to_bits();
        let fraction = bits & 0x007F_FFFF;
        let exponent = (bits >> 23) & 0xFF;
        // value = mantissa · 2^power, exactly.
        let mantissa = if exponent == 0 { fraction } else { fraction | 0x0080_0000 };
        let power = i32::try_from(exponent.max(1)).unwrap_or(0).saturating_sub(150);
        let exact = u64::from(mantissa).saturating_mul(1000); // below 2^34
        let size = if power >= 0 {
            let shift = power.unsigned_abs();
            if shift <= 29 { exact << shift } else { i64::MAX.unsigned_abs() }
        } else {
            let shift = power.unsigned_abs();
            if shift >= 64 { 0 } else { shift_right_to_even(exact, shift) }
        };
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        Self(Some(if value < 0.0 { size.saturating_neg() } else { size }))
    }
}

/// `value / 2^shift` for a shift of 1 to 63, to the nearest, ties to even.
const fn shift_right_to_even(value: u64, shift: u32) -> u64 {
    let whole = value >> shift;
    let rest = value.wrapping_sub(whole << shift);
    let half = 1_u64 << shift.saturating_sub(1);
    if rest > half || (rest == half && whole & 1 == 1) { whole.saturating_add(1) } else { whole }
}

impl fmt::Display for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(milli) = self.0 else { return f.write_str("nan") };
        let sign = if milli < 0 { "-" } else { "" };
        let size = milli.unsigned_abs();
        write!(f, "{sign}{}.{:03}", size / 1000, size % 1000)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::string::ToString;

    use super::Milli;

    /// The standard library prints the exact binary value, correctly rounded: another route.
    #[track_caller]
    fn check(value: f32) {
        let expected = format!("{value:.3}");
        // A negative number that rounds to 0 keeps its sign there.
        let expected = if expected == "-0.000" { "0.000" } else { &expected };
        assert_eq!(Milli::of(value).to_string(), expected, "{value:e}");
    }

    #[test]
    fn prints_as_the_standard_library_does() {
        for value in [0.0, -0.0, 1.0, 0.0005, 0.0625, 0.1875, 0.9995, 2.5, -0.0004, 1e-45] {
            check(value);
            check(-value);
        }
        // Ties that a float can hold: k/16 000 is none, but k + 1/2 thousandths are for 0.0625 · n.
        for n in 0..4096_u16 {
            check(f32::from(n) / 4096.0);
            check(f32::from(n) * 0.0625);
        }
        let mut seed = 1_u32;
        for _ in 0..100_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let value = f32::from_bits(seed);
            if value.abs() < 1e15 {
                check(value);
            }
        }
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!(Milli::of(f32::INFINITY), Milli(Some(i64::MAX)));
        assert_eq!(Milli::of(f32::NEG_INFINITY), Milli(Some(-i64::MAX)));
        assert_eq!(Milli::of(f32::MAX), Milli(Some(i64::MAX)));
        assert_eq!(Milli::of(f32::MIN_POSITIVE), Milli(Some(0)));
        assert_eq!(Milli(Some(i64::MIN)).to_string(), "-9223372036854775.808");
    }
}
