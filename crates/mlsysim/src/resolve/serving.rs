//! Wall 4 asked about a model on a machine: time to the first token, time between tokens, memory.

use super::decoder::{Decoder, at_least_one};
use crate::composite::Device;
use crate::composite::roofline::Bottleneck;
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Hardware, Model};
use crate::trace::{NoTrace, Recorder};
use crate::units::{Bytes, BytesPerSecond, Quantity, Seconds, Tokens};
use crate::walls::node::serving::{
    Decode, DecodeIn, DecodeOut, Prefill, PrefillIn, Speculative, SpeculativeIn,
};
use crate::walls::{solve, solve_traced};

/// A small model that guesses ahead.
#[derive(Debug, Clone, Copy)]
pub struct Draft<'a> {
    /// The small model.
    pub model: &'a Model,
    /// Probability that a guessed token is accepted.
    pub acceptance: f64,
    /// Tokens guessed before each check.
    pub lookahead: u32,
}

impl<'a> Draft<'a> {
    /// Four guesses, each right in 7 of 10 cases.
    #[must_use]
    pub const fn new(model: &'a Model) -> Self {
        Self { model, acceptance: 0.7, lookahead: 4 }
    }
}

/// A batch of requests to serve.
#[derive(Debug, Clone, Copy)]
pub struct Serve<'a> {
    /// Tokens of each prompt.
    pub seq_len: u32,
    /// Requests in the batch.
    pub batch: u32,
    /// Tokens that each request generates; only [`Convention::Reference`] lets the cache grow with them.
    pub output_tokens: u32,
    /// Number format of weights and arithmetic.
    pub precision: Precision,
    /// Number format of keys and values; `None` for that of the weights.
    pub kv_precision: Option<Precision>,
    /// Share of the peak that prefill reaches.
    pub efficiency: f64,
    /// Share of the peak that decoding reaches; `None` for that of prefill.
    pub decode_efficiency: Option<f64>,
    /// Tokens at the start of each prompt that are cached from earlier requests, fewer than the prompt has.
    pub cached_prefix: u32,
    /// Tokens of each prompt that one pass reads; `None` for all at once.
    pub chunk: Option<u32>,
    /// The machine that decodes, if it is not the one that reads the prompts.
    pub decode_on: Option<&'a Hardware>,
    /// Bandwidth at which keys and values reach it.
    pub transfer: BytesPerSecond,
    /// A model that guesses ahead.
    pub draft: Option<Draft<'a>>,
}

impl Serve<'_> {
    /// One request of `seq_len` tokens in 16 bits at half of the peak, with one token of answer.
    #[must_use]
    pub const fn new(seq_len: u32) -> Self {
        Self {
            seq_len,
            batch: 1,
            output_tokens: 1,
            precision: Precision::Fp16,
            kv_precision: None,
            efficiency: 0.5,
            decode_efficiency: None,
            cached_prefix: 0,
            chunk: None,
            decode_on: None,
            transfer: BytesPerSecond(1e11),
            draft: None,
        }
    }
}

/// How a batch of requests is served.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Serving {
    /// Whether weights and caches fit into the memory of the machine that decodes.
    pub feasible: bool,
    /// Time to the first token.
    pub ttft: Seconds,
    /// Mean time between tokens.
    pub itl: Seconds,
    /// Bytes of keys and values of the requests when they end.
    pub kv_cache: Bytes,
    /// Bytes of weights.
    pub weights: Bytes,
    /// Bytes of all weights and caches, those of a draft model included.
    pub memory: Bytes,
    /// These bytes over the size of the memory.
    pub memory_utilization: f64,
    /// Share of the prompt that is cached.
    pub prefix_hit_ratio: f64,
    /// Passes that the prompt is cut into.
    pub prefill_chunks: f64,
    /// Time of the longest pass, for which decoding beside it stands still.
    pub longest_pass: Seconds,
    /// What limits decoding.
    pub decode_bottleneck: Bottleneck,
    /// Tokens that one round of guesses yields; 1 without a draft model.
    pub tokens_per_round: f64,
    /// Time that keys and values take to the machine that decodes; 0 if it is the same.
    pub transfer_time: Seconds,
}

const ID: &str = "serving";

/// Returns how `request` for `model` is served by `machine`.
///
/// # Errors
///
/// - [`Error::OutOfRange`] for a prompt, batch, chunk or answer of 0, a cached prefix as long as the prompt, a
///   bandwidth of 0 or a share outside its range.
/// - [`Error::ModelIncomplete`] and [`Error::RateMissing`] if a record lacks what is asked.
/// - [`Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Examples
///
#[cfg_attr(feature = "registry", doc = "```")]
#[cfg_attr(not(feature = "registry"), doc = "```ignore")]
/// use mlsysim::registry::Registry;
/// use mlsysim::resolve::serving::{Serve, serving};
/// use mlsysim::Convention;
///
/// let zoo = Registry::shipped();
/// let request = Serve { batch: 8, ..Serve::new(2048) };
/// let out = serving(zoo.model("llama3_8b")?, zoo.hardware("h100")?, &request, Convention::Reference)?;
/// assert!(out.feasible && out.ttft > out.itl);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn serving(
    model: &Model,
    machine: &Hardware,
    request: &Serve<'_>,
    convention: Convention,
) -> Result<Serving> {
    serving_traced(model, machine, request, convention, &mut NoTrace, &mut NoTrace)
}

/// As [`serving`], with every step of prefill and of one decoding step recorded.
///
/// # Errors
///
/// As [`serving`].
pub fn serving_traced<R: Recorder>(
    model: &Model,
    machine: &Hardware,
    request: &Serve<'_>,
    convention: Convention,
    prefill_trace: &mut R,
    decode_trace: &mut R,
) -> Result<Serving> {
    let upstream = convention == Convention::Upstream030;
    let batch = at_least_one(ID, "batch", request.batch)?;
    let seq_len = at_least_one(ID, "seq_len", request.seq_len)?;
    let output_tokens = at_least_one(ID, "output_tokens", request.output_tokens)?;
    let chunk = request.chunk.map_or(Ok(0.0), |chunk| at_least_one(ID, "chunk", chunk))?;
    let cached = f64::from(request.cached_prefix);
    if request.cached_prefix >= request.seq_len {
        return Err(refused("cached_prefix", Range::NOT_NEGATIVE, cached));
    }
    if !Range::POSITIVE.contains(request.transfer.0) {
        return Err(Error::OutOfRange {
            op: ID,
            name: "transfer",
            range: Range::POSITIVE,
            got: request.transfer.into(),
        });
    }

    let cache_format = request.kv_precision.unwrap_or(request.precision);
    let numbers = Decoder::of(model, request.precision, cache_format, convention)?;
    let reading = machine.device(request.precision, convention)?;
    let writing = match request.decode_on {
        Some(other) => other.device(request.precision, convention)?,
        None => reading,
    };

    let prompt = prefill_in(&numbers, &reading, request, seq_len - cached, cached, chunk);
    let prefill = solve_traced::<Prefill, _>(&prompt, convention, prefill_trace)?;
    let prompt_kv = numbers.kv_per_token * Tokens(seq_len * batch);
    let transfer_time = match request.decode_on {
        Some(_) => prompt_kv / request.transfer,
        None => Seconds::ZERO,
    };

    // The last token's keys and values are never read; the mean context of a step lies half way.
    let grown = if upstream { 0.0 } else { output_tokens - 1.0 };
    let context = seq_len + grown / 2.0;
    let step = DecodeIn {
        context: Tokens(context),
        batch,
        ..decode_in(&numbers, &writing, request, upstream)
    };
    let plain = solve_traced::<Decode, _>(&step, convention, decode_trace)?;
    let kv_cache = numbers.kv_per_token * Tokens((seq_len + grown) * batch);
    let mut memory = numbers.weight_bytes + kv_cache;
    let mut itl = plain.step_time;
    let mut tokens_per_round = 1.0;
    if let Some(draft) = &request.draft {
        let small = Decoder::of(draft.model, request.precision, cache_format, convention)?;
        let round = Round::of(&step, &plain, &small, draft, &writing, request, convention)?;
        (itl, tokens_per_round) = (round.itl, round.tokens);
        memory += small.weight_bytes;
        if !upstream {
            memory += small.kv_per_token * Tokens((seq_len + grown) * batch);
        }
    }
    let capacity = writing.capacity;
    let memory_utilization = memory / capacity;
    if !(itl.0 + memory.0 + transfer_time.0 + memory_utilization).is_finite() {
        return Err(Error::Overflow { op: ID, name: "memory", got: memory.into() });
    }
    Ok(Serving {
        feasible: memory <= capacity,
        ttft: prefill.prefill_time + transfer_time,
        itl,
        kv_cache,
        weights: numbers.weight_bytes,
        memory,
        memory_utilization,
        prefix_hit_ratio: cached / seq_len,
        prefill_chunks: prefill.passes,
        longest_pass: prefill.longest_pass,
        decode_bottleneck: plain.bottleneck,
        tokens_per_round,
        transfer_time,
    })
}

fn refused(name: &'static str, range: Range, got: f64) -> Error {
    Error::OutOfRange { op: ID, name, range, got: Quantity::number(got) }
}

fn prefill_in(
    numbers: &Decoder,
    device: &Device,
    request: &Serve<'_>,
    new: f64,
    cached: f64,
    chunk: f64,
) -> PrefillIn {
    PrefillIn {
        new_tokens: Tokens(new),
        cached_tokens: Tokens(cached),
        batch: f64::from(request.batch),
        chunk_tokens: Tokens(chunk),
        n_layers: numbers.n_layers,
        attention_width: numbers.attention_width,
        kv_per_token: numbers.kv_per_token,
        routed_share: numbers.routed_share,
        chosen_share: numbers.chosen_share,
        efficiency: request.efficiency,
        memory_efficiency: device.memory_efficiency,
        dispatch: device.dispatch,
        layer_time: device.layer_time,
        ..PrefillIn::new(
            numbers.active_parameters,
            numbers.weight_bytes,
            device.peak,
            device.bandwidth,
        )
    }
}

/// The decoding step of a model on a machine, for one sequence without context.
fn decode_in(numbers: &Decoder, device: &Device, request: &Serve<'_>, upstream: bool) -> DecodeIn {
    let efficiency = match request.decode_efficiency {
        Some(own) if !upstream => own,
        _ => request.efficiency,
    };
    DecodeIn { efficiency, ..step_of(numbers, device) }
}

/// The decoding step of a model on a machine, for one sequence without context, at half of the peak.
pub(super) fn step_of(numbers: &Decoder, device: &Device) -> DecodeIn {
    DecodeIn {
        n_layers: numbers.n_layers,
        attention_width: numbers.attention_width,
        kv_per_token: numbers.kv_per_token,
        routed_share: numbers.routed_share,
        chosen_share: numbers.chosen_share,
        memory_efficiency: device.memory_efficiency,
        dispatch: device.dispatch,
        layer_time: device.layer_time,
        ..DecodeIn::new(
            numbers.active_parameters,
            numbers.weight_bytes,
            device.peak,
            device.bandwidth,
        )
    }
}

/// One round of guessing and checking.
struct Round {
    itl: Seconds,
    tokens: f64,
}

impl Round {
    /// `K` steps of the small model, and one step of the large one over `K + 1` tokens of each sequence.
    ///
    /// Upstream checks in the time of a plain step, and charges a small step for its bytes alone.
    fn of(
        step: &DecodeIn,
        plain: &DecodeOut,
        small: &Decoder,
        draft: &Draft<'_>,
        device: &Device,
        request: &Serve<'_>,
        convention: Convention,
    ) -> Result<Self> {
        let upstream = convention == Convention::Upstream030;
        let lookahead = f64::from(draft.lookahead);
        let guess = DecodeIn {
            context: step.context,
            batch: step.batch,
            ..decode_in(small, device, request, upstream)
        };
        let guess = solve::<Decode>(&guess, convention)?;
        let (guess_time, check_time) = if upstream {
            (guess.memory_time, plain.step_time)
        } else {
            let check = DecodeIn { tokens_each: lookahead + 1.0, ..*step };
            (guess.step_time, solve::<Decode>(&check, convention)?.step_time)
        };
        let gain = SpeculativeIn { acceptance: draft.acceptance, lookahead, draft_cost_ratio: 0.0 };
        let tokens = solve::<Speculative>(&gain, convention)?.expected_tokens;
        Ok(Self { itl: (guess_time * lookahead + check_time) / tokens, tokens })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provenance::{Basis, Provenance};
    use crate::registry::Family;
    use crate::units::{FlopPerSecond, Params};

    fn model(parameters: f64, layers: u32, hidden: u32) -> Model {
        // Heads of 100, all with keys and values of their own: 4·L·d bytes per token at 16 bits.
        Model {
            parameters: Some(Params(parameters)),
            layers: Some(layers),
            hidden: Some(hidden),
            heads: Some(hidden / 100),
            ..Model::new("m", Family::Decoder, Provenance::new(Basis::Estimate, "test"))
        }
    }

    fn machine() -> Hardware {
        let peak = FlopPerSecond(1e14);
        let mut machine = Hardware::new(
            "h",
            peak,
            BytesPerSecond(1e12),
            Bytes(1e10),
            Provenance::new(Basis::Estimate, "test"),
        );
        machine.rates.push((Precision::Fp16, peak));
        machine.dispatch = Some(Seconds::ZERO);
        machine.layer_time = Some(Seconds::ZERO);
        machine
    }

    #[test]
    fn a_draft_costs_its_cache_and_its_check() {
        let (large, small) = (model(1e9, 10, 1000), model(1e8, 2, 500));
        let draft = Draft::new(&small);
        let request = Serve { batch: 2, draft: Some(draft), ..Serve::new(1000) };
        let out = serving(&large, &machine(), &request, Convention::Reference).unwrap();
        // 2 GB and 0.2 GB of weights; 40 000 and 4 000 bytes for each of 2 000 tokens.
        assert_eq!(out.memory, Bytes(2e9 + 2e8 + 80e6 + 8e6));
        // Four guesses of 0.208 ms and a check of 2.08 ms yield 1 + 0.7 + … + 0.7⁴ = 2.7731 tokens.
        assert!((out.tokens_per_round - 2.7731).abs() < 1e-12);
        assert!((out.itl.0 - (4.0 * 0.208e-3 + 2.08e-3) / 2.7731).abs() < 1e-15);
        let old = serving(&large, &machine(), &request, Convention::Upstream030).unwrap();
        assert_eq!(old.memory, Bytes(2e9 + 2e8 + 80e6), "upstream forgets the cache of the draft");

        // 100 sequences: five tokens each are 2.04e9 × 500 FLOP at 0.5e14 FLOP/s, more than 6 ms of reading.
        let wide = Serve { batch: 100, ..request };
        let out = serving(&large, &machine(), &wide, Convention::Reference).unwrap();
        let guess = (2e8 + 4e8) / 1e12;
        assert!((out.itl.0 - (4.0 * guess + 20.4e-3) / 2.7731).abs() < 1e-14, "{}", out.itl);
    }

    #[test]
    fn another_machine_gets_the_cache_first() {
        let large = model(1e9, 10, 1000);
        let other = Hardware { bandwidth: BytesPerSecond(2e12), ..machine() };
        let request = Serve { decode_on: Some(&other), ..Serve::new(1000) };
        let out = serving(&large, &machine(), &request, Convention::Reference).unwrap();
        // 40 MB at 100 GB/s; 2.04 GB at 2 TB/s.
        assert!((out.transfer_time.0 - 4e-4).abs() < 1e-15);
        assert!((out.itl.0 - 1.02e-3).abs() < 1e-15);
    }

    #[test]
    fn answers_let_the_cache_grow() {
        let large = model(1e9, 10, 1000);
        let request = Serve { output_tokens: 101, ..Serve::new(1000) };
        let out = serving(&large, &machine(), &request, Convention::Reference).unwrap();
        assert_eq!(out.kv_cache, Bytes(40_000.0 * 1100.0));
        // The mean step sees 1 050 tokens.
        assert!((out.itl.0 - (2e9 + 40_000.0 * 1050.0) / 1e12).abs() < 1e-15);
    }

    #[test]
    fn requests_that_contradict_themselves_are_refused() {
        let large = model(1e9, 10, 1000);
        for (request, name) in [
            (Serve::new(0), "seq_len"),
            (Serve { batch: 0, ..Serve::new(1) }, "batch"),
            (Serve { cached_prefix: 5, ..Serve::new(5) }, "cached_prefix"),
            (Serve { chunk: Some(0), ..Serve::new(5) }, "chunk"),
            (Serve { transfer: BytesPerSecond(f64::NAN), ..Serve::new(5) }, "transfer"),
        ] {
            match serving(&large, &machine(), &request, Convention::Reference) {
                Err(Error::OutOfRange { name: refused, .. }) => assert_eq!(refused, name),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
