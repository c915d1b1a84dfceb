//! Wall 4, serving: reading a prompt is arithmetic, writing an answer is memory traffic.
//!
//! A language model answers in two phases.
//! *Prefill* reads the whole prompt at once: many operations for every byte of weights, so arithmetic limits it, and
//! the first token appears at its end.
//! *Decode* writes one token after the other: each step reads all weights and all keys and values for one token per
//! sequence, so memory limits it until the batch is large.
//! Chunked prefill, a draft model that guesses ahead, and prefill on other machines trade one phase for the other.
//! The equations know no scheduler: a batch starts and runs together (wall 5 lets requests come and go, wall 7 lets
//! them wait).

mod decode;
mod decode_bound;
mod experts;
mod prefill;
mod replicas;
mod speculative;

pub use decode::{Decode, DecodeIn, DecodeOut};
pub use decode_bound::{DecodeBound, DecodeBoundIn, DecodeBoundOut};
pub use experts::{DistinctExperts, ExpertsIn, ExpertsOut};
pub(crate) use prefill::{Line, sum_of_larger};
pub use prefill::{Prefill, PrefillIn, PrefillOut};
pub use replicas::{Replicas, ReplicasIn, ReplicasOut, ServiceLimit};
pub use speculative::{MAX_LOOKAHEAD, Speculative, SpeculativeIn, SpeculativeOut};

use crate::convention::Convention;
use crate::error::Result;
use crate::walls::equation::solve;

const POPE: &str = "Pope et al. (2023), Efficiently Scaling Transformer Inference, MLSys";
const COUNTING: &str = "counting";

/// Returns how long reading a prompt takes; its end is the first token.
///
/// `TTFT = Σ max(OPs / (Peak·η), V / (BW·η_m)) + C·(τ_d + L·τ_l)` over the `C` passes that the prompt is cut into.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] naming the first input outside the range that [`PrefillIn`] states.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Params, Seconds, Tokens};
/// use mlsysim::walls::node::serving::{self, PrefillIn};
///
/// // 1000 tokens through 10⁹ parameters: 2 TFLOP at half of 100 TFLOP/s.
/// let x = PrefillIn {
///     new_tokens: Tokens(1000.0),
///     ..PrefillIn::new(Params(1e9), Bytes(2e9), FlopPerSecond(1e14), BytesPerSecond(1e12))
/// };
/// assert_eq!(serving::prefill(&x)?.prefill_time, Seconds(0.04));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn prefill(x: &PrefillIn) -> Result<PrefillOut> {
    solve::<Prefill>(x, Convention::Reference)
}

/// Returns how long one step takes that writes a token for every sequence of a batch.
///
/// `T = max(OPs / (Peak·η), (W_r + KV) / (BW·η_m)) + τ_d + L·τ_l`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] naming the first input outside the range that [`DecodeIn`] states.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Examples
///
/// ```
/// use mlsysim::composite::roofline::Bottleneck;
/// use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Params, Seconds};
/// use mlsysim::walls::node::serving::{self, DecodeIn};
///
/// // 2 GB of weights at 1 TB/s take 2 ms; the arithmetic of 10 sequences only 0.4 ms.
/// let x = DecodeIn {
///     batch: 10.0,
///     ..DecodeIn::new(Params(1e9), Bytes(2e9), FlopPerSecond(1e14), BytesPerSecond(1e12))
/// };
/// let out = serving::decode(&x)?;
/// assert_eq!((out.step_time, out.bottleneck), (Seconds(0.002), Bottleneck::Memory));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn decode(x: &DecodeIn) -> Result<DecodeOut> {
    solve::<Decode>(x, Convention::Reference)
}
