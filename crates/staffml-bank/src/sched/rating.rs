//! From a graded answer to the rating that the scheduler takes.

use super::fsrs::Rating;
use crate::grade::Class;

/// What a learner may say of an answer before the verdict is shown, as probabilities: guess, unsure, maybe, fairly
/// sure, certain.
pub const CONFIDENCES: [f64; 5] = [0.10, 0.30, 0.55, 0.80, 0.95];

/// The words for [`CONFIDENCES`].
pub const CONFIDENCE_WORDS: [&str; 5] = ["a guess", "unsure", "maybe", "fairly sure", "certain"];

/// From this confidence on a learner is sure.
pub const SURE: f64 = 0.8;

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Performance {
    /// The verdict; `None` for "don't know".
    pub class: Option<Class>,
    /// Hints looked at.
    pub hints: u32,
    /// Readable answers given, 1 or more; 2 if a first one lacked its unit.
    pub tries: u32,
    /// Time taken, in milliseconds.
    pub ms: u64,
    /// Expected time, in seconds.
    pub time_s: u32,
    /// Stated confidence.
    pub confidence: Option<f64>,
}

impl Performance {
    /// Returns the rating: again for wrong answers; hard for close ones and for right ones that took a hint, a second
    /// try or more than twice the time; easy for right ones that were sure and took less than half the time.
    #[must_use]
    pub fn rating(&self) -> Rating {
        let expected = u64::from(self.time_s) * 1000;
        match self.class {
            Some(Class::Close) => Rating::Hard,
            Some(Class::Correct) => {
                if self.hints > 0 || self.tries > 1 || self.ms > 2 * expected {
                    Rating::Hard
                } else if self.confidence.is_some_and(|f| f >= SURE) && 2 * self.ms < expected {
                    Rating::Easy
                } else {
                    Rating::Good
                }
            }
            _ => Rating::Again,
        }
    }
}

impl Rating {
    /// Returns the rating that a learner asks for instead, if it is not better: ratings can be lowered only.
    #[must_use]
    pub fn lowered(self, wish: Self) -> Self {
        self.min(wish)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_ratings() {
        let base = Performance {
            class: Some(Class::Correct),
            hints: 0,
            tries: 1,
            ms: 60_000,
            time_s: 60,
            confidence: Some(0.8),
        };
        assert_eq!(base.rating(), Rating::Good);
        assert_eq!(Performance { ms: 29_999, ..base }.rating(), Rating::Easy);
        assert_eq!(Performance { ms: 30_000, ..base }.rating(), Rating::Good);
        assert_eq!(Performance { ms: 1, confidence: Some(0.55), ..base }.rating(), Rating::Good);
        assert_eq!(Performance { ms: 1, confidence: None, ..base }.rating(), Rating::Good);
        assert_eq!(Performance { ms: 120_001, ..base }.rating(), Rating::Hard);
        assert_eq!(Performance { ms: 1, hints: 1, ..base }.rating(), Rating::Hard);
        assert_eq!(Performance { ms: 1, tries: 2, ..base }.rating(), Rating::Hard);
        assert_eq!(Performance { class: Some(Class::Close), ..base }.rating(), Rating::Hard);
        for class in
            [Class::Misconception, Class::WrongUnit, Class::WrongDimension, Class::Incorrect]
        {
            assert_eq!(Performance { class: Some(class), ..base }.rating(), Rating::Again);
        }
        assert_eq!(Performance { class: None, ..base }.rating(), Rating::Again);
        assert_eq!(Rating::Good.lowered(Rating::Easy), Rating::Good);
        assert_eq!(Rating::Good.lowered(Rating::Hard), Rating::Hard);
    }
}
