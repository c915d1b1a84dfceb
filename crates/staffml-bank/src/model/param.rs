//! What varies between two variants of a question.

use crate::expr::Expr;
use crate::oracle::Registry;
use crate::quantity::{Quantity, Unit};

/// A parameter.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Param {
    /// Name, used in the stem, in bindings and in expressions.
    pub name: String,
    /// Unit of its bare numbers; empty for counts and texts.
    pub unit: Unit,
    /// Where its value comes from.
    pub kind: ParamKind,
    /// Line in the file.
    pub line: usize,
}

/// Where a value comes from.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ParamKind {
    /// One of a list.
    Choice(Vec<Choice>),
    /// `min + step·k`, up to and including `max`.
    Int {
        /// Least value.
        min: i64,
        /// Greatest value.
        max: i64,
        /// Distance of two values.
        step: i64,
    },
    /// `mantissa · 10^decade`.
    Grid {
        /// Mantissas.
        mantissas: Vec<f64>,
        /// Least decade.
        low: i8,
        /// Greatest decade.
        high: i8,
    },
    /// A record of a registry.
    Record {
        /// The registry.
        registry: Registry,
        /// Keys to choose from; all that carry `tags` if empty.
        keys: Vec<String>,
        /// Words that a record must carry.
        tags: Vec<String>,
    },
    /// Computed from parameters before it; never drawn.
    Derived(Expr),
}

/// One of the values of a choice.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Choice {
    /// A number in the unit of the parameter.
    Number(f64),
    /// A quantity with a unit of its own: `"64 MHz"`.
    Quantity(Quantity, Unit),
    /// A number format: `"FP16"`.
    Text(String),
}

impl ParamKind {
    /// Returns the word for it in files.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Choice(_) => "choice",
            Self::Int { .. } => "int",
            Self::Grid { .. } => "grid",
            Self::Record { registry: Registry::Device, .. } => "device",
            Self::Record { registry: Registry::Model, .. } => "model",
            Self::Derived(_) => "derived",
        }
    }

    /// Returns how many values there are to draw from; `None` for records, whose number the registry decides.
    #[must_use]
    pub fn n_values(&self) -> Option<u64> {
        match self {
            Self::Choice(values) => Some(values.len() as u64),
            Self::Int { min, max, step } => {
                let span = max.checked_sub(*min)?;
                u64::try_from(span / step).ok().map(|n| n + 1)
            }
            Self::Grid { mantissas, low, high } => {
                let decades = u64::try_from(i16::from(*high) - i16::from(*low)).ok()? + 1;
                Some(mantissas.len() as u64 * decades)
            }
            Self::Record { keys, .. } if !keys.is_empty() => Some(keys.len() as u64),
            Self::Record { .. } => None,
            Self::Derived(_) => Some(1),
        }
    }
}
