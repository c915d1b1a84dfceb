#![doc = include_str!("../README.md")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_lossless,
    clippy::float_cmp,
    reason = "numeric kernels convert between element types by definition and compare with exact bounds"
)]

pub mod autograd;
pub mod count;
#[cfg(feature = "course")]
pub mod course;
pub mod data;
pub mod datasets;
mod dispatch;
pub mod error;
#[cfg(feature = "tflite")]
pub mod export;
mod few;
pub mod generate;
pub mod io;
mod kernels;
#[cfg(feature = "safetensors")]
pub mod milestones;
pub mod nn;
pub mod ops;
pub mod optim;
pub mod quant;
pub mod rng;
pub mod slots;
pub mod tensor;
pub mod text;
pub mod train;

pub use autograd::{Param, no_grad};
pub use error::{Error, Result};
pub use rng::Rng;
pub use tensor::{DType, Shape, Tensor};
