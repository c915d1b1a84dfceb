//! Producing text, one token after another.
//!
//! A language model gives a score for every token that could come next. A [`Sampler`] turns the scores into a choice.
//! [`generate`] continues one text, [`generate_batch`] several at once.

mod batch;
mod decode;
mod sample;

pub use batch::{Request, generate_batch};
pub use decode::{LanguageModel, generate};
pub use sample::Sampler;

pub use crate::slots::sample::Sampling;
