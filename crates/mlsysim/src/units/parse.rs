//! Reading quantities from text, and refusing what could mean two things.
//!
//! A text is a number and a unit: `3.35 TB/s`, `16 GiB`, `0.12 USD/kWh`, `5 %`.
//! Decimal prefixes are powers of ten, binary ones (`KiB` to `EiB`) powers of 1024.
//! Upper and lower case matter.
//!
//! Refused, with what to write instead: `Gb` (bit or byte), `TFLOPs` (operations or a rate), `1,5` (decimal or
//! thousands), `month` (28 to 31 days), and a number without a unit where one is due.

use super::format::PREFIXES;
use super::{Dimension, Quantity};
use crate::error::{Error, Result};
use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

/// Why a text is not the quantity that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ParseError {
    /// The name of the field, option or answer that the text was meant for.
    pub field: String,
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub problem: ParseProblem,
    /// The dimension that was asked for, if one was.
    pub expected: Option<Dimension>,
}

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ParseProblem {
    /// It does not start with a number.
    NoNumber,
    /// The number has a comma, which is a decimal point to some and a thousands mark to others.
    Comma,
    /// The number does not fit a 64-bit float.
    TooLarge,
    /// The unit has a base kind to a power beyond 126.
    Power,
    /// There is a number and no unit.
    NoUnit,
    /// A word of the unit is not known; perhaps the second was meant.
    UnknownUnit(String, Option<String>),
    /// A word of the unit means two things; the second says what to write.
    Ambiguous(String, &'static str),
    /// The unit measures something else.
    WrongDimension(Quantity),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}` ", self.field, self.text)?;
        match &self.problem {
            ParseProblem::NoNumber => f.write_str("does not start with a number")?,
            ParseProblem::Comma => {
                f.write_str(
                    "has a comma, which may stand for a point or for thousands: write 1.5 or 1500",
                )?;
            }
            ParseProblem::TooLarge => f.write_str("is too large for a 64-bit float")?,
            ParseProblem::Power => {
                f.write_str("has a unit to a power beyond 126, which no quantity has")?;
            }
            ParseProblem::NoUnit => f.write_str("has no unit")?,
            ParseProblem::UnknownUnit(word, None) => write!(f, "has the unknown unit `{word}`")?,
            ParseProblem::UnknownUnit(word, Some(near)) => {
                write!(f, "has the unknown unit `{word}` (did you mean `{near}`?)")?;
            }
            ParseProblem::Ambiguous(word, remedy) => {
                write!(f, "is ambiguous, since `{word}` {remedy}")?;
            }
            ParseProblem::WrongDimension(got) => match got.dimension.family() {
                Some(family) => write!(f, "is {family}")?,
                None => write!(f, "has the unit {}", got.dimension)?,
            },
        }
        if let Some(expected) = self.expected {
            match (expected.family(), expected.example()) {
                (Some(family), Some(example)) => {
                    write!(f, "; expected {family}, for example `{example}`")?;
                }
                _ => write!(f, "; expected the unit {expected}")?,
            }
        }
        Ok(())
    }
}

impl core::error::Error for ParseError {}

/// Reads a quantity of any dimension.
///
/// # Errors
///
/// [`Error::Quantity`] if the text is not a number with a known, unambiguous unit.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{parse, Bytes, Hertz};
///
/// assert_eq!(parse("16 GiB")?.to::<Bytes>()?, Bytes(17_179_869_184.0));
/// assert_eq!(parse("64 MHz")?.to::<Hertz>()?, Hertz(64e6));
/// assert!(parse("16 Gb").is_err(), "bits or bytes?");
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn parse(text: &str) -> Result<Quantity> {
    read(text).map_err(|problem| {
        Error::Quantity(ParseError {
            field: "quantity".into(),
            text: text.into(),
            problem,
            expected: None,
        })
    })
}

/// Reads a quantity of one dimension, meant for `field`.
///
/// # Errors
///
/// [`Error::Quantity`] naming the field, the expected family and an example, if the text is not a number with
/// a known, unambiguous unit of that dimension.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{parse_as, Dimension};
///
/// let error = parse_as("bandwidth", "3.35", Dimension::BANDWIDTH).unwrap_err();
/// assert_eq!(error.to_string(), "bandwidth: `3.35` has no unit; expected data per time, for example `3.35 TB/s`");
/// ```
pub fn parse_as(field: &str, text: &str, expected: Dimension) -> Result<Quantity> {
    let problem = match read(text) {
        Ok(quantity) if quantity.dimension == expected => return Ok(quantity),
        Ok(quantity) if quantity.dimension.is_none() && !text.contains('%') => ParseProblem::NoUnit,
        Ok(quantity) => ParseProblem::WrongDimension(quantity),
        Err(problem) => problem,
    };
    Err(Error::Quantity(ParseError {
        field: field.into(),
        text: text.into(),
        problem,
        expected: Some(expected),
    }))
}

type Read<T> = core::result::Result<T, ParseProblem>;

fn read(text: &str) -> Read<Quantity> {
    let text = text.trim();
    let (digits, power, rest) = number(text)?;
    let rest = rest.trim_start();
    let unit = if rest.is_empty() { Scaled::ONE } else { unit_expression(rest)? };
    // The prefix joins the exponent of the number before it is read, so `3.35 TB` is exactly `3.35e12`.
    let power = power.saturating_add(unit.power);
    let value: f64 = format!("{digits}e{power}").parse().map_err(|_| ParseProblem::NoNumber)?;
    let value = value * unit.factor / unit.divisor;
    if !value.is_finite() {
        return Err(ParseProblem::TooLarge);
    }
    Ok(Quantity::new(value, unit.dimension))
}

/// Splits off the number: its digits, its power of ten, and what follows.
fn number(text: &str) -> Read<(String, i32, &str)> {
    let bytes = text.as_bytes();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let mut digits = 0;
    let mut points = 0;
    while let Some(&byte) = bytes.get(end) {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'.' if points == 0 => points += 1,
            b'_' if digits > 0 => {}
            b',' => return Err(ParseProblem::Comma),
            _ => break,
        }
        end += 1;
    }
    if digits == 0 {
        return Err(ParseProblem::NoNumber);
    }
    let mantissa = text[..end].replace('_', "");
    let rest = &text[end..];
    // `2e3 B` has an exponent, `2 EB` and `2EB` do not.
    if let Some(tail) = rest.strip_prefix(['e', 'E']) {
        let sign = usize::from(tail.starts_with(['+', '-']));
        let length = sign + tail[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if length > sign {
            let power = tail[..length].parse().map_err(|_| ParseProblem::TooLarge)?;
            return Ok((mantissa, power, &tail[length..]));
        }
    }
    Ok((mantissa, 0, rest))
}

/// A unit as `10^power × factor / divisor` base units.
#[derive(Debug, Clone, Copy)]
struct Scaled {
    power: i32,
    factor: f64,
    divisor: f64,
    dimension: Dimension,
}

impl Scaled {
    const ONE: Self = Self { power: 0, factor: 1.0, divisor: 1.0, dimension: Dimension::NONE };

    fn times(self, other: Self) -> Read<Self> {
        let dimension = self.dimension.times(other.dimension);
        // A saturated exponent would be the dimension of something else.
        if dimension.is_full() {
            return Err(ParseProblem::Power);
        }
        Ok(Self {
            power: self.power.saturating_add(other.power),
            factor: self.factor * other.factor,
            divisor: self.divisor * other.divisor,
            dimension,
        })
    }

    fn inverse(self) -> Self {
        Self {
            power: self.power.saturating_neg(),
            factor: self.divisor,
            divisor: self.factor,
            dimension: Dimension::NONE.per(self.dimension),
        }
    }
}

/// Reads `B/s`, `USD/kWh`, `kg*m^2/s^2`, `1/s`.
fn unit_expression(text: &str) -> Read<Scaled> {
    let mut unit = Scaled::ONE;
    let mut divide = false;
    let mut rest = text;
    loop {
        let end = rest.find(['/', '*', '·']).unwrap_or(rest.len());
        let factor = unit_factor(rest[..end].trim())?;
        unit = unit.times(if divide { factor.inverse() } else { factor })?;
        let Some(separator) = rest[end..].chars().next() else { return Ok(unit) };
        divide = separator == '/';
        rest = &rest[end + separator.len_utf8()..];
    }
}

/// Reads one factor with an optional power, such as `m^3`.
fn unit_factor(text: &str) -> Read<Scaled> {
    let (word, exponent) = match text.split_once('^') {
        Some((word, digits)) => {
            let exponent: u8 =
                digits.parse().map_err(|_| ParseProblem::UnknownUnit(text.into(), None))?;
            (word, exponent)
        }
        None => (text, 1),
    };
    let one = if word == "1" { Scaled::ONE } else { unit_word(word)? };
    let mut product = Scaled::ONE;
    for _ in 0..exponent {
        product = product.times(one)?;
    }
    Ok(product)
}

/// Which prefixes a unit takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefixes {
    /// None.
    No,
    /// `n` to `Y`.
    Metric,
    /// `k` (also `K`) to `Y`: things that come whole.
    Counted,
    /// As counted, and `Ki` to `Ei`.
    Data,
}

struct Atom {
    words: &'static [&'static str],
    power: i32,
    factor: f64,
    dimension: Dimension,
    prefixes: Prefixes,
}

const fn atom(
    words: &'static [&'static str],
    power: i32,
    factor: f64,
    dimension: Dimension,
    prefixes: Prefixes,
) -> Atom {
    Atom { words, power, factor, dimension, prefixes }
}

const CURRENT: Dimension = Dimension::of(super::Base::Ampere);

#[rustfmt::skip] // one unit per line
static ATOMS: &[Atom] = &[
    atom(&["%"], -2, 1.0, Dimension::NONE, Prefixes::No),
    atom(&["B", "byte", "bytes"], 0, 1.0, Dimension::DATA, Prefixes::Data),
    atom(&["bit", "bits"], 0, 0.125, Dimension::DATA, Prefixes::Data),
    atom(&["bps"], 0, 0.125, Dimension::BANDWIDTH, Prefixes::Data),
    atom(&["FLOP", "flop", "OP", "op"], 0, 1.0, Dimension::OPERATIONS, Prefixes::Counted),
    atom(&["FLOPS", "OPS"], 0, 1.0, Dimension::COMPUTE_RATE, Prefixes::Counted),
    atom(&["MAC", "MACs"], 0, 2.0, Dimension::OPERATIONS, Prefixes::Counted),
    atom(&["token", "tokens", "tok"], 0, 1.0, Dimension::TOKENS, Prefixes::Counted),
    atom(&["param", "params", "parameters"], 0, 1.0, Dimension::PARAMETERS, Prefixes::Counted),
    atom(&["USD", "$"], 0, 1.0, Dimension::MONEY, Prefixes::Counted),
    atom(&["s", "sec", "second", "seconds"], 0, 1.0, Dimension::TIME, Prefixes::Metric),
    atom(&["min", "minute", "minutes"], 0, 60.0, Dimension::TIME, Prefixes::No),
    atom(&["h", "hour", "hours"], 0, 3600.0, Dimension::TIME, Prefixes::No),
    atom(&["d", "day", "days"], 0, 86_400.0, Dimension::TIME, Prefixes::No),
    atom(&["week", "weeks"], 0, 604_800.0, Dimension::TIME, Prefixes::No),
    atom(&["yr", "year", "years"], 0, 31_536_000.0, Dimension::TIME, Prefixes::No), // 365 days
    atom(&["Hz"], 0, 1.0, Dimension::FREQUENCY, Prefixes::Metric),
    atom(&["J"], 0, 1.0, Dimension::ENERGY, Prefixes::Metric),
    atom(&["Wh"], 0, 3600.0, Dimension::ENERGY, Prefixes::Metric),
    atom(&["W"], 0, 1.0, Dimension::POWER, Prefixes::Metric),
    atom(&["V"], 0, 1.0, Dimension::POWER.per(CURRENT), Prefixes::Metric),
    atom(&["A"], 0, 1.0, CURRENT, Prefixes::Metric),
    atom(&["Ah"], 0, 3600.0, CURRENT.times(Dimension::TIME), Prefixes::Metric),
    atom(&["gCO2e", "gCO2eq", "gCO2"], -3, 1.0, Dimension::CARBON, Prefixes::Metric),
    atom(&["tCO2e", "tCO2eq", "tCO2"], 3, 1.0, Dimension::CARBON, Prefixes::Counted),
    atom(&["g"], -3, 1.0, Dimension::of(super::Base::Kilogram), Prefixes::Metric),
    atom(&["m"], 0, 1.0, Dimension::LENGTH, Prefixes::Metric),
    atom(&["cm"], -2, 1.0, Dimension::LENGTH, Prefixes::No),
    atom(&["L", "l"], -3, 1.0, Dimension::VOLUME, Prefixes::Metric),
    atom(&["K"], 0, 1.0, Dimension::of(super::Base::Kelvin), Prefixes::No),
];

/// Words that mean two things, and what to write instead.
const AMBIGUOUS: [(&str, &str); 6] = [
    ("b", "may be bits or bytes: write bit or B"),
    ("FLOPs", "may be operations or operations per second: write FLOP or FLOP/s"),
    ("flops", "may be operations or operations per second: write FLOP or FLOP/s"),
    ("OPs", "may be operations or operations per second: write OP or OP/s"),
    ("ops", "may be operations or operations per second: write OP or OP/s"),
    ("month", "has 28 to 31 days: write days"),
];

fn unit_word(word: &str) -> Read<Scaled> {
    for atom in ATOMS {
        for spelling in atom.words {
            let Some(prefix) = word.strip_suffix(spelling) else { continue };
            if let Some((power, factor)) = prefix_scale(prefix, atom.prefixes) {
                return Ok(Scaled {
                    power: atom.power + power,
                    factor: atom.factor * factor,
                    divisor: 1.0,
                    dimension: atom.dimension,
                });
            }
        }
    }
    for (short, remedy) in AMBIGUOUS {
        if word
            .strip_suffix(short)
            .is_some_and(|prefix| prefix_scale(prefix, Prefixes::Data).is_some())
            || (short == "month" && word == "months")
        {
            return Err(ParseProblem::Ambiguous(word.into(), remedy));
        }
    }
    Err(ParseProblem::UnknownUnit(word.into(), near(word)))
}

/// The power of ten and the factor of a prefix, if the unit takes it.
fn prefix_scale(prefix: &str, taken: Prefixes) -> Option<(i32, f64)> {
    if prefix.is_empty() {
        return Some((0, 1.0));
    }
    if taken == Prefixes::Data {
        const BINARY: [(&str, f64); 6] = [
            ("Ki", 1024.0),
            ("Mi", 1_048_576.0),
            ("Gi", 1_073_741_824.0),
            ("Ti", 1_099_511_627_776.0),
            ("Pi", 1_125_899_906_842_624.0),
            ("Ei", 1_073_741_824.0 * 1_073_741_824.0),
        ];
        if let Some((_, factor)) = BINARY.iter().find(|(text, _)| *text == prefix) {
            return Some((0, *factor));
        }
    }
    let power = match prefix {
        "K" if taken != Prefixes::Metric => 3,
        "µ" | "μ" => -6,
        _ => PREFIXES.iter().find(|(text, _)| *text == prefix)?.1,
    };
    let allowed = match taken {
        Prefixes::No => false,
        Prefixes::Metric => true,
        Prefixes::Counted | Prefixes::Data => power > 0,
    };
    allowed.then_some((power, 1.0))
}

/// The known spelling that differs from `word` only in case.
fn near(word: &str) -> Option<String> {
    let prefixes = PREFIXES.iter().map(|(text, _)| *text).chain(["Ki", "Mi", "Gi", "Ti"]);
    for prefix in prefixes {
        for atom in ATOMS {
            for spelling in atom.words {
                let known = format!("{prefix}{spelling}");
                if known.eq_ignore_ascii_case(word) && prefix_scale(prefix, atom.prefixes).is_some()
                {
                    return Some(known.to_string());
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, value: f64, dimension: Dimension) {
        assert_eq!(parse(text), Ok(Quantity::new(value, dimension)), "{text}");
    }

    #[track_caller]
    fn refused(text: &str, dimension: Dimension, message: &str) {
        let error = parse_as("field", text, dimension).expect_err(text);
        assert_eq!(error.to_string(), message);
    }

    #[test]
    fn powers_that_dimensions_cannot_hold_are_refused() {
        // A joule has m^2 and s^-2: to the 63rd, 126 of each; to the 64th, 128.
        assert!(parse("2 J^63").is_ok());
        for text in ["2 J^64", "2 J^101", "1 s^100/s^1*s^100", "1 1/s^127", "1 m^126*m*m/m^200"] {
            let error = parse(text).expect_err(text);
            assert!(error.to_string().contains("a power beyond 126"), "{error}");
        }
        // What cancels out in time is no such power.
        check("3 m^126/m^120", 3.0, Dimension::VOLUME.times(Dimension::VOLUME));
    }

    #[test]
    fn units_of_the_trade() {
        check("3.35 TB/s", 3.35e12, Dimension::BANDWIDTH);
        check("312 TFLOP/s", 312e12, Dimension::COMPUTE_RATE);
        check("312 TFLOPS", 312e12, Dimension::COMPUTE_RATE);
        check("4 TOPS", 4e12, Dimension::COMPUTE_RATE);
        check("64 MHz", 64e6, Dimension::FREQUENCY);
        check("16.67 ms", 0.01667, Dimension::TIME);
        check("16 GiB", 16.0 * 1_073_741_824.0, Dimension::DATA);
        check("100 Gbps", 12.5e9, Dimension::BANDWIDTH);
        check("100 Gbit/s", 12.5e9, Dimension::BANDWIDTH);
        check("2 GMAC", 4e9, Dimension::OPERATIONS);
        check("1 kWh", 3.6e6, Dimension::ENERGY);
        check("400 gCO2e/kWh", 0.4 / 3.6e6, Dimension::CARBON_INTENSITY);
        check("7.2 USD/h", 0.002, Dimension::RENT);
        check("1_024", 1024.0, Dimension::NONE);
        check("50%", 0.5, Dimension::NONE);
        check("2e3 B", 2000.0, Dimension::DATA);
        check("2 EB", 2e18, Dimension::DATA);
        check("2EB", 2e18, Dimension::DATA);
    }

    #[test]
    fn decimal_prefixes_do_not_round() {
        // 3.35 × 1e12 in floating point would be one unit in the last place off for some of these.
        for (text, value) in
            [("0.7 TB", 0.7e12), ("1.1 PB", 1.1e15), ("2.3 us", 2.3e-6), ("9.1 GFLOP", 9.1e9)]
        {
            assert_eq!(parse(text).map(|q| q.value.to_bits()), Ok(f64::to_bits(value)), "{text}");
        }
    }

    #[test]
    fn refusals_name_field_family_and_example() {
        refused(
            "12 bananas",
            Dimension::DATA,
            "field: `12 bananas` has the unknown unit `bananas`; expected data, for example `16 GiB`",
        );
        refused(
            "3 GHz",
            Dimension::DATA,
            "field: `3 GHz` is events per time; expected data, for example `16 GiB`",
        );
        refused(
            "12",
            Dimension::TIME,
            "field: `12` has no unit; expected time, for example `16.67 ms`",
        );
        refused(
            "16 Gb",
            Dimension::DATA,
            "field: `16 Gb` is ambiguous, since `Gb` may be bits or bytes: write bit or B; expected data, for example `16 GiB`",
        );
        refused(
            "5 TFLOPs",
            Dimension::COMPUTE_RATE,
            "field: `5 TFLOPs` is ambiguous, since `TFLOPs` may be operations or operations per second: \
             write FLOP or FLOP/s; expected operations per time, for example `312 TFLOP/s`",
        );
        refused(
            "16 gb",
            Dimension::DATA,
            "field: `16 gb` has the unknown unit `gb` (did you mean `GB`?); expected data, for example `16 GiB`",
        );
        refused(
            "1,5 GB",
            Dimension::DATA,
            "field: `1,5 GB` has a comma, which may stand for a point or for thousands: write 1.5 or 1500; \
             expected data, for example `16 GiB`",
        );
        refused(
            "",
            Dimension::DATA,
            "field: `` does not start with a number; expected data, for example `16 GiB`",
        );
        refused(
            "1e999 B",
            Dimension::DATA,
            "field: `1e999 B` is too large for a 64-bit float; expected data, for example `16 GiB`",
        );
    }

    #[test]
    fn odd_text_is_refused_without_panic() {
        for text in [
            "1 /",
            "1 /s/",
            "1 m^",
            "1 m^-1",
            "1 m^999",
            "- B",
            "1e B",
            "1e99999999999 B",
            "1 µ",
            "∞",
            "1 **",
            "NaN B",
            "inf",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
