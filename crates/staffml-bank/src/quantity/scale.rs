//! The unit behind a number: symbols, products, quotients.
//!
//! ```text
//! unit = ["/"] term {op term}
//! op   = "*" | "·" | "-" | juxtaposition | "/" | "per"
//! term = symbol ["^" int] | "(" unit ")"
//! ```
//!
//! `a/b·c` is `(a/b)·c`; `a/b c` is refused, because people mean both.

use super::{
    cursor::Cursor,
    dimension::{Base, Dim},
    error::{ParseError, excerpt},
    noun::{Noun, Nouns},
    parse::{Currency, Note},
    prefix::{self, Prefix},
    suggest,
    symbols::{self, Prefixes, Symbol},
};

/// Parentheses nest no deeper than this.
const DEPTH: u32 = 8;

/// What a unit multiplies a number by, and what it makes of it.
#[derive(Debug, Clone)]
pub(super) struct Scale {
    pub(super) factor: f64,
    pub(super) dim: Dim,
    pub(super) nouns: Nouns,
    /// Exponent of `flops`-like symbols, whose time exponent the question decides.
    pub(super) context: i8,
    /// Power of 1000 or 1024 of the first data symbol.
    pub(super) info_prefix: Option<u8>,
    pub(super) foreign: Option<Currency>,
    pub(super) notes: Vec<Note>,
    /// The first symbol, if it stands above the slash with exponent 1.
    pub(super) lead: Option<(Prefix, &'static Symbol)>,
}

impl Scale {
    pub(super) const ONE: Self = Self {
        factor: 1.0,
        dim: Dim::NONE,
        nouns: Nouns::NONE,
        context: 0,
        info_prefix: None,
        foreign: None,
        notes: Vec::new(),
        lead: None,
    };

    /// Multiplies by `other` to the power of `n`, or returns nothing if the result cannot be held.
    fn combine(&mut self, other: Self, n: i8) -> Option<()> {
        for _ in 0..n.unsigned_abs() {
            if n > 0 { self.factor *= other.factor } else { self.factor /= other.factor }
        }
        self.dim = self.dim.times(other.dim.pow(n)?)?;
        self.nouns = self.nouns.plus(other.nouns, n)?;
        self.context = self.context.checked_add(other.context.checked_mul(n)?)?;
        self.info_prefix = self.info_prefix.or(other.info_prefix);
        self.foreign = self.foreign.or(other.foreign);
        self.notes.extend(other.notes);
        (self.factor.is_finite() && self.factor > 0.0).then_some(())
    }

    pub(super) fn of_currency(foreign: Option<Currency>) -> Self {
        Self { dim: Dim::MONEY, foreign, ..Self::ONE }
    }

    /// Multiplies by another unit.
    pub(super) fn times(mut self, other: Self) -> Option<Self> {
        let lead = self.lead.or(other.lead);
        self.combine(other, 1)?;
        self.lead = lead;
        Some(self)
    }

    /// Reads `flops` as a rate where that is what `expected` asks for.
    pub(super) fn resolve(&mut self, expected: Option<Dim>) {
        let seconds = Dim::TIME.pow(self.context).unwrap_or(Dim::NONE);
        if self.context != 0
            && let (Some(want), Some(rate)) = (expected, self.dim.per(seconds))
            && rate == want
        {
            self.dim = rate;
        }
    }
}

/// Reads a whole unit up to the end of the text.
pub(super) fn scale(c: &mut Cursor<'_>) -> Result<Scale, ParseError> {
    let out = unit(c, 0)?;
    if !c.is_end() {
        return Err(unknown(c.rest()));
    }
    if out.nouns.exponent(Noun::Co2e) != 0 && out.dim.exponent(Base::Mass) == 0 {
        return Err(ParseError::Unit {
            symbol: "CO2e".to_owned(),
            near: ["g CO2e", "kg CO2e", "t CO2e"].map(str::to_owned).to_vec(),
        });
    }
    Ok(out)
}

fn unit(c: &mut Cursor<'_>, depth: u32) -> Result<Scale, ParseError> {
    let whole = c.clone();
    let mut out = Scale::ONE;
    let mut first = true;
    let mut last_divisor = None; // symbol behind the last slash, once there was one
    loop {
        let spaced = c.skip_spaces();
        if c.is_end() || c.peek() == Some(')') {
            break;
        }
        let op = operator(c, first, spaced)?;
        let divides = op == Op::Per;
        c.skip_spaces();
        let before = c.clone();
        let term = term(c, depth)?;
        let hyphen_day = op == Op::Hyphen
            && last_divisor == Some("s")
            && matches!(term.lead, Some((_, s)) if s.dim == Dim::TIME);
        if matches!(op, Op::Hyphen | Op::Space) && last_divisor.is_some() && !hyphen_day {
            return Err(ParseError::AmbiguousSlash { found: excerpt(whole.rest()) });
        }
        if divides {
            let name = term.lead.map_or("", |(_, s)| s.name);
            last_divisor = Some(name);
        }
        if first && !divides {
            out.lead = term.lead;
        }
        let read = &before.rest()[..before.rest().len() - c.rest().len()];
        out.combine(term, if divides { -1 } else { 1 }).ok_or_else(|| unknown(read))?;
        first = false;
    }
    if first { Err(unknown(whole.rest())) } else { Ok(out) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    First,
    Times,
    Hyphen,
    Space,
    Per,
}

fn operator(c: &mut Cursor<'_>, first: bool, spaced: bool) -> Result<Op, ParseError> {
    let here = c.clone();
    if c.eat('/') || c.eat_word("per") {
        if number_follows(c) {
            return Err(ParseError::Expression { found: excerpt(here.rest()) });
        }
        return Ok(Op::Per);
    }
    if first {
        // `3450 1/s`
        if c.peek() == Some('1') && c.peek_second() == Some('/') {
            c.eat('1');
            c.eat('/');
            return Ok(Op::Per);
        }
        return if c.next_is_digit() { Err(unknown(c.rest())) } else { Ok(Op::First) };
    }
    second_answer(c)?;
    if c.eat('*') || c.eat('·') {
        return Ok(Op::Times);
    }
    if c.eat('-') {
        return Ok(Op::Hyphen);
    }
    if spaced || c.peek() == Some('(') { Ok(Op::Space) } else { Err(unknown(c.rest())) }
}

/// Refuses `5 GB - 6 GB`, `5 GB * 2` and their like behind a unit.
fn second_answer(c: &Cursor<'_>) -> Result<(), ParseError> {
    let found = || excerpt(c.rest());
    let mut ahead = c.clone();
    if ahead.eat('±') || ahead.eat_str("+/-") || ahead.eat('–') || ahead.eat('—') {
        return Err(ParseError::Range { found: found() });
    }
    if (ahead.eat('-') || ahead.eat_word("to")) && number_follows(&ahead) {
        return Err(ParseError::Range { found: found() });
    }
    if ahead.eat_any(&['+', '^']).is_some()
        || (ahead.eat_any(&['*', '·', '×', 'x']).is_some() && number_follows(&ahead))
    {
        return Err(ParseError::Expression { found: found() });
    }
    Ok(())
}

fn number_follows(c: &Cursor<'_>) -> bool {
    let mut ahead = c.clone();
    ahead.skip_spaces();
    ahead.eat_any(&['-', '+', '$', '.']);
    ahead.next_is_digit()
}

fn term(c: &mut Cursor<'_>, depth: u32) -> Result<Scale, ParseError> {
    let whole = c.clone();
    if c.eat('(') {
        if depth == DEPTH {
            return Err(unknown(whole.rest()));
        }
        let out = unit(c, depth + 1)?;
        return if c.eat(')') {
            Ok(Scale { lead: None, ..out })
        } else {
            Err(unknown(whole.rest()))
        };
    }
    if let Some(currency) = currency_symbol(c) {
        return power(c, Scale::of_currency(currency), &whole);
    }
    let mut text = match c.eat_any(&['%', '¢', '×']) {
        Some(sign) => &whole.rest()[..sign.len_utf8()],
        None => c.take_while(char::is_alphanumeric),
    };
    if text.ends_with("CO2") && (c.eat_str("-eq") || c.eat_str("-e")) {
        text = &whole.rest()[..whole.rest().len() - c.rest().len()];
    }
    if let Some(currency) = currency_code(text) {
        return power(c, Scale::of_currency(Some(currency)), &whole);
    }
    if text == "PF" {
        // PF-day: a petaFLOP per second, for a day.
        let mut day = c.clone();
        let _ = day.eat_any(&['-', ' ', '·']);
        if day.eat_word("day") || day.eat_word("days") {
            *c = day;
            return Ok(Scale { factor: 8.64e19, dim: Dim::OP, ..Scale::ONE });
        }
    }
    let out = lookup(text).ok_or_else(|| refuse(text, whole.rest()))?;
    power(c, out, &whole)
}

/// Reads `^3` behind a symbol.
fn power(c: &mut Cursor<'_>, base: Scale, whole: &Cursor<'_>) -> Result<Scale, ParseError> {
    if !c.eat('^') {
        return Ok(base);
    }
    let bad = || unknown(whole.rest());
    let n = c.integer().and_then(|n| i8::try_from(n).ok()).filter(|n| n.abs() <= 4);
    let mut out = Scale::ONE;
    out.combine(base, n.filter(|&n| n != 0).ok_or_else(bad)?).ok_or_else(bad)?;
    Ok(out)
}

/// Reads a currency sign: `Some(None)` for US dollars.
pub(super) fn currency_symbol(c: &mut Cursor<'_>) -> Option<Option<Currency>> {
    if c.eat_str("US$") || c.eat('$') {
        return Some(None);
    }
    let sign = c.eat_any(&['€', '£', '¥'])?;
    Some(Some(match sign {
        '€' => Currency::Euro,
        '£' => Currency::Pound,
        _ => Currency::Yen,
    }))
}

fn currency_code(text: &str) -> Option<Currency> {
    match text {
        "EUR" => Some(Currency::Euro),
        "GBP" => Some(Currency::Pound),
        "JPY" => Some(Currency::Yen),
        _ => None,
    }
}

/// Finds what a symbol means, prefix included.
pub(super) fn lookup(text: &str) -> Option<Scale> {
    if is_ambiguous(text) {
        return None;
    }
    for suffix in ["CO2e", "CO2eq", "CO2-eq", "CO2-e", "CO2"] {
        if let Some(mass) = text.strip_suffix(suffix) {
            let nouns = Nouns::of(Noun::Co2e);
            if mass.is_empty() {
                return Some(Scale { nouns, ..Scale::ONE });
            }
            let mass = lookup(mass).filter(|s| s.dim == Dim::MASS && s.nouns.is_none())?;
            return Some(Scale { nouns, lead: None, ..mass });
        }
    }
    let (prefix, symbol) = find(text)?;
    let is_info = symbol.dim.exponent(Base::Info) != 0;
    Some(Scale {
        factor: prefix.factor * symbol.factor,
        dim: symbol.dim,
        nouns: symbol.nouns,
        context: i8::from(symbol.context),
        info_prefix: is_info.then_some(prefix.index),
        foreign: None,
        notes: if prefix == prefix::CAPITAL_K { vec![Note::CapitalK] } else { Vec::new() },
        lead: Some((prefix, symbol)),
    })
}

fn find(text: &str) -> Option<(Prefix, &'static Symbol)> {
    let is_word = |t: &str| t.len() >= 4;
    symbols::exact(text)
        .map(|s| (prefix::NONE, s))
        .or_else(|| prefixed(prefix::split_decimal(text), symbols::exact))
        .or_else(|| prefixed(prefix::split_binary(text), symbols::exact))
        .or_else(|| is_word(text).then(|| symbols::word(text).map(|s| (prefix::NONE, s)))?)
        .or_else(|| {
            prefixed(prefix::split_decimal(text), |t| is_word(t).then(|| symbols::word(t))?)
        })
        .or_else(|| {
            prefixed(prefix::split_binary(text), |t| is_word(t).then(|| symbols::word(t))?)
        })
        .or_else(|| {
            prefixed(prefix::split_spelled(text), |t| {
                // `teraFLOPS` keeps the meaning of its capital S.
                symbols::exact(t)
                    .filter(|s| s.name.starts_with("FLOP"))
                    .or_else(|| symbols::word(t))
            })
        })
}

fn prefixed(
    split: Option<(Prefix, &str)>,
    find: impl Fn(&str) -> Option<&'static Symbol>,
) -> Option<(Prefix, &'static Symbol)> {
    let (prefix, rest) = split?;
    let symbol = find(rest)?;
    let capital_k = prefix == prefix::CAPITAL_K;
    let fits = match symbol.prefixes {
        Prefixes::No => false,
        Prefixes::Decimal => !prefix.binary && !capital_k,
        Prefixes::Data => prefix.index > 0,
        Prefixes::Kilo => !prefix.binary && !capital_k && matches!(prefix.index, 1 | 2),
    };
    fits.then_some((prefix, symbol))
}

/// `gb`, `kib`, `mbps` in lower case: people write them for bits and for bytes.
fn is_ambiguous(text: &str) -> bool {
    let bytes = text.as_bytes();
    matches!(bytes.first(), Some(b'k' | b'm' | b'g' | b't' | b'p' | b'e'))
        && matches!(&bytes[1..], b"b" | b"ib" | b"bps")
}

/// Why `text` is no symbol.
fn refuse(text: &str, rest: &str) -> ParseError {
    if is_ambiguous(text) {
        let (head, tail) = text.split_at(1);
        let head = if head == "k" && !tail.starts_with('i') {
            head.to_owned()
        } else {
            head.to_ascii_uppercase()
        };
        let bytes = tail.replacen('b', "B", 1);
        return ParseError::AmbiguousUnit {
            symbol: text.to_owned(),
            readings: vec![format!("{head}{tail}"), format!("{head}{bytes}")],
        };
    }
    let binary = prefix::split_binary(text)
        .or_else(|| prefix::split_spelled(text).filter(|(p, _)| p.binary));
    if let Some((_, base)) = binary
        && (symbols::exact(base).is_some() || symbols::word(base).is_some())
    {
        return ParseError::BinaryPrefix { symbol: text.to_owned() };
    }
    if text.is_empty() { unknown(rest) } else { unknown(text) }
}

fn unknown(text: &str) -> ParseError {
    ParseError::Unit { symbol: excerpt(text), near: suggest::near(text.trim()) }
}
