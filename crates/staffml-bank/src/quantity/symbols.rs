//! The unit table: every symbol and word an answer may use.

use super::{
    dimension::Dim,
    noun::{Noun, Nouns},
};

/// Which prefixes a symbol takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefixes {
    /// None.
    No,
    /// All decimal ones.
    Decimal,
    /// Kilo and above, `K`, and the binary ones.
    Data,
    /// `k` and `M`.
    Kilo,
}

/// One entry of the unit table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Symbol {
    pub(crate) name: &'static str,
    /// Canonical units per one of this.
    pub(crate) factor: f64,
    pub(crate) dim: Dim,
    pub(crate) nouns: Nouns,
    pub(crate) prefixes: Prefixes,
    /// `flops`: a count or a rate, as the question asks.
    pub(crate) context: bool,
}

const fn hard(name: &'static str, factor: f64, dim: Dim, prefixes: Prefixes) -> Symbol {
    Symbol { name, factor, dim, nouns: Nouns::NONE, prefixes, context: false }
}

const fn noun(name: &'static str, noun: Noun) -> Symbol {
    Symbol {
        name,
        factor: 1.0,
        dim: Dim::NONE,
        nouns: Nouns::of(noun),
        prefixes: Prefixes::No,
        context: false,
    }
}

const fn noun_rate(name: &'static str, counted: Noun) -> Symbol {
    Symbol { dim: Dim::FREQUENCY, prefixes: Prefixes::Kilo, ..noun(name, counted) }
}

const fn either(name: &'static str) -> Symbol {
    Symbol { context: true, ..hard(name, 1.0, Dim::OP, Prefixes::Decimal) }
}

const fn info_rate(name: &'static str, factor: f64) -> Symbol {
    hard(name, factor, Dim::DATA_RATE, Prefixes::Data)
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const WEEK: f64 = 7.0 * DAY;
const MONTH: f64 = 30.0 * DAY;
const YEAR: f64 = 365.0 * DAY;

/// Symbols whose case matters.
pub(crate) const EXACT: &[Symbol] = &[
    hard("B", 1.0, Dim::INFO, Prefixes::Data),
    hard("b", 0.125, Dim::INFO, Prefixes::Data),
    hard("bit", 0.125, Dim::INFO, Prefixes::Data),
    info_rate("bps", 0.125),
    info_rate("Bps", 1.0),
    hard("s", 1.0, Dim::TIME, Prefixes::Decimal),
    hard("sec", 1.0, Dim::TIME, Prefixes::Decimal),
    hard("min", MINUTE, Dim::TIME, Prefixes::No),
    hard("h", HOUR, Dim::TIME, Prefixes::No),
    hard("hr", HOUR, Dim::TIME, Prefixes::No),
    hard("hrs", HOUR, Dim::TIME, Prefixes::No),
    hard("d", DAY, Dim::TIME, Prefixes::No),
    hard("day", DAY, Dim::TIME, Prefixes::No),
    hard("yr", YEAR, Dim::TIME, Prefixes::No),
    hard("yrs", YEAR, Dim::TIME, Prefixes::No),
    hard("FLOP", 1.0, Dim::OP, Prefixes::Decimal),
    hard("FLOPs", 1.0, Dim::OP, Prefixes::Decimal),
    hard("FLOPS", 1.0, Dim::OP_RATE, Prefixes::Decimal),
    hard("OP", 1.0, Dim::OP, Prefixes::Decimal),
    hard("OPs", 1.0, Dim::OP, Prefixes::Decimal),
    hard("OPS", 1.0, Dim::OP_RATE, Prefixes::Decimal),
    hard("Op", 1.0, Dim::OP, Prefixes::Decimal),
    hard("op", 1.0, Dim::OP, Prefixes::Decimal),
    either("Ops"),
    either("ops"),
    hard("MAC", 2.0, Dim::OP, Prefixes::Decimal),
    hard("MACs", 2.0, Dim::OP, Prefixes::Decimal),
    hard("J", 1.0, Dim::ENERGY, Prefixes::Decimal),
    hard("Wh", 3600.0, Dim::ENERGY, Prefixes::Decimal),
    hard("W", 1.0, Dim::POWER, Prefixes::Decimal),
    hard("Hz", 1.0, Dim::FREQUENCY, Prefixes::Decimal),
    hard("USD", 1.0, Dim::MONEY, Prefixes::Kilo),
    hard("$", 1.0, Dim::MONEY, Prefixes::No),
    hard("¢", 0.01, Dim::MONEY, Prefixes::No),
    hard("g", 1.0, Dim::MASS, Prefixes::Decimal),
    hard("t", 1e6, Dim::MASS, Prefixes::Decimal),
    hard("m", 1.0, Dim::LENGTH, Prefixes::Decimal),
    hard("m3", 1.0, Dim::VOLUME, Prefixes::No),
    hard("L", 1e-3, Dim::VOLUME, Prefixes::Decimal),
    hard("l", 1e-3, Dim::VOLUME, Prefixes::Decimal),
    hard("%", 0.01, Dim::NONE, Prefixes::No),
    hard("x", 1.0, Dim::NONE, Prefixes::No),
    hard("×", 1.0, Dim::NONE, Prefixes::No),
    noun("tok", Noun::Token),
    noun("req", Noun::Request),
    noun("job", Noun::Request),
    noun_rate("qps", Noun::Request),
    noun_rate("rps", Noun::Request),
    noun("img", Noun::Sample),
    noun_rate("fps", Noun::Sample),
    noun("GPU", Noun::Device),
    noun("GPUs", Noun::Device),
];

/// Words, in lower case. With four letters or more they are read in any case, and with a plural `s`.
pub(crate) const WORDS: &[Symbol] = &[
    hard("byte", 1.0, Dim::INFO, Prefixes::Data),
    hard("bit", 0.125, Dim::INFO, Prefixes::Data),
    hard("second", 1.0, Dim::TIME, Prefixes::Decimal),
    hard("sec", 1.0, Dim::TIME, Prefixes::Decimal),
    hard("minute", MINUTE, Dim::TIME, Prefixes::No),
    hard("min", MINUTE, Dim::TIME, Prefixes::No),
    hard("hour", HOUR, Dim::TIME, Prefixes::No),
    hard("day", DAY, Dim::TIME, Prefixes::No),
    hard("week", WEEK, Dim::TIME, Prefixes::No),
    hard("month", MONTH, Dim::TIME, Prefixes::No),
    hard("year", YEAR, Dim::TIME, Prefixes::No),
    either("flops"),
    hard("flop", 1.0, Dim::OP, Prefixes::Decimal),
    hard("mac", 2.0, Dim::OP, Prefixes::Decimal),
    hard("joule", 1.0, Dim::ENERGY, Prefixes::Decimal),
    hard("watt", 1.0, Dim::POWER, Prefixes::Decimal),
    hard("hertz", 1.0, Dim::FREQUENCY, Prefixes::Decimal),
    hard("dollar", 1.0, Dim::MONEY, Prefixes::No),
    hard("cent", 0.01, Dim::MONEY, Prefixes::No),
    hard("gram", 1.0, Dim::MASS, Prefixes::Decimal),
    hard("tonne", 1e6, Dim::MASS, Prefixes::Decimal),
    hard("metre", 1.0, Dim::LENGTH, Prefixes::Decimal),
    hard("meter", 1.0, Dim::LENGTH, Prefixes::Decimal),
    hard("litre", 1e-3, Dim::VOLUME, Prefixes::Decimal),
    hard("liter", 1e-3, Dim::VOLUME, Prefixes::Decimal),
    hard("percent", 0.01, Dim::NONE, Prefixes::No),
    noun("token", Noun::Token),
    noun("tok", Noun::Token),
    noun("request", Noun::Request),
    noun("req", Noun::Request),
    noun("query", Noun::Request),
    noun("queries", Noun::Request),
    noun("user", Noun::Request),
    noun("sequence", Noun::Request),
    noun("stream", Noun::Request),
    noun("session", Noun::Request),
    noun("job", Noun::Request),
    noun("image", Noun::Sample),
    noun("img", Noun::Sample),
    noun("frame", Noun::Sample),
    noun("sample", Noun::Sample),
    noun("example", Noun::Sample),
    noun("inference", Noun::Sample),
    noun("param", Noun::Param),
    noun("parameter", Noun::Param),
    noun("weight", Noun::Param),
    noun("gpu", Noun::Device),
    noun("node", Noun::Device),
    noun("device", Noun::Device),
    noun("accelerator", Noun::Device),
    noun("server", Noun::Device),
    noun("core", Noun::Device),
    noun("worker", Noun::Device),
    noun("replica", Noun::Device),
    noun("event", Noun::Event),
    noun("failure", Noun::Event),
    noun("step", Noun::Event),
    noun("checkpoint", Noun::Event),
    noun("page", Noun::Event),
    noun("block", Noun::Event),
    noun("layer", Noun::Event),
    noun("expert", Noun::Event),
];

/// Returns the table entry written exactly like this.
pub(crate) fn exact(text: &str) -> Option<&'static Symbol> {
    EXACT.iter().find(|s| s.name == text)
}

/// Returns the word written like this in any case, singular or plural, without a lower limit on its length.
pub(crate) fn word(text: &str) -> Option<&'static Symbol> {
    let singular = text.strip_suffix(['s', 'S']);
    WORDS.iter().find(|s| {
        s.name.eq_ignore_ascii_case(text)
            || singular.is_some_and(|t| !s.context && s.name.eq_ignore_ascii_case(t))
    })
}

/// Returns the plural of a unit that is a word of everyday language, and any other unit as it is.
pub(crate) fn plural(unit: &str) -> &str {
    PLURALS.iter().find(|(one, _)| *one == unit).map_or(unit, |(_, many)| many)
}

/// Words and their plurals. Rates, prefixed units and abbreviations have none.
const PLURALS: &[(&str, &str)] = &[
    ("GPU", "GPUs"),
    ("accelerator", "accelerators"),
    ("bit", "bits"),
    ("block", "blocks"),
    ("byte", "bytes"),
    ("cent", "cents"),
    ("checkpoint", "checkpoints"),
    ("core", "cores"),
    ("day", "days"),
    ("device", "devices"),
    ("dollar", "dollars"),
    ("event", "events"),
    ("example", "examples"),
    ("expert", "experts"),
    ("failure", "failures"),
    ("frame", "frames"),
    ("hour", "hours"),
    ("image", "images"),
    ("inference", "inferences"),
    ("job", "jobs"),
    ("layer", "layers"),
    ("minute", "minutes"),
    ("month", "months"),
    ("node", "nodes"),
    ("page", "pages"),
    ("param", "params"),
    ("parameter", "parameters"),
    ("query", "queries"),
    ("replica", "replicas"),
    ("request", "requests"),
    ("sample", "samples"),
    ("second", "seconds"),
    ("sequence", "sequences"),
    ("server", "servers"),
    ("session", "sessions"),
    ("step", "steps"),
    ("stream", "streams"),
    ("token", "tokens"),
    ("user", "users"),
    ("week", "weeks"),
    ("weight", "weights"),
    ("worker", "workers"),
    ("year", "years"),
];
