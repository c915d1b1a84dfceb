//! Why a typed answer could not be read.

/// A refusal of typed text. It does not use up an attempt; the message tells what to type instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Nothing was typed.
    #[error("nothing typed; type a number and a unit, for example `1.4e11 B`")]
    Empty,
    /// There is no readable number at the start.
    #[error("cannot read `{found}` as a number; type digits, for example `1.4e11 B`")]
    Number {
        /// The text that is no number.
        found: String,
    },
    /// Not a number, infinite, or too large to hold.
    #[error("`{found}` is not a finite number")]
    NonFinite {
        /// The text that was read.
        found: String,
    },
    /// A comma or point that may be a decimal mark or a separator.
    #[error(
        "`{found}`: decimal mark or separator? use a point for decimals and, if you like, commas between groups of three digits"
    )]
    Comma {
        /// The text that can be read in two ways.
        found: String,
    },
    /// Two values where one is asked for.
    #[error("`{found}` gives a range; give one number")]
    Range {
        /// The text that was read.
        found: String,
    },
    /// A bound instead of a value.
    #[error("`{found}` is a bound; give the value itself")]
    Inequality {
        /// The relation sign.
        found: String,
    },
    /// Arithmetic that the learner has not done.
    #[error("`{found}` is a calculation; do the arithmetic and type the result")]
    Expression {
        /// The text that was read.
        found: String,
    },
    /// A symbol outside the unit table, or text behind the answer.
    #[error("`{symbol}` is not a unit known here{}", near_text(near))]
    Unit {
        /// The unknown symbol.
        symbol: String,
        /// Up to three known symbols that look like it.
        near: Vec<String>,
    },
    /// A symbol that people write for two different units.
    #[error("`{symbol}` is ambiguous: b is bit and B is byte; did you mean `{}`?", readings.join("` or `"))]
    AmbiguousUnit {
        /// The symbol.
        symbol: String,
        /// The two readings.
        readings: Vec<String>,
    },
    /// A product behind a slash, which could belong above or below it.
    #[error("`{found}`: what does the slash divide? write `a/(b·c)` or `(a/b)·c`")]
    AmbiguousSlash {
        /// The text that can be read in two ways.
        found: String,
    },
    /// A binary prefix on something that is not data.
    #[error("`{symbol}`: the prefixes Ki, Mi, Gi belong to B and bit only")]
    BinaryPrefix {
        /// The symbol.
        symbol: String,
    },
    /// More text than any answer needs.
    #[error("the answer has more than {limit} characters; type one number and a unit")]
    TooLong {
        /// The longest accepted text, in characters.
        limit: usize,
    },
    /// An invisible character.
    #[error("invisible character U+{code:04X}; type the answer again by hand")]
    Character {
        /// Its code point.
        code: u32,
    },
}

impl ParseError {
    /// Returns the stable code of this refusal.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "E-Q-EMPTY",
            Self::Number { .. } => "E-Q-NUMBER",
            Self::NonFinite { .. } => "E-Q-NONFINITE",
            Self::Comma { .. } => "E-Q-COMMA",
            Self::Range { .. } => "E-Q-RANGE",
            Self::Inequality { .. } => "E-Q-INEQ",
            Self::Expression { .. } => "E-Q-EXPR",
            Self::Unit { .. } => "E-Q-UNIT",
            Self::AmbiguousUnit { .. } | Self::AmbiguousSlash { .. } => "E-Q-AMBIG",
            Self::BinaryPrefix { .. } => "E-Q-PREFIX",
            Self::TooLong { .. } => "E-Q-LONG",
            Self::Character { .. } => "E-Q-CHAR",
        }
    }
}

fn near_text(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; did you mean `{}`?", near.join("`, `")) }
}

/// The piece of `text` that an error shows: at most 40 characters.
pub(super) fn excerpt(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
