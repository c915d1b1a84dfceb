//! Dimensions as exponents of base kinds.
//!
//! Physics needs meters, kilograms and seconds.
//! Systems also count bytes, operations, tokens, parameters, money and carbon, and mixing those up is the
//! common mistake, so each is a base kind of its own here.

use core::fmt;

/// A base kind of quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Base {
    /// Data, in bytes. One bit is an eighth of a byte.
    Byte,
    /// Arithmetic operations. One multiply-accumulate is two.
    Flop,
    /// Tokens of text.
    Token,
    /// Parameters of a model.
    Param,
    /// Money, in United States dollars.
    Usd,
    /// Greenhouse gas, in kilograms of CO2 equivalent.
    Co2,
    /// Time, in seconds.
    Second,
    /// Mass, in kilograms.
    Kilogram,
    /// Length, in meters.
    Meter,
    /// Electric current, in amperes.
    Ampere,
    /// Temperature, in kelvins.
    Kelvin,
}

const COUNT: usize = 11;

const BASES: [(Base, &str); COUNT] = [
    (Base::Byte, "B"),
    (Base::Flop, "FLOP"),
    (Base::Token, "token"),
    (Base::Param, "param"),
    (Base::Usd, "USD"),
    (Base::Co2, "kgCO2e"),
    (Base::Kilogram, "kg"),
    (Base::Meter, "m"),
    (Base::Second, "s"),
    (Base::Ampere, "A"),
    (Base::Kelvin, "K"),
];

/// A product of base kinds with integer exponents, for example byte per second.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dimension {
    exponents: [i8; COUNT],
}

impl Dimension {
    /// No dimension: counts, shares and ratios.
    pub const NONE: Self = Self { exponents: [0; COUNT] };
    /// Data.
    pub const DATA: Self = Self::of(Base::Byte);
    /// Operations.
    pub const OPERATIONS: Self = Self::of(Base::Flop);
    /// Tokens.
    pub const TOKENS: Self = Self::of(Base::Token);
    /// Parameters.
    pub const PARAMETERS: Self = Self::of(Base::Param);
    /// Money.
    pub const MONEY: Self = Self::of(Base::Usd);
    /// Greenhouse gas.
    pub const CARBON: Self = Self::of(Base::Co2);
    /// Time.
    pub const TIME: Self = Self::of(Base::Second);
    /// Events per time.
    pub const FREQUENCY: Self = Self::NONE.per(Self::TIME);
    /// Operations per time.
    pub const COMPUTE_RATE: Self = Self::OPERATIONS.per(Self::TIME);
    /// Data per time.
    pub const BANDWIDTH: Self = Self::DATA.per(Self::TIME);
    /// Operations per byte.
    pub const INTENSITY: Self = Self::OPERATIONS.per(Self::DATA);
    /// Tokens per time.
    pub const TOKEN_RATE: Self = Self::TOKENS.per(Self::TIME);
    /// Data per parameter.
    pub const PARAMETER_WIDTH: Self = Self::DATA.per(Self::PARAMETERS);
    /// Data per token.
    pub const TOKEN_WIDTH: Self = Self::DATA.per(Self::TOKENS);
    /// Length.
    pub const LENGTH: Self = Self::of(Base::Meter);
    /// Volume.
    pub const VOLUME: Self = Self::LENGTH.times(Self::LENGTH).times(Self::LENGTH);
    /// Energy.
    pub const ENERGY: Self = Self::of(Base::Kilogram)
        .times(Self::LENGTH)
        .times(Self::LENGTH)
        .per(Self::TIME)
        .per(Self::TIME);
    /// Power.
    pub const POWER: Self = Self::ENERGY.per(Self::TIME);
    /// Greenhouse gas per energy.
    pub const CARBON_INTENSITY: Self = Self::CARBON.per(Self::ENERGY);
    /// Money per energy.
    pub const ENERGY_PRICE: Self = Self::MONEY.per(Self::ENERGY);
    /// Money per time.
    pub const RENT: Self = Self::MONEY.per(Self::TIME);
    /// Money per data.
    pub const DATA_PRICE: Self = Self::MONEY.per(Self::DATA);
    /// Volume of water per energy.
    pub const WATER_INTENSITY: Self = Self::VOLUME.per(Self::ENERGY);

    /// Money per greenhouse gas.
    pub const CARBON_PRICE: Self = Self::MONEY.per(Self::CARBON);

    /// The dimension of one base kind.
    #[must_use]
    pub const fn of(base: Base) -> Self {
        let mut exponents = [0; COUNT];
        exponents[base as usize] = 1;
        Self { exponents }
    }

    /// The dimension of a product. Exponents saturate at the range of `i8`, far past any formula.
    #[must_use]
    pub const fn times(self, other: Self) -> Self {
        let mut exponents = self.exponents;
        let mut i = 0;
        while i < COUNT {
            exponents[i] = exponents[i].saturating_add(other.exponents[i]);
            i += 1;
        }
        Self { exponents }
    }

    /// The dimension of a quotient.
    #[must_use]
    pub const fn per(self, other: Self) -> Self {
        let mut exponents = self.exponents;
        let mut i = 0;
        while i < COUNT {
            exponents[i] = exponents[i].saturating_sub(other.exponents[i]);
            i += 1;
        }
        Self { exponents }
    }

    /// Whether two dimensions are equal, at compile time too.
    #[must_use]
    pub const fn same(self, other: Self) -> bool {
        let mut i = 0;
        while i < COUNT {
            if self.exponents[i] != other.exponents[i] {
                return false;
            }
            i += 1;
        }
        true
    }

    /// Whether an exponent is as large as it can be: it may have saturated, and then says nothing.
    pub(super) const fn is_full(self) -> bool {
        let mut i = 0;
        while i < COUNT {
            if self.exponents[i].unsigned_abs() >= i8::MAX.unsigned_abs() {
                return true;
            }
            i += 1;
        }
        false
    }

    /// Whether this is [`Dimension::NONE`].
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.same(Self::NONE)
    }

    /// The name of the family in words, for example `data per time`; `None` for one that no formula here uses.
    #[must_use]
    pub fn family(self) -> Option<&'static str> {
        FAMILIES.iter().find(|f| f.dimension == self).map(|f| f.name)
    }

    /// A text of this dimension that the parser accepts, for messages.
    #[must_use]
    pub fn example(self) -> Option<&'static str> {
        FAMILIES.iter().find(|f| f.dimension == self).map(|f| f.example)
    }

    /// The family if it has one.
    pub(super) fn known(self) -> Option<&'static Family> {
        FAMILIES.iter().find(|f| f.dimension == self)
    }
}

/// A dimension with a name of its own.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) dimension: Dimension,
    pub(super) name: &'static str,
    pub(super) example: &'static str,
    /// Symbol of the unit that formatting writes, without prefix.
    pub(super) symbol: &'static str,
    /// Powers of ten that formatting may pull in front of the symbol, smallest and largest.
    pub(super) prefixes: (i32, i32),
}

macro_rules! families {
    ($($constant:ident, $name:literal, $example:literal, $symbol:literal, $low:literal..=$high:literal;)*) => {
        &[$(Family {
            dimension: Dimension::$constant,
            name: $name,
            example: $example,
            symbol: $symbol,
            prefixes: ($low, $high),
        }),*]
    };
}

/// Every named family. Formatting writes `symbol`; the parser accepts more spellings.
static FAMILIES: &[Family] = families! {
    NONE, "a plain number", "0.5", "", 0..=0;
    DATA, "data", "16 GiB", "B", 0..=18;
    OPERATIONS, "operations", "3 GFLOP", "FLOP", 0..=24;
    TOKENS, "tokens", "2048 tokens", "token", 0..=15;
    PARAMETERS, "parameters", "7 Gparam", "param", 0..=15;
    MONEY, "money", "12.50 USD", "USD", 0..=0;
    CARBON, "greenhouse gas", "3 kgCO2e", "kgCO2e", 0..=0;
    TIME, "time", "16.67 ms", "s", -12..=0;
    FREQUENCY, "events per time", "64 MHz", "Hz", 0..=15;
    COMPUTE_RATE, "operations per time", "312 TFLOP/s", "FLOP/s", 0..=24;
    BANDWIDTH, "data per time", "3.35 TB/s", "B/s", 0..=18;
    INTENSITY, "operations per data", "153 FLOP/B", "FLOP/B", 0..=0;
    TOKEN_RATE, "tokens per time", "1200 token/s", "token/s", 0..=15;
    PARAMETER_WIDTH, "data per parameter", "2 B/param", "B/param", 0..=0;
    TOKEN_WIDTH, "data per token", "128 KiB/token", "B/token", 0..=15;
    LENGTH, "length", "0.4 m", "m", -9..=3;
    VOLUME, "volume", "3 L", "m^3", 0..=0;
    ENERGY, "energy", "1.2 kWh", "J", -12..=18;
    POWER, "power", "700 W", "W", -12..=12;
    CARBON_INTENSITY, "greenhouse gas per energy", "400 gCO2e/kWh", "kgCO2e/J", 0..=0;
    ENERGY_PRICE, "money per energy", "0.12 USD/kWh", "USD/J", 0..=0;
    RENT, "money per time", "2.50 USD/h", "USD/s", 0..=0;
    DATA_PRICE, "money per data", "0.09 USD/GB", "USD/B", 0..=0;
    WATER_INTENSITY, "water per energy", "1.8 L/kWh", "m^3/J", 0..=0;
    CARBON_PRICE, "money per greenhouse gas", "0.10 USD/kgCO2e", "USD/kgCO2e", 0..=0;
};

/// Writes the unit of the dimension without a prefix, for example `B/s`; nothing for a plain number.
impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(family) = self.known() {
            return f.write_str(family.symbol);
        }
        let mut first = true;
        for (base, symbol) in BASES {
            let exponent = self.exponents[base as usize];
            if exponent > 0 {
                write!(f, "{}{symbol}", if first { "" } else { "*" })?;
                if exponent > 1 {
                    write!(f, "^{exponent}")?;
                }
                first = false;
            }
        }
        if first {
            f.write_str("1")?;
        }
        for (base, symbol) in BASES {
            let exponent = self.exponents[base as usize];
            if exponent < 0 {
                write!(f, "/{symbol}")?;
                if exponent < -1 {
                    write!(f, "^{}", -i32::from(exponent))?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dimension({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn watt_seconds_are_joules() {
        assert_eq!(Dimension::POWER.times(Dimension::TIME), Dimension::ENERGY);
    }

    #[test]
    fn families_are_distinct() {
        for (i, a) in FAMILIES.iter().enumerate() {
            for b in &FAMILIES[i + 1..] {
                assert_ne!(a.dimension, b.dimension, "{} and {}", a.name, b.name);
            }
        }
    }

    #[test]
    fn unnamed_dimensions_spell_their_bases() {
        let odd = Dimension::DATA.times(Dimension::DATA).per(Dimension::TIME).per(Dimension::TIME);
        assert_eq!(odd.to_string(), "B^2/s^2");
        assert_eq!(Dimension::NONE.per(Dimension::DATA).to_string(), "1/B");
    }
}
