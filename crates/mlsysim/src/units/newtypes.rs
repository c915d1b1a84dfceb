//! One type per kind of amount, and the products that mean something.

use super::{Dimension, Quantity};
use core::fmt;
use core::iter::Sum;
use core::ops::{Add, AddAssign, Div, Mul, Sub};

/// A type that stands for a quantity of one fixed dimension.
///
/// A plain `f64` is the dimensionless one.
pub trait Unit: Copy {
    /// The dimension of every value of the type.
    const DIMENSION: Dimension;

    /// The value in the base unit of its dimension (byte, FLOP, second, joule, ...).
    fn base(self) -> f64;

    /// The value that `base` units make.
    fn from_base(base: f64) -> Self;
}

impl Unit for f64 {
    const DIMENSION: Dimension = Dimension::NONE;

    fn base(self) -> f64 {
        self
    }

    fn from_base(base: f64) -> Self {
        base
    }
}

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident, $dimension:ident, $in_base:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
        pub struct $name(pub f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);

            /// The larger of two amounts.
            #[must_use]
            pub fn max(self, other: Self) -> Self {
                if self.0 >= other.0 { self } else { other }
            }

            /// The smaller of two amounts.
            #[must_use]
            pub fn min(self, other: Self) -> Self {
                if self.0 <= other.0 { self } else { other }
            }
        }

        impl Unit for $name {
            const DIMENSION: Dimension = Dimension::$dimension;

            fn base(self) -> f64 {
                self.0 * $in_base
            }

            fn from_base(base: f64) -> Self {
                Self(base / $in_base)
            }
        }

        impl Add for $name {
            type Output = Self;

            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                self.0 += other.0;
            }
        }

        impl Sub for $name {
            type Output = Self;

            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
        }

        impl Mul<f64> for $name {
            type Output = Self;

            fn mul(self, factor: f64) -> Self {
                Self(self.0 * factor)
            }
        }

        impl Mul<$name> for f64 {
            type Output = $name;

            fn mul(self, amount: $name) -> $name {
                $name(self * amount.0)
            }
        }

        impl Div<f64> for $name {
            type Output = Self;

            fn div(self, divisor: f64) -> Self {
                Self(self.0 / divisor)
            }
        }

        /// The ratio of two like amounts is a plain number.
        impl Div for $name {
            type Output = f64;

            fn div(self, other: Self) -> f64 {
                self.0 / other.0
            }
        }

        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
                amounts.fold(Self::ZERO, Add::add)
            }
        }

        /// Writes the value with a prefix, so that parsing gives it back; `{:.3}` rounds to three digits.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                Quantity::from(*self).fmt(f)
            }
        }
    };
}

unit! {
    /// Data, in bytes.
    Bytes, DATA, 1.0
}
unit! {
    /// Data, in bits.
    Bits, DATA, 0.125
}
unit! {
    /// Arithmetic operations. A multiply-accumulate counts two, an integer operation one.
    Flop, OPERATIONS, 1.0
}
unit! {
    /// Operations per second.
    FlopPerSecond, COMPUTE_RATE, 1.0
}
unit! {
    /// Data per time, in bytes per second.
    BytesPerSecond, BANDWIDTH, 1.0
}
unit! {
    /// Arithmetic intensity: operations per byte moved.
    FlopPerByte, INTENSITY, 1.0
}
unit! {
    /// Time, in seconds.
    Seconds, TIME, 1.0
}
unit! {
    /// Events per second.
    Hertz, FREQUENCY, 1.0
}
unit! {
    /// Energy, in joules.
    Joules, ENERGY, 1.0
}
unit! {
    /// Power, in watts.
    Watts, POWER, 1.0
}
unit! {
    /// Money, in United States dollars.
    Usd, MONEY, 1.0
}
unit! {
    /// Money per time, in dollars per second.
    UsdPerSecond, RENT, 1.0
}
unit! {
    /// Money per energy, in dollars per joule.
    UsdPerJoule, ENERGY_PRICE, 1.0
}
unit! {
    /// Money per data, in dollars per byte.
    UsdPerByte, DATA_PRICE, 1.0
}
unit! {
    /// Tokens of text.
    Tokens, TOKENS, 1.0
}
unit! {
    /// Tokens per second.
    TokensPerSecond, TOKEN_RATE, 1.0
}
unit! {
    /// Parameters of a model.
    Params, PARAMETERS, 1.0
}
unit! {
    /// Storage width of one parameter, in bytes.
    BytesPerParam, PARAMETER_WIDTH, 1.0
}
unit! {
    /// Data kept per token, in bytes.
    BytesPerToken, TOKEN_WIDTH, 1.0
}
unit! {
    /// Greenhouse gas, in kilograms of CO2 equivalent.
    KgCo2, CARBON, 1.0
}
unit! {
    /// Greenhouse gas per energy, in kilograms of CO2 equivalent per joule.
    KgCo2PerJoule, CARBON_INTENSITY, 1.0
}
unit! {
    /// Length, in meters.
    Meters, LENGTH, 1.0
}
unit! {
    /// Volume, in cubic meters.
    CubicMeters, VOLUME, 1.0
}
unit! {
    /// Water per energy, in cubic meters per joule.
    CubicMetersPerJoule, WATER_INTENSITY, 1.0
}
unit! {
    /// Money per greenhouse gas, in dollars per kilogram of CO2 equivalent.
    UsdPerKgCo2, CARBON_PRICE, 1.0
}

/// `A × B = C` gives `B × A = C`, `C / A = B` and `C / B = A`; the dimensions are compared while compiling.
macro_rules! products {
    ($($a:ident * $b:ident = $c:ident;)*) => {$(
        impl Mul<$b> for $a {
            type Output = $c;

            fn mul(self, other: $b) -> $c {
                $c(self.0 * other.0)
            }
        }

        impl Mul<$a> for $b {
            type Output = $c;

            fn mul(self, other: $a) -> $c {
                $c(self.0 * other.0)
            }
        }

        impl Div<$a> for $c {
            type Output = $b;

            fn div(self, other: $a) -> $b {
                $b(self.0 / other.0)
            }
        }

        impl Div<$b> for $c {
            type Output = $a;

            fn div(self, other: $b) -> $a {
                $a(self.0 / other.0)
            }
        }

        const _: () = assert!($a::DIMENSION.times($b::DIMENSION).same($c::DIMENSION));
    )*};
}

products! {
    FlopPerSecond * Seconds = Flop;
    BytesPerSecond * Seconds = Bytes;
    FlopPerByte * Bytes = Flop;
    FlopPerByte * BytesPerSecond = FlopPerSecond;
    TokensPerSecond * Seconds = Tokens;
    BytesPerParam * Params = Bytes;
    BytesPerToken * Tokens = Bytes;
    BytesPerToken * TokensPerSecond = BytesPerSecond;
    Watts * Seconds = Joules;
    KgCo2PerJoule * Joules = KgCo2;
    CubicMetersPerJoule * Joules = CubicMeters;
    UsdPerJoule * Joules = Usd;
    UsdPerSecond * Seconds = Usd;
    UsdPerByte * Bytes = Usd;
    UsdPerKgCo2 * KgCo2 = Usd;
}

/// Events per second times seconds is a plain number.
impl Mul<Seconds> for Hertz {
    type Output = f64;

    fn mul(self, time: Seconds) -> f64 {
        self.0 * time.0
    }
}

/// A count divided by a time is a rate.
impl Div<Seconds> for f64 {
    type Output = Hertz;

    fn div(self, time: Seconds) -> Hertz {
        Hertz(self / time.0)
    }
}

/// The time of one event.
impl Div<Hertz> for f64 {
    type Output = Seconds;

    fn div(self, rate: Hertz) -> Seconds {
        Seconds(self / rate.0)
    }
}

impl From<Bits> for Bytes {
    fn from(bits: Bits) -> Self {
        Self(bits.0 * 0.125)
    }
}

impl From<Bytes> for Bits {
    fn from(bytes: Bytes) -> Self {
        Self(bytes.0 * 8.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_quotients_agree() {
        let (rate, time) = (FlopPerSecond(4.0), Seconds(0.5));
        let work: Flop = rate * time;
        assert_eq!(work, Flop(2.0));
        assert_eq!(work / rate, time);
        assert_eq!(work / time, rate);
        assert_eq!(Watts(3.0) * Seconds(2.0), Joules(6.0));
        assert_eq!(UsdPerJoule(0.25) * Joules(8.0), Usd(2.0));
    }

    #[test]
    fn bits_are_an_eighth() {
        assert_eq!(Bytes::from(Bits(100e9)), Bytes(12.5e9));
        assert_eq!(Bits::from(Bytes(1.0)), Bits(8.0));
        assert_eq!(Quantity::from(Bits(8.0)), Quantity::from(Bytes(1.0)));
    }

    #[test]
    fn counts_and_rates() {
        assert_eq!(100.0 / Seconds(4.0), Hertz(25.0));
        assert_eq!(1.0 / Hertz(4.0), Seconds(0.25));
        assert_eq!([Seconds(1.0), Seconds(2.5)].into_iter().sum::<Seconds>(), Seconds(3.5));
    }
}
