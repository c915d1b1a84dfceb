//! Quantities as people type them: a number, a prefix, a unit.
//!
//! A learner answers `130.4 GiB`, `1.4×10¹¹ B` or `140 000 MB` and means one amount of data.
//! This module turns such text into a [`Quantity`] in canonical units (B, s, FLOP, J, USD, g, m), or refuses it
//! with a [`ParseError`] that says what was not understood.
//! Two rules run through it: the case of a symbol is part of the symbol (`Mb` is not `MB`, `mW` is not `MW`), and
//! nothing doubtful is guessed (`4,8 ms` and `140 gb` are questions back to the learner, not numbers).
//!
//! The module leans on nothing else in the crate. Reading order: [`Dim`] and [`Nouns`] say what kind of thing a
//! quantity is, [`Unit`] names a scale, [`parse`] reads an answer, [`mod@format`] writes one.

mod cursor;
mod dimension;
mod error;
pub mod format;
mod normalize;
mod noun;
mod number;
mod parse;
mod prefix;
mod scale;
mod suggest;
mod symbols;
mod unit;

#[cfg(test)]
mod tests;

pub(crate) use suggest::edit_distance;

pub use dimension::{Base, Dim};
pub use error::ParseError;
pub use noun::{Noun, Nouns};
pub use parse::{Currency, Expect, Note, Typed, parse};
pub use unit::Unit;

/// An amount in canonical units, with its hard dimension and its soft nouns.
///
/// # Examples
///
/// ```
/// use staffml_bank::quantity::{Dim, Quantity};
///
/// let cache = Quantity::parse("128 KiB")?;
/// assert_eq!(cache.value(), 131_072.0);
/// assert_eq!(cache.dim(), Dim::INFO);
/// # Ok::<(), staffml_bank::quantity::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantity {
    value: f64,
    dim: Dim,
    nouns: Nouns,
}

impl Quantity {
    /// Returns the quantity of `number` times `unit`.
    #[must_use]
    pub fn new(number: f64, unit: &Unit) -> Self {
        Self { value: number * unit.factor(), dim: unit.dim(), nouns: unit.nouns() }
    }

    /// Returns a number without dimension.
    #[must_use]
    pub const fn pure(value: f64) -> Self {
        Self { value, dim: Dim::NONE, nouns: Nouns::NONE }
    }

    /// Returns the quantity with this canonical `value` and dimension, without nouns.
    #[must_use]
    pub const fn canonical(value: f64, dim: Dim) -> Self {
        Self { value, dim, nouns: Nouns::NONE }
    }

    /// Reads a quantity from text, with no expectation about its dimension.
    ///
    /// # Errors
    ///
    /// Every cause of [`ParseError`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse(text, Expect::NOTHING).map(|typed| typed.quantity)
    }

    /// Returns the value in canonical units (B, s, FLOP, J, USD, g, m and their products).
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.value
    }

    /// Returns the hard dimension.
    #[must_use]
    pub const fn dim(&self) -> Dim {
        self.dim
    }

    /// Returns the count nouns (tokens, requests, ...), each with its exponent.
    #[must_use]
    pub const fn nouns(&self) -> Nouns {
        self.nouns
    }

    /// Returns the number in `unit`, or nothing if the hard dimensions differ. Nouns do not matter here.
    #[must_use]
    pub fn in_unit(&self, unit: &Unit) -> Option<f64> {
        (self.dim == unit.dim()).then(|| self.value / unit.factor())
    }
}
