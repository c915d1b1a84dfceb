//! Fitting the parameters of FSRS-6 to a learner's own reviews.
//!
//! The loss is the mean log loss of predicted recall, plus a penalty that keeps each parameter near its usual value.
//! Adam descends it over batches of cards. The first four fifths of the reviews, in time, are fitted; the fit is
//! adopted only if it predicts the last fifth better by at least 1 %.
//!
//! # Source
//!
//! Kingma & Ba (2015), "Adam: a method for stochastic optimization", ICLR.

use super::Scheduler as _;
use super::fsrs::{Fsrs6, Memory, Rating};
use crate::log::StudyDay;
use crate::variant::rng::SplitMix64;

/// Reviews with a prediction that a fit needs.
const NEED: usize = 400;
/// Gain in log loss on later reviews that a fit must bring.
const GAIN: f64 = 0.01;
/// Passes over the cards, and reviews of a batch.
const PASSES: usize = 8;
const BATCH: usize = 256;
/// Step of Adam as a share of each parameter, and weight of the penalty.
const STEP: f64 = 0.03;
const PENALTY: f64 = 0.02;

/// What became of a fit.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fit {
    /// Too few reviews.
    TooFew {
        /// Reviews with a prediction.
        reviews: usize,
        /// Reviews that are needed.
        need: usize,
    },
    /// The fit does not predict later reviews better by 1 %: the usual parameters stay.
    NoBetter {
        /// Log loss of the usual parameters on later reviews.
        before: f64,
        /// Log loss of the fit on later reviews.
        after: f64,
    },
    /// The fit predicts better.
    Better {
        /// The parameters.
        parameters: [f64; 21],
        /// Log loss of the usual parameters on later reviews.
        before: f64,
        /// Log loss of the fit on later reviews.
        after: f64,
    },
}

/// A review as a fit sees it: the rating, and the days since the one before.
type Step = (Rating, u32);

/// Fits the scheduler to reviews, card by card, oldest first. The same reviews give the same fit.
///
/// # Cost
///
/// About 22 forward passes over all reviews per pass: a second for ten thousand reviews.
#[must_use]
pub fn fit(cards: &[Vec<(Rating, StudyDay)>]) -> Fit {
    let mut days: Vec<StudyDay> = Vec::new();
    for card in cards {
        days.extend(predicted(card).map(|(_, day)| day));
    }
    if days.len() < NEED {
        return Fit::TooFew { reviews: days.len(), need: NEED };
    }
    days.sort_unstable();
    let split = days.get(days.len() * 4 / 5).copied().unwrap_or(StudyDay::from_number(0));
    let mut train: Vec<Vec<Step>> = cards
        .iter()
        .map(|card| steps(&card.iter().copied().filter(|(_, d)| *d < split).collect::<Vec<_>>()))
        .filter(|steps| steps.len() > 1)
        .collect();
    // Cards come from a map: a fixed order makes the fit repeatable.
    train.sort_unstable();
    let usual = Fsrs6::default();
    let found = descend(&train, usual.parameters());
    let later = |fsrs: &Fsrs6| {
        let losses = cards.iter().map(|card| loss_from(fsrs, card, split));
        let (sum, n) = losses.fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        if n > 0.0 { sum / n } else { f64::INFINITY }
    };
    let before = later(&usual);
    let fitted = Fsrs6::with_parameters(found);
    let after = fitted.as_ref().map_or(f64::INFINITY, later);
    if after <= before * (1.0 - GAIN) {
        Fit::Better { parameters: found, before, after }
    } else {
        Fit::NoBetter { before, after }
    }
}

/// Reviews that have a prediction: those a day or more after the one before.
fn predicted(card: &[(Rating, StudyDay)]) -> impl Iterator<Item = (Rating, StudyDay)> + '_ {
    let later = |pair: &[(Rating, StudyDay)]| match pair {
        [before, this] if this.1.since(before.1) >= 1 => Some(*this),
        _ => None,
    };
    card.windows(2).filter_map(later)
}

fn steps(card: &[(Rating, StudyDay)]) -> Vec<Step> {
    let mut before: Option<StudyDay> = None;
    card.iter()
        .map(|(rating, day)| {
            let elapsed = before.map_or(0, |b| day.since(b));
            before = Some(*day);
            (*rating, elapsed)
        })
        .collect()
}

/// Returns the log loss of predicting `recalled` with probability `p`.
#[must_use]
pub fn log_loss(p: f64, recalled: bool) -> f64 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    -libm::log(if recalled { p } else { 1.0 - p })
}

/// Sum of log losses of one card and their number, for reviews from a day on.
fn loss_from(fsrs: &Fsrs6, card: &[(Rating, StudyDay)], from: StudyDay) -> (f64, f64) {
    let mut memory: Option<Memory> = None;
    let (mut sum, mut n) = (0.0, 0.0);
    for ((rating, elapsed), (_, day)) in steps(card).into_iter().zip(card) {
        if let Some(memory) = memory.as_ref().filter(|_| elapsed >= 1 && *day >= from) {
            sum += log_loss(fsrs.retrievability(memory, elapsed), rating != Rating::Again);
            n += 1.0;
        }
        memory = Some(fsrs.review(memory.as_ref(), rating, elapsed));
    }
    (sum, n)
}

/// Mean loss of some cards with the penalty; infinite for parameters that mean nothing.
fn loss(cards: &[Vec<Step>], w: &[f64; 21], usual: &[f64; 21]) -> f64 {
    let Some(fsrs) = Fsrs6::with_parameters(*w) else { return f64::INFINITY };
    let (mut sum, mut n) = (0.0, 0.0);
    for card in cards {
        let mut memory: Option<Memory> = None;
        for (rating, elapsed) in card {
            if let Some(memory) = memory.as_ref().filter(|_| *elapsed >= 1) {
                sum += log_loss(fsrs.retrievability(memory, *elapsed), *rating != Rating::Again);
                n += 1.0;
            }
            memory = Some(fsrs.review(memory.as_ref(), *rating, *elapsed));
        }
    }
    let apart = w.iter().zip(usual).map(|(w, u)| {
        let off = (w - u) / scale(*u);
        off * off
    });
    if n > 0.0 { sum / n + PENALTY * apart.sum::<f64>() / 21.0 } else { 0.0 }
}

/// The size of a step of a parameter: those near 0 can still move.
fn scale(usual: f64) -> f64 {
    usual.abs().max(0.05)
}

fn descend(cards: &[Vec<Step>], usual: &[f64; 21]) -> [f64; 21] {
    let mut w = *usual;
    let (mut first, mut second) = ([0.0; 21], [0.0; 21]);
    let (mut fade1, mut fade2) = (1.0, 1.0);
    let mut order: Vec<&Vec<Step>> = cards.iter().collect();
    let mut rng = SplitMix64::new(0);
    for _ in 0..PASSES {
        rng.shuffle(&mut order);
        let mut batch: Vec<Vec<Step>> = Vec::new();
        let mut size = 0;
        for (i, card) in order.iter().enumerate() {
            batch.push((*card).clone());
            size += card.len();
            if size < BATCH && i + 1 < order.len() {
                continue;
            }
            fade1 *= 0.9;
            fade2 *= 0.999;
            let gradient = slope(&batch, &w, usual);
            for (k, g) in gradient.into_iter().enumerate() {
                first[k] = 0.9 * first[k] + 0.1 * g;
                second[k] = 0.999 * second[k] + 0.001 * g * g;
                let (m, v) = (first[k] / (1.0 - fade1), second[k] / (1.0 - fade2));
                let next = w[k] - STEP * scale(usual[k]) * m / (libm::sqrt(v) + 1e-8);
                w[k] = within(k, next, usual[k]);
            }
            batch.clear();
            size = 0;
        }
    }
    w
}

/// Slope of the loss in units of each parameter's scale, by central differences.
fn slope(cards: &[Vec<Step>], w: &[f64; 21], usual: &[f64; 21]) -> [f64; 21] {
    core::array::from_fn(|k| {
        let step = 1e-4 * scale(usual[k]);
        let at = |off: f64| {
            let mut moved = *w;
            moved[k] += off;
            loss(cards, &moved, usual)
        };
        let g = (at(step) - at(-step)) / 2e-4;
        if g.is_finite() { g } else { 0.0 }
    })
}

/// Keeps a parameter positive and within ten times its usual value, so that no fit forgets backwards.
fn within(k: usize, value: f64, usual: f64) -> f64 {
    let (low, high) = match k {
        0..=3 => (0.01, 100.0), // first stabilities
        20 => (0.05, 0.9),      // decay of the forgetting curve
        _ => (usual * 0.1, usual * 10.0),
    };
    value.clamp(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cards of a learner whose memory is FSRS with other first stabilities: a fit must find it.
    fn learner(n: usize, first: f64) -> Vec<Vec<(Rating, StudyDay)>> {
        let mut w = *Fsrs6::default().parameters();
        w[2] *= first;
        let truth = Fsrs6::with_parameters(w).unwrap();
        let mut rng = SplitMix64::new(5);
        let mut share = || (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0;
        (0..n)
            .map(|card| {
                let mut day = StudyDay::from_number(20_000 + i32::try_from(card / 10).unwrap());
                let mut memory = truth.review(None, Rating::Good, 0);
                let mut out = vec![(Rating::Good, day)];
                for _ in 0..5 {
                    let wait = 1 + u32::try_from(card % 9).unwrap();
                    let known = share() < truth.retrievability(&memory, wait);
                    let rating = if known { Rating::Good } else { Rating::Again };
                    day = day.plus(wait);
                    memory = truth.review(Some(&memory), rating, wait);
                    out.push((rating, day));
                }
                out
            })
            .collect()
    }

    #[test]
    fn a_learner_unlike_the_usual_one_is_fitted() {
        let cards = learner(240, 0.12);
        let Fit::Better { parameters, before, after } = fit(&cards) else {
            panic!("{:?}", fit(&cards))
        };
        assert!(after < before * 0.99);
        assert!(parameters[2] < 0.7 * Fsrs6::default().parameters()[2], "{}", parameters[2]);
        assert_eq!(fit(&cards), fit(&cards), "a fit repeats");
    }

    #[test]
    fn the_usual_learner_keeps_the_usual_parameters() {
        assert!(matches!(fit(&learner(240, 1.0)), Fit::NoBetter { .. }));
        assert!(matches!(fit(&learner(50, 1.0)), Fit::TooFew { reviews: 250, need: 400 }));
        assert!(matches!(fit(&[]), Fit::TooFew { reviews: 0, .. }));
    }

    #[test]
    fn losses_by_hand() {
        assert!((log_loss(0.5, true) - core::f64::consts::LN_2).abs() < 1e-15);
        assert!(log_loss(0.0, true) < 14.0 && log_loss(1.0, false) < 14.0);
    }
}
