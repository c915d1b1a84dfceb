//! FSRS-6: stability and difficulty of a memory, in closed form.
//!
//! ```text
//! factor   = 0.9^(−1/w20) − 1                    R(t, S) = (1 + factor·t/S)^(−w20)
//! first:     S = w[G−1],  D = D0(G) = w4 − e^(w5(G−1)) + 1
//! later:     D' = w7·D0(4) + (1−w7)·(D + (10−D)/9·(−w6(G−3)))
//! t ≥ 1, G ≥ 2:  S' = S·(1 + e^w8·(11−D)·S^(−w9)·(e^(w10(1−R)) − 1)·h·b)
//! t ≥ 1, G = 1:  S' = min(w11·D^(−w12)·((S+1)^w13 − 1)·e^(w14(1−R)), S/e^(w17·w18))
//! t = 0:         S' = S·u,  u = e^(w17(G−3+w18))·S^(−w19),  u ≥ 1 for G ≥ 2
//! ```
//!
//! with `h = w15` for hard and `b = w16` for easy answers, else 1.
//!
//! # Source
//!
//! Ye, Su & Cao (2022), "A stochastic shortest path algorithm for optimizing spaced repetition scheduling", KDD;
//! formulas of the sixth version as published by the open-spaced-repetition project.

use serde::{Deserialize, Serialize};

use super::Scheduler;

/// Shortest and longest stability, in days.
const STABILITY: (f64, f64) = (0.001, 36_500.0);

/// How well a template was remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rating {
    /// Not.
    Again,
    /// With trouble.
    Hard,
    /// Well.
    Good,
    /// Without effort.
    Easy,
}

impl Rating {
    /// All ratings, worst first.
    pub const ALL: [Self; 4] = [Self::Again, Self::Hard, Self::Good, Self::Easy];

    /// Returns the number `G` of the formulas, 1 to 4.
    const fn g(self) -> f64 {
        match self {
            Self::Again => 1.0,
            Self::Hard => 2.0,
            Self::Good => 3.0,
            Self::Easy => 4.0,
        }
    }
}

/// State of one memory.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Days after which it is recalled with probability 0.9.
    pub stability: f64,
    /// Difficulty, 1 to 10.
    pub difficulty: f64,
}

/// The scheduler FSRS-6 with its 21 parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Fsrs6 {
    w: [f64; 21],
}

impl Default for Fsrs6 {
    fn default() -> Self {
        Self {
            w: [
                0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666,
                0.796, 1.4835, 0.0614, 0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658,
                0.1542,
            ],
        }
    }
}

impl Fsrs6 {
    /// Returns a scheduler with other parameters, or nothing if one of them is not finite or the last, the decay of
    /// the forgetting curve, is not positive.
    #[must_use]
    pub fn with_parameters(w: [f64; 21]) -> Option<Self> {
        (w.iter().all(|x| x.is_finite()) && w[20] > 0.0).then_some(Self { w })
    }

    /// Returns the parameters.
    #[must_use]
    pub const fn parameters(&self) -> &[f64; 21] {
        &self.w
    }

    fn factor(&self) -> f64 {
        libm::pow(0.9, -1.0 / self.w[20]) - 1.0
    }

    /// Returns the days after which a memory of this stability is recalled with probability `retention`.
    #[must_use]
    pub fn interval(&self, stability: f64, retention: f64) -> f64 {
        stability / self.factor() * (libm::pow(retention, -1.0 / self.w[20]) - 1.0)
    }

    fn first_difficulty(&self, g: f64) -> f64 {
        self.w[4] - libm::exp(self.w[5] * (g - 1.0)) + 1.0
    }

    fn next_difficulty(&self, d: f64, g: f64) -> f64 {
        let w = &self.w;
        let damped = d + (10.0 - d) / 9.0 * (-w[6] * (g - 3.0));
        (w[7] * self.first_difficulty(4.0) + (1.0 - w[7]) * damped).clamp(1.0, 10.0)
    }

    fn next_stability(&self, memory: &Memory, rating: Rating, elapsed_days: u32) -> f64 {
        let (w, s, d, g) = (&self.w, memory.stability, memory.difficulty, rating.g());
        if elapsed_days == 0 {
            let u = libm::exp(w[17] * (g - 3.0 + w[18])) * libm::pow(s, -w[19]);
            return s * if rating == Rating::Again { u } else { u.max(1.0) };
        }
        let r = self.retrievability(memory, elapsed_days);
        if rating == Rating::Again {
            let forgotten = w[11]
                * libm::pow(d, -w[12])
                * (libm::pow(s + 1.0, w[13]) - 1.0)
                * libm::exp(w[14] * (1.0 - r));
            return forgotten.min(s / libm::exp(w[17] * w[18]));
        }
        let h = if rating == Rating::Hard { w[15] } else { 1.0 };
        let b = if rating == Rating::Easy { w[16] } else { 1.0 };
        s * (1.0
            + libm::exp(w[8])
                * (11.0 - d)
                * libm::pow(s, -w[9])
                * (libm::exp(w[10] * (1.0 - r)) - 1.0)
                * h
                * b)
    }
}

impl Scheduler for Fsrs6 {
    type Memory = Memory;

    fn review(&self, memory: Option<&Memory>, rating: Rating, elapsed_days: u32) -> Memory {
        let g = rating.g();
        let (stability, difficulty) = match memory {
            None => (self.w[rating as usize], self.first_difficulty(g).clamp(1.0, 10.0)),
            Some(m) => (
                self.next_stability(m, rating, elapsed_days),
                self.next_difficulty(m.difficulty, g),
            ),
        };
        Memory { stability: stability.clamp(STABILITY.0, STABILITY.1), difficulty }
    }

    fn retrievability(&self, memory: &Memory, elapsed_days: u32) -> f64 {
        libm::pow(1.0 + self.factor() * f64::from(elapsed_days) / memory.stability, -self.w[20])
    }

    fn due_days(&self, memory: &Memory, retention: f64) -> u32 {
        let days = libm::round(self.interval(memory.stability, retention.clamp(0.70, 0.97)));
        let days = days.clamp(1.0, STABILITY.1);
        // Between 1 and 36,500: the loop over bits is exact.
        (0..16).rev().fold(0_u32, |n, bit| {
            let more = n + (1 << bit);
            if f64::from(more) <= days { more } else { n }
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stability_is_the_time_to_nine_in_ten() {
        let fsrs = Fsrs6::default();
        for days in [1, 7, 300] {
            let memory = Memory { stability: f64::from(days), difficulty: 5.0 };
            assert!((fsrs.retrievability(&memory, days) - 0.9).abs() < 1e-12);
            assert_eq!(fsrs.due_days(&memory, 0.9), days);
        }
    }

    proptest! {
        #[test]
        fn memories_fade_and_good_answers_strengthen(
            stability in 0.01..1000.0f64, difficulty in 1.0..10.0f64, days in 1..400u32
        ) {
            let fsrs = Fsrs6::default();
            let memory = Memory { stability, difficulty };
            prop_assert!(fsrs.retrievability(&memory, days + 1) < fsrs.retrievability(&memory, days));
            let after: Vec<Memory> = Rating::ALL.iter().map(|g| fsrs.review(Some(&memory), *g, days)).collect();
            prop_assert!(after.windows(2).all(|p| p[0].stability <= p[1].stability));
            prop_assert!(after.windows(2).all(|p| p[0].difficulty >= p[1].difficulty));
            prop_assert!(after[0].stability <= stability && after[2].stability >= stability);
            prop_assert!(after.iter().all(|m| (1.0..=10.0).contains(&m.difficulty)));
        }
    }
}
