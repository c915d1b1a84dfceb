//! Finding the skill of a newcomer in at most twelve items.
//!
//! ```text
//! next   item with the most information I = a²·(1−p)/p·((p−c)/(1−c))² at the current estimate, at most 3 per area
//! stop   1/√ΣI < 0.3, or after 12 items
//! θ      mean of the posterior: prior N(0, 1) times Π p^y·(1−p)^(1−y)
//! ```
//!
//! The skill of one area is the same mean for its answers alone, around the skill over all with standard deviation 0.5.
//!
//! # Source
//!
//! Birnbaum (1968), in Lord & Novick, "Statistical theories of mental test scores", for the information; Bock & Mislevy
//! (1982), "Adaptive EAP estimation of ability in a microcomputer environment", for the mean of the posterior.

use serde::Serialize;

use super::item::Item;
use super::skill::level_difficulty;
use crate::model::taxonomy::{Area, Level};

/// Most items of a placement.
pub const MOST_ITEMS: usize = 12;
/// Most items of one area.
const PER_AREA: usize = 3;
/// Standard error at which to stop: nine skills in ten then lie within 0.5 of the estimate (0.5/1.645). Items of
/// discrimination 1 never get there in twelve: they tell at most 1/4 each.
const PRECISE: f64 = 0.3;
/// Standard deviation of an area around the skill over all.
const AREA_SPREAD: f64 = 0.5;
/// A level is suggested if its items are answered right with this probability.
const COMFORT: f64 = 0.6;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Asked {
    area: Area,
    a: f64,
    b: f64,
    c: f64,
    score: f64,
}

/// A placement under way.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Placement {
    asked: Vec<Asked>,
}

/// What a placement found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Placed {
    /// Skill over all areas.
    pub skill: f64,
    /// Standard deviation of that estimate.
    pub error: f64,
    /// Skill in each area that was asked for, on top of the skill over all.
    pub areas: Vec<(Area, f64)>,
    /// The highest level whose items are answered right at least six times in ten; the first if there is none.
    pub level: Level,
    /// How many items it took.
    pub n_items: usize,
}

fn p(theta: f64, a: f64, b: f64, c: f64) -> f64 {
    c + (1.0 - c) / (1.0 + libm::exp(-a * (theta - b)))
}

/// Returns how much one answer tells about a skill near `theta`.
#[must_use]
pub fn information(theta: f64, a: f64, b: f64, c: f64) -> f64 {
    let p = p(theta, a, b, c);
    let share = (p - c) / (1.0 - c);
    if p > 0.0 && c < 1.0 { a * a * (1.0 - p) / p * share * share } else { 0.0 }
}

impl Placement {
    /// Counts an answer.
    pub fn record(&mut self, item: &Item, score: f64) {
        self.asked.push(Asked {
            area: item.area(),
            a: item.discrimination,
            b: item.difficulty,
            c: item.form.guess_of_skill(),
            score: score.clamp(0.0, 1.0),
        });
    }

    /// Returns how many answers were counted.
    #[must_use]
    pub fn n_items(&self) -> usize {
        self.asked.len()
    }

    /// Returns whether enough is known.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let (theta, _) = self.estimate();
        let total: f64 = self.asked.iter().map(|q| information(theta, q.a, q.b, q.c)).sum();
        self.asked.len() >= MOST_ITEMS || total > 1.0 / (PRECISE * PRECISE)
    }

    /// Returns the most telling of some items, or nothing if the areas of all are used up. Items already asked must not
    /// be among them. Of equally telling ones the first is taken.
    #[must_use]
    pub fn next<'a>(&self, items: impl IntoIterator<Item = &'a Item>) -> Option<&'a Item> {
        let (theta, _) = self.estimate();
        let mut best: Option<(f64, &Item)> = None;
        for item in items {
            if self.asked.iter().filter(|q| q.area == item.area()).count() >= PER_AREA {
                continue;
            }
            let c = item.form.guess_of_skill();
            let worth = information(theta, item.discrimination, item.difficulty, c);
            if best.is_none_or(|(most, _)| worth > most) {
                best = Some((worth, item));
            }
        }
        best.map(|(_, item)| item)
    }

    /// Returns mean and standard deviation of the skill over all.
    #[must_use]
    pub fn estimate(&self) -> (f64, f64) {
        posterior(0.0, 1.0, self.asked.iter())
    }

    /// Returns what was found so far.
    #[must_use]
    pub fn result(&self) -> Placed {
        let (skill, error) = self.estimate();
        let seen = |area: &Area| self.asked.iter().any(|q| q.area == *area);
        let areas = Area::ALL.iter().copied().filter(seen).map(|area| {
            let own = self.asked.iter().filter(|q| q.area == area);
            (area, posterior(skill, AREA_SPREAD, own).0 - skill)
        });
        let areas = areas.collect();
        let level = suggested_level(skill);
        Placed { skill, error, areas, level, n_items: self.asked.len() }
    }
}

/// Returns the highest level whose items are answered right at least six times in ten; the first if there is none.
#[must_use]
pub fn suggested_level(theta: f64) -> Level {
    let fits = |level: &Level| p(theta, 1.0, level_difficulty(*level), 0.0) >= COMFORT;
    Level::ALL.iter().copied().rev().find(fits).unwrap_or(Level::L1)
}

/// Mean and standard deviation of a skill, on a grid of width 0.05 over ±5 standard deviations and at least ±5.
fn posterior<'a>(mean: f64, deviation: f64, asked: impl Iterator<Item = &'a Asked>) -> (f64, f64) {
    let asked: Vec<&Asked> = asked.collect();
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for step in -100..=100 {
        let x = mean + deviation * f64::from(step) * 0.05;
        let z = (x - mean) / deviation;
        let mut log = -0.5 * z * z;
        for q in &asked {
            let p = p(x, q.a, q.b, q.c).clamp(1e-12, 1.0 - 1e-12);
            log += q.score * libm::log(p) + (1.0 - q.score) * libm::log(1.0 - p);
        }
        let weight = libm::exp(log);
        total += weight;
        first += weight * x;
        second += weight * x * x;
    }
    if total > 0.0 {
        let m = first / total;
        (m, libm::sqrt((second / total - m * m).max(0.0)))
    } else {
        (mean, deviation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Topic;

    #[test]
    fn information_is_greatest_where_the_outcome_is_open() {
        assert!((information(0.3, 1.0, 0.3, 0.0) - 0.25).abs() < 1e-15);
        assert!((information(0.3, 2.0, 0.3, 0.0) - 1.0).abs() < 1e-15);
        // p = 0.625, c = 0.25: 0.375/0.625·(0.375/0.75)² = 0.15
        assert!((information(0.0, 1.0, 0.0, 0.25) - 0.15).abs() < 1e-15);
        assert!(information(0.0, 1.0, 2.0, 0.0) < 0.12);
    }

    #[test]
    fn levels_by_hand() {
        // p >= 0.6 asks for θ − b >= ln 1.5 = 0.405.
        assert_eq!(suggested_level(-3.0), Level::L1);
        assert_eq!(suggested_level(0.0), Level::L2);
        assert_eq!(suggested_level(0.006), Level::L3);
        assert_eq!(suggested_level(9.0), Level::L6Plus);
    }

    #[test]
    fn no_answers_leave_the_prior_and_answers_move_it() {
        let (mean, deviation) = Placement::default().estimate();
        assert!(mean.abs() < 1e-12 && (deviation - 1.0).abs() < 1e-4); // cut off at five deviations
        let item = |level| Item::new("t", Topic::VramBudgeting, level);
        let mut good = Placement::default();
        let mut bad = Placement::default();
        for level in Level::ALL {
            good.record(&item(*level), 1.0);
            bad.record(&item(*level), 0.0);
        }
        let (up, down) = (good.result(), bad.result());
        // The difficulties are symmetric around 0, so are the estimates.
        assert!(up.skill > 1.0 && (up.skill + down.skill).abs() < 1e-9);
        assert!(up.level > down.level && up.areas.len() == 1 && up.areas[0].1 > 0.0);
        // An easy item tells nothing to those who answer everything.
        let items = [item(Level::L1), Item::new("u", Topic::TailLatency, Level::L5)];
        assert_eq!(good.next(&items).unwrap().id, "u");
        assert_eq!(good.next(&items[..1]), None, "its area was asked three times");
    }
}
