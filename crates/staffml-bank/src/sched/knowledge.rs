//! How likely a cell of the curriculum is known: Bayesian knowledge tracing.
//!
//! ```text
//! right: P = P(1−s)/(P(1−s) + (1−P)g)     wrong: P = P·s/(P·s + (1−P)(1−g))     then P += (1−P)·learn
//! ```
//!
//! # Source
//!
//! Corbett & Anderson (1995), "Knowledge tracing", User Modeling and User-Adapted Interaction 4.

use serde::{Deserialize, Serialize};

/// Chance to learn from one item.
const LEARN: f64 = 0.12;

/// Highest probability: at 1 itself no wrong answer would ever count again.
const MOST: f64 = 1.0 - 1e-10;

/// How an item is answered; decides how often it is missed by slip and hit by guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerForm {
    /// A number with a unit.
    Numeric,
    /// One of this many options.
    Choice(u32),
    /// Free text with self-marking.
    Open,
}

impl AnswerForm {
    /// Returns the chance to miss what is known.
    #[must_use]
    pub const fn slip(self) -> f64 {
        match self {
            Self::Open => 0.2,
            Self::Numeric | Self::Choice(_) => 0.1,
        }
    }

    /// Returns the guess chance of the skill model: none for what cannot be picked from a list.
    #[must_use]
    pub fn guess_of_skill(self) -> f64 {
        match self {
            Self::Choice(_) => self.guess(),
            Self::Numeric | Self::Open => 0.0,
        }
    }

    /// Returns the chance to hit what is not known.
    #[must_use]
    pub fn guess(self) -> f64 {
        match self {
            Self::Numeric => 0.02,
            Self::Choice(options) => 1.0 / f64::from(options.max(1)),
            Self::Open => 0.15,
        }
    }
}

/// Probability that something is known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mastery(pub f64);

impl Default for Mastery {
    fn default() -> Self {
        Self(0.2)
    }
}

impl Mastery {
    /// Returns the probability given the evidence of one answer, before anything is learned from it.
    #[must_use]
    pub fn posterior(self, form: AnswerForm, correct: bool) -> f64 {
        let (p, s, g) = (self.0, form.slip(), form.guess());
        let (known, unknown) =
            if correct { (p * (1.0 - s), (1.0 - p) * g) } else { (p * s, (1.0 - p) * (1.0 - g)) };
        known / (known + unknown)
    }

    /// Returns the probability after one answer and what was learned from it.
    #[must_use]
    pub fn after(self, form: AnswerForm, correct: bool) -> Self {
        let p = self.posterior(form, correct);
        Self((p + (1.0 - p) * LEARN).min(MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_of_right_answers_can_be_lost_again() {
        let answers = |known: Mastery, n: u32, right: bool| {
            (0..n).fold(known, |m, _| m.after(AnswerForm::Numeric, right))
        };
        let sure = answers(Mastery::default(), 500, true);
        assert!(sure.0 < 1.0 && answers(sure, 14, false).0 < 0.5);
    }

    #[test]
    fn a_right_number_is_strong_evidence() {
        // 0.2·0.9 / (0.2·0.9 + 0.8·0.02) = 0.18/0.196
        let p = Mastery::default().posterior(AnswerForm::Numeric, true);
        assert!((p - 0.18 / 0.196).abs() < 1e-15);
        assert!(Mastery(0.9).posterior(AnswerForm::Choice(4), false) < 0.9);
        assert!(
            Mastery(0.5).after(AnswerForm::Open, true).0
                > Mastery(0.5).posterior(AnswerForm::Open, true)
        );
    }
}
