//! Wall 11, complexity: how good a model can be for the arithmetic it costs.
//!
//! Training `N` parameters on `D` tokens costs about `6·N·D` operations.
//! The loss falls with both as a sum of powers, so a budget has a best split: more parameters on too few tokens, or
//! more tokens through too small a model, lose.
//! A model that will answer many questions is better smaller and trained longer.
//! Two published fits of the same experiments are given; they differ by about a factor of two in tokens per parameter
//! at today's budgets, which is a fair picture of what is known.
//! Data quality, repeated tokens and architecture are outside the fits.

mod lifetime;

pub use lifetime::{Lifetime, LifetimeIn, LifetimeOut};

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::{Flop, FlopPerSecond, Params, Seconds, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record, solve};

const SOURCE: &str = "Hoffmann et al. (2022), Training Compute-Optimal Large Language Models, section 3.3; Besiroglu et \
al. (2024), Chinchilla Scaling: A Replication Attempt";
const KAPLAN: &str = "Kaplan et al. (2020), Scaling Laws for Neural Language Models, section 2.1";

/// Operations of training per parameter and token: 2 forward, 4 backward.
const OPS_PER_PARAMETER_TOKEN: f64 = 6.0;
/// Tokens per parameter by the rule of thumb of the Python package.
const RULE_OF_THUMB: f64 = 20.0;

/// Returns the model size and token count that a training budget is best spent on.
///
/// `N = G × (C / 6)^{b/(a+b)}`, `D = (C / 6)^{a/(a+b)} / G`, `G = (a × A / (b × B))^{1/(a+b)}`: the least loss
/// `E + A / N^a + B / D^b` at `6·N·D = C`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless the budget is finite and above 0.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Source
///
/// Hoffmann et al. (2022), "Training Compute-Optimal Large Language Models"; Besiroglu et al. (2024) for the refit.
///
/// # Examples
///
/// ```
/// use mlsysim::units::Flop;
/// use mlsysim::walls::algorithm::complexity::{Fit, compute_optimal};
///
/// // The budget of Chinchilla: 6 × 70e9 parameters × 1.4e12 tokens. The refit agrees with its 20 tokens each to 10 %.
/// let out = compute_optimal(Flop(5.88e23), Fit::Besiroglu2024)?;
/// assert!((out.tokens_per_parameter / 20.0 - 1.0).abs() < 0.1);
/// assert!((6.0 * out.parameters.0 * out.tokens.0 / 5.88e23 - 1.0).abs() < 1e-12);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn compute_optimal(budget: Flop, fit: Fit) -> Result<AllocateOut> {
    solve::<Allocate>(&AllocateIn { budget, fit }, Convention::Reference)
}

labels! {
    /// A published fit of the loss.
    pub enum Fit {
        /// The refit of the published points.
        Besiroglu2024 = "besiroglu2024",
        /// The original.
        Hoffmann2022 = "hoffmann2022",
    }
}

/// The constants of a fit: `E + A / N^a + B / D^b` in nats per token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LossLaw {
    /// `E`: what no model gets below.
    pub irreducible: f64,
    /// `A`.
    pub size_factor: f64,
    /// `B`.
    pub data_factor: f64,
    /// `a`.
    pub size_exponent: f64,
    /// `b`.
    pub data_exponent: f64,
}

impl Fit {
    /// The constants.
    #[must_use]
    pub const fn law(self) -> LossLaw {
        match self {
            Self::Hoffmann2022 => LossLaw {
                irreducible: 1.69,
                size_factor: 406.4,
                data_factor: 410.7,
                size_exponent: 0.34,
                data_exponent: 0.28,
            },
            Self::Besiroglu2024 => LossLaw {
                irreducible: 1.8172,
                size_factor: 482.01,
                data_factor: 2085.43,
                size_exponent: 0.3478,
                data_exponent: 0.3658,
            },
        }
    }
}

impl LossLaw {
    /// The part of the loss that a larger model would remove, `A / N^a`.
    #[must_use]
    pub fn size_loss(&self, parameters: Params) -> f64 {
        self.size_factor / libm::pow(parameters.0, self.size_exponent)
    }

    /// The part of the loss that more tokens would remove, `B / D^b`.
    #[must_use]
    pub fn data_loss(&self, tokens: Tokens) -> f64 {
        self.data_factor / libm::pow(tokens.0, self.data_exponent)
    }

    /// The whole loss.
    #[must_use]
    pub fn loss(&self, parameters: Params, tokens: Tokens) -> f64 {
        self.irreducible + self.size_loss(parameters) + self.data_loss(tokens)
    }

    /// The best parameters and tokens of a budget.
    #[must_use]
    pub fn optimum(&self, budget: Flop) -> (Params, Tokens) {
        let (a, b) = (self.size_exponent, self.data_exponent);
        let balance = libm::pow(a * self.size_factor / (b * self.data_factor), 1.0 / (a + b));
        let pairs = budget.0 / OPS_PER_PARAMETER_TOKEN;
        let parameters = balance * libm::pow(pairs, b / (a + b));
        let tokens = libm::pow(pairs, a / (a + b)) / balance;
        (Params(parameters), Tokens(tokens))
    }
}

record! {
    /// A training budget.
    pub struct AllocateIn {
        /// Operations of the whole training.
        budget: Flop, "C", POSITIVE;
        /// The fit of the loss.
        fit: Fit, "fit", ONE_OF_2, default 0.0;
    }
}

record! {
    /// What to spend it on.
    pub struct AllocateOut {
        /// Parameters.
        parameters: Params, "N", POSITIVE;
        /// Training tokens.
        tokens: Tokens, "D", POSITIVE;
        /// Tokens for each parameter.
        tokens_per_parameter: f64, "D/N", POSITIVE;
        /// Loss in nats per token.
        loss: f64, "ℓ", POSITIVE;
    }
}

/// The equation `complexity.allocate`.
#[derive(Debug, Clone, Copy)]
pub struct Allocate;

impl Equation for Allocate {
    type In = AllocateIn;
    type Out = AllocateOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "complexity.allocate",
        wall: 11,
        also: &[],
        question: "How many parameters on how many tokens is a training budget best spent on?",
        formula: "N = G × (C / 6)^{b/(a+b)}; D = C / (6 × N); ℓ = E + A / N^a + B / D^b",
        source: SOURCE,
        inputs: AllocateIn::FIELDS,
        outputs: AllocateOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &AllocateIn, convention: Convention, trace: &mut R) -> AllocateOut {
        let law = x.fit.law();
        let (parameters, tokens, by) = match convention {
            Convention::Reference => {
                let (parameters, tokens) = law.optimum(x.budget);
                (parameters, tokens, ["G × (C / 6)^{b/(a+b)}", "(C / 6)^{a/(a+b)} / G"])
            }
            Convention::Upstream030 => {
                let ops = OPS_PER_PARAMETER_TOKEN * RULE_OF_THUMB;
                let parameters = libm::sqrt(x.budget.0 / ops);
                (Params(parameters), Tokens(RULE_OF_THUMB * parameters), ["√(C / 120)", "20 × N"])
            }
        };
        let reads: &'static [&'static str] = &["budget", "fit"];
        trace.computed("parameters", "N", parameters, by[0], reads, SOURCE);
        let reads: &'static [&'static str] = &["budget", "fit", "parameters"];
        trace.computed("tokens", "D", tokens, by[1], reads, SOURCE);
        let tokens_per_parameter = tokens.0 / parameters.0;
        let reads: &'static [&'static str] = &["parameters", "tokens"];
        trace.computed("tokens_per_parameter", "D/N", tokens_per_parameter, "D / N", reads, SOURCE);
        let loss = law.loss(parameters, tokens);
        let reads: &'static [&'static str] = &["fit", "parameters", "tokens"];
        trace.computed("loss", "ℓ", loss, "E + A / N^a + B / D^b", reads, SOURCE);
        AllocateOut { parameters, tokens, tokens_per_parameter, loss }
    }
}

record! {
    /// A training budget and the model it is to train.
    pub struct TrainIn {
        /// Operations of the whole training.
        budget: Flop, "C", POSITIVE;
        /// Parameters of the model.
        parameters: Params, "N", POSITIVE;
        /// The fit of the loss.
        fit: Fit, "fit", ONE_OF_2, default 0.0;
    }
}

record! {
    /// How far the budget brings that model.
    pub struct TrainOut {
        /// Training tokens.
        tokens: Tokens, "D", POSITIVE;
        /// Tokens for each parameter.
        tokens_per_parameter: f64, "D/N", POSITIVE;
        /// Loss in nats per token.
        loss: f64, "ℓ", POSITIVE;
        /// Loss of the best model for the same budget.
        best_loss: f64, "ℓ*", POSITIVE;
        /// What the size costs: loss above the best.
        excess_loss: f64, "ℓ−ℓ*", NOT_NEGATIVE;
        /// Tokens over those of the best model: above 1 trained longer than the budget asks for, below 1 shorter.
        overtraining: f64, "D/D*", POSITIVE;
    }
}

/// The equation `complexity.train`.
#[derive(Debug, Clone, Copy)]
pub struct Train;

impl Equation for Train {
    type In = TrainIn;
    type Out = TrainOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "complexity.train",
        wall: 11,
        also: &[],
        question: "How many tokens does a budget buy for a given model, and what does its size cost?",
        formula: "D = C / (6 × N); ℓ = E + A / N^a + B / D^b",
        source: SOURCE,
        inputs: TrainIn::FIELDS,
        outputs: TrainOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &TrainIn, _: Convention, trace: &mut R) -> TrainOut {
        let tokens = Tokens(x.budget.0 / (OPS_PER_PARAMETER_TOKEN * x.parameters.0));
        let reads: &'static [&'static str] = &["budget", "parameters"];
        trace.computed("tokens", "D", tokens, "C / (6 × N)", reads, KAPLAN);
        let tokens_per_parameter = tokens.0 / x.parameters.0;
        let reads: &'static [&'static str] = &["tokens", "parameters"];
        trace.computed("tokens_per_parameter", "D/N", tokens_per_parameter, "D / N", reads, KAPLAN);
        let law = x.fit.law();
        let loss = law.loss(x.parameters, tokens);
        let reads: &'static [&'static str] = &["fit", "parameters", "tokens"];
        trace.computed("loss", "ℓ", loss, "E + A / N^a + B / D^b", reads, SOURCE);
        let (best_parameters, best_tokens) = law.optimum(x.budget);
        let best_loss = law.loss(best_parameters, best_tokens);
        let reads: &'static [&'static str] = &["fit", "budget"];
        let formula = "min of E + A / N^a + B / D^b at 6 × N × D = C";
        trace.computed("best_loss", "ℓ*", best_loss, formula, reads, SOURCE);
        let excess_loss = (loss - best_loss).max(0.0);
        let reads: &'static [&'static str] = &["loss", "best_loss"];
        trace.computed("excess_loss", "ℓ−ℓ*", excess_loss, "ℓ − ℓ*", reads, SOURCE);
        let overtraining = tokens / best_tokens;
        let reads: &'static [&'static str] = &["tokens", "fit", "budget"];
        trace.computed("overtraining", "D/D*", overtraining, "D / D*", reads, SOURCE);
        TrainOut { tokens, tokens_per_parameter, loss, best_loss, excess_loss, overtraining }
    }
}

record! {
    /// Machines for a time.
    pub struct BudgetIn {
        /// Time that they train.
        time: Seconds, "t", POSITIVE;
        /// How many they are.
        devices: f64, "n", COUNT, default 1.0;
        /// Rate of one machine's arithmetic units.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Share of the peak that training reaches.
        efficiency: f64, "η", EFFICIENCY, default 0.4;
    }
}

record! {
    /// What they compute.
    pub struct BudgetOut {
        /// Operations of the whole training.
        budget: Flop, "C", POSITIVE;
    }
}

/// The equation `complexity.budget`.
#[derive(Debug, Clone, Copy)]
pub struct Budget;

impl Equation for Budget {
    type In = BudgetIn;
    type Out = BudgetOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "complexity.budget",
        wall: 11,
        also: &[1],
        question: "How much arithmetic do machines do in a given time?",
        formula: "C = t × n × Peak × η",
        source: "counting",
        inputs: BudgetIn::FIELDS,
        outputs: BudgetOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &BudgetIn, _: Convention, trace: &mut R) -> BudgetOut {
        let budget = x.peak * (x.efficiency * x.devices) * x.time;
        let reads: &'static [&'static str] = &["time", "devices", "peak", "efficiency"];
        trace.computed("budget", "C", budget, "t × n × Peak × η", reads, "counting");
        BudgetOut { budget }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_split_of_a_budget_is_better() {
        for fit in [Fit::Hoffmann2022, Fit::Besiroglu2024] {
            for budget in [1e18, 1e21, 5.88e23, 1e27] {
                let best = compute_optimal(Flop(budget), fit).unwrap();
                assert!((6.0 * best.parameters.0 * best.tokens.0 / budget - 1.0).abs() < 1e-12);
                for step in 1..200 {
                    let factor = libm::exp2(f64::from(step) / 20.0 - 5.0);
                    let parameters = Params(best.parameters.0 * factor);
                    let x = TrainIn { budget: Flop(budget), parameters, fit };
                    let other = solve::<Train>(&x, Convention::Reference).unwrap();
                    // Rounding of a sum of three terms near 2.
                    assert!(other.loss >= best.loss - 1e-15, "{fit} {budget} × {factor}");
                }
            }
        }
    }

    #[test]
    fn the_rule_of_thumb_of_upstream_by_hand() {
        let x = AllocateIn { budget: Flop(1.2e22), fit: Fit::Besiroglu2024 };
        let out = solve::<Allocate>(&x, Convention::Upstream030).unwrap();
        // √(1.2e22 / 120) = 1e10, a budget in FLOP whatever prefix it was written with.
        assert!((out.parameters.0 - 1e10).abs() < 1.0);
        assert!((out.tokens.0 - 2e11).abs() < 20.0);
    }

    #[test]
    fn over_and_undertraining_are_told_apart() {
        let at = |parameters| {
            let x = TrainIn {
                budget: Flop(1e21),
                parameters: Params(parameters),
                fit: Fit::Hoffmann2022,
            };
            solve::<Train>(&x, Convention::Reference).unwrap()
        };
        assert!(at(1e8).overtraining > 1.0 && at(1e11).overtraining < 1.0);
        assert!(at(1e8).excess_loss > 0.0 && at(1e11).excess_loss > 0.0);
    }

    #[test]
    fn a_month_of_one_accelerator() {
        let x = BudgetIn {
            time: Seconds(2_592_000.0),
            devices: 1.0,
            peak: FlopPerSecond(9.89e14),
            efficiency: 0.4,
        };
        let out = solve::<Budget>(&x, Convention::Reference).unwrap();
        assert!((out.budget.0 / 1.025_395_2e21 - 1.0).abs() < 1e-12);
    }
}
