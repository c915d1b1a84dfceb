//! Where a number comes from, carried beside the number.

use core::fmt;

use super::text::Grouped;

/// The kind of source behind a number, strongest first.
///
/// A value computed from several numbers takes the weakest source among them: see [`Provenance::weaker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Provenance {
    /// A data sheet, of the chip or of the board.
    Datasheet,
    /// Published benchmark results for this processor core.
    Published,
    /// Measured on the board in the hardware labs of the curriculum.
    Lab,
    /// An estimate: a rounded, derived or typical figure.
    Estimate,
}

impl Provenance {
    /// Returns the weaker of two sources.
    ///
    /// # Examples
    ///
    /// ```
    /// use kits_hal::board::Provenance;
    ///
    /// assert_eq!(Provenance::Datasheet.weaker(Provenance::Lab), Provenance::Lab);
    /// ```
    #[must_use]
    pub const fn weaker(self, other: Self) -> Self {
        if self as u8 >= other as u8 { self } else { other }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Datasheet => "data sheet",
            Self::Published => "published",
            Self::Lab => "lab",
            Self::Estimate => "estimate",
        })
    }
}

/// A value together with the source it was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Sourced<T> {
    /// The value; its unit is named by the field that holds it.
    pub value: T,
    /// The source of the value.
    pub from: Provenance,
}

impl<T> Sourced<T> {
    /// Returns `value` marked as coming from a data sheet.
    pub const fn datasheet(value: T) -> Self {
        Self { value, from: Provenance::Datasheet }
    }

    /// Returns `value` marked as coming from published benchmark results.
    pub const fn published(value: T) -> Self {
        Self { value, from: Provenance::Published }
    }

    /// Returns `value` marked as measured in the labs.
    pub const fn lab(value: T) -> Self {
        Self { value, from: Provenance::Lab }
    }

    /// Returns `value` marked as an estimate.
    pub const fn estimate(value: T) -> Self {
        Self { value, from: Provenance::Estimate }
    }
}

impl<T: fmt::Display> fmt::Display for Sourced<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]", self.value, self.from)
    }
}

/// A closed range of whole numbers; one number when both ends agree.
///
/// Sources often give a range (4.6 to 9.6 cycles, 105 to 130 mA), and a middle value would hide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Span {
    /// The smallest value.
    pub low: u64,
    /// The largest value.
    pub high: u64,
}

impl Span {
    /// Returns the span that holds `value` alone.
    #[must_use]
    pub const fn one(value: u64) -> Self {
        Self { low: value, high: value }
    }

    /// Returns the span from `low` to `high`.
    #[must_use]
    pub const fn new(low: u64, high: u64) -> Self {
        Self { low, high }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.low == self.high {
            write!(f, "{}", Grouped(self.high))
        } else {
            write!(f, "{} to {}", Grouped(self.low), Grouped(self.high))
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::{Provenance, Sourced, Span};

    #[test]
    fn the_weaker_source_wins_both_ways() {
        use Provenance::{Datasheet, Estimate, Lab, Published};
        let strongest_first = [Datasheet, Published, Lab, Estimate];
        for (i, a) in strongest_first.into_iter().enumerate() {
            for (j, b) in strongest_first.into_iter().enumerate() {
                assert_eq!(a.weaker(b), strongest_first[i.max(j)]);
            }
        }
    }

    #[test]
    fn a_number_prints_with_its_source() {
        assert_eq!(Sourced::lab(Span::one(830_000)).to_string(), "830 000 [lab]");
        assert_eq!(Sourced::estimate(Span::new(105, 1130)).to_string(), "105 to 1 130 [estimate]");
    }
}
