//! Open questions: figures to compute, and a text that is held against a rubric.

use super::instance::Instance;
use super::parts::{self, Parts};
use super::solution::Style;
use crate::grade::Verdict;
use crate::model::{Open, Row};
use crate::oracle::Oracle;

/// The figures of an open question and its model answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Essay {
    /// The figures, in order. Each stem is the question of its part.
    pub numbers: Vec<Instance>,
    /// An answer that would get full marks, with the figures of this variant.
    pub model_answer: String,
}

impl Essay {
    /// Returns the verdicts on the figures, as [`Parts::grade`].
    #[must_use]
    pub fn grade(&self, oracle: &dyn Oracle, answers: &[&str]) -> Vec<Verdict> {
        Parts { numbers: self.numbers.clone(), decision: None }.grade(oracle, answers)
    }

    /// Returns the score of marks, one for each row of the rubric: the weighted share of the marks that can be had, at
    /// most [`Open::CAP`] if a figure that must be computed is wrong or missing.
    #[must_use]
    pub fn score(&self, open: &Open, marks: &[u32], verdicts: &[Verdict]) -> f64 {
        let must = |number: &Instance| open.must_compute.contains(&number.part);
        let right = |i: usize| verdicts.get(i).is_some_and(Verdict::is_correct);
        let all_right = self.numbers.iter().enumerate().all(|(i, n)| !must(n) || right(i));
        let share = share(&open.rows, marks);
        if all_right { share } else { share.min(Open::CAP) }
    }

    pub(super) fn solution(&self, style: Style) -> String {
        let mut out = parts::numbers(&self.numbers, style);
        out.push_str(&style.heading("Model answer"));
        out.push_str(&style.paragraph(&self.model_answer));
        out
    }
}

/// Returns the weighted share of the marks that can be had. Marks above the highest count as the highest.
#[must_use]
pub fn share(rows: &[Row], marks: &[u32]) -> f64 {
    let most = |row: &Row| u32::try_from(row.levels.len().saturating_sub(1)).unwrap_or(0);
    let all: u32 = rows.iter().map(|row| row.weight * most(row)).sum();
    let got: u32 =
        rows.iter().zip(marks).map(|(row, mark)| row.weight * (*mark).min(most(row))).sum();
    if all == 0 { 0.0 } else { f64::from(got) / f64::from(all) }
}
