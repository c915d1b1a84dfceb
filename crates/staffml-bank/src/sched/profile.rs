//! Which families of misconceptions a learner shows.
//!
//! ```text
//! strength = Σ 2^(−age/30)·[seen] / Σ 2^(−age/30)·[possible]
//! ```
//!
//! Possible are answers to items that declare an id of the family. Both sums fade alike, so their ratio does not
//! depend on the day it is asked for.

use serde::Serialize;

/// Days after which a sighting counts half.
const HALF_LIFE: f64 = 30.0;
/// Fewer possible sightings say nothing.
const ENOUGH: u32 = 5;
/// Strength and sightings that open a refutation drill.
const OPENS: (f64, u32) = (0.25, 3);
/// Clean answers in a row that close it.
const CLOSES: u32 = 3;

/// What is known about one family.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// Answers that showed the family.
    pub seen: u32,
    /// Answers that could have.
    pub possible: u32,
    /// Possible answers without the family since the last sighting.
    pub clean: u32,
    #[serde(skip)]
    fading: (f64, f64), // weights of seen and possible
    #[serde(skip)]
    as_of: f64, // days
}

impl Evidence {
    /// Returns the share of possible answers that showed the family, recent ones counting more; nothing if fewer than
    /// five were possible.
    #[must_use]
    pub fn strength(&self) -> Option<f64> {
        (self.possible >= ENOUGH).then(|| self.raw())
    }

    /// The same without a floor on evidence; 0 without any.
    fn raw(&self) -> f64 {
        if self.fading.1 > 0.0 { self.fading.0 / self.fading.1 } else { 0.0 }
    }

    /// Returns whether a refutation drill is due.
    #[must_use]
    pub fn wants_drill(&self) -> bool {
        self.seen >= OPENS.1 && self.raw() >= OPENS.0 && self.clean < CLOSES
    }

    fn record(&mut self, day: f64, seen: bool) {
        let fade = libm::exp2(-(day - self.as_of).max(0.0) / HALF_LIFE);
        self.as_of = self.as_of.max(day);
        self.fading = (self.fading.0 * fade, self.fading.1 * fade);
        self.possible = self.possible.saturating_add(1);
        self.fading.1 += 1.0;
        if seen {
            self.seen = self.seen.saturating_add(1);
            self.fading.0 += 1.0;
            self.clean = 0;
        } else {
            self.clean = self.clean.saturating_add(1);
        }
    }
}

/// Evidence on every family, by its place in the catalog.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    families: Vec<Evidence>,
}

impl Profile {
    /// Counts one answer, `day` in days since some start: the families its item declares, and the one it showed.
    pub fn record(&mut self, day: f64, declared: &[usize], seen: Option<usize>) {
        let most = declared.iter().copied().chain(seen).max().map_or(0, |m| m + 1);
        if most > self.families.len() {
            self.families.resize(most, Evidence::default());
        }
        // A slip that the grader names was possible even where the item does not declare it.
        let extra = seen.filter(|s| !declared.contains(s));
        for family in declared.iter().copied().chain(extra) {
            if let Some(evidence) = self.families.get_mut(family) {
                evidence.record(day, seen == Some(family));
            }
        }
    }

    /// Returns what is known about a family.
    #[must_use]
    pub fn of(&self, family: usize) -> Evidence {
        self.families.get(family).copied().unwrap_or_default()
    }

    /// Returns the strongest strength among some families.
    #[must_use]
    pub fn strongest(&self, families: &[usize]) -> f64 {
        families.iter().filter_map(|f| self.of(*f).strength()).fold(0.0, f64::max)
    }

    /// Returns the families that want a refutation drill, strongest first.
    #[must_use]
    pub fn drills(&self) -> Vec<usize> {
        let mut open: Vec<usize> =
            (0..self.families.len()).filter(|f| self.of(*f).wants_drill()).collect();
        open.sort_by(|a, b| self.of(*b).raw().total_cmp(&self.of(*a).raw()).then(a.cmp(b)));
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sightings_fade_by_half_in_thirty_days() {
        let mut profile = Profile::default();
        profile.record(0.0, &[0, 2], Some(2));
        for _ in 0..4 {
            profile.record(30.0, &[2], None);
        }
        // seen 1/2; possible 1/2 + 4
        assert!((profile.of(2).strength().unwrap() - 0.5 / 4.5).abs() < 1e-15);
        assert_eq!(profile.of(0).strength(), None);
        assert_eq!((profile.of(0).possible, profile.of(7).possible), (1, 0));
        assert!((profile.strongest(&[0, 2]) - 0.5 / 4.5).abs() < 1e-15);
    }

    #[test]
    fn drills_open_on_repeated_sightings_and_close_on_three_clean_answers() {
        let mut profile = Profile::default();
        for day in [0.0, 1.0] {
            profile.record(day, &[1], Some(1));
        }
        assert!(profile.drills().is_empty(), "two sightings are not enough");
        profile.record(2.0, &[], Some(1)); // named by the grader, not declared by the item
        assert_eq!(profile.drills(), [1]);
        profile.record(3.0, &[1], None);
        profile.record(3.0, &[1], None);
        assert_eq!(profile.drills(), [1]);
        profile.record(3.0, &[1], None);
        assert!(profile.drills().is_empty());
        profile.record(3.0, &[1], Some(1));
        assert_eq!(profile.drills(), [1], "it comes back with the next sighting");
    }
}
