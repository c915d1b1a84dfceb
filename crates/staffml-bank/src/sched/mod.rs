//! When to ask again, and what the learner is likely to know.
//!
//! All of it is arithmetic on past answers: no clock, no storage.
//! [`Fsrs6`] says when a template is due, [`Skill`] how hard an item is for this learner, [`Mastery`] how likely a
//! cell of the curriculum is known, [`Calibration`] whether stated confidence means anything.

mod calibration;
mod fsrs;
mod knowledge;
mod skill;

pub use calibration::{Calibration, Quadrants};
pub use fsrs::{Fsrs6, Memory, Rating};
pub use knowledge::{AnswerForm, Mastery};
pub use skill::{Skill, level_difficulty};

/// Decides when a template is asked again.
///
/// Implementers are pure functions of the memory state; days are whole study days.
pub trait Scheduler {
    /// State kept for one template.
    type Memory: Clone;

    /// Returns the state after a review, `elapsed_days` after the last one. `None` is a template never seen.
    fn review(
        &self,
        memory: Option<&Self::Memory>,
        rating: Rating,
        elapsed_days: u32,
    ) -> Self::Memory;

    /// Returns the probability that the template is still known after `elapsed_days`.
    fn retrievability(&self, memory: &Self::Memory, elapsed_days: u32) -> f64;

    /// Returns after how many whole days to ask again, so that the probability is then `retention`.
    fn due_days(&self, memory: &Self::Memory, retention: f64) -> u32;
}
