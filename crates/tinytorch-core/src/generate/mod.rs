//! Producing text, one token after another.
//!
//! A language model gives a score for every token that could come next. A [`Sampler`] turns the scores into a choice.

mod sample;

pub use sample::Sampler;

pub use crate::slots::sample::Sampling;
