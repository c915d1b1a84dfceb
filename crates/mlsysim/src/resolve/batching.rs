//! Wall 5 asked about a model on a machine: requests side by side, and the tokens per second they yield.

use super::decoder::{Decoder, at_least_one};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Hardware, Model};
use crate::trace::Recorder;
use crate::units::{Quantity, Tokens};
use crate::walls::node::batching::{Continuous, ContinuousIn, ContinuousOut};
use crate::walls::solve_traced;

/// Requests that come and go, and how they are scheduled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Requests {
    /// Most tokens of a request, prompt and answer.
    pub max_seq_len: u32,
    /// Mean tokens of a request; `None` if all have the most.
    pub mean_tokens: Option<f64>,
    /// Share of a request's tokens that its prompt makes up.
    pub prompt_share: f64,
    /// Most requests that the scheduler runs side by side.
    pub max_batch: u32,
    /// Tokens of one page.
    pub page_size: u32,
    /// Share of the pages kept free for requests that grow.
    pub watermark: f64,
    /// Number format of weights and arithmetic.
    pub precision: Precision,
    /// Number format of keys and values; `None` for that of the weights.
    pub kv_precision: Option<Precision>,
    /// Share of the peak that the code reaches.
    pub efficiency: f64,
}

impl Requests {
    /// Requests of `max_seq_len` tokens in 16 bits, up to 32 at a time, in pages of 16 of which 1 % stays free.
    #[must_use]
    pub const fn new(max_seq_len: u32) -> Self {
        Self {
            max_seq_len,
            mean_tokens: None,
            prompt_share: 1.0,
            max_batch: 32,
            page_size: 16,
            watermark: 0.01,
            precision: Precision::Fp16,
            kv_precision: None,
            efficiency: 0.5,
        }
    }
}

const ID: &str = "batching";

/// Returns how many of `requests` for `model` fit on `machine`, and how many tokens per second they yield.
///
/// # Errors
///
/// - [`Error::OutOfRange`] for a length, batch or page of 0, or a mean length that is not above 0 and at most the
///   longest.
/// - [`Error::ModelIncomplete`] and [`Error::RateMissing`] if a record lacks what is asked.
/// - [`Error::Overflow`] if a result does not fit a 64-bit float.
pub fn batching<R: Recorder>(
    model: &Model,
    machine: &Hardware,
    requests: &Requests,
    convention: Convention,
    trace: &mut R,
) -> Result<ContinuousOut> {
    let cache = requests.kv_precision.unwrap_or(requests.precision);
    let max_seq_len = at_least_one(ID, "max_seq_len", requests.max_seq_len)?;
    let mean = requests.mean_tokens.unwrap_or(max_seq_len);
    if !(mean > 0.0 && mean <= max_seq_len) {
        let got = Quantity::number(mean);
        return Err(Error::OutOfRange { op: ID, name: "mean_tokens", range: Range::POSITIVE, got });
    }
    let numbers = Decoder::of(model, requests.precision, cache, convention)?;
    let device = machine.device(requests.precision, convention)?;
    let x = ContinuousIn {
        capacity: device.capacity,
        active_parameters: numbers.active_parameters,
        weight_bytes: numbers.weight_bytes,
        kv_per_token: numbers.kv_per_token,
        peak: device.peak,
        bandwidth: device.bandwidth,
        max_seq_len: Tokens(max_seq_len),
        mean_tokens: Tokens(mean),
        max_batch: at_least_one(ID, "max_batch", requests.max_batch)?,
        page_size: Tokens(at_least_one(ID, "page_size", requests.page_size)?),
        prompt_share: requests.prompt_share,
        watermark: requests.watermark,
        n_layers: numbers.n_layers,
        attention_width: numbers.attention_width,
        routed_share: numbers.routed_share,
        chosen_share: numbers.chosen_share,
        efficiency: requests.efficiency,
        memory_efficiency: device.memory_efficiency,
        dispatch: device.dispatch,
        layer_time: device.layer_time,
    };
    solve_traced::<Continuous, _>(&x, convention, trace)
}
