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

use super::rating::SURE;
use crate::variant::rng::SplitMix64;

/// Fewer answers at a level show no share.
const SHOWN_FROM: u32 = 10;
/// The 95th percentile of the normal distribution: 90 % lie within.
const Z90: f64 = 1.644_853_626_951_472_2;

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

/// What happened at one stated confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CurvePoint {
    /// The confidence.
    pub stated: f64,
    /// Answers.
    pub n: u32,
    /// Right answers.
    pub right: u32,
    /// Share of right answers with its 90 % interval; absent below ten answers.
    pub observed: Option<Share>,
}

/// A share with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Share {
    /// The share.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// Returns stated against observed for every confidence that was stated, lowest first.
#[must_use]
pub fn curve(answers: &[(f64, bool)]) -> Vec<CurvePoint> {
    let mut points: Vec<CurvePoint> = Vec::new();
    for &(stated, right) in answers.iter().filter(|(f, _)| f.is_finite()) {
        let at = points.partition_point(|p| p.stated < stated);
        if points.get(at).is_none_or(|p| p.stated > stated) {
            points.insert(at, CurvePoint { stated, n: 0, right: 0, observed: None });
        }
        if let Some(point) = points.get_mut(at) {
            point.n += 1;
            point.right += u32::from(right);
        }
    }
    for point in points.iter_mut().filter(|p| p.n >= SHOWN_FROM) {
        point.observed = Some(wilson(point.right, point.n));
    }
    points
}

/// Returns a share of `n` with Wilson's 90 % interval.
///
/// # Source
///
/// Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.
#[must_use]
pub fn wilson(right: u32, n: u32) -> Share {
    let n = f64::from(n.max(1));
    let value = f64::from(right) / n;
    let z2 = Z90 * Z90;
    let middle = (value + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z90 / (1.0 + z2 / n) * libm::sqrt(value * (1.0 - value) / n + z2 / (4.0 * n * n));
    Share { value, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

/// Returns mean confidence minus share of right answers, above 0 for the overconfident, with a 90 % interval from 1000
/// bootstrap samples of this seed; nothing without answers.
///
/// # Source
///
/// Efron (1979), "Bootstrap methods: another look at the jackknife", Annals of Statistics 7; percentile interval.
#[must_use]
pub fn overconfidence(answers: &[(f64, bool)], seed: u64) -> Option<Share> {
    const SAMPLES: usize = 1000;
    let gaps: Vec<f64> = answers.iter().map(|(f, right)| f - f64::from(u8::from(*right))).collect();
    if gaps.is_empty() || gaps.iter().any(|g| !g.is_finite()) {
        return None;
    }
    let n = gaps.len() as f64;
    let value = gaps.iter().sum::<f64>() / n;
    let mut rng = SplitMix64::new(seed);
    let mut means: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let pick = |_| {
                let i = usize::try_from(rng.below(gaps.len() as u64)).unwrap_or(0);
                gaps.get(i).copied().unwrap_or(0.0)
            };
            (0..gaps.len()).map(pick).sum::<f64>() / n
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |i: usize| means.get(i).copied().unwrap_or(value);
    Some(Share { value, low: at(SAMPLES / 20), high: at(SAMPLES - 1 - SAMPLES / 20) })
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

    #[test]
    fn an_interval_by_hand() {
        // 8 of 10 with z = 1.6449, z² = 2.7055: middle (0.8 + 0.13528)/1.27055 = 0.73612,
        // half 1.29462·√(0.016 + 0.0067638) = 0.19533
        let share = wilson(8, 10);
        assert!(
            (share.low - 0.5408).abs() < 1e-4 && (share.high - 0.9315).abs() < 1e-4,
            "{share:?}"
        );
        assert!(wilson(0, 10).low.abs() < 1e-12 && (wilson(10, 10).high - 1.0).abs() < 1e-12);
        let answers: Vec<(f64, bool)> =
            (0..20).map(|i| (if i % 2 == 0 { 0.95 } else { 0.3 }, i % 4 == 0)).collect();
        let points = curve(&answers);
        assert_eq!(points.iter().map(|p| (p.n, p.right)).collect::<Vec<_>>(), [(10, 0), (10, 5)]);
        assert!(points[1].observed.is_some() && curve(&answers[..9])[0].observed.is_none());
    }

    #[test]
    fn overconfidence_brackets_its_mean() {
        let answers: Vec<(f64, bool)> = (0..100).map(|i| (0.8, i % 2 == 0)).collect();
        let index = overconfidence(&answers, 1).unwrap();
        assert!((index.value - 0.3).abs() < 1e-12);
        // The mean of 100 outcomes of variance 1/4 has standard error 0.05; 90 % lie within 1.645 of them.
        assert!((index.value - index.low - 0.082).abs() < 0.02, "{index:?}");
        assert!((index.high - index.value - 0.082).abs() < 0.02, "{index:?}");
        assert_eq!(overconfidence(&answers, 1), Some(index));
        assert_eq!(overconfidence(&[], 1), None);
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
