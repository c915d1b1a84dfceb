//! The right answer and the wrong ones, as evaluations of an equation.

use std::sync::Arc;

use super::misconceptions::Family;
use super::phrase::Phrase;
use crate::expr::Expr;
use crate::grade::Tolerance;
use crate::quantity::{Quantity, Unit};
use crate::read::Keyword;

/// The right answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// Equation known to the oracle.
    pub equation: String,
    /// How its inputs follow from the parameters.
    pub bind: Vec<(String, Bind)>,
    /// The node asked for; the last one if absent.
    pub output: Option<String>,
    /// Unit of the displayed answer.
    pub unit: Unit,
    /// How far an answer may be off.
    pub tolerance: Tolerance,
    /// Rounding of the computed value, in `unit`.
    pub rounding: Rounding,
    /// Interval, in `unit`, that every variant must fall into.
    pub plausible: Option<(f64, f64)>,
    /// Independent closed form: bare numbers in, a bare number in `unit` out.
    pub check: Option<Expr>,
    /// Exponent by which the answer follows each parameter.
    pub scales: Vec<(String, f64)>,
    /// Significant figures that a full answer shows.
    pub min_sigfigs: Option<u32>,
    /// Line in the file.
    pub line: usize,
}

/// The value of one input.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Bind {
    /// A parameter, a field of one, or an expression of parameters.
    Expr(Expr),
    /// A constant with its unit.
    Literal(Quantity),
}

/// Rounding of a computed value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rounding {
    /// As computed.
    #[default]
    None,
    /// Up to a whole number.
    Ceil,
    /// Down to a whole number.
    Floor,
    /// To the nearest whole number, ties away from zero.
    Nearest,
}

impl Keyword for Rounding {
    const WHAT: &'static str = "rounding";
    const ALL: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("ceil", Self::Ceil),
        ("floor", Self::Floor),
        ("nearest", Self::Nearest),
    ];
}

impl Rounding {
    /// Returns `value` rounded. A value within 1e-9 of a whole number counts as that number.
    #[must_use]
    pub fn apply(self, value: f64) -> f64 {
        let nearest = libm::round(value);
        match self {
            Self::None => value,
            Self::Nearest => nearest,
            _ if (value - nearest).abs() <= 1e-9 * value.abs().max(1.0) => nearest,
            Self::Ceil => libm::ceil(value),
            Self::Floor => libm::floor(value),
        }
    }
}

/// A recognized wrong answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Misconception {
    /// Identifier in the registry.
    pub id: String,
    /// Its family.
    pub family: Arc<Family>,
    /// How the wrong value comes about.
    pub change: Change,
    /// Condition without which it leads to the right answer; it is a wrong turn only in variants where this holds.
    pub when: Option<Expr>,
    /// What the learner probably did.
    pub say: Phrase,
    /// Line in the file.
    pub line: usize,
}

/// How a wrong value comes about.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Change {
    /// The equation of the answer with other inputs (`set`) and factors (`scale`).
    Mutate {
        /// Inputs or nodes given another value.
        set: Vec<(String, Bind)>,
        /// Nodes multiplied by a factor.
        scale: Vec<(String, Expr)>,
    },
    /// The equation of the answer without some terms: node and term.
    Drop(Vec<(String, String)>),
    /// The equation of the answer with two inputs exchanged.
    Swap(String, String),
    /// Another equation.
    Equation {
        /// Equation known to the oracle.
        equation: String,
        /// How its inputs follow from the parameters.
        bind: Vec<(String, Bind)>,
        /// The node taken; the last one if absent.
        output: Option<String>,
    },
    /// A closed form: bare numbers in, a bare number in the unit of the answer out.
    Expr(Expr),
}
