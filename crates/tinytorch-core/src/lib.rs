#![doc = include_str!("../README.md")]
//!
//! ## Without the standard library
//!
//! With `default-features = false` the crate needs `core` and an allocator only. A network that was trained on the host then
//! answers on a board:
//!
//! ```
//! use tinytorch_core::io::npy;
//! use tinytorch_core::nn::{Linear, Module, ModuleExt, Relu, Sequential};
//! use tinytorch_core::{Rng, Tensor, no_grad};
//!
//! // On the host: 2 inputs, 3 hidden units, 1 output; weights as bytes.
//! let network = |seed| -> tinytorch_core::Result<Sequential> {
//!     let rng = &mut Rng::seed(seed);
//!     Ok(Sequential::new().push(Linear::new(2, 3, rng)?).push(Relu).push(Linear::new(3, 1, rng)?))
//! };
//! let trained = network(1)?;
//! let mut files = Vec::new();
//! for (name, tensor) in trained.state_dict() {
//!     files.push((name, npy::to_bytes(&tensor)?));
//! }
//!
//! // On the board: the same shapes, other first weights, then those of the host.
//! let board = network(2)?;
//! let mut state = tinytorch_core::nn::StateDict::new();
//! for (name, bytes) in &files {
//!     state.insert(name.clone(), npy::from_bytes(bytes)?);
//! }
//! board.load_state_dict(&state, true)?;
//! let x = Tensor::from([[0.5_f32, -1.0]]);
//! let (y, expected) = no_grad(|| (board.forward(&x), trained.forward(&x)));
//! assert_eq!(y?.to_vec::<f32>()?, expected?.to_vec::<f32>()?);
//! # Ok::<(), tinytorch_core::Error>(())
//! ```
//!
//! What is there: tensors and operations, autograd, layers, counting, eight-bit networks, generation, `.npy` from bytes, and
//! with their features `.safetensors` from bytes and `.tflite`. What needs `std`: training, optimizers, data, tokenizers, files,
//! experiments, the course, several threads.
//!
//! Floats are close to those with `std`, not equal: no two operations are rounded as one, some sums run in another order, and
//! functions come from `libm`; in exchange every machine gives the same bits. Locks spin, so nothing of this crate may be used in an interrupt handler, and
//! [`no_grad`] counts for the whole program instead of one thread.
#![cfg_attr(not(any(feature = "std", test)), no_std)]
#![cfg_attr(
    all(test, not(feature = "std")),
    allow(
        unused_imports,
        dead_code,
        reason = "tests have std, whose methods win over those of nostd"
    )
)]
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

#[cfg(feature = "std")]
pub mod accel;
pub mod autograd;
#[cfg(feature = "std")]
pub mod bench;
#[cfg(feature = "std")]
pub mod compress;
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
#[cfg(feature = "olympics")]
pub mod olympics;
pub mod ops;
#[cfg(feature = "std")]
pub mod optim;
pub mod profile;
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
