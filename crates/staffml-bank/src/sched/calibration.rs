//! Whether stated confidence means anything: the Brier score and its parts.
//!
//! ```text
//! B = mean (f − o)² = reliability − resolution + uncertainty
//! ```
//!
//! # Source
//!
//! Brier (1950), Monthly Weather Review 78; Murphy (1973), "A new vector partition of the probability score",
//! Journal of Applied Meteorology 12.

use serde::Serialize;

/// From here on a learner is sure.
const SURE: f64 = 0.8;

/// Brier score of stated confidences, with Murphy's parts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Calibration {
    /// Mean squared distance of confidence and outcome; 0 is best.
    pub brier: f64,
    /// How far each stated level is from what happened at it; 0 is best.
    pub reliability: f64,
    /// How much the levels differ in what happened; more is better.
    pub resolution: f64,
    /// Variance of the outcomes.
    pub uncertainty: f64,
    /// Counts of sure and unsure, right and wrong.
    pub quadrants: Quadrants,
}

/// Counts of sure and unsure, right and wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Quadrants {
    /// Sure and right.
    pub known_known: u32,
    /// Sure and wrong: what the learner does not know they do not know.
    pub unknown_unknown: u32,
    /// Unsure and right.
    pub lucky: u32,
    /// Unsure and wrong.
    pub known_unknown: u32,
}

impl Calibration {
    /// Returns the scores of answers given as confidence (0 to 1) and outcome, or nothing without answers.
    ///
    /// Answers are grouped by equal confidence, as learners pick it from a short list.
    #[must_use]
    pub fn of(answers: &[(f64, bool)]) -> Option<Self> {
        if answers.is_empty() || answers.iter().any(|(f, _)| !f.is_finite()) {
            return None;
        }
        let one = |right: bool| f64::from(u8::from(right));
        let mut n = 0.0;
        let (mut squares, mut right) = (0.0, 0.0);
        let mut quadrants = Quadrants::default();
        let mut groups: Vec<(f64, f64, f64)> = Vec::new(); // confidence, answers, right answers
        for &(f, o) in answers {
            n += 1.0;
            squares += (f - one(o)) * (f - one(o));
            right += one(o);
            let slot = match (f >= SURE, o) {
                (true, true) => &mut quadrants.known_known,
                (true, false) => &mut quadrants.unknown_unknown,
                (false, true) => &mut quadrants.lucky,
                (false, false) => &mut quadrants.known_unknown,
            };
            *slot += 1;
            match groups.iter_mut().find(|g| g.0.to_bits() == f.to_bits()) {
                Some(group) => {
                    group.1 += 1.0;
                    group.2 += one(o);
                }
                None => groups.push((f, 1.0, one(o))),
            }
        }
        let base = right / n;
        let (mut reliability, mut resolution) = (0.0, 0.0);
        for (f, count, hits) in groups {
            let observed = hits / count;
            reliability += count * (f - observed) * (f - observed) / n;
            resolution += count * (observed - base) * (observed - base) / n;
        }
        let uncertainty = base * (1.0 - base);
        Some(Self { brier: squares / n, reliability, resolution, uncertainty, quadrants })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_answers_by_hand() {
        let c = Calibration::of(&[(0.8, true), (0.3, true)]).unwrap();
        assert!((c.brier - (0.04 + 0.49) / 2.0).abs() < 1e-15);
        assert!(c.uncertainty.abs() < 1e-15 && c.resolution.abs() < 1e-15);
        assert_eq!(c.quadrants, Quadrants { known_known: 1, lucky: 1, ..Quadrants::default() });
        assert_eq!(Calibration::of(&[]), None);
    }

    proptest! {
        #[test]
        fn the_parts_add_up(answers in proptest::collection::vec(
            (proptest::sample::select(&[0.1, 0.3, 0.55, 0.8, 0.95]), any::<bool>()), 1..60)
        ) {
            let c = Calibration::of(&answers).unwrap();
            prop_assert!((c.brier - (c.reliability - c.resolution + c.uncertainty)).abs() < 1e-12);
        }
    }
}
