//! Units that a question names: a scale with a text to print.

use core::fmt;

use super::{
    cursor::Cursor,
    dimension::{Base, Dim},
    error::ParseError,
    normalize::normalize,
    noun::Nouns,
    prefix::{self, BINARY, DECIMAL, Prefix},
    scale,
    symbols::Symbol,
};

/// A unit: its text, what one of it is in canonical units, and what it measures.
#[derive(Debug, Clone)]
pub struct Unit {
    text: String,
    factor: f64,
    dim: Dim,
    nouns: Nouns,
    info_prefix: Option<u8>,
    /// First symbol and the text behind it, where another prefix may be put in front.
    lead: Option<(Prefix, &'static Symbol, String)>,
}

impl Unit {
    /// Reads a unit such as `GB`, `TFLOP/s`, `token/s`, `%` or the empty text for a pure number.
    ///
    /// # Errors
    ///
    /// [`ParseError`] as for the unit of an answer; foreign currencies are unknown here.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let normal = normalize(text)?;
        if normal.is_empty() {
            return Ok(Self::pure());
        }
        let mut c = Cursor::new(&normal);
        let scale = scale::scale(&mut c)?;
        if scale.foreign.is_some() {
            return Err(ParseError::Unit { symbol: text.to_owned(), near: vec!["USD".to_owned()] });
        }
        let lead = scale.lead.and_then(|(prefix, symbol)| {
            let head = format!("{}{}", prefix.text, symbol.name);
            normal.strip_prefix(&head).map(|tail| (prefix, symbol, tail.to_owned()))
        });
        Ok(Self {
            text: normal.clone().into_owned(),
            factor: scale.factor,
            dim: scale.dim,
            nouns: scale.nouns,
            info_prefix: scale.info_prefix,
            lead,
        })
    }

    /// Returns the unit of pure numbers, printed as nothing.
    #[must_use]
    pub const fn pure() -> Self {
        Self {
            text: String::new(),
            factor: 1.0,
            dim: Dim::NONE,
            nouns: Nouns::NONE,
            info_prefix: None,
            lead: None,
        }
    }

    /// Returns the canonical unit of a dimension, for example `FLOP/B`.
    #[must_use]
    pub fn canonical(dim: Dim) -> Self {
        let text = dim.symbols(Nouns::NONE);
        Self::parse(&text).unwrap_or(Self { text, dim, ..Self::pure() })
    }

    /// Returns the text to print behind a number.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns how many canonical units one of this is.
    #[must_use]
    pub const fn factor(&self) -> f64 {
        self.factor
    }

    /// Returns the hard dimension.
    #[must_use]
    pub const fn dim(&self) -> Dim {
        self.dim
    }

    /// Returns the count nouns.
    #[must_use]
    pub const fn nouns(&self) -> Nouns {
        self.nouns
    }

    /// Returns the power of 1000 or 1024 in the data prefix: 0 for `B`, 3 for `GB` and `GiB/s`.
    #[must_use]
    pub const fn info_prefix(&self) -> Option<u8> {
        self.info_prefix
    }

    /// Returns whether the unit measures data, alone or per something.
    #[must_use]
    pub fn is_info(&self) -> bool {
        self.dim.exponent(Base::Info) != 0
    }

    /// Returns whether the number stands right in front of the text, as in `45%`.
    pub(crate) fn hugs_number(&self) -> bool {
        matches!(self.text.as_str(), "%" | "x" | "×")
    }

    /// Returns this unit with the prefixes that suit it, smallest first, each with its factor.
    ///
    /// A decimal unit stays decimal and a binary one binary; units of time longer than a second come with the shorter
    /// ones. Other units that take no prefix come back alone.
    pub(super) fn family(&self) -> Vec<(f64, String)> {
        let Some((own, symbol, tail)) = &self.lead else {
            return vec![(self.factor, self.text.clone())];
        };
        if tail.is_empty() && self.dim == Dim::TIME && self.factor > 1.0 {
            let mut all: Vec<(f64, String)> = SHORTER
                .iter()
                .filter(|(factor, _)| *factor < self.factor)
                .map(|(factor, text)| (*factor, (*text).to_owned()))
                .collect();
            all.push((self.factor, self.text.clone()));
            return all;
        }
        let base = self.factor / own.factor;
        let with = |p: Prefix| (base * p.factor, format!("{}{}{tail}", p.text, symbol.name));
        let keep = |p: &Prefix| everyday(symbol.name).contains(p.text);
        if own.binary {
            core::iter::once(prefix::NONE).chain(BINARY).map(with).collect()
        } else {
            let (small, large) = DECIMAL.split_at(4);
            let all = small.iter().chain(core::iter::once(&prefix::NONE)).chain(large);
            let all = all.filter(|p| keep(p) || p.text == own.text || p.text.is_empty());
            all.map(|p| with(*p)).collect()
        }
    }
}

/// What people say instead of a fraction of a minute, an hour, a day or longer, shortest first.
const SHORTER: [(f64, &str); 6] =
    [(1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"), (3600.0, "h"), (86_400.0, "day")];

/// The prefixes people use with a symbol, as a string of their letters.
fn everyday(symbol: &str) -> &'static str {
    match symbol {
        "B" | "b" | "bit" | "bps" | "Bps" | "byte" => "kMGTPE",
        "FLOP" | "FLOPs" | "FLOPS" | "OP" | "OPs" | "OPS" | "MAC" | "MACs" => "kMGTPEZY",
        "s" => "nµm",
        "J" | "W" | "Wh" => "pnµmkMGT",
        "Hz" => "kMGT",
        "USD" => "kM",
        "g" => "mk",
        "m" => "nµmk",
        "L" => "mk",
        _ => "",
    }
}

impl PartialEq for Unit {
    /// Two units are equal if they are written alike.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl serde::Serialize for Unit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
