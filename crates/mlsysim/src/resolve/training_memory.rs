//! Whether a transformer's training state fits the devices of a layout.

use crate::composite::training_memory::{Checkpointing, DeviceMemory, MemoryIn, MemoryOut};
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::{Family, Hardware, Model, Recompute};
use crate::trace::Recorder;
use crate::units::{BytesPerParam, Params, Tokens};
use crate::walls::solve_traced;

/// What keeps state besides the weights and gradients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Optimizer {
    /// Adam or AdamW in mixed precision: master weights and two moments of 4 bytes each.
    Adam,
    /// Stochastic gradient descent with momentum of 4 bytes.
    Sgd,
    /// Nothing.
    None,
}

impl Optimizer {
    /// Bytes of state per parameter.
    #[must_use]
    pub const fn width(self) -> BytesPerParam {
        BytesPerParam(match self {
            Self::Adam => 12.0,
            Self::Sgd => 4.0,
            Self::None => 0.0,
        })
    }
}

/// How a model is trained and laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Sequences in the step, all devices together.
    pub batch: u32,
    /// Tokens per sequence.
    pub seq_len: u32,
    /// Number format of weights, gradients and activations.
    pub precision: Precision,
    /// What keeps state.
    pub optimizer: Optimizer,
    /// What is recomputed.
    pub recompute: Recompute,
    /// Devices that share a layer.
    pub tp: u32,
    /// Stages.
    pub pp: u32,
    /// Copies of the whole.
    pub dp: u32,
    /// Devices among which experts are divided.
    pub ep: u32,
    /// Stage of sharding over the copies.
    pub zero_stage: u8,
    /// Microbatches of one device per step.
    pub accumulation: u32,
    /// Share of the parameters that are trained.
    pub trained: f64,
    /// Buffers of the communication library over the gradients.
    pub buffer_share: f64,
    /// Whether the devices that share a layer also share what lies between its products.
    pub sequence_parallel: bool,
}

impl Default for Request {
    /// One sequence of 2 048 tokens in 16 bits, Adam, attention scores recomputed, one device.
    fn default() -> Self {
        Self {
            batch: 1,
            seq_len: 2048,
            precision: Precision::Fp16,
            optimizer: Optimizer::Adam,
            recompute: Recompute::Selective,
            tp: 1,
            pp: 1,
            dp: 1,
            ep: 1,
            zero_stage: 0,
            accumulation: 1,
            trained: 1.0,
            buffer_share: 0.05,
            sequence_parallel: true,
        }
    }
}

pub(super) const fn checkpointing(recompute: Recompute) -> Checkpointing {
    match recompute {
        Recompute::None => Checkpointing::None,
        Recompute::Selective => Checkpointing::Selective,
        Recompute::Full => Checkpointing::Full,
    }
}

/// Parameters of a model outside and inside its experts.
///
/// A token uses `N_act = N_s + N_x·k/E` of `N = N_s + N_x`, which gives both.
pub(super) fn split(model: &Model) -> Result<(Params, Params)> {
    let all = model
        .parameters
        .ok_or_else(|| model.lacks("the number of parameters", "give parameters"))?;
    let known = (model.active_parameters, model.experts, model.experts_per_token);
    let (Family::SparseDecoder, (Some(active), Some(experts), Some(chosen))) =
        (model.family, known)
    else {
        return Ok((all, Params::ZERO));
    };
    let resting = 1.0 - f64::from(chosen) / f64::from(experts.max(1));
    if resting <= 0.0 {
        return Ok((all, Params::ZERO));
    }
    let routed = ((all - active).max(Params::ZERO) / resting).min(all);
    Ok((all - routed, routed))
}

/// Returns what the fullest device of `hardware` must hold to train `model` as asked.
///
/// One microbatch has `⌈batch / (copies × accumulation)⌉` sequences; under [`Convention::Reference`] expert ranks have
/// sequences of their own and so count as copies.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] for a degree of 0, a sharding stage above 3, or a share outside 0 to 1.
/// - [`crate::Error::ModelIncomplete`] if the record lacks parameters, layers, widths or heads.
/// - [`crate::Error::Overflow`] if a size does not fit a 64-bit float.
///
/// # Source
///
/// Rajbhandari et al. (2020), ZeRO, section 3; Korthikanti et al. (2022), table 2.
pub fn solve<R: Recorder>(
    model: &Model,
    hardware: &Hardware,
    request: &Request,
    convention: Convention,
    trace: &mut R,
) -> Result<MemoryOut> {
    let x = input(model, hardware, request, convention)?;
    solve_traced::<DeviceMemory, R>(&x, convention, trace)
}

pub(super) fn input(
    model: &Model,
    hardware: &Hardware,
    request: &Request,
    convention: Convention,
) -> Result<MemoryIn> {
    let upstream = convention == Convention::Upstream030;
    let (shared, experts) = split(model)?;
    let hidden = model.hidden.ok_or_else(|| model.lacks("the hidden width", "give hidden"))?;
    let heads = match (request.recompute, model.heads) {
        (_, Some(heads)) => f64::from(heads),
        (Recompute::None, None) => return Err(model.lacks("the number of heads", "give heads")),
        (_, None) => 0.0,
    };
    let ways = f64::from(request.dp) * if upstream { 1.0 } else { f64::from(request.ep) };
    let split = ways * f64::from(request.accumulation);
    let micro_batch = libm::ceil(f64::from(request.batch) / split);
    Ok(MemoryIn {
        shared,
        experts,
        embedding: Params::ZERO,
        head: Params::ZERO,
        width: request.precision.width(),
        gradient_width: request.precision.width(),
        optimizer_width: request.optimizer.width(),
        trained: request.trained,
        n_layers: f64::from(model.layer_count()?),
        hidden: f64::from(hidden),
        n_heads: heads,
        vocab: 0.0,
        seq_len: Tokens(f64::from(request.seq_len)),
        // Division by no copies is refused by their own range.
        micro_batch: if split > 0.0 { micro_batch } else { 1.0 },
        microbatches: f64::from(request.accumulation),
        checkpointing: checkpointing(request.recompute),
        tp: f64::from(request.tp),
        sequence_parallel: request.sequence_parallel,
        pp: f64::from(request.pp),
        interleave: 1.0,
        cp: 1.0,
        ep: f64::from(request.ep),
        dp: f64::from(request.dp),
        zero_stage: f64::from(request.zero_stage),
        buffer_share: request.buffer_share,
        capacity: hardware.capacity,
        reserve: 0.0,
    })
}
