//! Hard dimensions: what must agree before two quantities can be compared at all.
//!
//! Seven small exponents, one per base: data, time, operations, energy, money, mass and length.
//! A data rate is data¹·time⁻¹, a volume is length³.
//! Bits and bytes share a dimension, and so do FLOP, OP and MAC.

use core::fmt;

use super::noun::Nouns;

/// One of the seven bases of a dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Base {
    /// Data, in bytes.
    Info,
    /// Time, in seconds.
    Time,
    /// Operations, in FLOP.
    Op,
    /// Energy, in joules.
    Energy,
    /// Money, in US dollars.
    Money,
    /// Mass, in grams.
    Mass,
    /// Length, in meters.
    Length,
}

impl Base {
    /// All bases, in the order of a dimension's exponents.
    pub const ALL: [Self; 7] =
        [Self::Info, Self::Time, Self::Op, Self::Energy, Self::Money, Self::Mass, Self::Length];

    /// Returns the short name used in data files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Time => "time",
            Self::Op => "op",
            Self::Energy => "energy",
            Self::Money => "money",
            Self::Mass => "mass",
            Self::Length => "length",
        }
    }

    /// Returns the everyday word.
    const fn word(self) -> &'static str {
        match self {
            Self::Info => "data",
            Self::Op => "operations",
            other => other.name(),
        }
    }

    /// Returns the canonical symbol.
    const fn symbol(self) -> &'static str {
        match self {
            Self::Info => "B",
            Self::Time => "s",
            Self::Op => "FLOP",
            Self::Energy => "J",
            Self::Money => "USD",
            Self::Mass => "g",
            Self::Length => "m",
        }
    }
}

/// A product of bases with small integer exponents.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Dim([i8; 7]);

impl Dim {
    /// No dimension: a pure number.
    pub const NONE: Self = Self([0; 7]);
    /// Data.
    pub const INFO: Self = Self([1, 0, 0, 0, 0, 0, 0]);
    /// Time.
    pub const TIME: Self = Self([0, 1, 0, 0, 0, 0, 0]);
    /// Per time: a frequency, or a rate of something counted.
    pub const FREQUENCY: Self = Self([0, -1, 0, 0, 0, 0, 0]);
    /// Operations.
    pub const OP: Self = Self([0, 0, 1, 0, 0, 0, 0]);
    /// Energy.
    pub const ENERGY: Self = Self([0, 0, 0, 1, 0, 0, 0]);
    /// Energy per time.
    pub const POWER: Self = Self([0, -1, 0, 1, 0, 0, 0]);
    /// Data per time.
    pub const DATA_RATE: Self = Self([1, -1, 0, 0, 0, 0, 0]);
    /// Operations per time.
    pub const OP_RATE: Self = Self([0, -1, 1, 0, 0, 0, 0]);
    /// Money.
    pub const MONEY: Self = Self([0, 0, 0, 0, 1, 0, 0]);
    /// Mass.
    pub const MASS: Self = Self([0, 0, 0, 0, 0, 1, 0]);
    /// Length.
    pub const LENGTH: Self = Self([0, 0, 0, 0, 0, 0, 1]);
    /// Length cubed.
    pub const VOLUME: Self = Self([0, 0, 0, 0, 0, 0, 3]);

    /// Returns the exponent of one base.
    #[must_use]
    pub const fn exponent(self, base: Base) -> i8 {
        self.0[base as usize]
    }

    /// Returns whether this is a pure number.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// Returns the dimension of a product, or nothing if an exponent overflows.
    #[must_use]
    pub fn times(self, other: Self) -> Option<Self> {
        self.combine(other, i8::checked_add)
    }

    /// Returns the dimension of a quotient, or nothing if an exponent overflows.
    #[must_use]
    pub fn per(self, other: Self) -> Option<Self> {
        self.combine(other, i8::checked_sub)
    }

    /// Returns the dimension of the `n`-th power, or nothing if an exponent overflows.
    #[must_use]
    pub fn pow(self, n: i8) -> Option<Self> {
        self.combine(Self([n; 7]), i8::checked_mul)
    }

    /// Returns the dimension of the square root, or nothing if an exponent is odd.
    #[must_use]
    pub fn sqrt(self) -> Option<Self> {
        self.combine(Self::NONE, |a, _| (a % 2 == 0).then_some(a / 2))
    }

    fn combine(self, other: Self, f: impl Fn(i8, i8) -> Option<i8>) -> Option<Self> {
        let mut out = [0; 7];
        for (o, (&a, &b)) in out.iter_mut().zip(self.0.iter().zip(&other.0)) {
            *o = f(a, b)?;
        }
        Some(Self(out))
    }

    /// Returns what a quantity of this dimension *is*, with its article: `a frequency`, `an amount of data`.
    #[must_use]
    pub fn phrase(self) -> String {
        let known = match self.0 {
            [0, 0, 0, 0, 0, 0, 0] => "a pure number",
            [1, 0, 0, 0, 0, 0, 0] => "an amount of data",
            [0, 1, 0, 0, 0, 0, 0] => "a time",
            [0, -1, 0, 0, 0, 0, 0] => "a frequency",
            [0, 0, 1, 0, 0, 0, 0] => "a count of operations",
            [0, 0, 0, 1, 0, 0, 0] => "an energy",
            [0, 0, 0, 0, 1, 0, 0] => "an amount of money",
            [0, 0, 0, 0, 0, 1, 0] => "a mass",
            [0, 0, 0, 0, 0, 0, 1] => "a length",
            [0, 0, 0, 0, 0, 0, 2] => "an area",
            [0, 0, 0, 0, 0, 0, 3] => "a volume",
            [1, -1, 0, 0, 0, 0, 0] => "data per second",
            [0, -1, 1, 0, 0, 0, 0] => "operations per second",
            [0, -1, 0, 1, 0, 0, 0] => "a power",
            [-1, 0, 1, 0, 0, 0, 0] => "operations per byte",
            [0, -1, 0, 0, 0, 0, 1] => "a speed",
            _ => return self.words(),
        };
        known.to_owned()
    }

    /// Returns what a question of this dimension asks for: `bytes`, `seconds`, `bytes per second`.
    #[must_use]
    pub fn wanted(self) -> String {
        let known = match self.0 {
            [1, 0, 0, 0, 0, 0, 0] => "bytes",
            [0, 1, 0, 0, 0, 0, 0] => "a time",
            [0, -1, 0, 0, 0, 0, 0] => "a rate per second",
            [0, 0, 1, 0, 0, 0, 0] => "operations",
            [0, 0, 0, 0, 1, 0, 0] => "money in dollars",
            [1, -1, 0, 0, 0, 0, 0] => "bytes per second",
            _ => return self.phrase(),
        };
        known.to_owned()
    }

    /// Returns an example answer of this dimension; the number means nothing.
    #[must_use]
    pub fn example(self, nouns: Nouns) -> String {
        if !nouns.is_none() {
            return format!("2.4 {}", self.symbols(nouns));
        }
        let known = match self.0 {
            [0, 0, 0, 0, 0, 0, 0] => "2.4",
            [1, 0, 0, 0, 0, 0, 0] => "2.4 KiB",
            [0, 1, 0, 0, 0, 0, 0] => "2.4 ms",
            [0, -1, 0, 0, 0, 0, 0] => "2.4 kHz",
            [0, 0, 1, 0, 0, 0, 0] => "2.4 GFLOP",
            [0, 0, 0, 1, 0, 0, 0] => "2.4 kWh",
            [0, 0, 0, 0, 1, 0, 0] => "2.4 USD",
            [0, 0, 0, 0, 0, 1, 0] => "2.4 kg",
            [0, 0, 0, 0, 0, 0, 3] => "2.4 m3",
            [1, -1, 0, 0, 0, 0, 0] => "2.4 GB/s",
            [0, -1, 1, 0, 0, 0, 0] => "2.4 TFLOP/s",
            [0, -1, 0, 1, 0, 0, 0] => "2.4 W",
            _ => return format!("2.4 {}", self.symbols(nouns)),
        };
        known.to_owned()
    }

    /// `data squared per time`, for dimensions without a name of their own.
    fn words(self) -> String {
        let side = |sign: i8| {
            let mut out = String::new();
            for base in Base::ALL {
                let n = self.exponent(base).saturating_mul(sign);
                if n > 0 {
                    if !out.is_empty() {
                        out.push_str(" times ");
                    }
                    out.push_str(base.word());
                    match n {
                        1 => {}
                        2 => out.push_str(" squared"),
                        3 => out.push_str(" cubed"),
                        _ => out.push_str(&format!(" to the power {n}")),
                    }
                }
            }
            out
        };
        match (side(1), side(-1)) {
            (up, down) if down.is_empty() => up,
            (up, down) if up.is_empty() => format!("one per {down}"),
            (up, down) => format!("{up} per {down}"),
        }
    }

    /// The canonical unit as text the parser reads: `FLOP/B`, `token/s`, `/(GPU·h)`.
    pub(crate) fn symbols(self, nouns: Nouns) -> String {
        let mut up: Vec<String> = Vec::new();
        let mut down: Vec<String> = Vec::new();
        let named = Base::ALL.map(|b| (b.symbol(), self.exponent(b)));
        for (symbol, n) in nouns.named().into_iter().chain(named) {
            let power = |n: i8| if n == 1 { symbol.to_owned() } else { format!("{symbol}^{n}") };
            match n {
                0 => {}
                1.. => up.push(power(n)),
                _ => down.push(power(n.saturating_neg())),
            }
        }
        let (up, down_text) = (up.join("·"), down.join("·"));
        match down.len() {
            0 => up,
            1 => format!("{up}/{down_text}"),
            _ => format!("{up}/({down_text})"),
        }
    }
}

impl fmt::Debug for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dim({self})")
    }
}

impl fmt::Display for Dim {
    /// Writes the dimension in words: `a power`, `data per second`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.phrase())
    }
}
