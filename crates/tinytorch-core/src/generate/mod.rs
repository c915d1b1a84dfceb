//! Producing text, one token after another.
//!
//! A language model gives a score for every token that could come next. A [`Sampler`] turns the scores into a choice.
//! [`generate`] continues one text, [`generate_batch`] several at once; both evaluate the whole text for each token.
//! [`generate_cached`] keeps what earlier tokens have computed in a [`KvCache`] and evaluates the new token alone;
//! a [`NarrowGpt`] does so with weights of fewer bits, which is faster where memory decides.

mod batch;
mod cache;
mod cached;
mod decode;
mod narrow;
mod sample;

pub use batch::{Request, generate_batch};
pub use cache::{CacheType, KvCache, KvShape};
pub use cached::{CachedModel, batch_invariant, generate_cached};
pub use decode::{LanguageModel, generate};
pub use narrow::{NarrowGpt, WeightType};
pub use sample::Sampler;

pub use crate::slots::sample::Sampling;
