//! Reviews of a memory that is not FSRS, predicted by FSRS, SM-2 and a constant.
//!
//! The memory: an item of strength τ is recalled after t days with probability (1 + t/τ)^(−d), each learner with an
//! exponent d of their own. A success multiplies τ by 1 + g·√(1 − R), a failure leaves 0.4·τ^0.6, at least half a day.
//! Waits are drawn at random, growing after successes: no scheduler chose them.

use staffml_bank::log::StudyDay;
use staffml_bank::sched::{Fit, Fsrs6, Rating, Scheduler, Sm2, fit, log_loss};

use crate::{Chance, is_long};

type Card = Vec<(Rating, StudyDay)>;

/// The reviews of one learner.
fn reviews(seed: u64, n_cards: usize) -> Vec<Card> {
    let mut chance = Chance::new(seed);
    let decay = chance.between(0.25, 0.6);
    let ease = chance.between(1.5, 4.0);
    (0..n_cards)
        .map(|card| {
            let gain = ease * chance.between(0.5, 1.5);
            let mut strength = chance.between(1.0, 12.0);
            let mut day =
                StudyDay::from_number(20_000 + i32::try_from(card / 5).expect("few cards"));
            let first = if chance.happens(0.3) { Rating::Again } else { Rating::Good };
            if first == Rating::Again {
                strength = 0.5 + 0.2 * strength;
            }
            let mut out = vec![(first, day)];
            let mut wait = 1.0;
            for _ in 0..8 {
                wait = (wait * chance.between(1.0, 3.2)).clamp(1.0, 120.0);
                let days = (1..=120_u32).find(|d| f64::from(*d) + 0.5 > wait).unwrap_or(120);
                day = day.plus(days);
                let recall = libm::pow(1.0 + f64::from(days) / strength, -decay);
                let rating = if chance.happens(recall) {
                    strength *= 1.0 + gain * libm::sqrt(1.0 - recall);
                    // How hard it felt follows how near it was to be forgotten.
                    match chance.uniform() * recall {
                        x if x > 0.85 => Rating::Easy,
                        x if x < 0.1 => Rating::Hard,
                        _ => Rating::Good,
                    }
                } else {
                    strength = (0.4 * libm::pow(strength, 0.6)).max(0.5);
                    wait = 1.0;
                    Rating::Again
                };
                out.push((rating, day));
            }
            out
        })
        .collect()
}

/// Sum of log losses and number of predictions, for reviews after the first `skip` predictions in time.
fn losses<S: Scheduler>(scheduler: &S, cards: &[Card], from: StudyDay) -> (f64, f64) {
    let (mut sum, mut n) = (0.0, 0.0);
    for card in cards {
        let mut memory: Option<S::Memory> = None;
        let mut before = card[0].1;
        for (rating, day) in card {
            let elapsed = day.since(before);
            if let Some(memory) = memory.as_ref().filter(|_| elapsed >= 1 && *day >= from) {
                let p = scheduler.retrievability(memory, elapsed);
                sum += log_loss(p, *rating != Rating::Again);
                n += 1.0;
            }
            memory = Some(scheduler.review(memory.as_ref(), *rating, elapsed));
            before = *day;
        }
    }
    (sum, n)
}

/// A constant: the share of recalled reviews, of those before, or in hindsight of those that are predicted.
fn constant(cards: &[Card], from: StudyDay, hindsight: bool) -> (f64, f64) {
    let all = || cards.iter().flat_map(|c| &c[1..]);
    let later = || all().filter(|(_, day)| *day >= from);
    let n = later().count() as f64;
    let basis = || all().filter(|(_, day)| (*day >= from) == hindsight);
    let right = basis().filter(|(rating, _)| *rating != Rating::Again).count() as f64;
    let p = right / basis().count() as f64;
    (later().map(|(rating, _)| log_loss(p, *rating != Rating::Again)).sum(), n)
}

#[test]
fn fsrs_predicts_a_foreign_memory_better_than_sm2_and_a_constant() {
    let learners: u64 = if is_long() { 60 } else { 8 };
    let n_cards = 150;
    let mut sums = [(0.0, 0.0); 5]; // usual, fitted or kept, SM-2, constant, constant in hindsight
    let mut adopted = 0;
    let mut beats = 0_u64;
    for seed in 0..learners {
        let cards = reviews(9000 + seed, n_cards);
        let mut days: Vec<StudyDay> = cards.iter().flat_map(|c| &c[1..]).map(|r| r.1).collect();
        days.sort_unstable();
        let from = days[days.len() * 4 / 5];
        // The fit sees the first four fifths only; what it predicts is the last fifth.
        let seen: Vec<Card> =
            cards.iter().map(|c| c.iter().copied().filter(|r| r.1 < from).collect()).collect();
        let own = match fit(&seen) {
            Fit::Better { parameters, .. } => {
                adopted += 1;
                Fsrs6::with_parameters(parameters).unwrap()
            }
            _ => Fsrs6::default(),
        };
        let this = [
            losses(&Fsrs6::default(), &cards, from),
            losses(&own, &cards, from),
            losses(&Sm2, &cards, from),
            constant(&cards, from, false),
            constant(&cards, from, true),
        ];
        let mean = |k: usize| this[k].0 / this[k].1;
        beats += u64::from(mean(1) < mean(2) && mean(1) < mean(3));
        for (sum, this) in sums.iter_mut().zip(this) {
            sum.0 += this.0;
            sum.1 += this.1;
        }
    }
    let [usual, own, sm2, constant, hindsight] = sums.map(|(sum, n)| sum / n);
    eprintln!(
        "memory, log loss on later reviews of {learners} learners: FSRS usual {usual:.4}, fitted {own:.4} (adopted by {adopted}), SM-2 {sm2:.4}, constant {constant:.4}, best constant in hindsight {hindsight:.4}; FSRS beats both for {beats}"
    );
    assert!(usual < sm2 && own < sm2, "SM-2 predicts better");
    assert!(own < constant, "a constant predicts better");
}
