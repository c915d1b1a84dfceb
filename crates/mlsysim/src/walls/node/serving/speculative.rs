//! A small model guesses ahead, the large one checks all guesses in one step.

use crate::convention::Convention;
use crate::trace::Recorder;
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const LEVIATHAN: &str = "Leviathan et al. (2023), Fast Inference from Transformers via Speculative Decoding, theorem 3.8";

/// The longest guess that the search for the best one looks at.
pub const MAX_LOOKAHEAD: u32 = 64;

record! {
    /// How good and how expensive the guesses are.
    pub struct SpeculativeIn {
        /// Probability that a guessed token is accepted, if all before it were.
        acceptance: f64, "a", SHARE, default 0.7;
        /// Tokens guessed before each check.
        lookahead: f64, "K", NOT_NEGATIVE, default 4.0;
        /// Time of a step of the small model over a step of the large one.
        draft_cost_ratio: f64, "r", NOT_NEGATIVE, default 0.05;
    }
}

record! {
    /// What guessing gains.
    pub struct SpeculativeOut {
        /// Tokens that one round of guesses and check yields on average.
        expected_tokens: f64, "E", NOT_NEGATIVE;
        /// Tokens per time with guesses over tokens per time without, if a check costs one step.
        speedup: f64, "E/(K·r+1)", NOT_NEGATIVE;
        /// Number of guesses, from 0 to 64, with the largest speedup; the smallest of several.
        best_lookahead: f64, "K*", NOT_NEGATIVE;
        /// The speedup it gives.
        best_speedup: f64, "E*/(K*·r+1)", NOT_NEGATIVE;
    }
}

/// The equation `serving.speculative`.
#[derive(Debug, Clone, Copy)]
pub struct Speculative;

impl Equation for Speculative {
    type In = SpeculativeIn;
    type Out = SpeculativeOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "serving.speculative",
        wall: 4,
        also: &[],
        question: "How much faster is decoding with a draft model, and how far should it guess?",
        formula: "E = (1 − a^(K+1)) / (1 − a); speedup = E / (K × r + 1)",
        source: LEVIATHAN,
        inputs: SpeculativeIn::FIELDS,
        outputs: SpeculativeOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &SpeculativeIn, _: Convention, trace: &mut R) -> SpeculativeOut {
        let expected_tokens = expected_tokens(x.acceptance, x.lookahead);
        trace.computed(
            "expected_tokens",
            "E",
            expected_tokens,
            "(1 − a^(K+1)) / (1 − a)",
            &["acceptance", "lookahead"],
            LEVIATHAN,
        );
        let speedup = expected_tokens / (x.lookahead * x.draft_cost_ratio + 1.0);
        trace.computed(
            "speedup",
            "E/(K·r+1)",
            speedup,
            "E / (K × r + 1)",
            &["expected_tokens", "lookahead", "draft_cost_ratio"],
            LEVIATHAN,
        );
        let (best_lookahead, best_speedup) = best(x.acceptance, x.draft_cost_ratio);
        const BOTH: &[&str] = &["acceptance", "draft_cost_ratio"];
        trace.computed(
            "best_lookahead",
            "K*",
            best_lookahead,
            "argmax over K of E / (K × r + 1)",
            BOTH,
            LEVIATHAN,
        );
        trace.computed(
            "best_speedup",
            "E*/(K*·r+1)",
            best_speedup,
            "max over K of E / (K × r + 1)",
            BOTH,
            LEVIATHAN,
        );
        SpeculativeOut { expected_tokens, speedup, best_lookahead, best_speedup }
    }
}

/// `1 + a + a² + … + a^K`.
#[inline]
pub(crate) fn expected_tokens(acceptance: f64, lookahead: f64) -> f64 {
    if acceptance <= 0.0 {
        1.0
    } else if acceptance >= 1.0 {
        lookahead + 1.0
    } else {
        let log = libm::log(acceptance);
        libm::expm1((lookahead + 1.0) * log) / libm::expm1(log)
    }
}

/// The best number of guesses and its speedup.
///
/// One more guess helps exactly if what it adds, `a^(K+1)·(K·r + 1)`, exceeds what it costs, `r·E_K`; once it does
/// not, no further one does, since each adds less and costs more.
#[inline]
fn best(acceptance: f64, ratio: f64) -> (f64, f64) {
    let (mut tokens, mut gain, mut k) = (1.0, acceptance, 0.0);
    while k < f64::from(MAX_LOOKAHEAD) && gain * (k * ratio + 1.0) > ratio * tokens {
        tokens += gain;
        gain *= acceptance;
        k += 1.0;
    }
    (k, tokens / (k * ratio + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn four_guesses_by_hand() {
        // 1 + 0.5 + 0.25 + 0.125 + 0.0625 tokens for 1 + 4 × 0.1 steps.
        let x = SpeculativeIn { acceptance: 0.5, lookahead: 4.0, draft_cost_ratio: 0.1 };
        let out = solve::<Speculative>(&x, Convention::Reference).unwrap();
        assert!((out.expected_tokens - 1.9375).abs() < 1e-15);
        assert!((out.speedup - 1.9375 / 1.4).abs() < 1e-15);
    }

    #[test]
    fn the_best_number_is_that_of_a_search() {
        for acceptance in [0.0_f64, 0.3, 0.7, 0.95, 1.0] {
            for ratio in [0.01, 0.05, 0.3, 1.0, 2.0] {
                let speedup = |k: u32| {
                    let sum: f64 = (0..=k).map(|i| libm::pow(acceptance, f64::from(i))).sum();
                    sum / (f64::from(k) * ratio + 1.0)
                };
                let (k, best) = best(acceptance, ratio);
                let searched = (0..=MAX_LOOKAHEAD).map(speedup).fold(0.0, f64::max);
                assert!((best - searched).abs() < 1e-12, "{acceptance} {ratio} {k}");
            }
        }
    }
}
