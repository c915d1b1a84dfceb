//! Producing text, one token after another.
//!
//! A language model gives a score for every token that could come next. A [`Sampler`] turns the scores into a choice.

mod decode;
mod sample;

pub use decode::{LanguageModel, generate};
pub use sample::Sampler;

pub use crate::slots::sample::Sampling;
