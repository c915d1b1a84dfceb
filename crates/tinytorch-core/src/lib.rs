#![doc = include_str!("../README.md")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "numeric kernels convert between element types by definition and compare with exact bounds"
)]

pub mod autograd;
mod dispatch;
pub mod error;
mod few;
pub mod io;
mod kernels;
pub mod ops;
pub mod rng;
pub mod slots;
pub mod tensor;

pub use autograd::{Param, no_grad};
pub use error::{Error, Result};
pub use rng::Rng;
pub use tensor::{DType, Shape, Tensor};
