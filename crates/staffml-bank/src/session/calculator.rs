//! A napkin calculator: arithmetic on quantities, with the unit table of the grader.
//!
//! `2*32*8*128*2 B in KiB` is 256 KiB. In an answer an expression is refused; here it is the point.

use crate::expr::{Expr, Scope, Value};
use crate::quantity::{Quantity, Unit, format};

/// Longest line that is looked at.
const LONGEST: usize = 256;
/// Significant figures of results.
const FIGURES: usize = 6;

struct NoNames;

impl Scope for NoNames {
    fn get(&self, _name: &str) -> Option<Value> {
        None
    }
}

/// Returns the value of a line of arithmetic, such as `70e9 * 2 B / 3.35 TB/s in ms`, as text.
///
/// Without `in UNIT` the result is in canonical units with a friendly prefix.
///
/// # Errors
///
/// One sentence that says what was not understood.
pub fn calculate(line: &str) -> Result<String, String> {
    let line = line.trim();
    if line.is_empty() {
        return Err("type arithmetic behind `=`, for example `= 2*32*8*128*2 B in KiB`".to_owned());
    }
    if line.chars().count() > LONGEST {
        return Err(format!("the line is longer than {LONGEST} characters"));
    }
    let (sum, unit) = match line.rsplit_once(" in ") {
        Some((sum, unit)) => {
            let unit = Unit::parse(unit.trim()).map_err(|e| format!("behind `in`: {e}"))?;
            (sum, Some(unit))
        }
        None => (line, None),
    };
    let quoted = quote_units(sum)?;
    let expr = Expr::parse(&quoted).map_err(|e| e.to_string())?;
    let value = match expr.eval(&NoNames).map_err(|e| e.to_string())? {
        Value::Quantity(q) => q,
        Value::Bool(truth) => return Ok(if truth { "true" } else { "false" }.to_owned()),
        Value::Text(text) => return Err(format!("`{text}` is a name, not a number")),
    };
    if !value.value().is_finite() {
        return Err("the result is not a finite number".to_owned());
    }
    match unit {
        Some(unit) if value.in_unit(&unit).is_some() => Ok(format::in_unit(&value, &unit, FIGURES)),
        Some(unit) => {
            Err(format!("the result is {}, which is not measured in {unit}", said(&value)))
        }
        None => Ok(format::friendly(&value, &Unit::canonical(value.dim()), FIGURES)),
    }
}

fn said(value: &Quantity) -> String {
    if value.dim().is_none() { "a plain number".to_owned() } else { value.dim().phrase() }
}

/// Puts each number with a unit behind it in quotes, as the expression language wants quantities: the longest unit that
/// can be read is taken, so that `B/s` is one and `3 s * 2` is not.
fn quote_units(sum: &str) -> Result<String, String> {
    let mut out = String::with_capacity(sum.len() + 16);
    let mut rest = sum;
    let mut before: Option<char> = None;
    while let Some(c) = rest.chars().next() {
        let starts = c.is_ascii_digit() || c == '.';
        let in_word = before.is_some_and(|b| b.is_alphanumeric() || b == '_');
        if !starts || in_word {
            out.push(c);
            before = Some(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let number = &rest[..number_length(rest)];
        rest = &rest[number.len()..];
        let plain = number.replace(',', "");
        let gap = rest.len() - rest.trim_start_matches(' ').len();
        let unit = unit_length(&rest[gap..]);
        if unit > 0 {
            let (text, after) = rest[gap..].split_at(unit);
            out.push_str(&format!("'{plain} {text}'"));
            rest = after;
        } else {
            out.push_str(&plain);
        }
        before = Some('0');
    }
    if out.contains("''") { Err("two units stand side by side".to_owned()) } else { Ok(out) }
}

/// Bytes of the number that `text` starts with, its exponent and its thousands commas included.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
    let mut end = 0;
    loop {
        let group =
            bytes.get(end) == Some(&b',') && (1..=3).all(|k| digit(end + k)) && !digit(end + 4);
        if digit(end) || bytes.get(end) == Some(&b'.') || group {
            end += 1;
        } else {
            break;
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        if digit(end + 1 + sign) {
            end += 1 + sign;
            while digit(end) {
                end += 1;
            }
        }
    }
    end
}

/// Bytes of the longest unit that `text` starts with; 0 if there is none.
fn unit_length(text: &str) -> usize {
    let first = text.chars().next();
    if !first.is_some_and(|c| c.is_alphabetic() || matches!(c, '%' | '$' | '€')) {
        return 0;
    }
    // `%` followed by a number is the remainder.
    if first == Some('%')
        && text[1..].trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '(')
    {
        return 0;
    }
    let ends = text.char_indices().map(|(i, c)| i + c.len_utf8()).take(40);
    let is_boundary =
        |end: &usize| !text[*end..].chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut ends: Vec<usize> = ends.filter(is_boundary).collect();
    ends.reverse();
    let reads = |end: &usize| {
        let unit = &text[..*end];
        let plain =
            !unit.contains(|c: char| c.is_whitespace() || matches!(c, '*' | '(' | ')' | '+'));
        plain && Unit::parse(unit).is_ok()
    };
    ends.into_iter().find(reads).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::calculate;

    #[test]
    fn sums_by_hand() {
        for (line, want) in [
            ("2*32*8*128*2 B in KiB", "128 KiB"),
            ("2+3*4", "14"),
            ("70e9 * 2 B / 3.35 TB/s in ms", "41.791 ms"), // 140/3.35 = 41.791
            ("(1 GB + 24 MB) / 2 in MB", "512 MB"),
            ("1,500 * 2", "3000"),
            ("7 % 4", "3"),
            ("1/4 in %", "25%"),
            ("3 W * 2 h in Wh", "6 Wh"),
            ("ceil(10/3)", "4"),
        ] {
            assert_eq!(calculate(line).as_deref(), Ok(want), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (line, part) in [
            ("", "type arithmetic"),
            ("1 GB + 2 s", "data"),
            ("1 GB in s", "not measured in s"),
            ("1/0", "finite"),
            ("foo * 2", "foo"),
            ("2 *", ""),
            ("1 GB in bananas", "bananas"),
        ] {
            let error = calculate(line).unwrap_err();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_line_fails_badly(text in "\\PC*", sum in "[0-9a-zA-Z ,.*/%()'+^-]{0,30}") {
            let _ = calculate(&text);
            let _ = calculate(&sum);
        }
    }
}
