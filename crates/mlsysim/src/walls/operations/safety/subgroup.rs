//! How many examples must be drawn for a rare group to be among them often enough.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const SOURCE: &str = "exact binomial tail; probabilities after Loader (2000), Fast and Accurate Computation of Binomial \
Probabilities";

record! {
    /// A rare group and what is asked of a sample.
    pub struct SubgroupIn {
        /// Share of the group in the population.
        prevalence: f64, "p", SOME_SHARE, default 0.01;
        /// Members of the group that the sample must have.
        minimum_count: f64, "m", LOOP;
        /// Probability with which it may have fewer.
        miss_probability: f64, "γ", SOME_SHARE, default 0.05;
    }
}

record! {
    /// The sample.
    pub struct SubgroupOut {
        /// Fewest examples to draw.
        samples: f64, "n", COUNT;
        /// Probability that they have enough members.
        probability: f64, "P", SHARE;
        /// Examples with which the sample has enough members on average only.
        mean_samples: f64, "m/p", POSITIVE;
    }
}

/// The equation `safety.subgroup`.
#[derive(Debug, Clone, Copy)]
pub struct Subgroup;

impl Equation for Subgroup {
    type In = SubgroupIn;
    type Out = SubgroupOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "safety.subgroup",
        wall: 20,
        also: &[],
        question: "How many examples must be drawn for enough of a rare group to be among them?",
        formula: "n = min{n : P(Bin(n, p) ≥ m) ≥ 1 − γ}",
        source: SOURCE,
        inputs: SubgroupIn::FIELDS,
        outputs: SubgroupOut::FIELDS,
    };

    fn compute<R: Recorder>(x: &SubgroupIn, _: Convention, trace: &mut R) -> SubgroupOut {
        let samples = fewest(x.prevalence, x.minimum_count, x.miss_probability);
        let reads: &'static [&'static str] = &["prevalence", "minimum_count", "miss_probability"];
        let rule = "min{n : P(Bin(n, p) ≥ m) ≥ 1 − γ}";
        trace.computed("samples", "n", samples, rule, reads, SOURCE);
        let missed = fewer(samples, x.prevalence, x.minimum_count);
        // Rounding may leave the last bit of a probability outside.
        let probability = (1.0 - missed).clamp(0.0, 1.0);
        let reads: &'static [&'static str] = &["samples", "prevalence", "minimum_count"];
        trace.computed("probability", "P", probability, "P(Bin(n, p) ≥ m)", reads, SOURCE);
        let mean_samples = x.minimum_count / x.prevalence;
        let reads: &'static [&'static str] = &["minimum_count", "prevalence"];
        trace.computed("mean_samples", "m/p", mean_samples, "m / p", reads, "counting");
        SubgroupOut { samples, probability, mean_samples }
    }
}

/// Past this a float does not tell one count from the next.
const MOST: f64 = 9_007_199_254_740_992.0;

/// The least `n` with `P(Bin(n, p) < m) ≤ miss`, which falls with `n`; more than [`MOST`] if it is too large to count.
fn fewest(p: f64, m: f64, miss: f64) -> f64 {
    let mean = libm::ceil(m / p);
    // Three halves leave room for the search above the mean.
    if mean * 1.5 >= MOST {
        return mean * 1.5;
    }
    // A bracket: too few at `low`, enough at `high`. Fewer than m examples never have m members.
    let mut step = libm::ceil(libm::sqrt(m * (1.0 - p)) / p) + 1.0;
    let (mut low, mut high);
    if fewer(mean, p, m) > miss {
        low = mean;
        high = mean + step;
        while fewer(high, p, m) > miss {
            low = high;
            step *= 2.0;
            high += step;
            if high >= MOST {
                return high;
            }
        }
    } else {
        high = mean;
        low = (mean - step).max(m - 1.0);
        while low >= m && fewer(low, p, m) <= miss {
            high = low;
            step *= 2.0;
            low = (low - step).max(m - 1.0);
        }
    }
    while high - low > 1.0 {
        let middle = libm::floor(low + (high - low) / 2.0);
        if fewer(middle, p, m) <= miss { high = middle } else { low = middle }
    }
    high
}

/// `P(Bin(n, p) < m)`, summed on the side of the mean where it is small.
fn fewer(n: f64, p: f64, m: f64) -> f64 {
    let q = 1.0 - p;
    if n < m {
        return 1.0;
    }
    if q <= 0.0 {
        return 0.0;
    }
    let mut sum = 0.0;
    if m - 1.0 <= n * p {
        let mut j = m - 1.0;
        let mut term = probability(j, n, p, q);
        while term > sum * 1e-18 {
            sum += term;
            if j < 1.0 {
                break;
            }
            term *= j * q / ((n - j + 1.0) * p);
            j -= 1.0;
        }
        return sum;
    }
    let mut j = m;
    let mut term = probability(j, n, p, q);
    while term > sum * 1e-18 {
        sum += term;
        if j >= n {
            break;
        }
        term *= (n - j) * p / ((j + 1.0) * q);
        j += 1.0;
    }
    1.0 - sum
}

/// `P(Bin(n, p) = k)` by the deviance from the mean, which keeps its digits where factorials lose them.
fn probability(k: f64, n: f64, p: f64, q: f64) -> f64 {
    if k < 0.5 {
        return libm::exp(n * libm::log1p(-p));
    }
    let rest = n - k;
    if rest < 0.5 {
        return libm::exp(n * libm::log(p));
    }
    let exponent = stirling_error(n)
        - stirling_error(k)
        - stirling_error(rest)
        - deviance(k, n * p)
        - deviance(rest, n * q);
    libm::exp(exponent) * libm::sqrt(n / (2.0 * core::f64::consts::PI * k * rest))
}

/// `ln(n!)` without Stirling's formula, `n·ln(n) − n + ln(2·π·n) / 2`.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        let stirling = (n + 0.5) * libm::log(n) - n + 0.5 * libm::log(2.0 * core::f64::consts::PI);
        return libm::lgamma(n + 1.0) - stirling;
    }
    let square = 1.0 / (n * n);
    // Bernoulli numbers over 2·j·(2·j − 1); the next term is below 1e-14 here.
    (1.0 / 12.0
        - square
            * (1.0 / 360.0 - square * (1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0))))
        / n
}

/// `x·ln(x / mean) + mean − x`, by its series where the two are near.
fn deviance(x: f64, mean: f64) -> f64 {
    let (apart, both) = (x - mean, x + mean);
    if libm::fabs(apart) >= 0.1 * both {
        return x * libm::log(x / mean) - apart;
    }
    // With v = (x − mean)/(x + mean): (x − mean)·v + 2·x·Σ_{j≥1} v^{2j+1}/(2·j + 1).
    let v = apart / both;
    let mut sum = apart * v;
    let mut power = 2.0 * x * v;
    let mut odd = 1.0;
    loop {
        power *= v * v;
        odd += 2.0;
        let next = sum + power / odd;
        if next.to_bits() == sum.to_bits() {
            return sum;
        }
        sum = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;
    use alloc::vec;
    use alloc::vec::Vec;

    /// The probabilities of 0 to `n` members, one draw after the other.
    fn by_draws(n: usize, p: f64) -> Vec<f64> {
        let mut chances = vec![1.0];
        for _ in 0..n {
            let mut next = vec![0.0; chances.len() + 1];
            for (k, chance) in chances.iter().enumerate() {
                next[k] += chance * (1.0 - p);
                next[k + 1] += chance * p;
            }
            chances = next;
        }
        chances
    }

    #[test]
    fn tails_by_enumerating_draws() {
        for (n, p) in [(1, 0.3), (7, 0.5), (40, 0.02), (60, 0.9), (200, 0.1)] {
            let chances = by_draws(n, p);
            for m in 1..=n {
                let expected: f64 = chances[..m].iter().sum();
                let count = |x: usize| f64::from(u32::try_from(x).unwrap());
                let got = fewer(count(n), p, count(m));
                // Sums of at most 200 rounded terms.
                assert!(
                    (got - expected).abs() < 1e-13,
                    "n = {n}, p = {p}, m = {m}: {got} {expected}"
                );
            }
        }
    }

    #[test]
    fn one_example_fewer_is_not_enough() {
        for p in [0.003, 0.05, 0.4, 0.99, 1.0] {
            for m in [1.0, 2.0, 30.0, 700.0] {
                for miss in [1e-9, 0.05, 0.5, 0.999] {
                    let x = SubgroupIn { prevalence: p, minimum_count: m, miss_probability: miss };
                    let out = solve::<Subgroup>(&x, Convention::Reference).unwrap();
                    assert!(
                        fewer(out.samples, p, m) <= miss && fewer(out.samples - 1.0, p, m) > miss
                    );
                }
            }
        }
    }

    #[test]
    fn one_member_has_a_closed_form() {
        // (1 − p)^n ≤ γ.
        for (p, miss) in [(0.01, 0.05), (0.2, 1e-6), (1e-6, 0.5)] {
            let x = SubgroupIn { prevalence: p, minimum_count: 1.0, miss_probability: miss };
            let out = solve::<Subgroup>(&x, Convention::Reference).unwrap();
            let expected = libm::ceil(libm::log(miss) / libm::log1p(-p));
            assert!((out.samples - expected).abs() < 0.5, "{} {expected}", out.samples);
        }
    }
}
