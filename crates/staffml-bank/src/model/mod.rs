//! A question as data: classification, text, parameters, answer, wrong turns.
//!
//! A [`Template`] is one TOML file. It holds no number that a learner is asked for: the answer and every recognized
//! wrong answer name an equation and how its inputs follow from the parameters.
//! Reading collects every mistake with its line ([`crate::problem::Problem`]) and stops at none.
//!
//! Reading order: [`taxonomy`] and [`Topic`] classify, [`Param`] and [`Phrase`] make the text, [`Answer`] and
//! [`Misconception`] make the numbers.

mod answer;
mod head;
mod misconceptions;
mod param;
mod phrase;
mod reading;
pub mod taxonomy;
mod topics;

pub use answer::{Answer, Bind, Change, Misconception, Rounding};
pub use head::{Classification, Day, Head, Reference, Review, Version};
pub use misconceptions::{Family, Misconceptions};
pub use param::{Choice, Param, ParamKind};
pub use phrase::{Phrase, Piece};
pub(crate) use reading::{Context as ReadContext, read_template};
pub use topics::Topic;

use crate::expr::Expr;

/// A question whose numbers are parameters.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Template {
    /// Identity and history.
    pub head: Head,
    /// Where it belongs.
    pub class: Classification,
    /// The question.
    pub stem: Phrase,
    /// What varies, in the order of the file; each may use those before it.
    pub params: Vec<Param>,
    /// Conditions without which the question makes no sense, with their text.
    pub require: Vec<(String, Expr)>,
    /// Further conditions on drawn variants, so that they are realistic and their wrong answers differ. Values given
    /// by a caller need not satisfy them.
    pub draw_if: Vec<(String, Expr)>,
    /// Parameters that are shown and unused on purpose.
    pub decoys: Vec<String>,
    /// The right answer.
    pub answer: Answer,
    /// Recognized wrong answers.
    pub misconceptions: Vec<Misconception>,
    /// Hints, weakest first.
    pub hints: Vec<String>,
    /// Sentences for steps of the worked solution, by node.
    pub steps: Vec<(String, Phrase)>,
    /// The one idea to keep.
    pub takeaway: String,
    /// Where to read more.
    pub references: Vec<Reference>,
    /// The file it was read from, relative to the bank.
    pub file: String,
}

impl Template {
    /// Returns the identifier.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.head.id
    }

    /// Returns the parameter of that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|p| p.name == name)
    }
}
