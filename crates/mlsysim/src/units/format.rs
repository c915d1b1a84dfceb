//! Text for people that the parser reads back to the same value.

use super::Quantity;
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

/// Metric prefixes by power of ten.
pub(super) const PREFIXES: [(&str, i32); 13] = [
    ("p", -12),
    ("n", -9),
    ("u", -6),
    ("m", -3),
    ("", 0),
    ("k", 3),
    ("M", 6),
    ("G", 9),
    ("T", 12),
    ("P", 15),
    ("E", 18),
    ("Z", 21),
    ("Y", 24),
];

/// Writes the shortest text that parses to exactly this quantity, with a metric prefix where the family has one.
///
/// A precision rounds to that many significant digits: `{:.3}` of 2 039 GB/s is `2.04 TB/s`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = self.dimension.known();
        let symbol = family.map_or_else(|| self.dimension.to_string(), |known| known.symbol.into());
        let symbol = symbol.as_str();
        if !self.value.is_finite() {
            let word = if self.value.is_nan() {
                "not a number"
            } else if self.value > 0.0 {
                "infinite"
            } else {
                "minus infinite"
            };
            return f.write_str(word);
        }
        // Decimal digits and their power of ten; moving the point in text loses nothing.
        let scientific = match f.precision() {
            Some(digits) => format!("{:.*e}", digits.saturating_sub(1), self.value),
            None => format!("{:e}", self.value),
        };
        let (mantissa, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let power: i32 = power.parse().unwrap_or(0);
        let (low, high) = family.map_or((0, 0), |known| known.prefixes);
        let prefix_power =
            if self.value == 0.0 { 0 } else { (power.div_euclid(3) * 3).clamp(low, high) };
        let prefix = PREFIXES.iter().find(|(_, p)| *p == prefix_power).map_or("", |(text, _)| text);
        f.write_str(&shift(mantissa, power - prefix_power))?;
        if !symbol.is_empty() {
            write!(f, " {prefix}{symbol}")?;
        }
        Ok(())
    }
}

/// The decimal number `mantissa × 10^power`, without an exponent where that stays short.
fn shift(mantissa: &str, power: i32) -> String {
    let (sign, unsigned) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}");
    let Ok(moved) = usize::try_from(power) else {
        if power < -4 {
            return format!("{sign}{}e{power}", join(whole, fraction));
        }
        let zeros = "0".repeat(usize::try_from(-power - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}")
            .trim_end_matches('0')
            .trim_end_matches('.')
            .into();
    };
    if moved > 15 {
        return format!("{sign}{}e{power}", join(whole, fraction));
    }
    if fraction.len() <= moved {
        return format!("{sign}{digits}{}", "0".repeat(moved - fraction.len()));
    }
    let point = whole.len() + moved;
    format!("{sign}{}.{}", &digits[..point], &digits[point..])
}

fn join(whole: &str, fraction: &str) -> String {
    if fraction.is_empty() { whole.into() } else { format!("{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use alloc::format;
    use alloc::string::ToString;

    #[track_caller]
    fn check(quantity: impl Into<Quantity>, text: &str) {
        assert_eq!(quantity.into().to_string(), text);
    }

    #[test]
    fn prefixes_follow_the_family() {
        check(BytesPerSecond(3.35e12), "3.35 TB/s");
        check(FlopPerSecond(312e12), "312 TFLOP/s");
        check(Hertz(64e6), "64 MHz");
        check(Seconds(0.01667), "16.67 ms");
        check(Seconds(3600.0), "3600 s");
        check(Bytes(0.0), "0 B");
        check(Bytes(262_144.0), "262.144 kB");
        check(Usd(0.12), "0.12 USD");
        check(0.5, "0.5");
        check(-2500.0, "-2500");
        check(Params(8.03e9), "8.03 Gparam");
        check(FlopPerByte(153.0), "153 FLOP/B");
        check(CubicMeters(1e-6), "1e-6 m^3");
    }

    #[test]
    fn a_precision_rounds_to_significant_digits() {
        assert_eq!(format!("{:.3}", BytesPerSecond(2.039e12)), "2.04 TB/s");
        assert_eq!(format!("{:.3}", Bytes(2e12)), "2 TB");
        assert_eq!(format!("{:.4}", Seconds(0.999_996)), "1 s");
    }

    #[test]
    fn endless_values_are_words() {
        check(Bytes(f64::INFINITY), "infinite");
        check(Bytes(f64::NAN), "not a number");
    }
}
