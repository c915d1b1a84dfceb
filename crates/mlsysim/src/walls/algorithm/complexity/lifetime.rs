//! The size of a model that is trained once and asked often.
//!
//! The same loss can be had from a smaller model trained longer.
//! Every token it later answers with costs two operations per parameter, so the more it will be asked the smaller it
//! should be.

use super::{Fit, OPS_PER_PARAMETER_TOKEN};
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Flop, Params, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const SOURCE: &str = "Sardana et al. (2023), Beyond Chinchilla-Optimal: Accounting for Inference in Language Model Scaling Laws";

/// Operations of answering per parameter and token.
const OPS_PER_ANSWER_TOKEN: f64 = 2.0;

record! {
    /// A quality, given as the budget whose best model has it, and how much the model will be asked.
    pub struct LifetimeIn {
        /// Training operations with which the best model reaches the loss wanted.
        budget: Flop, "C", POSITIVE;
        /// Tokens that the model will read and write in its life.
        answer_tokens: Tokens, "D_i", NOT_NEGATIVE;
        /// The fit of the loss.
        fit: Fit, "fit", ONE_OF_2, default 0.0;
    }
}

record! {
    /// The cheapest model of that quality over its life.
    pub struct LifetimeOut {
        /// Loss in nats per token, as that of the budget's best model.
        loss: f64, "ℓ*", POSITIVE;
        /// Parameters.
        parameters: Params, "N", POSITIVE;
        /// Training tokens.
        tokens: Tokens, "D", POSITIVE;
        /// Operations of training it.
        training_ops: Flop, "6·N·D", POSITIVE;
        /// Operations of its answers.
        answer_ops: Flop, "2·N·D_i", NOT_NEGATIVE;
        /// Parameters over those of the model that is cheapest to train.
        size_ratio: f64, "N/N*", POSITIVE;
        /// Operations over its life, over those of the model that is cheapest to train.
        cost_ratio: f64, "C/C*", POSITIVE;
    }
}

/// The equation `complexity.lifetime`.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime;

impl Equation for Lifetime {
    type In = LifetimeIn;
    type Out = LifetimeOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "complexity.lifetime",
        wall: 11,
        also: &[],
        question: "How large is the model of a given quality that costs least in training and answering together?",
        formula: "min of 6 × N × D + 2 × N × D_i at E + A / N^a + B / D^b = ℓ*",
        source: SOURCE,
        inputs: LifetimeIn::FIELDS,
        outputs: LifetimeOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &LifetimeIn, _: Convention, trace: &mut R) -> LifetimeOut {
        let law = x.fit.law();
        let (a, b) = (law.size_exponent, law.data_exponent);
        let (best_parameters, best_tokens) = law.optimum(x.budget);
        let loss = law.loss(best_parameters, best_tokens);
        let reads: &'static [&'static str] = &["budget", "fit"];
        let formula = "min of E + A / N^a + B / D^b at 6 × N × D = C";
        trace.computed("loss", "ℓ*", loss, formula, reads, SOURCE);

        // Split the reducible loss r into u·r from size and (1 − u)·r from data. Relative to the training optimum,
        // where u = b/(a + b), sizes are N/N* = (u*/u)^{1/a} and D/D* = ((1 − u*)/(1 − u))^{1/b}.
        let start = b / (a + b);
        let size = |u: f64| libm::pow(start / u, 1.0 / a);
        let data = |u: f64| libm::pow((1.0 - start) / (1.0 - u), 1.0 / b);
        // The cost 6·N·D + 2·N·D_i grows with N where 6·D·(1 − a·u / (b·(1 − u))) + 2·D_i > 0; that expression
        // falls with u, so its root is found by halving.
        let asked = x.answer_tokens / best_tokens;
        let grows = |u: f64| {
            let slope = 1.0 - a * u / (b * (1.0 - u));
            OPS_PER_PARAMETER_TOKEN * data(u) * slope + OPS_PER_ANSWER_TOKEN * asked > 0.0
        };
        let u = if x.answer_tokens > Tokens::ZERO { halve(start, 1.0, grows) } else { start };
        let (size_ratio, data_ratio) = (size(u), data(u));
        let reads: &'static [&'static str] = &["budget", "answer_tokens", "fit"];
        let formula = "root of 6 × D × (1 − a × u / (b × (1 − u))) + 2 × D_i, N/N* = (u*/u)^{1/a}";
        trace.computed("size_ratio", "N/N*", size_ratio, formula, reads, SOURCE);
        let parameters = best_parameters * size_ratio;
        let reads: &'static [&'static str] = &["size_ratio", "budget", "fit"];
        trace.computed("parameters", "N", parameters, "N/N* × N*", reads, SOURCE);
        let tokens = best_tokens * data_ratio;
        let reads: &'static [&'static str] = &["loss", "parameters", "fit"];
        let formula = "(B / (ℓ* − E − A / N^a))^{1/b}";
        trace.computed("tokens", "D", tokens, formula, reads, SOURCE);

        let training_ops = Flop(OPS_PER_PARAMETER_TOKEN * parameters.0 * tokens.0);
        let reads: &'static [&'static str] = &["parameters", "tokens"];
        trace.computed("training_ops", "6·N·D", training_ops, "6 × N × D", reads, SOURCE);
        let answer_ops = Flop(OPS_PER_ANSWER_TOKEN * parameters.0 * x.answer_tokens.0);
        let reads: &'static [&'static str] = &["parameters", "answer_tokens"];
        trace.computed("answer_ops", "2·N·D_i", answer_ops, "2 × N × D_i", reads, SOURCE);
        let per_pair =
            |n: f64, d: f64| n * (OPS_PER_PARAMETER_TOKEN * d + OPS_PER_ANSWER_TOKEN * asked);
        let cost_ratio = per_pair(size_ratio, data_ratio) / per_pair(1.0, 1.0);
        let reads: &'static [&'static str] =
            &["training_ops", "answer_ops", "budget", "answer_tokens", "fit"];
        let formula = "(6 × N × D + 2 × N × D_i) / (C + 2 × N* × D_i)";
        trace.computed("cost_ratio", "C/C*", cost_ratio, formula, reads, SOURCE);
        LifetimeOut { loss, parameters, tokens, training_ops, answer_ops, size_ratio, cost_ratio }
    }
}

/// The point between `low` and `high` where `holds` turns from true to false.
fn halve(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    // 53 halvings leave no number between the two.
    for _ in 0..53 {
        let middle = low + (high - low) / 2.0;
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn life(answer_tokens: f64, fit: Fit) -> LifetimeOut {
        let x = LifetimeIn { budget: Flop(1e23), answer_tokens: Tokens(answer_tokens), fit };
        solve::<Lifetime>(&x, Convention::Reference).unwrap()
    }

    #[test]
    fn never_asked_is_the_training_optimum() {
        let out = life(0.0, Fit::Hoffmann2022);
        assert!((out.size_ratio - 1.0).abs() < 1e-12 && (out.cost_ratio - 1.0).abs() < 1e-12);
        assert!((out.training_ops.0 / 1e23 - 1.0).abs() < 1e-12);
    }

    #[test]
    fn no_other_size_of_the_same_loss_is_cheaper() {
        for fit in [Fit::Hoffmann2022, Fit::Besiroglu2024] {
            for answers in [1e10, 1e12, 1e14] {
                let best = life(answers, fit);
                let law = fit.law();
                assert!((law.loss(best.parameters, best.tokens) - best.loss).abs() < 1e-12);
                let cost = |n: f64| {
                    // Tokens from the loss itself, not by the substitution of the code.
                    let rest = best.loss - law.irreducible - law.size_loss(Params(n));
                    let tokens = libm::pow(law.data_factor / rest, 1.0 / law.data_exponent);
                    if rest > 0.0 { 6.0 * n * tokens + 2.0 * n * answers } else { f64::INFINITY }
                };
                let least = best.training_ops.0 + best.answer_ops.0;
                for step in 0..200 {
                    let n = best.parameters.0 * libm::exp2(f64::from(step) / 50.0 - 2.0);
                    // The loss is known to an ulp of 2, which powers of 1/0.28 magnify.
                    assert!(cost(n) >= least * (1.0 - 1e-12), "{fit} {answers} at {n}");
                }
            }
        }
    }

    #[test]
    fn more_answers_ask_for_smaller_models() {
        let sizes = [0.0, 1e11, 1e12, 1e13, 1e14].map(|d| life(d, Fit::Besiroglu2024).parameters.0);
        assert!(sizes.windows(2).all(|pair| pair[1] < pair[0]), "{sizes:?}");
    }
}
