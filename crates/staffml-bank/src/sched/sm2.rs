//! SM-2, the scheduler that most programs started with; here to compare with.
//!
//! ```text
//! q ≥ 3:  I(1) = 1,  I(2) = 6,  I(n) = I(n−1)·EF          q < 3:  start again
//! EF' = max(1.3, EF + 0.1 − (5−q)(0.08 + (5−q)·0.02)),  EF starts at 2.5
//! ```
//!
//! SM-2 predicts no probability. As usual in comparisons, the interval is read as the time to 0.9:
//! `R(t) = 0.9^(t/I)`.
//!
//! # Source
//!
//! Woźniak (1990), "Optimization of learning", master's thesis, University of Technology in Poznań, chapter 3.2.

use super::Scheduler;
use super::fsrs::Rating;

/// The scheduler SM-2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sm2;

/// State of one memory under [`Sm2`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sm2Memory {
    /// Successes in a row.
    pub streak: u32,
    /// Days to the next review.
    pub interval: f64,
    /// Easiness factor.
    pub easiness: f64,
}

impl Scheduler for Sm2 {
    type Memory = Sm2Memory;

    fn review(&self, memory: Option<&Sm2Memory>, rating: Rating, _elapsed: u32) -> Sm2Memory {
        let before =
            memory.copied().unwrap_or(Sm2Memory { streak: 0, interval: 0.0, easiness: 2.5 });
        let miss = match rating {
            Rating::Again => 3.0, // 5 − q
            Rating::Hard => 2.0,
            Rating::Good => 1.0,
            Rating::Easy => 0.0,
        };
        let easiness = (before.easiness + 0.1 - miss * (0.08 + miss * 0.02)).max(1.3);
        if rating == Rating::Again {
            return Sm2Memory { streak: 0, interval: 1.0, easiness };
        }
        let streak = before.streak.saturating_add(1);
        let interval = match streak {
            1 => 1.0,
            2 => 6.0,
            _ => (before.interval * before.easiness).min(36_500.0),
        };
        Sm2Memory { streak, interval, easiness }
    }

    fn retrievability(&self, memory: &Sm2Memory, elapsed_days: u32) -> f64 {
        libm::pow(0.9, f64::from(elapsed_days) / memory.interval.max(1.0))
    }

    fn due_days(&self, memory: &Sm2Memory, _retention: f64) -> u32 {
        (1..36_500).find(|d| f64::from(*d) > memory.interval - 0.5).unwrap_or(36_500)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_good_answers_by_hand() {
        let mut memory = None;
        let mut due = Vec::new();
        for _ in 0..4 {
            let next = Sm2.review(memory.as_ref(), Rating::Good, 0);
            due.push(Sm2.due_days(&next, 0.9));
            memory = Some(next);
        }
        assert_eq!(due, [1, 6, 15, 38]); // 6·2.5 = 15, 15·2.5 = 37.5; q = 4 leaves the factor
        let lapsed = Sm2.review(memory.as_ref(), Rating::Again, 38);
        assert_eq!((lapsed.streak, Sm2.due_days(&lapsed, 0.9)), (0, 1));
        assert!((lapsed.easiness - 2.18).abs() < 1e-12); // 2.5 + 0.1 − 3·0.14
        assert!((Sm2.retrievability(&memory.unwrap(), 37) - 0.9).abs() < 2e-3); // 37 of 37.5 days
    }
}
