//! Many answers to one question: how often is one of them right, and how often is it picked?

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const BROWN: &str =
    "Brown et al. (2024), Large Language Monkeys: Scaling Inference Compute with Repeated Sampling";
const SNELL: &str = "Snell et al. (2024), Scaling LLM Test-Time Compute Optimally";
const WANG: &str = "Wang et al. (2023), Self-Consistency Improves Chain of Thought Reasoning";

record! {
    /// Samples and who judges them.
    pub struct SamplesIn {
        /// Probability that one sample is right.
        right: f64, "p", SHARE, default 0.5;
        /// Samples drawn.
        samples: f64, "n", LOOP, default 1.0;
        /// Probability that the verifier accepts a right sample.
        accepts_right: f64, "v", SHARE, default 1.0;
        /// Probability that the verifier accepts a wrong sample.
        accepts_wrong: f64, "f", SHARE, default 0.0;
    }
}

record! {
    /// How often the answer is right.
    pub struct SamplesOut {
        /// Probability that at least one sample is right.
        coverage: f64, "c", SHARE;
        /// Probability that more samples are right than wrong, ties counted half: a vote between two answers.
        majority: f64, "a_m", SHARE;
        /// Probability that the first accepted sample is right; if none is accepted, the first is taken.
        verified: f64, "a_v", SHARE;
        /// What that approaches with ever more samples.
        verified_limit: f64, "a_∞", SHARE;
    }
}

/// The equation `reasoning.samples`.
///
/// # Cost
///
/// The vote sums at most half of the samples' binomial terms, and stops where they vanish: some ten for few samples,
/// a few times `√n` for many.
#[derive(Debug, Clone, Copy)]
pub struct Samples;

impl Equation for Samples {
    type In = SamplesIn;
    type Out = SamplesOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "reasoning.samples",
        wall: 12,
        also: &[],
        question: "How often is the answer right when many samples are drawn?",
        formula: "c = 1 − (1 − p)^n; a_∞ = p × v / (p × v + (1 − p) × f)",
        source: BROWN,
        inputs: SamplesIn::FIELDS,
        outputs: SamplesOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &SamplesIn, _: Convention, trace: &mut R) -> SamplesOut {
        const DRAWN: &[&str] = &["right", "samples"];
        const JUDGED: &[&str] = &["right", "samples", "accepts_right", "accepts_wrong"];
        let coverage = at_least_one(x.right, x.samples);
        trace.computed("coverage", "c", coverage, "1 − (1 − p)^n", DRAWN, BROWN);
        let majority = majority(x.samples, x.right);
        trace.computed(
            "majority",
            "a_m",
            majority,
            "P(Bin(n, p) > n/2) + P(Bin(n, p) = n/2) / 2",
            DRAWN,
            WANG,
        );
        let good = x.right * x.accepts_right;
        let accepted = (good + (1.0 - x.right) * x.accepts_wrong).min(1.0);
        let verified_limit = if accepted > 0.0 { (good / accepted).min(1.0) } else { x.right };
        trace.computed(
            "verified_limit",
            "a_∞",
            verified_limit,
            "p × v / (p × v + (1 − p) × f); p if nothing is ever accepted",
            &["right", "accepts_right", "accepts_wrong"],
            SNELL,
        );
        let any = at_least_one(accepted, x.samples);
        let rejected = 1.0 - accepted;
        let fallback = if rejected > 0.0 {
            (x.right * (1.0 - x.accepts_right) / rejected).min(1.0)
        } else {
            0.0
        };
        let verified = (any * verified_limit + (1.0 - any) * fallback).clamp(0.0, 1.0);
        trace.computed(
            "verified",
            "a_v",
            verified,
            "(1 − (1 − a)^n) × a_∞ + (1 − a)^n × p × (1 − v) / (1 − a), a = p × v + (1 − p) × f",
            JUDGED,
            SNELL,
        );
        SamplesOut { coverage, majority, verified, verified_limit }
    }
}

/// `1 − (1 − p)^n`, exact for small `p` too.
#[inline]
fn at_least_one(p: f64, n: f64) -> f64 {
    if p < 1.0 { -libm::expm1(n * libm::log1p(-p)) } else { 1.0 }
}

/// `P(X > n/2) + P(X = n/2)/2` for `X` binomial.
///
/// Sums the tail in which terms fall from the middle on, which is the smaller one.
#[inline]
fn majority(n: f64, p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 {
        return if p >= 1.0 { 1.0 } else { 0.0 };
    }
    // The smaller tail has the rarer outcome in the majority.
    let rare = p.min(1.0 - p);
    let first = libm::ceil(n / 2.0);
    let log_term =
        libm::lgamma(n + 1.0) - libm::lgamma(first + 1.0) - libm::lgamma(n - first + 1.0)
            + first * libm::log(rare)
            + (n - first) * libm::log1p(-rare);
    let mut term = libm::exp(log_term);
    // Where n is even the first term is the tie.
    let mut sum = if first * 2.0 > n { term } else { 0.5 * term };
    let (odds, mut k) = (rare / (1.0 - rare), first);
    while k < n && term > sum * 1e-18 {
        term *= (n - k) / (k + 1.0) * odds;
        k += 1.0;
        sum += term;
    }
    let sum = sum.min(1.0);
    if p <= 0.5 { sum } else { 1.0 - sum }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn three_samples_by_hand() {
        let x = SamplesIn { right: 0.6, samples: 3.0, accepts_right: 0.9, accepts_wrong: 0.2 };
        let out = solve::<Samples>(&x, Convention::Reference).unwrap();
        // 1 − 0.4³; 0.6³ + 3·0.6²·0.4.
        assert!((out.coverage - 0.936).abs() < 1e-15);
        assert!((out.majority - 0.648).abs() < 1e-13, "{}", out.majority);
        // a = 0.54 + 0.08 = 0.62; 0.54/0.62; none accepted in 0.38³, then 0.06/0.38 right.
        let limit = 0.54 / 0.62;
        assert!((out.verified_limit - limit).abs() < 1e-15);
        let none = 0.38 * 0.38 * 0.38;
        assert!((out.verified - ((1.0 - none) * limit + none * 0.06 / 0.38)).abs() < 1e-15);
    }

    #[test]
    fn the_vote_by_enumeration() {
        for n in 1..=12_u32 {
            for p in [0.1, 0.5, 0.7] {
                let mut sum = 0.0;
                for outcome in 0..1_u32 << n {
                    let right = outcome.count_ones();
                    let weight = match (2 * right).cmp(&n) {
                        core::cmp::Ordering::Greater => 1.0,
                        core::cmp::Ordering::Equal => 0.5,
                        core::cmp::Ordering::Less => continue,
                    };
                    sum += weight
                        * libm::pow(p, f64::from(right))
                        * libm::pow(1.0 - p, f64::from(n - right));
                }
                // Thousands of products are summed.
                assert!((majority(f64::from(n), p) - sum).abs() < 1e-12, "{n} {p}");
            }
        }
        // A large vote is decided.
        assert!((majority(100_000.0, 0.6) - 1.0).abs() < 1e-12);
        assert!((majority(100_001.0, 0.5) - 0.5).abs() < 1e-6);
    }
}
