//! Finding the skill of a newcomer in at most twelve items.
//!
//! ```text
//! next   item with the most information I = Σ a²·(1−p)/p·((p−c)/(1−c))² at the current estimate, at most 3 per area
//! stop   1/√ΣI < 0.3, or after 12 items
//! θ      mean of the posterior: prior N(0, 1) times Π p^y·(1−p)^(1−y)
//! ```
//!
//! The parts of an item are answers of their own: Σ and Π run over them. Twelve answers of discrimination 1 tell at most
//! 12/4, which leaves a standard error of 1/√(1+3) = 0.5, and two skills in three within 0.5 of the estimate; nine in
//! ten take some forty answers. A placement over single questions is therefore a first guess; one over items of several
//! parts is as good as a measured test, and takes as long.
//!
//! The skill of one area is the same mean for its answers alone, around the skill over all with standard deviation 0.5.
//!
//! # Source
//!
//! Birnbaum (1968), in Lord & Novick, "Statistical theories of mental test scores", for the information; Bock & Mislevy
//! (1982), "Adaptive EAP estimation of ability in a microcomputer environment", for the mean of the posterior; Wainer &
//! Kiely (1987), "Item clusters and computerized adaptive testing: a case for testlets", for items of several answers.

use serde::Serialize;

use super::item::{Curve, Item};
use super::skill::level_difficulty;
use crate::model::taxonomy::{Area, Level};

/// Most items of a placement.
pub const MOST_ITEMS: usize = 12;
/// Most items of one area.
const PER_AREA: usize = 3;
/// Standard error at which to stop: nine skills in ten then lie within 0.5 of the estimate (0.5/1.645).
const PRECISE: f64 = 0.3;
/// Standard deviation of an area around the skill over all.
const AREA_SPREAD: f64 = 0.5;
/// A level is suggested if its items are answered right with this probability.
const COMFORT: f64 = 0.6;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Asked {
    area: Area,
    curve: Curve,
    score: f64,
}

/// A placement under way.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Placement {
    /// Answers, those to the parts of one item behind each other.
    asked: Vec<Asked>,
    /// Areas of the items, in the order they were asked.
    items: Vec<Area>,
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
    /// How many answers that were: one for each part.
    pub n_answers: usize,
}

impl Placement {
    /// Counts an answer to an item as a whole.
    pub fn record(&mut self, item: &Item, score: f64) {
        self.items.push(item.area());
        self.count(item, item.curve(), score);
    }

    /// Counts the answers to the parts of an item, in the order of [`Item::parts`]; a part without a score was not
    /// answered right. Further scores are left out. Of an item without parts the first score counts for the whole.
    pub fn record_parts(&mut self, item: &Item, scores: &[f64]) {
        if item.parts.is_empty() {
            return self.record(item, scores.first().copied().unwrap_or(0.0));
        }
        self.items.push(item.area());
        for (i, part) in item.parts.iter().enumerate() {
            self.count(item, *part, scores.get(i).copied().unwrap_or(0.0));
        }
    }

    fn count(&mut self, item: &Item, curve: Curve, score: f64) {
        self.asked.push(Asked { area: item.area(), curve, score: score.clamp(0.0, 1.0) });
    }

    /// Returns how many items were counted.
    #[must_use]
    pub fn n_items(&self) -> usize {
        self.items.len()
    }

    /// Returns how many answers were counted: one for each part.
    #[must_use]
    pub fn n_answers(&self) -> usize {
        self.asked.len()
    }

    /// Returns whether enough is known.
    #[must_use]
    pub fn is_done(&self) -> bool {
        let (theta, _) = self.estimate();
        let total: f64 = self.asked.iter().map(|q| q.curve.information(theta)).sum();
        self.items.len() >= MOST_ITEMS || total > 1.0 / (PRECISE * PRECISE)
    }

    /// Returns the most telling of some items, or nothing if the areas of all are used up. Items already asked must not
    /// be among them. Of equally telling ones the first is taken.
    #[must_use]
    pub fn next<'a>(&self, items: impl IntoIterator<Item = &'a Item>) -> Option<&'a Item> {
        let (theta, _) = self.estimate();
        let mut best: Option<(f64, &Item)> = None;
        for item in items {
            if self.items.iter().filter(|area| **area == item.area()).count() >= PER_AREA {
                continue;
            }
            let worth = item.information(theta);
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
        Placed { skill, error, areas, level, n_items: self.n_items(), n_answers: self.n_answers() }
    }
}

/// Returns the highest level whose items are answered right at least six times in ten; the first if there is none.
#[must_use]
pub fn suggested_level(theta: f64) -> Level {
    let fits = |level: &Level| {
        let curve = Curve { discrimination: 1.0, difficulty: level_difficulty(*level), guess: 0.0 };
        curve.chance(theta) >= COMFORT
    };
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
            let p = q.curve.chance(x).clamp(1e-12, 1.0 - 1e-12);
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

    #[test]
    fn parts_count_as_answers_and_the_item_once() {
        let mut item = Item::new("t", Topic::VramBudgeting, Level::L5);
        let part = |difficulty| Curve { discrimination: 1.0, difficulty, guess: 0.0 };
        item.parts = vec![part(-1.0), part(0.0), part(1.0)];
        let mut parts = Placement::default();
        parts.record_parts(&item, &[1.0, 1.0]);
        assert_eq!((parts.n_items(), parts.n_answers()), (1, 3));
        // The same three answers to three items; the part without a score was not right.
        let mut single = Placement::default();
        for (difficulty, score) in [(-1.0, 1.0), (0.0, 1.0), (1.0, 0.0)] {
            let mut item = Item::new("u", Topic::VramBudgeting, Level::L1);
            item.difficulty = difficulty;
            single.record(&item, score);
        }
        assert_eq!(parts.estimate(), single.estimate());
        assert_eq!((single.n_items(), single.n_answers()), (3, 3));
        // An item of three parts tells more than the hardest question alone.
        let alone = [Item::new("v", Topic::TailLatency, Level::L3), item.clone()];
        assert_eq!(Placement::default().next(&alone).unwrap().id, "t");
        // A third item of its area is its last.
        parts.record_parts(&item, &[]);
        parts.record_parts(&item, &[1.0, 1.0, 1.0, 1.0]);
        assert_eq!((parts.n_answers(), parts.next(&alone).unwrap().id.as_str()), (9, "v"));
    }
}
