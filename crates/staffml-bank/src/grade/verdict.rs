//! What a graded answer is.

use std::borrow::Cow;

use serde::Serialize;

use crate::quantity::Quantity;

/// The class of a graded answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Right.
    Correct,
    /// Nearly right, or right with too few figures.
    Close,
    /// The value that a known wrong turn leads to.
    Misconception,
    /// Right dimension, wrong scale, or no unit at all.
    WrongUnit,
    /// Another kind of quantity.
    WrongDimension,
    /// Wrong.
    Incorrect,
    /// Not readable as an answer.
    Unparsable,
}

impl Class {
    /// Returns the word used in data files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Correct => "correct",
            Self::Close => "close",
            Self::Misconception => "misconception",
            Self::WrongUnit => "wrong-unit",
            Self::WrongDimension => "wrong-dimension",
            Self::Incorrect => "incorrect",
            Self::Unparsable => "unparsable",
        }
    }
}

/// A remark that does not change the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Remark {
    /// The noun counted was left out.
    KindOmitted,
    /// `KB` was read as `kB`.
    CapitalK,
    /// The value follows from a wrong answer to an earlier part; the slip is charged there.
    CarriedForward,
}

/// A graded answer.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// The class.
    pub class: Class,
    /// What exactly, within the class: an id of a misconception, an `E-Q-…` code, `near-miss`, or nothing.
    pub code: Cow<'static, str>,
    /// One sentence for the learner. It never gives the right answer away.
    pub message: String,
    /// Remarks on the spelling.
    pub remarks: Vec<Remark>,
    /// What was understood, where anything was.
    pub understood: Option<Quantity>,
}

impl Verdict {
    pub(crate) fn new(
        class: Class,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            class,
            code: code.into(),
            message: message.into(),
            remarks: Vec::new(),
            understood: None,
        }
    }

    /// Returns whether the answer is right.
    #[must_use]
    pub fn is_correct(&self) -> bool {
        self.class == Class::Correct
    }

    /// Returns the score: 1 for right, 0.5 for close, 0 otherwise.
    #[must_use]
    pub const fn score(&self) -> f64 {
        match self.class {
            Class::Correct => 1.0,
            Class::Close => 0.5,
            _ => 0.0,
        }
    }

    /// Returns whether the answer failed by its form alone, so that it may be typed again: unreadable, or without unit.
    #[must_use]
    pub fn is_form_only(&self) -> bool {
        self.class == Class::Unparsable
            || (self.class == Class::WrongUnit && self.code == MISSING_UNIT)
    }
}

/// The code of an answer without its unit.
pub(super) const MISSING_UNIT: &str = "missing-unit";

/// Counts how often one question was asked again without using up an attempt.
///
/// Unreadable text is asked again three times, a missing unit once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reprompts {
    unreadable: u8,
    without_unit: u8,
}

impl Reprompts {
    /// Returns whether to ask again after this verdict, and counts it.
    pub fn ask_again(&mut self, verdict: &Verdict) -> bool {
        let (count, most) = match verdict.class {
            Class::Unparsable => (&mut self.unreadable, 3),
            _ if verdict.is_form_only() => (&mut self.without_unit, 1),
            _ => return false,
        };
        let again = *count < most;
        *count += u8::from(again);
        again
    }
}
