//! The values that one input takes: a list, or a range with so many points.
//!
//! `bandwidth=1TB/s,2TB/s` is a list, `bandwidth=1TB/s..8TB/s:8` eight values at equal distances from end to end,
//! `bandwidth=1TB/s..8TB/s:4:log` four at equal ratios, `batch=1..8` every whole number, `hardware=h100,a100` words.

use crate::ranges::Range;
use crate::units::{Dimension, Quantity, Unit, parse_as};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// What the numbers of a column stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Amounts in base units.
    Amount(Dimension),
    /// 0 for no, 1 for yes.
    Flag,
    /// Positions in a list of words.
    Words(Vec<String>),
}

impl Kind {
    /// The unit of the column, or nothing.
    #[must_use]
    pub fn unit(&self) -> String {
        match self {
            Self::Amount(dimension) if !dimension.is_none() => dimension.to_string(),
            Self::Amount(_) | Self::Flag | Self::Words(_) => String::new(),
        }
    }
}

/// An input and the values it takes.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Name of the input.
    pub name: String,
    /// The values, read as `kind` says.
    pub values: Vec<f64>,
    /// What they stand for.
    pub kind: Kind,
}

/// The most values one axis may have.
const MOST: usize = 100_000_000;

impl Axis {
    /// An axis of typed amounts.
    pub fn of<T: Unit>(name: &str, amounts: impl IntoIterator<Item = T>) -> Self {
        Self {
            name: name.into(),
            values: amounts.into_iter().map(Unit::base).collect(),
            kind: Kind::Amount(T::DIMENSION),
        }
    }

    /// Reads `text` as the values of the input `name`, which is of the kind and range given.
    ///
    /// # Errors
    ///
    /// One line for each value that is not a word of the list, or not an amount of the right unit and range.
    pub fn read(name: &str, text: &str, kind: &Kind, range: Range) -> Result<Self, Vec<String>> {
        let values = match kind {
            Kind::Amount(dimension) => match text.split_once("..") {
                Some((low, rest)) => span(name, low, rest, *dimension, range),
                None => list(text, |item| amount(name, item, *dimension, range)),
            },
            Kind::Flag => list(text, |item| match item {
                "yes" | "true" | "1" => Ok(1.0),
                "no" | "false" | "0" => Ok(0.0),
                _ => Err(format!("{name}: `{item}` is neither yes nor no")),
            }),
            Kind::Words(words) => list(text, |item| word(name, item, words)),
        }?;
        Ok(Self { name: name.into(), values, kind: kind.clone() })
    }
}

fn list(
    text: &str,
    mut read: impl FnMut(&str) -> Result<f64, String>,
) -> Result<Vec<f64>, Vec<String>> {
    let mut problems = Vec::new();
    let mut values = Vec::new();
    for item in text.split(',') {
        match read(item.trim()) {
            Ok(value) => values.push(value),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

fn amount(name: &str, text: &str, dimension: Dimension, range: Range) -> Result<f64, String> {
    let quantity = parse_as(name, text, dimension).map_err(|error| error.to_string())?;
    in_range(name, quantity, range)
}

fn in_range(name: &str, quantity: Quantity, range: Range) -> Result<f64, String> {
    if range.contains(quantity.value) {
        Ok(quantity.value)
    } else {
        Err(format!("{name} must be {range}, got {quantity}"))
    }
}

fn word(name: &str, item: &str, words: &[String]) -> Result<f64, String> {
    for (known, code) in words.iter().zip(0_u32..) {
        if known == item {
            return Ok(f64::from(code));
        }
    }
    Err(format!("{name}: `{item}` is not one of {}", words.join(", ")))
}

/// Reads `LOW..HIGH`, `LOW..HIGH:COUNT`, `LOW..HIGH:COUNT:log`.
fn span(
    name: &str,
    low: &str,
    rest: &str,
    dimension: Dimension,
    range: Range,
) -> Result<Vec<f64>, Vec<String>> {
    let mut parts = rest.split(':').map(str::trim);
    let high = parts.next().unwrap_or_default();
    let (count, scale) = (parts.next(), parts.next());
    let mut problems = Vec::new();
    let mut end = |text: &str| {
        amount(name, text, dimension, range).map_err(|problem| problems.push(problem)).ok()
    };
    let (low, high) = (end(low.trim()), end(high));
    let logarithmic = match scale {
        None | Some("lin") => false,
        Some("log") => true,
        Some(other) => {
            problems.push(format!(
                "{name}: after the number of points comes `log` or nothing, got `{other}`"
            ));
            false
        }
    };
    if parts.next().is_some() {
        problems.push(format!(
            "{name}: too many parts; write LOW..HIGH:POINTS or LOW..HIGH:POINTS:log"
        ));
    }
    let points = match count.map(str::parse::<usize>) {
        Some(Ok(points)) if (2..=MOST).contains(&points) => Some(points),
        Some(_) => {
            let count = count.unwrap_or_default();
            problems.push(format!("{name}: the number of points must be a whole number from 2 to {MOST}, got `{count}`"));
            None
        }
        None if range.is_whole() || dimension.is_none() => None,
        None => {
            problems.push(format!(
                "{name}: say how many points, for example `..` then `:8` at the end"
            ));
            None
        }
    };
    if let (Some(low), Some(high)) = (low, high) {
        if low > high {
            problems.push(format!(
                "{name}: the range runs from {} down to {}",
                Quantity::new(low, dimension),
                Quantity::new(high, dimension)
            ));
        }
        if logarithmic && low <= 0.0 {
            problems.push(format!("{name}: equal ratios need a lower end above 0"));
        }
        let steps = libm::floor(high - low);
        if problems.is_empty() && points.is_none() && steps >= 100_000.0 {
            problems.push(format!(
                "{name}: {steps} steps of 1; say how many points, for example `:100`"
            ));
        }
        if problems.is_empty() {
            return Ok(match points {
                Some(points) => spread(low, high, points, logarithmic, range),
                None => steps_of_one(low, steps),
            });
        }
    }
    Err(problems)
}

fn steps_of_one(low: f64, steps: f64) -> Vec<f64> {
    let mut values = vec![low];
    let mut step = 1.0;
    while step <= steps {
        values.push(low + step);
        step += 1.0;
    }
    values
}

/// So many points from end to end; whole ones where the input is a count, without repeats.
fn spread(low: f64, high: f64, points: usize, logarithmic: bool, range: Range) -> Vec<f64> {
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 points")]
    let last = (points - 1) as f64;
    let mut values = Vec::with_capacity(points);
    let mut index = 0.0;
    while index <= last {
        let share = index / last;
        let value = if index == 0.0 {
            low
        } else if index >= last {
            high
        } else if logarithmic {
            // The logarithms are divided apart, so that high / low may overflow.
            low * libm::exp(share * (libm::log(high) - libm::log(low)))
        } else {
            low + share * (high - low)
        };
        let value = if range.is_whole() { libm::round(value) } else { value.clamp(low, high) };
        if values.last().is_none_or(|before: &f64| value.to_bits() != before.to_bits()) {
            values.push(value);
        }
        index += 1.0;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANDWIDTH: Kind = Kind::Amount(Dimension::BANDWIDTH);
    const NUMBER: Kind = Kind::Amount(Dimension::NONE);

    #[track_caller]
    fn check(text: &str, kind: &Kind, range: Range, values: &[f64]) {
        assert_eq!(
            Axis::read("x", text, kind, range).map(|axis| axis.values).as_deref(),
            Ok(values)
        );
    }

    #[track_caller]
    fn refused(text: &str, kind: &Kind, range: Range, problems: &[&str]) {
        let error = Axis::read("x", text, kind, range).expect_err(text);
        assert_eq!(error, problems);
    }

    #[test]
    fn lists_and_ranges() {
        check("1 TB/s, 2TB/s", &BANDWIDTH, Range::POSITIVE, &[1e12, 2e12]);
        check(
            "1TB/s..8TB/s:8",
            &BANDWIDTH,
            Range::POSITIVE,
            &[1e12, 2e12, 3e12, 4e12, 5e12, 6e12, 7e12, 8e12],
        );
        check("2..5", &NUMBER, Range::COUNT, &[2.0, 3.0, 4.0, 5.0]);
        // Powers of two, exact because a count is whole.
        check(
            "1..256:9:log",
            &NUMBER,
            Range::COUNT,
            &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
        );
        check("0..1:3", &NUMBER, Range::SHARE, &[0.0, 0.5, 1.0]);
        check("1..3:9", &NUMBER, Range::COUNT, &[1.0, 2.0, 3.0]);
        let words = Kind::Words(vec!["ring".into(), "tree".into()]);
        check("tree,ring", &words, Range::ANY, &[1.0, 0.0]);
        check("yes,0", &Kind::Flag, Range::ANY, &[1.0, 0.0]);
    }

    #[test]
    fn ends_are_exact_and_ratios_equal() {
        let axis = Axis::read("x", "1 GB/s..1 TB/s:4:log", &BANDWIDTH, Range::POSITIVE).unwrap();
        assert_eq!((axis.values[0], axis.values[3]), (1e9, 1e12));
        for pair in axis.values.windows(2) {
            // exp and log each round once: a few units in the last place.
            assert!((pair[1] / pair[0] / 10.0 - 1.0).abs() < 1e-13, "{pair:?}");
        }
    }

    #[test]
    fn every_mistake_is_told() {
        refused(
            "1, 2 GHz",
            &BANDWIDTH,
            Range::POSITIVE,
            &[
                "x: `1` has no unit; expected data per time, for example `3.35 TB/s`",
                "x: `2 GHz` is events per time; expected data per time, for example `3.35 TB/s`",
            ],
        );
        refused("0..1:3:log", &NUMBER, Range::SHARE, &["x: equal ratios need a lower end above 0"]);
        refused("1..0.5:2", &NUMBER, Range::SHARE, &["x: the range runs from 1 down to 0.5"]);
        refused("0..2", &NUMBER, Range::COUNT, &["x must be a whole number and at least 1, got 0"]);
        refused(
            "1 TB/s..2 TB/s",
            &BANDWIDTH,
            Range::POSITIVE,
            &["x: say how many points, for example `..` then `:8` at the end"],
        );
        refused(
            "1..2:1:lag:9",
            &NUMBER,
            Range::POSITIVE,
            &[
                "x: after the number of points comes `log` or nothing, got `lag`",
                "x: too many parts; write LOW..HIGH:POINTS or LOW..HIGH:POINTS:log",
                "x: the number of points must be a whole number from 2 to 100000000, got `1`",
            ],
        );
        refused("maybe", &Kind::Flag, Range::ANY, &["x: `maybe` is neither yes nor no"]);
    }
}
