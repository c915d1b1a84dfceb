//! Wall 6 asked about a model on a machine that holds no weights.

use super::decoder::{Decoder, at_least_one};
use crate::composite::HOST_LINK;
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::{Hardware, Model};
use crate::trace::Recorder;
use crate::units::{BytesPerSecond, BytesPerToken, Params, Tokens};
use crate::walls::node::streaming::{Phase, Stream, StreamIn, StreamOut};
use crate::walls::solve_traced;

/// A batch that weights are streamed for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Streamed {
    /// Tokens that each sequence has.
    pub seq_len: u32,
    /// Sequences in the batch.
    pub batch: u32,
    /// Whether they are read or written on.
    pub phase: Phase,
    /// Number format of weights, keys, values and arithmetic.
    pub precision: Precision,
    /// Share of the peak that the code reaches.
    pub efficiency: f64,
}

/// Injection bandwidth that upstream takes where a record has none.
const UPSTREAM_LINK: BytesPerSecond = BytesPerSecond(1e11);

/// Returns how fast `machine` runs `model` with its weights streamed layer by layer.
///
/// Weights arrive over the link to the host, one way; without a record of it at that of a 16-lane slot.
/// [`Convention::Upstream030`] takes both ways together, all parameters as active, and keys and values as if every
/// head were as wide as the hidden width over the number of heads.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] for a length or batch of 0.
/// - [`crate::Error::ModelIncomplete`] and [`crate::Error::RateMissing`] if a record lacks what is asked.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
pub fn streaming<R: Recorder>(
    model: &Model,
    machine: &Hardware,
    step: &Streamed,
    convention: Convention,
    trace: &mut R,
) -> Result<StreamOut> {
    let upstream = convention == Convention::Upstream030;
    let numbers = Decoder::of(model, step.precision, step.precision, convention)?;
    let device = machine.device(step.precision, convention)?;
    let parameters = model.parameters.unwrap_or(numbers.active_parameters);
    let injection = if upstream {
        machine.host.map(|link| link.bandwidth).filter(|b| b.0 > 0.0).unwrap_or(UPSTREAM_LINK)
    } else {
        device.host_link.unwrap_or(HOST_LINK)
    };
    let (attention_width, kv_per_token) = if upstream {
        let heads = model.head_count(convention)?;
        let head_width = f64::from(model.hidden.unwrap_or(4096) / heads.max(1));
        let width = f64::from(model.kv_heads.unwrap_or(heads)) * head_width;
        (width, BytesPerToken(2.0 * width * step.precision.width().0 * numbers.n_layers))
    } else {
        (numbers.attention_width, numbers.kv_per_token)
    };
    let x = StreamIn {
        active_share: (numbers.active_parameters / parameters).min(1.0),
        width: step.precision.width(),
        n_layers: numbers.n_layers,
        attention_width,
        kv_per_token,
        seq_len: Tokens(at_least_one("streaming", "seq_len", step.seq_len)?),
        batch: at_least_one("streaming", "batch", step.batch)?,
        phase: step.phase,
        efficiency: step.efficiency,
        dispatch: device.dispatch,
        ..StreamIn::new(
            Params(parameters.0 / numbers.n_layers),
            injection,
            device.peak,
            device.capacity,
        )
    };
    solve_traced::<Stream, _>(&x, convention, trace)
}
