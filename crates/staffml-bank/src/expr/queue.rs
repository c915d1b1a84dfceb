//! Functions of queues and counts: Erlang's C, and the Poisson distribution.
//!
//! Erlang's C is computed by the recursion over servers; the Poisson functions by logarithms. A question that takes its
//! answer from one and its check from the other has two independent computations.

use crate::quantity::Quantity;

/// Most servers or events that a question may name; the sums below are as long.
const MOST: f64 = 10_000.0;

/// Returns `n` as a count, if it is a whole number from 0 to [`MOST`].
fn count(n: f64) -> Option<u32> {
    let is_count = (0.0..=MOST).contains(&n) && libm::floor(n).to_bits() == n.to_bits();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number between 0 and 10,000"
    )]
    is_count.then_some(n as u32)
}

/// Probability that a request waits for one of `servers` at an offered load below their number; not-a-number else.
///
/// `B_k = a·B_{k−1} / (k + a·B_{k−1})`, then `C = B / (1 − ρ·(1 − B))`: Erlang (1917).
pub(super) fn erlang_c(servers: Quantity, load: Quantity) -> f64 {
    let (c, a) = (servers.value(), load.value());
    let Some(n) = count(c).filter(|n| *n > 0 && (0.0..c).contains(&a)) else { return f64::NAN };
    let mut blocked = 1.0;
    for k in 1..=n {
        blocked = a * blocked / (f64::from(k) + a * blocked);
    }
    blocked / (1.0 - a / c * (1.0 - blocked))
}

/// Probability of exactly `n` events where `mean` are expected; not-a-number unless `n` is a count and `mean` positive.
pub(super) fn poisson(n: Quantity, mean: Quantity) -> f64 {
    count(n.value()).map_or(f64::NAN, |n| mass(n, mean.value()))
}

/// Probability of fewer than `n` events where `mean` are expected.
pub(super) fn poisson_below(n: Quantity, mean: Quantity) -> f64 {
    count(n.value()).map_or(f64::NAN, |n| (0..n).map(|k| mass(k, mean.value())).sum())
}

fn mass(n: u32, mean: f64) -> f64 {
    if mean <= 0.0 {
        return f64::NAN;
    }
    let n = f64::from(n);
    libm::exp(n * libm::log(mean) - mean - libm::lgamma(n + 1.0))
}
