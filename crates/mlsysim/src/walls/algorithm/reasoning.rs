//! Wall 12, reasoning: thinking longer costs a step of the whole model per token, and ever longer context.
//!
//! A chain of thought is decoding, token after token; its context grows, so every token costs a little more than the
//! one before. Many samples share the weights of a step, and help as far as somebody can tell which of them is right.
//! Quality here is that of independent samples of equal difficulty; real problems differ, which flattens the curves.

mod chain;
mod generation;
mod samples;

pub use chain::{Chain, ChainIn, ChainOut, TOKENS_PER_STEP};
pub use generation::{Generation, GenerationIn, GenerationOut};
pub use samples::{Samples, SamplesIn, SamplesOut};

use crate::convention::Convention;
use crate::error::Result;
use crate::walls::equation::solve;

const COUNTING: &str = "counting";

/// Returns how long `x.generated` tokens take whose context grows with each.
///
/// `T = Σ_{j<G} max(T_c + j·τ_c, (W_r + B·k·(S + j)) / (BW·η_m)) + G·T_o`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] naming the first input outside the range that [`GenerationIn`] states.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, BytesPerToken, Seconds, Tokens};
/// use mlsysim::walls::algorithm::reasoning::{self, GenerationIn};
///
/// // 100 bytes of weights and 1 byte per token: 110, 111 and 112 bytes at 1 byte per second.
/// let x = GenerationIn {
///     context: Tokens(10.0),
///     generated: Tokens(3.0),
///     ..GenerationIn::new(Bytes(100.0), BytesPerToken(1.0), BytesPerSecond(1.0))
/// };
/// assert_eq!(reasoning::generation(&x)?.time, Seconds(333.0));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn generation(x: &GenerationIn) -> Result<GenerationOut> {
    solve::<Generation>(x, Convention::Reference)
}
