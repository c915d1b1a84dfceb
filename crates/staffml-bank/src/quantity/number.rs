//! The number at the front of an answer.
//!
//! ```text
//! number   = [sign] ("2"|"10") ("^"|"**") int      power literal
//!          | [sign] digits "/" digits              simple fraction, then space or end
//!          | [sign] mantissa [exponent]
//! mantissa = grouped ["." digits] | "." digits
//! grouped  = digits | 1-3 digits {("," | space) 3 digits} | digits {"_" digits}
//! exponent = ("e"|"E") int | ("x"|"×"|"*"|"·") "10" ("^"|"**") int
//! ```

use super::{
    cursor::Cursor,
    error::{ParseError, excerpt},
};

const TIMES: [char; 4] = ['x', '×', '*', '·'];

/// A number with the significant figures its writer gave; powers and fractions have none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) value: f64,
    pub(super) sigfigs: Option<u32>,
}

/// Reads a number, leaving the cursor behind it.
pub(super) fn number(c: &mut Cursor<'_>) -> Result<Number, ParseError> {
    let whole = c.clone();
    let no_number = || ParseError::Number { found: excerpt(whole.rest()) };
    let negative = c.eat_any(&['+', '-']) == Some('-');
    for word in ["nan", "inf", "infinity"] {
        if c.clone().eat_word(word) {
            return Err(ParseError::NonFinite { found: excerpt(whole.rest()) });
        }
    }
    if c.peek() == Some('∞') {
        return Err(ParseError::NonFinite { found: excerpt(whole.rest()) });
    }
    if is_other_radix(c.rest()) {
        return Err(no_number());
    }
    let start = c.clone();
    let mut digits = integer_part(c)?;
    let plain_integer = digits.len() + c.rest().len() == start.rest().len();
    if !digits.is_empty() {
        let plain = plain_integer.then_some(digits.as_str());
        if let Some(value) = power_literal(c, plain)? {
            return finite(negative, value, None, &whole);
        }
        if let Some(value) = fraction(c, plain, &whole)? {
            return finite(negative, value, None, &whole);
        }
    }
    let n_integer = digits.len();
    if c.peek() == Some('.') && c.peek_second().is_some_and(|d| d.is_ascii_digit()) {
        c.eat('.');
        digits.push('.');
        digits.push_str(c.digits());
        if matches!(c.peek(), Some('.' | ','))
            && c.peek_second().is_some_and(|d| d.is_ascii_digit())
        {
            return Err(ParseError::Comma { found: excerpt(whole.rest()) });
        }
    }
    if n_integer == 0 && digits.is_empty() {
        return Err(no_number());
    }
    let sigfigs = significant(&digits);
    if let Some(exponent) = exponent(c, &whole)? {
        digits.push('e');
        digits.push_str(&exponent.to_string());
    }
    let value = digits.parse().map_err(|_| no_number())?;
    finite(negative, value, Some(sigfigs), &whole)
}

fn finite(
    negative: bool,
    value: f64,
    sigfigs: Option<u32>,
    whole: &Cursor<'_>,
) -> Result<Number, ParseError> {
    if value.is_finite() {
        Ok(Number { value: if negative { -value } else { value }, sigfigs })
    } else {
        Err(ParseError::NonFinite { found: excerpt(whole.rest()) })
    }
}

/// `0x1F`, `0b101`, `0o7`.
fn is_other_radix(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('0')
        && match chars.next() {
            Some('x' | 'X') => chars.next().is_some_and(|c| c.is_ascii_hexdigit()),
            Some('b' | 'B') => chars.next().is_some_and(|c| matches!(c, '0' | '1')),
            Some('o' | 'O') => chars.next().is_some_and(|c| c.is_ascii_digit()),
            _ => false,
        }
}

/// Reads the digits before the point, without their separators.
fn integer_part(c: &mut Cursor<'_>) -> Result<String, ParseError> {
    let whole = c.clone();
    let first = c.digits();
    let mut digits = first.to_owned();
    if first.is_empty() {
        return Ok(digits);
    }
    while c.peek() == Some('_') && c.peek_second().is_some_and(|d| d.is_ascii_digit()) {
        c.eat('_');
        digits.push_str(c.digits());
    }
    if c.peek() == Some('_') {
        return Err(ParseError::Number { found: excerpt(whole.rest()) });
    }
    // A group never follows a leading zero: `0,005` is a decimal comma.
    if digits.len() == first.len() && first.len() <= 3 && !first.starts_with('0') {
        while let Some(group) = group_of_three(c) {
            digits.push_str(group);
        }
    }
    if c.peek() == Some(',') {
        return Err(ParseError::Comma { found: excerpt(whole.rest()) });
    }
    Ok(digits)
}

/// Reads a separator and exactly three digits.
fn group_of_three<'a>(c: &mut Cursor<'a>) -> Option<&'a str> {
    let mut ahead = c.clone();
    ahead.eat_any(&[',', ' '])?;
    let group = ahead.digits();
    // `1 234/5` or `10 100^2` would join numbers that were not meant to be one.
    let joined = matches!(ahead.peek(), Some('^' | '/'))
        && ahead.peek_second().is_some_and(|d| d.is_ascii_digit());
    if group.len() != 3 || joined {
        return None;
    }
    *c = ahead;
    Some(group)
}

/// Reads the `^30` of `2^30`, given the digits before it, and returns the power.
fn power_literal(c: &mut Cursor<'_>, base: Option<&str>) -> Result<Option<f64>, ParseError> {
    let mut ahead = c.clone();
    ahead.skip_spaces();
    if !(ahead.eat('^') || ahead.eat_str("**")) {
        return Ok(None);
    }
    ahead.skip_spaces();
    let expression = || ParseError::Expression { found: excerpt(c.rest()) };
    let base = match base {
        Some("2") => 2.0,
        Some("10") => 10.0,
        _ => return Err(expression()),
    };
    let n = ahead.integer().ok_or_else(expression)?;
    if matches!(ahead.peek(), Some('^' | '.')) {
        return Err(expression());
    }
    *c = ahead;
    Ok(Some(power(base, n)))
}

/// Returns `base^n`, exact wherever the result is representable.
fn power(base: f64, n: i32) -> f64 {
    if base > 2.0 {
        // The decimal reader rounds correctly; a product of tens does not.
        format!("1e{n}").parse().unwrap_or(f64::INFINITY)
    } else {
        libm::ldexp(1.0, n)
    }
}

/// Reads the `/4` of `3/4 h`, given the digits before it, and returns the quotient.
fn fraction(
    c: &mut Cursor<'_>,
    numerator: Option<&str>,
    whole: &Cursor<'_>,
) -> Result<Option<f64>, ParseError> {
    let mut ahead = c.clone();
    if !ahead.eat('/') || !ahead.next_is_digit() {
        return Ok(None);
    }
    let expression = || ParseError::Expression { found: excerpt(whole.rest()) };
    let numerator: f64 = numerator.and_then(|n| n.parse().ok()).ok_or_else(expression)?;
    let denominator: f64 = ahead.digits().parse().map_err(|_| expression())?;
    if !matches!(ahead.peek(), None | Some(' ')) {
        return Err(expression());
    }
    if denominator == 0.0 {
        return Err(ParseError::NonFinite { found: excerpt(whole.rest()) });
    }
    *c = ahead;
    Ok(Some(numerator / denominator))
}

/// Reads `e9` or `×10^9` and returns the 9.
fn exponent(c: &mut Cursor<'_>, whole: &Cursor<'_>) -> Result<Option<i32>, ParseError> {
    let mut out = None;
    let mut ahead = c.clone();
    if ahead.eat_any(&['e', 'E']).is_some()
        && let Some(n) = ahead.integer()
    {
        if ahead.peek() == Some('.') && ahead.peek_second().is_some_and(|d| d.is_ascii_digit()) {
            return Err(ParseError::Number { found: excerpt(whole.rest()) });
        }
        *c = ahead;
        out = Some(n);
    }
    let mut ahead = c.clone();
    ahead.skip_spaces();
    if ahead.eat_any(&TIMES).is_some() {
        ahead.skip_spaces();
        if ahead.next_is_digit() || matches!(ahead.peek(), Some('-' | '+' | '.')) {
            let expression = || ParseError::Expression { found: excerpt(whole.rest()) };
            if out.is_some() || ahead.digits() != "10" {
                return Err(expression());
            }
            ahead.skip_spaces();
            if !(ahead.eat('^') || ahead.eat_str("**")) {
                return Err(expression());
            }
            ahead.skip_spaces();
            out = Some(ahead.integer().ok_or_else(expression)?);
            *c = ahead;
        }
    }
    Ok(out)
}

/// Counts the digits that carry information: all but leading zeros.
fn significant(digits: &str) -> u32 {
    let n = digits.trim_start_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
    u32::try_from(n).unwrap_or(u32::MAX).max(1)
}
