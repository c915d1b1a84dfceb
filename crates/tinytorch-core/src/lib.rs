#![doc = include_str!("../README.md")]
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_lossless,
    clippy::float_cmp,
    reason = "numeric kernels convert between element types by definition and compare with exact bounds"
)]

#[macro_use]
extern crate alloc;

pub mod autograd;
pub mod count;
#[cfg(feature = "course")]
pub mod course;
#[cfg(feature = "std")]
pub mod data;
#[cfg(feature = "std")]
pub mod datasets;
mod dispatch;
pub mod error;
#[cfg(feature = "tflite")]
pub mod export;
mod few;
pub mod generate;
pub mod io;
mod kernels;
#[cfg(all(feature = "safetensors", feature = "std"))]
pub mod milestones;
pub mod nn;
mod nostd;
pub mod ops;
#[cfg(feature = "std")]
pub mod optim;
pub mod quant;
pub mod rng;
pub mod slots;
pub mod tensor;
#[cfg(feature = "std")]
pub mod text;
#[cfg(feature = "std")]
pub mod train;

pub use autograd::{Param, no_grad};
pub use error::{Error, Result};
pub use rng::Rng;
pub use tensor::{DType, Shape, Tensor};
