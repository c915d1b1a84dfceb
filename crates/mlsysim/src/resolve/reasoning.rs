//! Wall 12 asked about a model on a machine: how long a chain of thought takes, and what energy.

use super::decoder::Decoder;
use super::serving::{Serve, Serving, serving, step_of};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Hardware, Model};
use crate::trace::Recorder;
use crate::units::{Joules, Quantity, Seconds, Tokens, Watts};
use crate::walls::algorithm::reasoning::{
    Chain, ChainIn, ChainOut, Generation, GenerationIn, TOKENS_PER_STEP,
};
use crate::walls::node::serving::{Decode, DecodeIn, Prefill, PrefillIn};
use crate::walls::{solve, solve_traced};

/// A chain of thought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thought {
    /// Steps of thought.
    pub steps: u32,
    /// Tokens of one step.
    pub tokens_per_step: u32,
    /// Tokens of the question.
    pub context: u32,
    /// Number format of weights, keys, values and arithmetic.
    pub precision: Precision,
    /// Share of the peak that the code reaches.
    pub efficiency: f64,
}

impl Default for Thought {
    /// Eight steps of 50 tokens after a question of 2 048, in 16 bits at half of the peak.
    fn default() -> Self {
        Self {
            steps: 8,
            tokens_per_step: 50,
            context: 2048,
            precision: Precision::Fp16,
            efficiency: 0.5,
        }
    }
}

/// What a chain of thought takes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Reasoning {
    /// Tokens, times and energy.
    pub chain: ChainOut,
    /// Energy; `None` if the machine's power is not known.
    pub energy: Option<Joules>,
    /// Mean time between tokens.
    pub itl: Seconds,
    /// How the question is served.
    pub serving: Serving,
}

/// Returns what a chain of thought of `model` takes on `machine`.
///
/// [`Convention::Reference`] lets the context grow with every token, and charges energy for what is computed;
/// [`Convention::Upstream030`] prices every token as the first, and the whole time at rated power.
///
/// # Errors
///
/// - [`Error::OutOfRange`] for a question or a step of 0 tokens.
/// - As [`serving`].
pub fn reasoning<R: Recorder>(
    model: &Model,
    machine: &Hardware,
    thought: &Thought,
    convention: Convention,
    trace: &mut R,
) -> Result<Reasoning> {
    let upstream = convention == Convention::Upstream030;
    if thought.tokens_per_step == 0 {
        return Err(Error::OutOfRange {
            op: "reasoning",
            name: "tokens_per_step",
            range: Range::COUNT,
            got: Quantity::number(0.0),
        });
    }
    let tokens = thought.steps.saturating_mul(thought.tokens_per_step).max(1);
    let request = Serve {
        precision: thought.precision,
        efficiency: thought.efficiency,
        output_tokens: if upstream { 1 } else { tokens },
        ..Serve::new(thought.context)
    };
    let served = serving(model, machine, &request, convention)?;
    let (itl, busy_time) = if upstream {
        (served.itl, Seconds::ZERO)
    } else {
        growing(model, machine, thought, f64::from(tokens), trace)?
    };
    let device = machine.device(thought.precision, convention)?;
    let tokens_per_step =
        if upstream { TOKENS_PER_STEP } else { f64::from(thought.tokens_per_step) };
    let x = ChainIn {
        ttft: served.ttft,
        itl,
        steps: f64::from(thought.steps),
        tokens_per_step,
        power: device.power.unwrap_or(Watts::ZERO),
        idle_share: device.idle_share,
        busy_time,
    };
    let chain = solve_traced::<Chain, _>(&x, convention, trace)?;
    Ok(Reasoning { chain, energy: device.power.map(|_| chain.energy), itl, serving: served })
}

/// Mean time between tokens of an answer that grows, and the time all operations would take at the full rate.
fn growing<R: Recorder>(
    model: &Model,
    machine: &Hardware,
    thought: &Thought,
    tokens: f64,
    trace: &mut R,
) -> Result<(Seconds, Seconds)> {
    const CONVENTION: Convention = Convention::Reference;
    let numbers = Decoder::of(model, thought.precision, thought.precision, CONVENTION)?;
    let device = machine.device(thought.precision, CONVENTION)?;
    let context = Tokens(f64::from(thought.context));
    let step = DecodeIn { context, efficiency: thought.efficiency, ..step_of(&numbers, &device) };
    let first = solve::<Decode>(&step, CONVENTION)?;
    // What one more token of context adds to the attention of a step.
    let attention = 4.0 * numbers.n_layers * numbers.attention_width;
    let answer = GenerationIn {
        context,
        generated: Tokens(tokens),
        memory_efficiency: device.memory_efficiency,
        compute_time: first.compute_time,
        compute_growth: Seconds(attention / (device.peak.0 * thought.efficiency)),
        overhead: first.overhead,
        ..GenerationIn::new(first.weights_read, numbers.kv_per_token, device.bandwidth)
    };
    let out = solve_traced::<Generation, _>(&answer, CONVENTION, trace)?;
    let prompt = PrefillIn {
        new_tokens: context,
        n_layers: numbers.n_layers,
        attention_width: numbers.attention_width,
        ..PrefillIn::new(
            numbers.active_parameters,
            numbers.weight_bytes,
            device.peak,
            device.bandwidth,
        )
    };
    let read = solve::<Prefill>(&prompt, CONVENTION)?.ops;
    let written = (first.linear_ops + first.attention_ops).0 * tokens
        + attention * tokens * (tokens - 1.0) / 2.0;
    let written = if thought.steps == 0 { 0.0 } else { written };
    Ok((out.mean_itl, Seconds((read.0 + written) / device.peak.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::registry::Family;
    use crate::trace::NoTrace;
    use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Params};

    #[test]
    fn every_token_sees_those_before_it() {
        let origin = || Provenance::new(Basis::Estimate, "test");
        let model = Model {
            parameters: Some(Params(1e9)),
            layers: Some(10),
            hidden: Some(1000),
            heads: Some(10),
            ..Model::new("m", Family::Decoder, origin())
        };
        let peak = FlopPerSecond(1e14);
        let mut machine = Hardware::new("h", peak, BytesPerSecond(1e12), Bytes(1e10), origin());
        machine.rates.push((Precision::Fp16, peak));
        machine.dispatch = Some(Seconds::ZERO);
        machine.layer_time = Some(Seconds::ZERO);
        machine.power = Some(Watts(100.0));
        let thought = Thought { steps: 2, tokens_per_step: 3, context: 100, ..Thought::default() };
        let out =
            reasoning(&model, &machine, &thought, Convention::Reference, &mut NoTrace).unwrap();
        // 2 GB of weights and 40 000 bytes for each of 100, 101, … 105 tokens, at 1 TB/s.
        let answer: f64 = (100..106).map(|s| (2e9 + 40_000.0 * f64::from(s)) / 1e12).sum();
        assert!((out.chain.time.0 - out.serving.ttft.0 - answer).abs() < 1e-15);
        // 30 % of 100 W all the time, 70 % of it while at the full rate: 106 tokens through 1e9 parameters, and
        // attention over 1 + … + 100 tokens when reading, 100 + … + 105 when writing.
        let busy = (2e9 * 106.0 + 4.0 * 10.0 * 1000.0 * (5050.0 + 615.0)) / 1e14;
        let expected = 100.0 * (0.3 * out.chain.time.0 + 0.7 * busy);
        assert!((out.energy.unwrap().0 - expected).abs() < 1e-12);
        let old =
            reasoning(&model, &machine, &thought, Convention::Upstream030, &mut NoTrace).unwrap();
        assert!((old.energy.unwrap().0 - 100.0 * old.chain.time.0).abs() < 1e-12);
    }
}
