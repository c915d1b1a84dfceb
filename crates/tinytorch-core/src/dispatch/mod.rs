//! The one way from the library to its algorithms.
//!
//! Each function here stands for a slot of [`crate::slots`] and computes the same thing with the same arguments, as fast as
//! the library knows how. Nothing else in the library calls a slot or its fast kernel, so this module is where
//! another implementation can be put in its place. Today every function is a direct call: it costs nothing.

mod activations;
mod attention;
mod autograd;
mod conv;
mod data;
mod embedding;
mod layers;
mod losses;
mod optim;
mod profile;
mod quant;
mod sample;
mod schedule;
mod tensor;
mod text;
mod train;
mod transformer;

pub(crate) use activations::*;
pub(crate) use attention::*;
pub(crate) use autograd::*;
pub(crate) use conv::*;
pub(crate) use data::*;
pub(crate) use embedding::*;
pub(crate) use layers::*;
pub(crate) use losses::*;
pub(crate) use optim::*;
pub(crate) use profile::*;
pub(crate) use quant::*;
pub(crate) use sample::*;
pub(crate) use schedule::*;
pub(crate) use tensor::*;
pub(crate) use text::*;
pub(crate) use train::*;
pub(crate) use transformer::*;

#[cfg(test)]
mod tests;
