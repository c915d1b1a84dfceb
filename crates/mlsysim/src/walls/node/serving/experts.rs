//! How many experts of a sparse layer a batch of tokens reaches, and so how many must be read.

use super::COUNTING;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// Tokens before a layer of experts.
    pub struct ExpertsIn {
        /// Experts of the layer.
        experts: f64, "E", COUNT;
        /// Experts that each token uses; more than there are means all.
        active: f64, "k", NOT_NEGATIVE, default 1.0;
        /// Tokens in the step.
        tokens: Tokens, "T", NOT_NEGATIVE;
    }
}

record! {
    /// How many experts are used.
    pub struct ExpertsOut {
        /// Experts that at least one token is expected to use.
        expected_distinct: f64, "E_d", NOT_NEGATIVE;
        /// The same as a share of all.
        reached_share: f64, "E_d/E", SHARE;
    }
}

/// The equation `serving.distinct_experts`.
#[derive(Debug, Clone, Copy)]
pub struct DistinctExperts;

impl Equation for DistinctExperts {
    type In = ExpertsIn;
    type Out = ExpertsOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "serving.distinct_experts",
        wall: 4,
        also: &[5, 14],
        question: "How many experts of a layer does a batch of tokens reach?",
        formula: "E_d = E × (1 − (1 − k/E)^T)",
        source: "counting, each token choosing its experts evenly and by itself",
        inputs: ExpertsIn::FIELDS,
        outputs: ExpertsOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &ExpertsIn, _: Convention, trace: &mut R) -> ExpertsOut {
        let chosen = (x.active / x.experts).min(1.0);
        let reached_share = 1.0 - missed(chosen, x.tokens);
        const ALL: &[&str] = &["experts", "active", "tokens"];
        trace.computed("reached_share", "E_d/E", reached_share, "1 − (1 − k/E)^T", ALL, COUNTING);
        let expected_distinct = x.experts * reached_share;
        trace.computed(
            "expected_distinct",
            "E_d",
            expected_distinct,
            "E × E_d/E",
            &["experts", "reached_share"],
            COUNTING,
        );
        ExpertsOut { expected_distinct, reached_share }
    }
}

/// Probability that none of `tokens` tokens uses a given expert.
#[inline]
fn missed(chosen_share: f64, tokens: Tokens) -> f64 {
    libm::pow(1.0 - chosen_share, tokens.0)
}

/// Bytes of weights that a step of `tokens` tokens reads, if a share of them lies in routed experts.
#[inline]
pub(super) fn weights_read(
    weights: Bytes,
    routed_share: f64,
    chosen_share: f64,
    tokens: Tokens,
) -> Bytes {
    if routed_share > 0.0 {
        weights * (1.0 - routed_share * missed(chosen_share, tokens))
    } else {
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn two_tokens_by_enumeration() {
        // 3 experts, 1 each: of the 9 pairs 3 hit one expert and 6 hit two, 15/9 on average.
        let x = ExpertsIn { experts: 3.0, active: 1.0, tokens: Tokens(2.0) };
        let out = solve::<DistinctExperts>(&x, Convention::Reference).unwrap();
        assert!((out.expected_distinct - 5.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn more_than_all_is_all() {
        let x = ExpertsIn { experts: 3.0, active: 4.0, tokens: Tokens(1.0) };
        let out = solve::<DistinctExperts>(&x, Convention::Reference).unwrap();
        assert_eq!(out.expected_distinct.to_bits(), 3.0_f64.to_bits());
        assert_eq!(weights_read(Bytes(10.0), 0.6, 1.0 / 3.0, Tokens(1.0)), Bytes(6.0));
    }
}
