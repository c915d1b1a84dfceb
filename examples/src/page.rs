//! The text of a report: headings, and lines of label, value and origin.

use core::fmt::Display;
use std::io::{self, Write};

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Timed or counted in this run.
    Measured,
    /// Counted by an emulator: instructions, not seconds.
    Emulated,
    /// Follows from other values by a formula.
    Computed,
    /// Taken from a document.
    Sourced,
    /// Taken for granted.
    Assumed,
}

impl Origin {
    const fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Emulated => "emulated",
            Self::Computed => "computed",
            Self::Sourced => "sourced",
            Self::Assumed => "assumed",
        }
    }
}

/// Columns of label and value.
const LABEL: usize = 30;
const VALUE: usize = 26;

/// Writes a report line by line, so that a reader sees each step as it ends.
#[derive(Debug)]
pub struct Page<W> {
    out: W,
}

impl<W: Write> Page<W> {
    /// Returns a page that writes to `out`.
    pub const fn new(out: W) -> Self {
        Self { out }
    }

    /// Starts a section.
    ///
    /// # Errors
    ///
    /// What the output returns, here and in the other methods.
    pub fn heading(&mut self, title: &str) -> io::Result<()> {
        writeln!(self.out, "\n{title}\n{}", "─".repeat(title.chars().count()))?;
        self.out.flush()
    }

    /// Writes one value with its origin and what a reader should know about it.
    ///
    /// # Errors
    ///
    /// What the output returns.
    pub fn value(
        &mut self,
        label: &str,
        value: impl Display,
        origin: Origin,
        note: &str,
    ) -> io::Result<()> {
        let value = value.to_string();
        let note = if note.is_empty() { String::new() } else { format!(": {note}") };
        writeln!(self.out, "  {label:LABEL$} {value:VALUE$} {}{note}", origin.word())?;
        self.out.flush()
    }

    /// Writes text as it is, each line indented.
    ///
    /// # Errors
    ///
    /// What the output returns.
    pub fn text(&mut self, text: impl Display) -> io::Result<()> {
        for line in text.to_string().lines() {
            writeln!(self.out, "{}", format!("  {line}").trim_end())?;
        }
        self.out.flush()
    }
}

/// Returns a count with its digits in groups of three: `1 048 576`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Returns a time with a unit that leaves one to three digits before the point.
#[must_use]
pub fn seconds(time: f64) -> String {
    let (scale, unit) = match time {
        t if t >= 1.0 => (1.0, "s"),
        t if t >= 1e-3 => (1e3, "ms"),
        t if t >= 1e-6 => (1e6, "us"),
        _ => (1e9, "ns"),
    };
    format!("{:.3} {unit}", time * scale)
}

/// Returns a share as a percentage with one decimal.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// Returns a rate with a decimal prefix: `12.3 G` and the unit.
#[must_use]
pub fn rate(per_second: f64, unit: &str) -> String {
    let (scale, prefix) = match per_second {
        r if r >= 1e12 => (1e12, "T"),
        r if r >= 1e9 => (1e9, "G"),
        r if r >= 1e6 => (1e6, "M"),
        r if r >= 1e3 => (1e3, "k"),
        _ => (1.0, ""),
    };
    format!("{:.2} {prefix}{unit}", per_second / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_from_the_right() {
        assert_eq!([0, 999, 1_000, 1_048_576].map(grouped), ["0", "999", "1 000", "1 048 576"]);
    }

    #[test]
    fn times_and_rates_get_a_fitting_unit() {
        assert_eq!(
            [2.0, 0.002, 2e-6, 2e-9].map(seconds),
            ["2.000 s", "2.000 ms", "2.000 us", "2.000 ns"]
        );
        assert_eq!(rate(64e6, "Hz"), "64.00 MHz");
        assert_eq!(percent(0.975), "97.5 %");
    }

    #[test]
    fn a_value_line_names_its_origin() {
        let mut bytes = Vec::new();
        let mut page = Page::new(&mut bytes);
        page.value("accuracy", "97.5 %", Origin::Measured, "360 images").expect("memory takes all");
        let text = String::from_utf8(bytes).expect("text");
        assert!(
            text.contains("accuracy") && text.trim_end().ends_with("measured: 360 images"),
            "{text}"
        );
    }
}
