//! Writes quantities: short for the eye, or in full so that reading gives the same bits back.

use super::{Quantity, symbols, unit::Unit};

/// Returns `value` in full: the shortest text that reads back as the same `f64`.
#[must_use]
pub fn full(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-5..1e17).contains(&size) {
        format!("{value}")
    } else {
        format!("{value:e}")
    }
}

/// Returns `value` at `digits` significant figures, ties away from zero, without trailing zeros.
///
/// # Numerics
///
/// Rounds the shortest decimal form of `value`, as a person would who has it on paper: 0.285 at two figures is 0.29.
///
/// # Examples
///
/// ```
/// use staffml_bank::quantity::format::number;
///
/// assert_eq!(number(2.5, 1), "3");
/// assert_eq!(number(140.04, 3), "140");
/// assert_eq!(number(6.25e-7, 3), "6.25e-7");
/// ```
#[must_use]
pub fn number(value: f64, digits: usize) -> String {
    full(round_to(value, digits))
}

/// Returns `value` rounded to `digits` significant figures, ties away from zero.
#[must_use]
pub fn round_to(value: f64, digits: usize) -> f64 {
    let shortest = format!("{value:e}");
    let Some((mantissa, exponent)) = shortest.split_once('e') else {
        return value;
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let mut figures: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    if figures.len() <= digits || digits == 0 {
        return value;
    }
    let up = figures[digits] >= b'5';
    figures.truncate(digits);
    let mut exponent: i32 = exponent.parse().unwrap_or(0);
    if up {
        // Carry from the last figure to the front.
        let carried = figures.iter_mut().rev().all(|d| {
            *d = if *d == b'9' { b'0' } else { *d + 1 };
            *d == b'0'
        });
        if carried {
            figures.insert(0, b'1');
            exponent += 1;
        }
    }
    let mut text = format!("{sign}{}.", char::from(figures[0]));
    text.extend(figures[1..].iter().map(|&d| char::from(d)));
    text.push_str(&format!("0e{exponent}"));
    text.parse().unwrap_or(value)
}

/// Puts a number text in front of a unit text; words take their plural: `1 token`, `492 days`.
pub(crate) fn join(number: &str, unit: &str, hug: bool) -> String {
    let gap = if unit.is_empty() || hug { "" } else { " " };
    let unit = if matches!(number, "1" | "-1") { unit } else { symbols::plural(unit) };
    format!("{number}{gap}{unit}")
}

/// Long counts have no prefix to shorten them, and are read in groups: 7,000,000,000.
fn legible(number: f64) -> String {
    if number.abs() >= 1e4 && number.abs() < 1e15 { grouped(number) } else { full(number) }
}

/// Returns the quantity in exactly this unit, at `digits` significant figures; long whole numbers in groups.
///
/// The caller has made sure that the dimensions agree; the number is otherwise meaningless.
#[must_use]
pub fn in_unit(quantity: &Quantity, unit: &Unit, digits: usize) -> String {
    let number = round_to(quantity.value() / unit.factor(), digits);
    join(&legible(number), unit.text(), unit.hugs_number())
}

/// Returns the quantity in the prefix of `unit` that puts the number in `[1, 1000)`, at `digits` significant figures.
///
/// A decimal unit stays decimal and a binary one binary; less than one minute, hour or day is given in the next smaller
/// unit of time. The number may leave the interval where prefixes end.
#[must_use]
pub fn friendly(quantity: &Quantity, unit: &Unit, digits: usize) -> String {
    let family = unit.family();
    let rounded = |factor: f64| round_to(quantity.value() / factor, digits);
    let best = family
        .iter()
        .rev()
        .find(|(factor, _)| rounded(*factor).abs() >= 1.0)
        .or_else(|| family.first())
        .filter(|_| quantity.value() != 0.0);
    match best {
        Some((factor, text)) => join(&legible(rounded(*factor)), text, unit.hugs_number()),
        None => join("0", unit.text(), unit.hugs_number()),
    }
}

/// Returns text that [`Quantity::parse`] reads back as the same value, bit for bit.
///
/// Uses `unit` where that is possible and the canonical unit otherwise.
#[must_use]
pub fn exact(quantity: &Quantity, unit: &Unit) -> String {
    let value = quantity.value();
    if quantity.dim() == unit.dim() {
        let number = value / unit.factor();
        for n in [number, number.next_up(), number.next_down()] {
            if (n * unit.factor()).to_bits() == value.to_bits() {
                return join(&full(n), unit.text(), unit.hugs_number());
            }
        }
    }
    let canonical = quantity.dim().symbols(quantity.nouns());
    join(&full(value), &canonical, false)
}

/// Returns a whole number with commas between groups of three digits: `784,128`.
#[must_use]
pub fn grouped(value: f64) -> String {
    let text = full(value);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    if digits.len() <= 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return text;
    }
    let mut out = sign.to_owned();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a printed number, with or without unit, with zeros behind its point until it shows `digits` significant
/// figures: `8 GB` at three figures is `8.00 GB`. Numbers with an exponent stay as they are.
#[must_use]
pub fn padded(text: &str, digits: usize) -> String {
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | ',')));
    let (number, rest) = text.split_at(end.unwrap_or(text.len()));
    let figures = number.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit);
    let missing = digits.saturating_sub(figures.count());
    let has_exponent =
        rest.starts_with('e') && rest[1..].starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if missing == 0 || has_exponent || number.bytes().all(|b| !(b'1'..=b'9').contains(&b)) {
        return text.to_owned();
    }
    let point = if number.contains('.') { "" } else { "." };
    format!("{number}{point}{}{rest}", "0".repeat(missing))
}
