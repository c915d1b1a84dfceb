//! Which item to ask next.
//!
//! ```text
//! U = 0.40·due + 0.25·fit + 0.20·gap + 0.15·misc − 0.30·recent          every term in [0, 1]
//! due    = clamp((r − R)/r, 0, 1) for seen items, 0.15 for others
//! fit    = 1 − |p − p*|/max(p*, 1 − p*)
//! gap    = 1 − P(known), times 0.3 while a prerequisite is not known
//! misc   = strength of the strongest of its families of misconceptions
//! recent = 1 if shown within 10 items, 0.5 if an item with the same computation within 3
//! ```
//!
//! Of the five best one is drawn with weights U².

use crate::variant::rng::SplitMix64;

/// How hard the next item should be, as the probability of a right answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Aim {
    /// 0.75
    #[default]
    Practice,
    /// 0.85
    WarmUp,
    /// 0.60
    Stretch,
}

impl Aim {
    /// Returns the probability aimed at.
    #[must_use]
    pub const fn p(self) -> f64 {
        match self {
            Self::Practice => 0.75,
            Self::WarmUp => 0.85,
            Self::Stretch => 0.60,
        }
    }
}

/// Where a learner stands with one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Probability that it is remembered; `None` if it was never seen.
    pub recall: Option<f64>,
    /// Probability of a right answer.
    pub p: f64,
    /// Probability that its cell of the curriculum is known.
    pub known: f64,
    /// Whether the prerequisites of its topic are known.
    pub ready: bool,
    /// Strength of its strongest family of misconceptions.
    pub weakness: f64,
    /// 1 if it was shown among the last ten, 0.5 if a sibling was among the last three, else 0.
    pub recent: f64,
}

/// Returns the utility of asking an item now, for a desired retention.
#[must_use]
pub fn utility(standing: &Standing, retention: f64, aim: Aim) -> f64 {
    let due = match standing.recall {
        Some(recall) => ((retention - recall) / retention).clamp(0.0, 1.0),
        None => 0.15,
    };
    let target = aim.p();
    let fit = 1.0 - (standing.p - target).abs() / target.max(1.0 - target);
    let gap = (1.0 - standing.known) * if standing.ready { 1.0 } else { 0.3 };
    0.40 * due + 0.25 * fit + 0.20 * gap + 0.15 * standing.weakness - 0.30 * standing.recent
}

/// Draws one of the five best of some utilities, with weights U²; the best if none is positive.
///
/// Equal utilities keep the order in which they are given.
pub fn draw_best<T: Copy>(candidates: &[(T, f64)], rng: &mut SplitMix64) -> Option<T> {
    let mut best: Vec<&(T, f64)> = Vec::with_capacity(6);
    for candidate in candidates {
        let at = best.partition_point(|b| b.1 >= candidate.1);
        if at < 5 {
            best.insert(at, candidate);
            best.truncate(5);
        }
    }
    let weight = |u: f64| u.max(0.0) * u.max(0.0);
    let total: f64 = best.iter().map(|b| weight(b.1)).sum();
    // 53 bits of the stream as a number in [0, 1).
    let share = (rng.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0;
    let mut left = share * total;
    for candidate in &best {
        left -= weight(candidate.1);
        if left < 0.0 {
            return Some(candidate.0);
        }
    }
    best.first().map(|b| b.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utilities_by_hand() {
        let new =
            Standing { recall: None, p: 0.75, known: 0.2, ready: true, weakness: 0.0, recent: 0.0 };
        assert!((utility(&new, 0.9, Aim::Practice) - (0.06 + 0.25 + 0.16)).abs() < 1e-15);
        let due = Standing { recall: Some(0.45), ready: false, recent: 1.0, weakness: 0.4, ..new };
        let want = 0.4 * 0.5 + 0.25 + 0.2 * 0.8 * 0.3 + 0.06 - 0.3;
        assert!((utility(&due, 0.9, Aim::Practice) - want).abs() < 1e-15);
        // p = 0 is as far from 0.85 as can be.
        let hard = Standing { p: 0.0, ..new };
        assert!((utility(&hard, 0.9, Aim::WarmUp) - (0.06 + 0.16)).abs() < 1e-15);
    }

    #[test]
    fn draws_follow_the_squares() {
        let candidates = [("a", 0.1), ("b", 0.4), ("c", 0.2), ("d", 0.0), ("e", -0.2), ("f", 0.0)];
        let mut rng = SplitMix64::new(1);
        let mut counts = [0_u32; 3];
        for _ in 0..21_000 {
            match draw_best(&candidates, &mut rng) {
                Some("a") => counts[0] += 1,
                Some("b") => counts[1] += 1,
                Some("c") => counts[2] += 1,
                other => panic!("{other:?} has no weight"),
            }
        }
        // Weights 1 : 16 : 4 of 21; six standard deviations of a binomial of 21,000 are at most 380.
        for (got, want) in counts.iter().zip([1000, 16_000, 4000]) {
            assert!(got.abs_diff(want) < 380, "{counts:?}");
        }
        assert_eq!(draw_best::<u8>(&[], &mut rng), None);
        assert_eq!(draw_best(&[(1, -1.0), (2, -0.5)], &mut rng), Some(2));
    }
}
