//! What a learner did with one question.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::TemplateRef;
use crate::grade::{Class, Verdict};
use crate::sched::Rating;
use crate::variant::Instance;

/// What kind of session a question was shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Mode {
    /// Chosen by utility.
    Practice,
    /// Repeats of one topic or family, unscheduled.
    Drill,
    /// Due templates only.
    Review,
    /// Timed mock interview.
    Gauntlet,
    /// The set of a day.
    Daily,
    /// Quiz of a section.
    Quiz,
    /// Finding the level of a newcomer.
    Placement,
    /// One chain from recall to architecture.
    Chain,
    /// The day of a plan.
    Plan,
}

/// How an answer was judged; the classes of the grader and `dont-know`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// Right.
    Correct,
    /// Nearly right.
    Close,
    /// A known wrong turn.
    Misconception,
    /// Wrong scale, or no unit.
    WrongUnit,
    /// Another kind of quantity.
    WrongDimension,
    /// Wrong.
    Incorrect,
    /// Not readable as an answer, after every chance to type it again.
    Unparsable,
    /// The learner said so.
    DontKnow,
}

impl Outcome {
    /// Returns the score: 1 for right, 0.5 for close, 0 otherwise.
    #[must_use]
    pub const fn score(self) -> f64 {
        match self {
            Self::Correct => 1.0,
            Self::Close => 0.5,
            _ => 0.0,
        }
    }

    /// Returns whether the answer is right.
    #[must_use]
    pub const fn is_correct(self) -> bool {
        matches!(self, Self::Correct)
    }
}

impl From<Class> for Outcome {
    fn from(class: Class) -> Self {
        match class {
            Class::Correct => Self::Correct,
            Class::Close => Self::Close,
            Class::Misconception => Self::Misconception,
            Class::WrongUnit => Self::WrongUnit,
            Class::WrongDimension => Self::WrongDimension,
            Class::Incorrect => Self::Incorrect,
            Class::Unparsable => Self::Unparsable,
        }
    }
}

/// A graded answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// The template.
    #[serde(rename = "tpl")]
    pub template: TemplateRef,
    /// The seed of the variant.
    pub seed: u64,
    /// Values given instead of drawn, as in the thread of a chain: without them the variant cannot be replayed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub given: BTreeMap<String, String>,
    /// The part of a question of several parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// What was typed; absent where the learner keeps no texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How it was judged.
    #[serde(rename = "verdict")]
    pub outcome: Outcome,
    /// Within the outcome: the id of a misconception, an `E-Q-…` code, `near-miss`, or nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// What the scheduler is told, 1 to 4; absent where the answer is not to touch the card.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rating")]
    pub rating: Option<Rating>,
    /// Stated confidence, 0 to 1.
    #[serde(rename = "conf", default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f64>,
    /// Milliseconds from showing the question to the answer.
    pub ms: u64,
    /// Hints shown before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hints: u32,
    /// Attempts used, this one included.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub tries: u32,
    /// Number of options, where it was a choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<u32>,
    /// The kind of session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

impl Answer {
    /// Returns an answer without text, rating and confidence, given at the first try and without hints.
    #[must_use]
    pub fn new(template: TemplateRef, seed: u64, outcome: Outcome, ms: u64) -> Self {
        Self {
            template,
            seed,
            given: BTreeMap::new(),
            part: None,
            text: None,
            outcome,
            code: String::new(),
            rating: None,
            confidence: None,
            ms,
            hints: 0,
            tries: 1,
            options: None,
            mode: None,
            session: None,
        }
    }

    /// Returns the answer to a variant as it was graded.
    #[must_use]
    pub fn graded(instance: &Instance, verdict: &Verdict, ms: u64) -> Self {
        let head = &instance.template.head;
        let template = TemplateRef::new(&head.id, head.version.major);
        let code = verdict.code.clone().into_owned();
        Self { code, ..Self::new(template, instance.seed, verdict.class.into(), ms) }
    }

    /// Sets what the scheduler is told.
    #[must_use]
    pub const fn rated(mut self, rating: Rating) -> Self {
        self.rating = Some(rating);
        self
    }

    /// Sets the stated confidence; what is no number from 0 to 1 is left out.
    #[must_use]
    pub fn confident(mut self, confidence: f64) -> Self {
        self.confidence = (0.0..=1.0).contains(&confidence).then_some(confidence);
        self
    }

    /// Keeps the typed text.
    #[must_use]
    pub fn typed(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    /// Sets the session.
    #[must_use]
    pub fn within(mut self, mode: Mode, session: &str) -> Self {
        self.mode = Some(mode);
        self.session = Some(session.to_owned());
        self
    }

    /// Returns the score: 1 for right, 0.5 for close, 0 otherwise.
    #[must_use]
    pub const fn score(&self) -> f64 {
        self.outcome.score()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for this signature")]
const fn is_one(n: &u32) -> bool {
    *n == 1
}

const fn one() -> u32 {
    1
}

/// Ratings as the numbers 1 to 4.
mod rating {
    use super::{Deserialize as _, Deserializer, Rating, Serialize as _, Serializer};

    #[expect(clippy::ref_option, reason = "serde asks for this signature")]
    pub(super) fn serialize<S: Serializer>(
        rating: &Option<Rating>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        rating.map(|rating| rating as u8 + 1).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Rating>, D::Error> {
        let Some(number) = Option::<u8>::deserialize(deserializer)? else { return Ok(None) };
        let rating = Rating::ALL.get(usize::from(number).wrapping_sub(1)).copied();
        rating
            .map(Some)
            .ok_or_else(|| serde::de::Error::custom(format!("rating {number}; ratings are 1 to 4")))
    }
}
