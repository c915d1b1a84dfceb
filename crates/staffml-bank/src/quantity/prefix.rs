//! Decimal and binary prefixes, as symbols and spelled out.

/// A prefix of a unit symbol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Prefix {
    /// As written in front of a symbol.
    pub(crate) text: &'static str,
    /// What it multiplies by.
    pub(crate) factor: f64,
    /// Power of 1000 (or 1024 if binary); 0 for fractions.
    pub(crate) index: u8,
    /// Whether it is a power of 1024.
    pub(crate) binary: bool,
}

const fn decimal(text: &'static str, factor: f64, index: u8) -> Prefix {
    Prefix { text, factor, index, binary: false }
}

const fn binary(text: &'static str, factor: f64, index: u8) -> Prefix {
    Prefix { text, factor, index, binary: true }
}

/// No prefix.
pub(crate) const NONE: Prefix = decimal("", 1.0, 0);

/// Decimal prefixes from pico to yotta. Micro stands for all its spellings.
pub(crate) const DECIMAL: [Prefix; 12] = [
    decimal("p", 1e-12, 0),
    decimal("n", 1e-9, 0),
    decimal("µ", 1e-6, 0),
    decimal("m", 1e-3, 0),
    decimal("k", 1e3, 1),
    decimal("M", 1e6, 2),
    decimal("G", 1e9, 3),
    decimal("T", 1e12, 4),
    decimal("P", 1e15, 5),
    decimal("E", 1e18, 6),
    decimal("Z", 1e21, 7),
    decimal("Y", 1e24, 8),
];

/// Binary prefixes.
pub(crate) const BINARY: [Prefix; 6] = [
    binary("Ki", 1024.0, 1),
    binary("Mi", 1_048_576.0, 2),
    binary("Gi", 1_073_741_824.0, 3),
    binary("Ti", 1_099_511_627_776.0, 4),
    binary("Pi", 1_125_899_906_842_624.0, 5),
    binary("Ei", 1024.0 * 1_125_899_906_842_624.0, 6),
];

/// `K` as people write it for 1000 bytes.
pub(crate) const CAPITAL_K: Prefix = decimal("K", 1e3, 1);

const SPELLED_DECIMAL: [&str; 12] = [
    "pico", "nano", "micro", "milli", "kilo", "mega", "giga", "tera", "peta", "exa", "zetta",
    "yotta",
];
const SPELLED_BINARY: [&str; 6] = ["kibi", "mebi", "gibi", "tebi", "pebi", "exbi"];

/// Splits a decimal prefix symbol off `text`; `K` counts.
pub(crate) fn split_decimal(text: &str) -> Option<(Prefix, &str)> {
    let first = text.chars().next()?;
    let rest = &text[first.len_utf8()..];
    let prefix = match first {
        'u' | 'µ' | 'μ' => DECIMAL[2],
        'K' => CAPITAL_K,
        _ => *DECIMAL.iter().find(|p| p.text.starts_with(first))?,
    };
    Some((prefix, rest))
}

/// Splits a binary prefix symbol off `text`.
pub(crate) fn split_binary(text: &str) -> Option<(Prefix, &str)> {
    BINARY.iter().find_map(|p| text.strip_prefix(p.text).map(|rest| (*p, rest)))
}

/// Splits a spelled prefix off `text`, in any case: `giga`, `Kibi`.
pub(crate) fn split_spelled(text: &str) -> Option<(Prefix, &str)> {
    let strip = |word: &str| {
        let head = text.get(..word.len())?;
        head.eq_ignore_ascii_case(word).then(|| &text[word.len()..])
    };
    let decimal = SPELLED_DECIMAL.iter().zip(DECIMAL);
    let binary = SPELLED_BINARY.iter().zip(BINARY);
    decimal.chain(binary).find_map(|(word, p)| strip(word).map(|rest| (p, rest)))
}
