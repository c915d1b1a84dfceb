//! Quantities on the command line: `1s`, `300mAh`, `64KiB`, `900uJ`.

use super::Usage;

/// A unit and how many of the base unit it is.
type Unit = (&'static str, f64);

const TIME_US: &[Unit] = &[("us", 1.0), ("ms", 1e3), ("s", 1e6), ("min", 60e6), ("h", 3_600e6)];
const CHARGE_MAH: &[Unit] = &[("mAh", 1.0), ("Ah", 1e3)];
const ENERGY_UJ: &[Unit] = &[("uJ", 1.0), ("mJ", 1e3), ("J", 1e6)];
const BYTES: &[Unit] = &[
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("kB", 1e3),
    ("MB", 1e6),
    ("GiB", 1_073_741_824.0),
];
const LIFE_H: &[Unit] = &[("h", 1.0), ("d", 24.0), ("months", 730.0), ("y", 8_760.0)];

/// Parses a number followed by one of the units; the error is for `--help` readers.
fn parse(text: &str, units: &[Unit], bare: Option<f64>, example: &str) -> Result<f64, String> {
    let text = text.trim();
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let names = || units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let factor = match unit.trim() {
        "" => bare,
        unit => units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor),
    };
    match (number.parse::<f64>(), factor) {
        (Ok(value), Some(factor)) if value.is_finite() => Ok(value * factor),
        _ => Err(format!("give a number and one of {}, for example {example}", names())),
    }
}

/// Rounds to whole units of 32 bits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn whole(value: f64, what: &str) -> Result<u32, String> {
    let rounded = value.round();
    if (0.0..=f64::from(u32::MAX)).contains(&rounded) {
        Ok(rounded as u32)
    } else {
        Err(format!("{what} ends at {}", u32::MAX))
    }
}

/// Parses a duration and returns microseconds.
pub(crate) fn micros(text: &str) -> Result<u32, String> {
    let us = whole(parse(text, TIME_US, None, "250ms")?, "the range in microseconds")?;
    if us == 0 { Err("give a duration of at least 1us".to_owned()) } else { Ok(us) }
}

/// Parses a size and returns bytes.
pub(crate) fn bytes(text: &str) -> Result<u32, String> {
    whole(parse(text, BYTES, Some(1.0), "64KiB")?, "the range in bytes")
}

/// Parses an energy and returns microjoules.
pub(crate) fn microjoules(text: &str) -> Result<u32, String> {
    whole(parse(text, ENERGY_UJ, None, "900uJ")?, "the range in microjoules")
}

/// Parses a charge and returns milliampere-hours.
#[expect(clippy::cast_possible_truncation, reason = "batteries are given with a few digits")]
pub(crate) fn milliampere_hours(text: &str) -> Result<f32, String> {
    Ok(parse(text, CHARGE_MAH, None, "300mAh")? as f32)
}

/// Parses a battery life and returns hours.
#[expect(clippy::cast_possible_truncation, reason = "lives are given with a few digits")]
pub(crate) fn hours(text: &str) -> Result<f32, String> {
    Ok(parse(text, LIFE_H, None, "30d")? as f32)
}

/// Returns hours in a unit people read: hours, days or years.
pub(crate) fn readable_hours(hours: f32) -> String {
    if hours < 72.0 {
        format!("{hours:.1} h")
    } else if hours < 2.0 * 8_760.0 {
        format!("{:.1} d", hours / 24.0)
    } else {
        format!("{:.1} y", hours / 8_760.0)
    }
}

/// Returns the error of a library function as bad input of an operation.
pub(crate) fn bad(operation: &str, error: impl core::fmt::Display) -> anyhow::Error {
    Usage::because(format!("{operation}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        assert_eq!(micros("1s"), Ok(1_000_000));
        assert_eq!(micros("2.5ms"), Ok(2_500));
        assert_eq!(micros("1min"), Ok(60_000_000));
        assert_eq!(bytes("8192"), Ok(8_192));
        assert_eq!(bytes("64KiB"), Ok(65_536));
        assert_eq!(bytes("64kB"), Ok(64_000));
        assert_eq!(microjoules("1.5mJ"), Ok(1_500));
        assert_eq!(milliampere_hours("1.2Ah"), Ok(1_200.0));
        assert_eq!(hours("30d"), Ok(720.0));
    }

    #[test]
    fn what_cannot_be_read_is_answered_with_the_units() {
        for text in ["", "s", "1", "-1s", "1 fortnight", "1e3s", "1.2.3ms", "0s", "2h"] {
            assert!(micros(text).is_err(), "{text}");
        }
        let error = micros("1 fortnight").expect_err("no such unit");
        assert_eq!(error, "give a number and one of us, ms, s, min, h, for example 250ms");
        assert!(bytes("5GiB").is_err(), "past 32 bits");
    }

    #[test]
    fn lives_read_naturally() {
        assert_eq!(readable_hours(6.5), "6.5 h");
        assert_eq!(readable_hours(240.0), "10.0 d");
        assert_eq!(readable_hours(26_280.0), "3.0 y");
    }
}
