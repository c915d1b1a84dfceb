//! How long requests get: an exponential law cut off at the longest, known by its mean.
//!
//! `X = min(Y, S_max)` with `Y` exponential of scale `μ`; the mean fixes `μ`. Everything is in units of `S_max`, with
//! `t = S_max/μ`; `t = 0` is the law whose every request has the longest length.

use libm::{exp, expm1};

/// The law of lengths, by its steepness `t`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lengths {
    t: f64,
}

impl Lengths {
    /// The law of mean `mean_share·S_max`, for a share above 0; 1 and more is the law of equal lengths.
    ///
    /// Solves `(1 − e^(−t))/t = share` by Newton's method from below, where the convex left side makes every step
    /// stay below the root.
    ///
    /// # Cost
    ///
    /// Some five steps of one exponential each.
    pub(super) fn of_mean(mean_share: f64) -> Self {
        if mean_share >= 1.0 {
            return Self { t: 0.0 };
        }
        // Two lower bounds in a row: 1 − t/2 ≤ (1 − e^(−t))/t, and t = (1 − e^(−t))/share grows with t.
        let mut t = 2.0 * (1.0 - mean_share);
        t = t.max(-expm1(-t) / mean_share);
        for _ in 0..60 {
            let reached = -expm1(-t);
            let slope = (t * exp(-t) - reached) / (t * t);
            let next = t - (reached / t - mean_share) / slope;
            let step = next - t;
            // The iteration climbs; a step that does not has reached the rounding.
            if step <= t * 1e-16 || step.is_nan() {
                break;
            }
            t = next;
        }
        Self { t }
    }

    /// Mean number of blocks of a request, if `block` is a block's share of the longest length and `most` the number
    /// of blocks of the longest request: `Σ_{j<most} P(X > j·block)`.
    pub(super) fn mean_blocks(self, block: f64, most: f64) -> f64 {
        let x = block * self.t;
        if x > 0.0 { expm1(-most * x) / expm1(-x) } else { most }
    }

    /// `E[X²]/E[X]`: the mean length of a request met at random, which is the longer kind.
    pub(super) fn met_mean(self) -> f64 {
        let t = self.t;
        if t < 1e-4 { 1.0 - t / 6.0 } else { 2.0 / t * (1.0 - t / expm1(t)) }
    }

    /// `E[X³]/E[X]`: the mean square of the length of a request met at random.
    pub(super) fn met_square(self) -> f64 {
        let t = self.t;
        if t < 1e-3 {
            1.0 - t / 4.0 + t * t / 120.0
        } else {
            6.0 / (t * t) * (1.0 - (t + t * t / 2.0) / expm1(t))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum over a fine grid, as an independent way to the moments: `E[Xⁿ] = ∫ n·xⁿ⁻¹·P(X > x) dx`.
    fn moment(t: f64, n: i32) -> f64 {
        const STEPS: u32 = 20_000;
        let h = 1.0 / f64::from(STEPS);
        (0..STEPS)
            .map(|i| (f64::from(i) + 0.5) * h)
            .map(|x| f64::from(n) * libm::pow(x, f64::from(n - 1)) * exp(-t * x) * h)
            .sum()
    }

    #[test]
    fn the_law_has_its_mean_and_its_moments() {
        for share in [1e-6, 0.01, 0.2, 0.5, 0.8, 0.99, 0.999_999] {
            let law = Lengths::of_mean(share);
            let mean = -expm1(-law.t) / law.t;
            // The mean of a nearly flat law is the difference of two near numbers.
            assert!((mean / share - 1.0).abs() < 1e-13, "{share}: {mean}");
            if share < 0.01 {
                continue; // the grid below is too coarse
            }
            let (met, square) = (moment(law.t, 2) / share, moment(law.t, 3) / share);
            // The midpoint rule errs by t²h²/24, h = 1/20 000, so 1e-6 for t = 100.
            assert!((law.met_mean() - met).abs() < 2e-6 * met, "{share}");
            assert!((law.met_square() - square).abs() < 2e-6 * square, "{share}");
        }
    }

    #[test]
    fn equal_lengths_are_the_limit() {
        let law = Lengths::of_mean(1.0);
        assert_eq!(
            (law.met_mean(), law.met_square(), law.mean_blocks(0.1, 10.0)),
            (1.0, 1.0, 10.0)
        );
    }

    #[test]
    fn blocks_by_hand() {
        // t = ln 4 and two blocks: P(X > 0) + P(X > 1/2) = 1 + e^(−t/2) = 1.5.
        let law = Lengths { t: libm::log(4.0) };
        assert!((law.mean_blocks(0.5, 2.0) - 1.5).abs() < 1e-15);
    }
}
