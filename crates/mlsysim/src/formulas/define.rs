//! How a formula is declared: one entry gives the checked function, the bare one for equations, and a row of the list.

use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::{Dimension, Quantity, Unit};

/// One argument of a formula.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Argument {
    /// Name.
    pub name: &'static str,
    /// What it measures.
    pub dimension: Dimension,
    /// The values for which it means something.
    pub range: Range,
}

/// A formula in words, callable with plain numbers.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Formula {
    /// Identifier, for example `communication.ring_allreduce`.
    pub id: &'static str,
    /// Author, year and title.
    pub source: &'static str,
    /// The arguments in order.
    pub arguments: &'static [Argument],
    /// What the result measures.
    pub dimension: Dimension,
    /// The values that the result can have.
    pub range: Range,
    pub(super) call: fn(&[f64]) -> Result<f64>,
}

impl Formula {
    /// Evaluates the formula on numbers in base units, in the order of the arguments.
    ///
    /// # Errors
    ///
    /// - [`Error::OutOfRange`] if an argument is missing or outside its range.
    /// - [`Error::Overflow`] if the result does not fit a 64-bit float.
    pub fn evaluate(&self, numbers: &[f64]) -> Result<Quantity> {
        Ok(Quantity::new((self.call)(numbers)?, self.dimension))
    }
}

#[inline]
pub(super) fn check<U: Unit>(
    op: &'static str,
    name: &'static str,
    range: Range,
    value: U,
) -> Result<()> {
    if range.contains(value.base()) { Ok(()) } else { Err(refuse(op, name, range, value)) }
}

#[inline]
pub(super) fn finish<U: Unit>(op: &'static str, range: Range, value: U) -> Result<U> {
    if range.contains(value.base()) {
        Ok(value)
    } else {
        let got = Quantity::new(value.base(), U::DIMENSION);
        Err(Error::Overflow { op, name: "the result", got })
    }
}

#[cold]
pub(super) fn refuse<U: Unit>(
    op: &'static str,
    name: &'static str,
    range: Range,
    value: U,
) -> Error {
    Error::OutOfRange { op, name, range, got: Quantity::new(value.base(), U::DIMENSION) }
}

/// The words for a range in the documentation of a function.
macro_rules! range_words {
    (ANY) => {
        "finite"
    };
    (NOT_NEGATIVE) => {
        "finite and at least 0"
    };
    (POSITIVE) => {
        "finite and above 0"
    };
    (AT_LEAST_ONE) => {
        "finite and at least 1"
    };
    (SHARE) => {
        "from 0 to 1"
    };
    (SOME_SHARE) => {
        "above 0 up to 1"
    };
    (EFFICIENCY) => {
        "from 1e-9 to 1"
    };
    (COUNT) => {
        "a whole number of at least 1"
    };
    (COUNT_OR_NONE) => {
        "a whole number of at least 0"
    };
    (TWO_OR_MORE) => {
        "a whole number of at least 2"
    };
    (LOOP) => {
        "a whole number from 1 to 1,000,000"
    };
    (LATITUDE) => {
        "degrees from -90 to 90"
    };
    (LONGITUDE) => {
        "degrees from -180 to 180"
    };
}
pub(super) use range_words;

/// Declares formulas of one module.
///
/// ```text
/// formulas! { network;
///     /// What it is.
///     ///
///     /// `result = symbols`
///     source "Author (year), Title";
///     /// assert_eq!(network::hops(3.0)?, 3.0);
///     fn hops(tiers: f64, COUNT) -> f64, COUNT { tiers }
/// }
/// ```
///
/// Each becomes a function that checks its arguments and its result, a function of the same name in `raw` that
/// does not, for equations that have checked already, and a row of `LIST`.
/// `where a <= b` after the result refuses an `a` above `b`.
macro_rules! formulas {
    ($module:ident; $(
        $(#[$about:meta])*
        source $source:literal;
        $(#[$example:meta])*
        fn $name:ident($($arg:ident: $type:ty, $range:ident);* $(;)?) -> $out:ty, $out_range:ident
        $(where $low:ident <= $high:ident)? $body:block
    )*) => {
        $(
            $(#[$about])*
            ///
            /// # Errors
            ///
            /// - [`crate::Error::OutOfRange`] if an argument lies outside its range:
            $(#[doc = concat!("  `", stringify!($arg), "` ", $crate::formulas::define::range_words!($range), ";")])*
            $(#[doc = concat!("  `", stringify!($low), "` at most `", stringify!($high), "`.")])?
            /// - [`crate::Error::Overflow`] if the result does not fit a 64-bit float.
            ///
            /// # Source
            ///
            #[doc = concat!($source, ".")]
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use mlsysim::{formulas::", stringify!($module), ", units::*};\n")]
            $(#[$example])*
            /// # Ok::<(), mlsysim::Error>(())
            /// ```
            #[inline]
            pub fn $name($($arg: $type),*) -> $crate::error::Result<$out> {
                const OP: &str = concat!(stringify!($module), ".", stringify!($name));
                $($crate::formulas::define::check(OP, stringify!($arg), $crate::ranges::Range::$range, $arg)?;)*
                $(if $low > $high {
                    let range = $crate::ranges::Range::ANY.up_to($crate::units::Unit::base($high));
                    return Err($crate::formulas::define::refuse(OP, stringify!($low), range, $low));
                })?
                $crate::formulas::define::finish(OP, $crate::ranges::Range::$out_range, raw::$name($($arg),*))
            }
        )*

        /// The same formulas on arguments known to be in range.
        pub(crate) mod raw {
            #[allow(unused_imports, clippy::wildcard_imports, reason = "what the file imports")]
            use super::*;
            $(
                #[inline]
                #[allow(dead_code, reason = "some are used by the checked function only")]
                pub(crate) fn $name($($arg: $type),*) -> $out $body
            )*
        }

        /// The formulas of this module.
        pub(super) static LIST: &[$crate::formulas::Formula] = &[$(
            $crate::formulas::Formula {
                id: concat!(stringify!($module), ".", stringify!($name)),
                source: $source,
                arguments: &[$($crate::formulas::Argument {
                    name: stringify!($arg),
                    dimension: <$type as $crate::units::Unit>::DIMENSION,
                    range: $crate::ranges::Range::$range,
                }),*],
                dimension: <$out as $crate::units::Unit>::DIMENSION,
                range: $crate::ranges::Range::$out_range,
                call: |numbers| {
                    let mut numbers = numbers.iter().copied();
                    $(let $arg = <$type as $crate::units::Unit>::from_base(numbers.next().unwrap_or(f64::NAN));)*
                    $name($($arg),*).map($crate::units::Unit::base)
                },
            }
        ),*];
    };
}
pub(super) use formulas;
