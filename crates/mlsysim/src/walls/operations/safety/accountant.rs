//! The privacy of many noisy steps on sampled batches, by Rényi moments.
//!
//! Each order `α` of the Rényi divergence adds up over steps and gives a bound of its own; the least counts.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::trace::{NoTrace, Recorder};
use crate::units::Quantity;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const SOURCE: &str = "Mironov, Talwar & Zhang (2019), Rényi Differential Privacy of the Sampled Gaussian Mechanism, \
section 3.3; Mironov (2017), Rényi Differential Privacy, proposition 3";

/// The orders looked at: every one to 64, then in growing steps.
pub const ORDERS: [u16; 68] = {
    let mut orders = [0; 68];
    let mut order = 0;
    while order < 63 {
        orders[order as usize] = order + 2;
        order += 1;
    }
    orders[63] = 80;
    orders[64] = 96;
    orders[65] = 128;
    orders[66] = 192;
    orders[67] = 256;
    orders
};

record! {
    /// Private training.
    pub struct DpSgdIn {
        /// Share of the examples in a batch, each drawn by itself.
        sampling_rate: f64, "q", SOME_SHARE, default 0.01;
        /// Noise over the largest gradient that an example may have.
        noise_multiplier: f64, "σ", POSITIVE, default 1.0;
        /// Steps.
        steps: f64, "T", COUNT;
        /// Probability with which the bound may fail.
        delta: f64, "δ", SOME_SHARE, default 1e-5;
    }
}

record! {
    /// How private it is.
    pub struct DpSgdOut {
        /// Most that an example changes the logarithm of any model's probability.
        epsilon: f64, "ε", NOT_NEGATIVE;
        /// The order whose bound is the least.
        best_order: f64, "α", COUNT;
    }
}

/// The equation `safety.dp_sgd`.
#[derive(Debug, Clone, Copy)]
pub struct DpSgd;

impl Equation for DpSgd {
    type In = DpSgdIn;
    type Out = DpSgdOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "safety.dp_sgd",
        wall: 20,
        also: &[],
        question: "How private is training whose clipped gradients carry noise?",
        formula: "ε = min_α (T × R(α) + ln(1 / δ) / (α − 1)); R(α) = ln(Σ_j C(α, j) × (1 − q)^{α−j} × q^j × \
                  e^{(j² − j) / (2 × σ²)}) / (α − 1)",
        source: SOURCE,
        inputs: DpSgdIn::FIELDS,
        outputs: DpSgdOut::FIELDS,
    };

    fn compute<R: Recorder>(x: &DpSgdIn, _: Convention, trace: &mut R) -> DpSgdOut {
        let bound = |index: usize| bound(x, ORDERS[index]);
        // The moment is convex in α and 0 at 1, so the bound, (moment + constant) / (α − 1), falls and then rises:
        // the least is where it turns. Bounds too large for a number count as risen.
        let (mut low, mut high) = (0, ORDERS.len() - 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if bound(middle) <= bound(middle + 1) { high = middle } else { low = middle + 1 }
        }
        let best_order = f64::from(ORDERS[low]);
        let reads: &'static [&'static str] =
            &["sampling_rate", "noise_multiplier", "steps", "delta"];
        let rule = "the order of the least T × R(α) + ln(1 / δ) / (α − 1)";
        trace.computed("best_order", "α", best_order, rule, reads, SOURCE);
        let epsilon = bound(low);
        let reads: &'static [&'static str] =
            &["sampling_rate", "noise_multiplier", "steps", "delta", "best_order"];
        let formula = "T × R(α) + ln(1 / δ) / (α − 1)";
        trace.computed("epsilon", "ε", epsilon, formula, reads, SOURCE);
        DpSgdOut { epsilon, best_order }
    }
}

/// The bound on `ε` that one order gives.
fn bound(x: &DpSgdIn, order: u16) -> f64 {
    let above_one = f64::from(order) - 1.0;
    let moment = log_moment(x.sampling_rate, x.noise_multiplier, order);
    (x.steps * moment - libm::log(x.delta)) / above_one
}

/// `(α − 1)·R(α)`: the logarithm of the moment of one step.
///
/// The binomial weights add up to 1, so what exceeds 1 is summed alone: nothing cancels for small `q` or large `σ`.
fn log_moment(q: f64, sigma: f64, order: u16) -> f64 {
    let alpha = f64::from(order);
    let growth = |j: f64| (j * j - j) / 2.0 / sigma / sigma;
    if q >= 1.0 {
        return growth(alpha);
    }
    let (log_q, log_rest) = (libm::log(q), libm::log1p(-q));
    let mut log_choose = libm::log(alpha);
    let mut terms = [f64::NEG_INFINITY; 257];
    let mut largest = f64::NEG_INFINITY;
    for j in 2..=order {
        let term = &mut terms[usize::from(j)];
        let j = f64::from(j);
        log_choose += libm::log((alpha - j + 1.0) / j);
        let x = growth(j);
        // ln(e^x − 1); beyond 40 the 1 is below the rounding.
        let excess = if x > 40.0 { x } else { libm::log(libm::expm1(x)) };
        *term = log_choose + (alpha - j) * log_rest + j * log_q + excess;
        if *term > largest {
            largest = *term;
        }
    }
    if !largest.is_finite() {
        // Nothing to sum, or more than a number holds.
        return if largest > 0.0 { f64::INFINITY } else { 0.0 };
    }
    let sum: f64 = terms[2..=usize::from(order)].iter().map(|t| libm::exp(t - largest)).sum();
    if largest < 600.0 { libm::log1p(libm::exp(largest) * sum) } else { largest + libm::log(sum) }
}

/// Returns the least noise with which `steps` steps at a sampling rate are private up to `epsilon`.
///
/// The inverse of [`DpSgd`] in the noise multiplier, by halving; the result keeps the promise, to a relative 1e-12.
///
/// # Errors
///
/// [`Error::OutOfRange`] unless `0 < sampling_rate ≤ 1`, `steps` is whole and at least 1, `0 < delta < 1` and `epsilon`
/// is above what the largest of [`ORDERS`] can show with any noise, `ln(1 / δ) / 255`.
///
/// # Source
///
/// Mironov, Talwar & Zhang (2019), "Rényi Differential Privacy of the Sampled Gaussian Mechanism".
///
/// # Examples
///
/// ```
/// use mlsysim::walls::operations::safety::noise_multiplier;
///
/// // One step on everything: T × α / (2 × σ²) + ln(1e5) / (α − 1) is least near α = 11 for σ = 2.
/// let sigma = noise_multiplier(1.0, 1.0, 1e-5, 2.526_292_546_497_023)?;
/// assert!((sigma - 2.0).abs() < 1e-9);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn noise_multiplier(sampling_rate: f64, steps: f64, delta: f64, epsilon: f64) -> Result<f64> {
    const OP: &str = "safety.noise_multiplier";
    /// Past this much noise a step tells nothing that a number could hold.
    const MOST: f64 = 1e15;
    let at = |noise_multiplier: f64| DpSgdIn { sampling_rate, noise_multiplier, steps, delta };
    let refuse = |name, range, got| {
        Err(Error::OutOfRange { op: OP, name, range, got: Quantity::number(got) })
    };
    at(1.0).check(OP)?;
    if delta >= 1.0 {
        return refuse("delta", Range::SOME_SHARE, delta);
    }
    let spent =
        |sigma: f64| DpSgd::compute(&at(sigma), Convention::Reference, &mut NoTrace).epsilon;
    let floor = spent(MOST);
    // Comparisons with NaN are false.
    if !(epsilon > floor && epsilon.is_finite()) {
        return refuse("epsilon", Range::above(floor), epsilon);
    }
    let (mut low, mut high) = (1.0, 1.0);
    while spent(high) > epsilon {
        high *= 2.0;
    }
    while spent(low) <= epsilon && low > f64::MIN_POSITIVE {
        low /= 2.0;
    }
    while high - low > 1e-13 * high {
        let middle = low + (high - low) / 2.0;
        if spent(middle) <= epsilon { high = middle } else { low = middle }
    }
    Ok(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn private(q: f64, sigma: f64, steps: f64) -> DpSgdOut {
        let x = DpSgdIn { sampling_rate: q, noise_multiplier: sigma, steps, delta: 1e-5 };
        solve::<DpSgd>(&x, Convention::Reference).unwrap()
    }

    #[test]
    fn the_turning_point_is_the_least_of_all_orders() {
        for q in [1e-4, 0.004, 0.05, 0.5, 1.0] {
            for sigma in [0.5, 0.8, 1.5, 4.0, 30.0] {
                for steps in [1.0, 100.0, 1e4, 1e6] {
                    let x =
                        DpSgdIn { sampling_rate: q, noise_multiplier: sigma, steps, delta: 1e-5 };
                    let least = ORDERS.iter().map(|o| bound(&x, *o)).fold(f64::INFINITY, f64::min);
                    let found = private(q, sigma, steps).epsilon;
                    assert!(found <= least * (1.0 + 1e-14), "{q} {sigma} {steps}: {found} {least}");
                }
            }
        }
    }

    #[test]
    fn moments_by_the_plain_sum() {
        // Σ_j C(α, j)·(1 − q)^{α−j}·q^j·e^{(j² − j)/(2σ²)} where nothing overflows or cancels.
        for (q, sigma, order) in [(0.1, 1.0, 5_u16), (0.5, 2.0, 8), (0.9, 3.0, 3)] {
            let (mut sum, mut choose) = (0.0, 1.0);
            let alpha = f64::from(order);
            for j in 0..=order {
                let k = f64::from(j);
                if j > 0 {
                    choose *= (alpha - k + 1.0) / k;
                }
                let weight = libm::pow(1.0 - q, alpha - k) * libm::pow(q, k);
                sum += choose * weight * libm::exp((k * k - k) / (2.0 * sigma * sigma));
            }
            assert!((log_moment(q, sigma, order) / libm::log(sum) - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn noise_and_privacy_are_inverse() {
        for (q, steps, epsilon) in [(0.01, 1e4, 1.0), (0.001, 1e5, 3.0), (1.0, 10.0, 8.0)] {
            let sigma = noise_multiplier(q, steps, 1e-5, epsilon).unwrap();
            assert!(private(q, sigma, steps).epsilon <= epsilon);
            assert!(private(q, sigma * 0.999_999, steps).epsilon > epsilon);
        }
    }

    #[test]
    fn impossible_promises_are_refused() {
        let message = |q, steps, delta, epsilon| {
            alloc::format!("{}", noise_multiplier(q, steps, delta, epsilon).unwrap_err())
        };
        assert!(
            message(0.01, 100.0, 1e-5, -1.0)
                .starts_with("safety.noise_multiplier: epsilon must be")
        );
        // ln(1e5) / 255
        assert!(message(0.01, 100.0, 1e-5, 0.04).contains("above 0.0451"));
        assert!(message(0.0, 100.0, 1e-5, 1.0).contains("sampling_rate"));
        assert!(message(0.01, 0.5, 1e-5, 1.0).contains("steps"));
        assert!(message(0.01, 100.0, 1.0, 1.0).contains("delta"));
        assert!(noise_multiplier(0.01, 100.0, 1e-5, f64::NAN).is_err());
    }
}
