//! A chain of thought: a prompt, then a number of steps of so many tokens each.

use super::COUNTING;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Joules, Seconds, Tokens, Watts};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

/// Tokens of one step of thought where nothing else is known.
pub const TOKENS_PER_STEP: f64 = 50.0;

const WEI: &str =
    "Wei et al. (2022), Chain-of-Thought Prompting Elicits Reasoning in Large Language Models";
const POWER: &str =
    "Barroso & Hölzle (2007), The Case for Energy-Proportional Computing, IEEE Computer 40(12)";

record! {
    /// A chain of thought on a machine.
    pub struct ChainIn {
        /// Time to the first token.
        ttft: Seconds, "TTFT", NOT_NEGATIVE;
        /// Mean time between tokens.
        itl: Seconds, "ITL", NOT_NEGATIVE;
        /// Steps of thought.
        steps: f64, "K", COUNT_OR_NONE, default 8.0;
        /// Tokens of one step.
        tokens_per_step: f64, "g", NOT_NEGATIVE, default TOKENS_PER_STEP;
        /// Rated power of the machine.
        power: Watts, "P", NOT_NEGATIVE, default 0.0;
        /// Share of that power drawn while waiting.
        idle_share: f64, "i", SHARE, default 0.3;
        /// Time that all operations would take at the full rate of the machine.
        busy_time: Seconds, "OPs/Peak", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// What the chain takes.
    pub struct ChainOut {
        /// Tokens of all steps.
        tokens: Tokens, "G", NOT_NEGATIVE;
        /// Time of one step of thought.
        step_time: Seconds, "T_step", NOT_NEGATIVE;
        /// Time of prompt and all steps.
        time: Seconds, "T", NOT_NEGATIVE;
        /// Energy of prompt and all steps; upstream at rated power throughout.
        energy: Joules, "E", NOT_NEGATIVE;
    }
}

/// The equation `reasoning.chain`.
#[derive(Debug, Clone, Copy)]
pub struct Chain;

impl Equation for Chain {
    type In = ChainIn;
    type Out = ChainOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "reasoning.chain",
        wall: 12,
        also: &[4],
        question: "How long does a chain of thought take, and what energy?",
        formula: "T = TTFT + K × g × ITL; E = P × (i × T + (1 − i) × OPs / Peak)",
        source: WEI,
        inputs: ChainIn::FIELDS,
        outputs: ChainOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &ChainIn, convention: Convention, trace: &mut R) -> ChainOut {
        let tokens = Tokens(x.steps * x.tokens_per_step);
        trace.computed("tokens", "G", tokens, "K × g", &["steps", "tokens_per_step"], COUNTING);
        let step_time = x.itl * x.tokens_per_step;
        trace.computed(
            "step_time",
            "T_step",
            step_time,
            "g × ITL",
            &["tokens_per_step", "itl"],
            COUNTING,
        );
        let time = x.ttft + step_time * x.steps;
        trace.computed(
            "time",
            "T",
            time,
            "TTFT + K × T_step",
            &["ttft", "steps", "step_time"],
            WEI,
        );
        let drawn = if convention == Convention::Upstream030 {
            time
        } else {
            // No machine computes faster than its peak.
            time * x.idle_share + x.busy_time.min(time) * (1.0 - x.idle_share)
        };
        let energy = x.power * drawn;
        trace.computed(
            "energy",
            "E",
            energy,
            "P × (i × T + (1 − i) × min(OPs / Peak, T))",
            &["power", "idle_share", "time", "busy_time"],
            POWER,
        );
        ChainOut { tokens, step_time, time, energy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn a_chain_by_hand() {
        let x = ChainIn {
            ttft: Seconds(0.5),
            itl: Seconds(0.01),
            steps: 8.0,
            tokens_per_step: TOKENS_PER_STEP,
            power: Watts(700.0),
            idle_share: 0.3,
            busy_time: Seconds(0.5),
        };
        let out = solve::<Chain>(&x, Convention::Reference).unwrap();
        // 8 × 50 × 10 ms after 0.5 s; 700 W × (0.3 × 4.5 s + 0.7 × 0.5 s).
        assert!((out.time.0 - 4.5).abs() < 1e-15);
        assert!((out.energy.0 - 700.0 * 1.7).abs() < 1e-9);
        let old = solve::<Chain>(&x, Convention::Upstream030).unwrap();
        assert!((old.energy.0 - 3150.0).abs() < 1e-9);
        let none = solve::<Chain>(&ChainIn { steps: 0.0, ..x }, Convention::Reference).unwrap();
        assert_eq!((none.time, none.tokens), (Seconds(0.5), Tokens(0.0)));
    }
}
