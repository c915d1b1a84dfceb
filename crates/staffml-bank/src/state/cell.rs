//! One cell of the curriculum: a topic at a level.

use serde::Serialize;

use crate::log::StudyDay;
use crate::sched::{AnswerForm, Mastery};

/// Probability from which a cell may count as mastered.
const KNOWN: f64 = 0.95;
/// Different variants that must have been right, and the days they must be spread over.
const VARIANTS: usize = 3;
const DAYS: usize = 2;
/// Mean probability of recall that a mastered cell must have today.
const RECALL: f64 = 0.8;

/// What a learner has shown in one cell.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Cell {
    /// Probability that it is known.
    pub known: Mastery,
    /// Answers.
    pub answers: u32,
    /// Right answers.
    pub right: u32,
    variants: Vec<u64>,
    days: Vec<StudyDay>,
}

/// What a cell counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellState {
    /// No answers.
    Blank,
    /// Some answers.
    Learning,
    /// Known, shown on different variants and days, and remembered today.
    Mastered,
    /// The same, but not remembered today.
    Stale,
}

impl Cell {
    /// Counts an answer to the variant with this fingerprint.
    pub(super) fn record(&mut self, form: AnswerForm, right: bool, variant: u64, day: StudyDay) {
        self.known = self.known.after(form, right);
        self.answers = self.answers.saturating_add(1);
        if !right {
            return;
        }
        self.right = self.right.saturating_add(1);
        if self.variants.len() < VARIANTS && !self.variants.contains(&variant) {
            self.variants.push(variant);
        }
        if self.days.len() < DAYS && !self.days.contains(&day) {
            self.days.push(day);
        }
    }

    /// Returns what the cell counts as, with the mean probability of recall of its cards today.
    #[must_use]
    pub fn state(&self, mean_recall: Option<f64>) -> CellState {
        let proven =
            self.known.0 >= KNOWN && self.variants.len() >= VARIANTS && self.days.len() >= DAYS;
        match mean_recall {
            _ if self.answers == 0 => CellState::Blank,
            _ if !proven => CellState::Learning,
            Some(recall) if recall >= RECALL => CellState::Mastered,
            _ => CellState::Stale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mastery_takes_three_variants_and_two_days() {
        let day = StudyDay::from_number;
        let mut cell = Cell::default();
        assert_eq!(cell.state(None), CellState::Blank);
        for _ in 0..5 {
            cell.record(AnswerForm::Numeric, true, 1, day(0));
        }
        assert!(cell.known.0 > KNOWN);
        assert_eq!(cell.state(Some(1.0)), CellState::Learning, "one variant on one day");
        cell.record(AnswerForm::Numeric, true, 2, day(0));
        cell.record(AnswerForm::Numeric, true, 3, day(0));
        assert_eq!(cell.state(Some(1.0)), CellState::Learning, "one day");
        cell.record(AnswerForm::Numeric, true, 3, day(1));
        assert_eq!(cell.state(Some(0.8)), CellState::Mastered);
        assert_eq!(cell.state(Some(0.79)), CellState::Stale);
        // The probability is held below 1 by 1e-10, and each wrong number divides the odds by 9.8.
        for variant in 4..16 {
            cell.record(AnswerForm::Numeric, false, variant, day(1));
        }
        assert_eq!(cell.state(Some(1.0)), CellState::Learning);
    }
}
