//! Skill as one number per learner and area, updated after every answer.
//!
//! ```text
//! p = c + (1 − c)/(1 + e^(−(θ − b)))      θ = θ_global + θ_area
//! K = max(0.1, 0.6/(1 + 0.05·n)),  e = y − p
//! θ_global += 0.4·K·e,  θ_area += 0.6·K·e
//! ```
//!
//! # Source
//!
//! Rasch (1960), "Probabilistic models for some intelligence and attainment tests"; Elo (1978), "The rating of
//! chessplayers"; the split in a global and a local part is ours.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::taxonomy::{Area, Level};

/// Returns the difficulty `b` of an item that has none of its own.
#[must_use]
pub const fn level_difficulty(level: Level) -> f64 {
    match level {
        Level::L1 => -2.0,
        Level::L2 => -1.2,
        Level::L3 => -0.4,
        Level::L4 => 0.4,
        Level::L5 => 1.2,
        Level::L6Plus => 2.0,
    }
}

/// Skill of one learner in one area.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Skill {
    /// Part shared by all areas.
    pub global: f64,
    /// Part of this area.
    pub area: f64,
    /// Answers so far in this area.
    pub n_area: u32,
}

impl Skill {
    /// Returns the probability of a right answer to an item of difficulty `b` that is guessed with chance `guess`.
    #[must_use]
    pub fn p_correct(&self, b: f64, guess: f64) -> f64 {
        let theta = self.global + self.area;
        guess + (1.0 - guess) / (1.0 + libm::exp(-(theta - b)))
    }

    /// Returns the skill after an answer with this score, 0 to 1.
    #[must_use]
    pub fn after(&self, b: f64, guess: f64, score: f64) -> Self {
        let k = (0.6 / (1.0 + 0.05 * f64::from(self.n_area))).max(0.1);
        let e = score - self.p_correct(b, guess);
        Self {
            global: self.global + 0.4 * k * e,
            area: self.area + 0.6 * k * e,
            n_area: self.n_area.saturating_add(1),
        }
    }
}

/// Skill of one learner in every area.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Skills {
    global: f64,
    areas: [(f64, u32); Area::ALL.len()],
}

impl Skills {
    /// Returns the skill in one area.
    #[must_use]
    pub fn of(&self, area: Area) -> Skill {
        let (theta, n_area) = self.areas.get(area as usize).copied().unwrap_or_default();
        Skill { global: self.global, area: theta, n_area }
    }

    /// Returns the part shared by all areas.
    #[must_use]
    pub const fn global(&self) -> f64 {
        self.global
    }

    /// Takes the result of a placement: the skill over all areas, and what some areas have on top.
    pub fn place(&mut self, global: f64, areas: &BTreeMap<Area, f64>) {
        if !global.is_finite() {
            return;
        }
        self.global = global;
        for (area, theta) in areas.iter().filter(|(_, theta)| theta.is_finite()) {
            if let Some(slot) = self.areas.get_mut(*area as usize) {
                slot.0 = *theta;
            }
        }
    }

    /// Counts one answer with this score, 0 to 1, to an item of difficulty `b` that is guessed with chance `guess`.
    pub fn record(&mut self, area: Area, b: f64, guess: f64, score: f64) {
        let after = self.of(area).after(b, guess, score);
        self.global = after.global;
        if let Some(slot) = self.areas.get_mut(area as usize) {
            *slot = (after.area, after.n_area);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_share_the_global_part_only() {
        let mut skills = Skills::default();
        skills.record(Area::Memory, 0.0, 0.0, 1.0);
        // K = 0.6, e = 0.5: 0.12 to all, 0.18 to memory.
        assert!((skills.of(Area::Memory).area - 0.18).abs() < 1e-15);
        assert!((skills.of(Area::Data).global - 0.12).abs() < 1e-15);
        assert_eq!((skills.of(Area::Data).n_area, skills.of(Area::Memory).n_area), (0, 1));
    }

    #[test]
    fn an_even_match_is_won_half_the_time() {
        let skill = Skill { global: 0.3, area: 0.1, n_area: 3 };
        assert!((skill.p_correct(0.4, 0.0) - 0.5).abs() < 1e-15);
        assert!((skill.p_correct(0.4, 0.25) - 0.625).abs() < 1e-15);
        let won = skill.after(0.4, 0.0, 1.0);
        let k = 0.6 / 1.15;
        assert!((won.global - (0.3 + 0.2 * k)).abs() < 1e-15);
        assert!(skill.after(0.4, 0.0, 0.0).area < skill.area);
    }
}
