//! What a sweep gives: typed columns, and how many points went where.

use super::axis::Kind;
use alloc::string::String;
use alloc::vec::Vec;

/// A column of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Name.
    pub name: String,
    /// What its numbers stand for.
    pub kind: Kind,
    /// One value per row.
    pub data: Data,
}

/// The values of a column, as a columnar file format stores them.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// Amounts in base units, each known.
    Numbers(Vec<f64>),
    /// Amounts in base units, some not known.
    Optional(Vec<Option<f64>>),
    /// Yes or no.
    Flags(Vec<bool>),
    /// Positions in the list of words that the column's kind holds.
    Words(Vec<u32>),
}

impl Data {
    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Optional(values) => values.len(),
            Self::Flags(values) => values.len(),
            Self::Words(values) => values.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Column {
    /// The column of numbers that stand for `kind`; NaN is an amount that is not known.
    pub(super) fn new(name: String, kind: Kind, numbers: Vec<f64>) -> Self {
        let data = match &kind {
            Kind::Amount(_) if numbers.iter().any(|number| number.is_nan()) => Data::Optional(
                numbers.into_iter().map(|number| (!number.is_nan()).then_some(number)).collect(),
            ),
            Kind::Amount(_) => Data::Numbers(numbers),
            Kind::Flag => Data::Flags(numbers.into_iter().map(|number| number > 0.5).collect()),
            Kind::Words(_) => Data::Words(numbers.into_iter().map(code).collect()),
        };
        Self { name, kind, data }
    }

    /// The name with the unit in brackets, as in the heading of a file: `time [s]`.
    #[must_use]
    pub fn heading(&self) -> String {
        let unit = self.kind.unit();
        if unit.is_empty() { self.name.clone() } else { alloc::format!("{} [{unit}]", self.name) }
    }

    /// The word of a row, in a column of words.
    #[must_use]
    pub fn word(&self, row: usize) -> Option<&str> {
        let (Kind::Words(words), Data::Words(codes)) = (&self.kind, &self.data) else {
            return None;
        };
        words.get(usize::try_from(*codes.get(row)?).ok()?).map(String::as_str)
    }

    /// The amount of a row, in a column of amounts, if it is known.
    #[must_use]
    pub fn number(&self, row: usize) -> Option<f64> {
        match &self.data {
            Data::Numbers(values) => values.get(row).copied(),
            Data::Optional(values) => values.get(row).copied().flatten(),
            Data::Flags(_) | Data::Words(_) => None,
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a position in a list of words, written as a number by this crate"
)]
fn code(number: f64) -> u32 {
    number as u32
}

/// The rows that a sweep keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Axes in the order given, then outputs; all of one length.
    pub columns: Vec<Column>,
    /// How many of the columns are inputs.
    pub inputs: usize,
    /// What became of the points.
    pub statistics: Statistics,
}

impl Table {
    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.data.len())
    }

    /// The column of that name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The amounts of the column of that name, if each is known.
    #[must_use]
    pub fn numbers(&self, name: &str) -> Option<&[f64]> {
        match &self.column(name)?.data {
            Data::Numbers(values) => Some(values),
            Data::Optional(_) | Data::Flags(_) | Data::Words(_) => None,
        }
    }
}

/// What became of the points of a sweep.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Points of the grid.
    pub points: usize,
    /// Points that the equation refused, by reason.
    pub refused: Vec<Refused>,
    /// What each condition cost.
    pub conditions: Vec<Condition>,
    /// Points that were computed and met every condition, before the best were taken.
    pub kept: usize,
}

/// Points refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What the equation complained about.
    pub about: String,
    /// How many points.
    pub points: usize,
    /// The message for the first of them.
    pub first: String,
}

/// A condition and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The condition.
    pub text: String,
    /// Points that do not meet it.
    pub rejected: usize,
    /// Points that meet every other one: what dropping it would bring back.
    pub alone: usize,
}
