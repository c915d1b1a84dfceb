//! Reads a whole answer: `[currency] number [magnitude] [unit]`.

use super::{
    Quantity,
    cursor::Cursor,
    dimension::{Base, Dim},
    error::{ParseError, excerpt},
    normalize::normalize,
    number::{Number, number},
    scale::{self, Scale},
};

/// What the question asks for, as far as it decides how text is read.
///
/// It settles two things only: whether `flops` is a count or a rate, and whether `K M B T` behind a number may
/// mean thousand, million, billion and trillion. `140 B` are bytes where bytes are expected.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expect {
    dim: Option<Dim>,
}

impl Expect {
    /// No expectation.
    pub const NOTHING: Self = Self { dim: None };

    /// Expects a quantity of this dimension.
    #[must_use]
    pub const fn dim(dim: Dim) -> Self {
        Self { dim: Some(dim) }
    }

    /// Whether `k M B T` may stand for a power of ten: for pure counts, money, and both per time.
    fn allows_count_suffix(self) -> bool {
        self.dim.is_some_and(|dim| {
            Base::ALL.into_iter().all(|base| match (base, dim.exponent(base)) {
                (_, 0) | (Base::Money, _) => true,
                (Base::Time, n) => n < 0,
                _ => false,
            })
        })
    }
}

/// A currency without an exchange rate here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Currency {
    /// `€`, `EUR`
    Euro,
    /// `£`, `GBP`
    Pound,
    /// `¥`, `JPY`
    Yen,
}

/// A remark on the spelling of an accepted answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// `KB` was read as 1000 B; the symbol is `kB`.
    CapitalK,
}

/// An answer as it was typed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Typed {
    /// The amount in canonical units.
    pub quantity: Quantity,
    /// Significant figures typed; powers (`2^30`) and fractions (`3/4`) have none.
    pub sigfigs: Option<u32>,
    /// Whether any unit was typed.
    pub has_unit: bool,
    /// Power of 1000 or 1024 in the prefix of the data unit typed: 0 for `B`, 3 for `GB` and `GiB`.
    pub info_prefix: Option<u8>,
    /// A currency that cannot be converted to dollars.
    pub foreign: Option<Currency>,
    /// Remarks on the spelling.
    pub notes: Vec<Note>,
}

/// Reads one answer.
///
/// # Errors
///
/// Every cause of [`ParseError`], each with a stable [code](ParseError::code).
///
/// # Examples
///
/// ```
/// use staffml_bank::quantity::{Dim, Expect, parse};
///
/// let rate = parse("3.45k tokens/s", Expect::dim(Dim::FREQUENCY))?;
/// assert_eq!(rate.quantity.value(), 3450.0);
/// assert_eq!(rate.sigfigs, Some(3));
/// assert_eq!(parse("140 gb", Expect::dim(Dim::INFO)).unwrap_err().code(), "E-Q-AMBIG");
/// # Ok::<(), staffml_bank::quantity::ParseError>(())
/// ```
pub fn parse(text: &str, expect: Expect) -> Result<Typed, ParseError> {
    let text = normalize(text)?;
    let mut c = Cursor::new(&text);
    if c.is_end() {
        return Err(ParseError::Empty);
    }
    if let Some(sign) = c.clone().eat_any(&['<', '>', '≤', '≥', '⩽', '⩾', '≲', '≳']) {
        return Err(ParseError::Inequality { found: sign.to_string() });
    }
    if let Some(odd) = text.chars().find(|c| !c.is_ascii() && c.is_numeric()) {
        return Err(ParseError::Number { found: odd.to_string() });
    }
    let currency = scale::currency_symbol(&mut c);
    c.skip_spaces();
    let Number { value, sigfigs } = number(&mut c)?;
    not_a_second_number(&mut c)?;
    let value = value * magnitude(&mut c, currency.is_some() || expect.allows_count_suffix());
    c.skip_spaces();
    let mut scale = currency.map_or(Scale::ONE, Scale::of_currency);
    let has_unit = currency.is_some() || !c.is_end();
    if !c.is_end() {
        let behind = c.rest();
        let unit = scale::scale(&mut c)?;
        scale = scale
            .times(unit)
            .ok_or_else(|| ParseError::Unit { symbol: excerpt(behind), near: Vec::new() })?;
    }
    scale.resolve(expect.dim);
    let canonical = value * scale.factor;
    if !canonical.is_finite() {
        return Err(ParseError::NonFinite { found: excerpt(&text) });
    }
    Ok(Typed {
        quantity: Quantity { value: canonical, dim: scale.dim, nouns: scale.nouns },
        sigfigs,
        has_unit,
        info_prefix: scale.info_prefix,
        foreign: scale.foreign,
        notes: scale.notes,
    })
}

/// Refuses ranges, arithmetic and stray digits right behind the number.
fn not_a_second_number(c: &mut Cursor<'_>) -> Result<(), ParseError> {
    let found = || excerpt(c.rest());
    let mut ahead = c.clone();
    let spaced = ahead.skip_spaces();
    let digit_after = |skip: &str| {
        let mut c = ahead.clone();
        c.eat_str(skip);
        c.skip_spaces();
        c.eat_any(&['-', '+', '.']);
        c.next_is_digit()
    };
    let rest = ahead.rest();
    if rest.starts_with(['±', '–', '—', '~']) || rest.starts_with("+/-") || rest.starts_with("..")
    {
        return Err(ParseError::Range { found: found() });
    }
    let to = ahead.clone().eat_word("to") && digit_after("to");
    if to || (rest.starts_with('-') && digit_after("-")) {
        return Err(ParseError::Range { found: found() });
    }
    let arithmetic = rest.starts_with(['+', '^'])
        || rest.starts_with("**")
        || (rest.starts_with('/') && digit_after("/"));
    if arithmetic {
        return Err(ParseError::Expression { found: found() });
    }
    match ahead.peek() {
        Some(',') => Err(ParseError::Comma { found: found() }),
        Some('.' | '_') => Err(ParseError::Number { found: found() }),
        // `3450 1/s` is a rate, `3 1/2 h` is not a number.
        Some('1') if spaced && rest.starts_with("1/") && !digit_after("1/") => Ok(()),
        Some(d) if d.is_ascii_digit() => Err(ParseError::Number { found: found() }),
        _ => Ok(()),
    }
}

/// Reads `million`, or `M` where a count suffix is allowed, and returns its factor.
fn magnitude(c: &mut Cursor<'_>, suffix_allowed: bool) -> f64 {
    let mut ahead = c.clone();
    ahead.skip_spaces();
    for (word, factor) in
        [("thousand", 1e3), ("million", 1e6), ("billion", 1e9), ("trillion", 1e12)]
    {
        if ahead.eat_word(word) {
            *c = ahead;
            return factor;
        }
    }
    if suffix_allowed {
        for (suffix, factor) in
            [("k", 1e3), ("K", 1e3), ("M", 1e6), ("bn", 1e9), ("B", 1e9), ("T", 1e12)]
        {
            let mut ahead = ahead.clone();
            if ahead.eat_str(suffix) && matches!(ahead.peek(), None | Some(' ' | '/')) {
                *c = ahead;
                return factor;
            }
        }
    }
    1.0
}
