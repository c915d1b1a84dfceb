//! The one way from the library to its algorithms.
//!
//! Each function here stands for a slot of [`crate::slots`] and computes the same thing with the same arguments, as fast as
//! the library knows how. Nothing else in the library calls a slot or its fast kernel, so this module is where
//! another implementation can be put in its place. Today every function is a direct call: it costs nothing.

mod activations;
mod autograd;
mod conv;
mod embedding;
mod layers;
mod losses;
mod tensor;

pub(crate) use activations::*;
pub(crate) use autograd::*;
pub(crate) use conv::*;
pub(crate) use embedding::*;
pub(crate) use layers::*;
pub(crate) use losses::*;
pub(crate) use tensor::*;
