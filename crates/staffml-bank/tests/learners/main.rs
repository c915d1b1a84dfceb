//! Simulated learners: do the estimates find what was planted?
//!
//! The learners follow models of their own, not those of the crate, wherever that is possible, and nothing here was
//! tuned to a wanted outcome. `STAFFML_LEARNERS=long` makes many more runs and prints a table
//! (`cargo xtask simulate-learners`); every seed is fixed.

mod blind;
mod memory;
mod placement;

use staffml_bank::variant::rng::SplitMix64;

/// Whether to make the long runs.
fn is_long() -> bool {
    std::env::var("STAFFML_LEARNERS").is_ok_and(|v| v == "long")
}

/// Random numbers of a learner.
struct Chance(SplitMix64);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(SplitMix64::new(staffml_bank::variant::rng::mix(seed)))
    }

    /// Uniform in [0, 1).
    fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Normal with mean 0 and standard deviation 1 (Box and Muller).
    fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        radius * libm::cos(2.0 * core::f64::consts::PI * self.uniform())
    }

    fn happens(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.0.below(n as u64)).expect("below a usize")
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-x))
}

/// A share as `93.5 % of 400`.
fn share(hits: usize, of: usize) -> String {
    format!("{:.1} % of {of}", 100.0 * hits as f64 / of as f64)
}
