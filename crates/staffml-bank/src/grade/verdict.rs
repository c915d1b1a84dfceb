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
    pub(super) fn new(
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

    /// Returns whether to ask again without counting an attempt, given how often that was done for this question.
    ///
    /// Unreadable text is asked again up to three times, a missing unit once.
    #[must_use]
    pub fn asks_again(&self, times_before: u32) -> bool {
        match self.class {
            Class::Unparsable => times_before < 3,
            Class::WrongUnit => self.code == "missing-unit" && times_before < 1,
            _ => false,
        }
    }
}
