//! Wall 5, batching: how many requests share the weights of one step is a question of memory.
//!
//! Every request under way keeps the keys and values of its tokens.
//! Reserving the longest length for each wastes most of the memory; pages of a few tokens waste half a page each, so
//! more requests fit, and every step writes more tokens for the same read of the weights.
//! Lengths follow an exponential law cut off at the longest; requests under way are met somewhere between their prompt
//! and their end.
//! Not modelled: pages shared by equal prompts, the time of prompts read between steps, requests stopped and resumed
//! (the probability that it happens is given).

mod admission;
mod continuous;
mod lengths;

pub use admission::{Admission, AdmissionIn, AdmissionOut};
pub use continuous::{Continuous, ContinuousIn, ContinuousOut};

use crate::convention::Convention;
use crate::error::Result;
use crate::walls::equation::solve;

const KWON: &str = "Kwon et al. (2023), Efficient Memory Management for Large Language Model Serving with PagedAttention, SOSP";
const LENGTHS: &str =
    "counting; a request met at random is longer than the mean (length-biased sampling)";
const COUNTING: &str = "counting";

/// Returns how many requests fit into memory side by side, and what pages and whole reservations waste.
///
/// `N = ⌊(1 − ω)·⌊T_b/p⌋·p / A⌋` with room for `T_b` tokens and `A` tokens of pages per request.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] naming the first input outside the range that [`AdmissionIn`] states.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerToken, Tokens};
/// use mlsysim::walls::node::batching::{self, AdmissionIn};
///
/// // Room for 1000 tokens, 990 of them used; requests of 100 tokens in pages of 10.
/// let out = batching::admission(&AdmissionIn {
///     capacity: Bytes(1100.0),
///     weight_bytes: Bytes(100.0),
///     kv_per_token: BytesPerToken(1.0),
///     max_seq_len: Tokens(100.0),
///     mean_tokens: Tokens(100.0),
///     max_batch: 32.0,
///     page_size: Tokens(10.0),
///     prompt_share: 1.0,
///     watermark: 0.01,
/// })?;
/// assert_eq!(out.paged_requests, 9.0);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn admission(x: &AdmissionIn) -> Result<AdmissionOut> {
    solve::<Admission>(x, Convention::Reference)
}
