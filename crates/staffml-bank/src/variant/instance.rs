//! One number asked for, with its key and its solution.

use std::sync::Arc;

use super::solution::{self, Style};
use super::value::ParamValue;
use crate::grade::{Class, Key, Verdict};
use crate::model::{Computed, Template};
use crate::oracle::Trace;

/// One number asked for: the question with its values, its answer key and its worked solution.
///
/// A numeric question is one of these; a question in parts holds several.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Instance {
    /// The template it is a variant of.
    pub template: Arc<Template>,
    /// How its number is computed.
    pub computed: Arc<Computed>,
    /// Name of the part it is; empty where the number is the whole question.
    pub part: String,
    /// The seed it was drawn from.
    pub seed: u64,
    /// How many draws were refused before this one.
    pub attempt: u32,
    /// The value of each parameter, then of hidden constants and of earlier parts (`carry.<part>`).
    pub params: Vec<(String, ParamValue)>,
    /// The question.
    pub stem: String,
    /// The answer key, with the wrong answers that can be told apart.
    pub key: Key,
    /// How the answer was computed.
    pub trace: Trace,
    /// The wrong answers that can be told apart.
    pub wrong: Vec<WrongTurn>,
    /// Sentences for steps of the solution, by node.
    pub(super) steps: Vec<(String, String)>,
    /// The value of every misconception, survivor or not, in display units.
    pub(crate) candidates: Vec<(String, f64)>,
    /// Misconceptions that could not be evaluated, with the reason.
    pub(crate) broken: Vec<(String, String)>,
}

/// A recognizable wrong answer of an [`Instance`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WrongTurn {
    /// Identifier of the misconception.
    pub id: String,
    /// Its value, in display units.
    pub value: f64,
    /// What the learner probably did.
    pub say: String,
    /// What to do next time.
    pub remedy: String,
    /// How the wrong value comes about; absent where it is a closed form.
    pub trace: Option<Trace>,
}

/// Where a wrong answer left the path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// What the learner probably did.
    pub say: String,
    /// The first step that differs, as it is: `V = W + KV`.
    pub right: Option<String>,
    /// The same step as the learner took it: `V = W`.
    pub wrong: Option<String>,
    /// What to do next time.
    pub remedy: String,
}

impl Instance {
    /// Returns the verdict on typed text. For a recognized wrong turn the message says what probably happened.
    #[must_use]
    pub fn grade(&self, text: &str) -> Verdict {
        let mut verdict = self.key.grade(text);
        if verdict.class == Class::Misconception
            && let Some(turn) = self.wrong.iter().find(|w| w.id == verdict.code)
        {
            verdict.message.clone_from(&turn.say);
        }
        verdict
    }

    /// Returns the worked solution; its last line is the answer.
    #[must_use]
    pub fn solution(&self, style: Style) -> String {
        solution::render(self, &self.steps, style)
    }

    /// Returns where a wrong answer left the path, for a misconception of this variant.
    #[must_use]
    pub fn diagnosis(&self, misconception: &str) -> Option<Diagnosis> {
        let turn = self.wrong.iter().find(|w| w.id == misconception)?;
        let parted = turn
            .trace
            .as_ref()
            .filter(|t| t.equation == self.trace.equation)
            .and_then(|t| self.trace.first_difference(t));
        Some(Diagnosis {
            say: turn.say.clone(),
            right: parted.map(|(right, _)| solution::line(right)),
            wrong: parted.map(|(_, wrong)| solution::line(wrong)),
            remedy: turn.remedy.clone(),
        })
    }

    /// Returns the right path and the wrong one side by side, up to the first step that differs, which is marked.
    ///
    /// There is none where the wrong value comes from another equation or a closed form.
    #[must_use]
    pub fn comparison(&self, misconception: &str) -> Option<String> {
        let turn = self.wrong.iter().find(|w| w.id == misconception)?;
        let other = turn.trace.as_ref().filter(|t| t.equation == self.trace.equation)?;
        solution::compare(&self.trace, other)
    }

    /// Returns the value of a parameter as printed in the stem.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<String> {
        self.params.iter().find(|(n, _)| n == name)?.1.print(None, "")
    }
}
