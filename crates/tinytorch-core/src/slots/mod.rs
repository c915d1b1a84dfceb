//! The algorithms of the library in their plainest form, one file per course module.
//!
//! A *slot* is an algorithm a learner can be asked to write: a plain function of slices, views and small structs.
//! The functions here are the definitions. The library reaches them, or a faster kernel that is tested against them,
//! only through `crate::dispatch`.

#[cfg(feature = "std")]
pub mod accel;
pub mod activations;
pub mod attention;
pub mod autograd;
#[cfg(feature = "std")]
pub mod bench;
#[cfg(feature = "std")]
pub mod compress;
pub mod conv;
#[cfg(feature = "std")]
pub mod data;
pub mod embedding;
pub mod layers;
pub mod losses;
pub mod memo;
#[cfg(feature = "olympics")]
pub mod olympics;
#[cfg(feature = "std")]
pub mod optim;
pub mod profile;
pub mod quant;
pub mod sample;
#[cfg(feature = "std")]
pub mod schedule;
pub mod tensor;
#[cfg(feature = "std")]
pub mod text;
#[cfg(feature = "std")]
pub mod train;
pub mod transformer;

/// A layer as a function, for algorithms that are made of layers.
pub type Part<'a> = &'a dyn Fn(&crate::Tensor) -> crate::Result<crate::Tensor>;
