//! When to ask again, and what the learner is likely to know.
//!
//! All of it is arithmetic on past answers: no clock, no storage.
//! [`Fsrs6`] says when a template is due, [`Skill`] how hard an item is for this learner, [`Mastery`] how likely a
//! cell of the curriculum is known, [`Profile`] which misconceptions a learner shows, [`Calibration`] whether stated
//! confidence means anything.
//! [`Item`] is what all of them know of a template; [`utility`] puts them together into the next question, and
//! [`Placement`] finds the skill of a newcomer.

mod calibration;
mod difficulty;
mod fsrs;
mod fuzz;
mod item;
mod knowledge;
mod optimize;
mod placement;
mod prerequisite;
mod profile;
mod rating;
mod select;
mod skill;
mod sm2;

pub use calibration::{Calibration, CurvePoint, Quadrants, Share, curve, overconfidence, wilson};
pub use difficulty::{Measured, Response, measure};
pub use fsrs::{Fsrs6, Memory, Rating};
pub use fuzz::fuzzed;
pub use item::{Catalog, Curve, FamilyNote, Item};
pub use knowledge::{AnswerForm, Mastery};
pub use optimize::{Fit, fit, log_loss};
pub use placement::{MOST_ITEMS, Placed, Placement, suggested_level};
pub use prerequisite::{ancestors, prerequisites};
pub use profile::{Evidence, Profile};
pub use rating::{CONFIDENCE_WORDS, CONFIDENCES, Performance, SURE};
pub use select::{Aim, Standing, draw_best, utility};
pub use skill::{Skill, Skills, level_difficulty};
pub use sm2::{Sm2, Sm2Memory};

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
