//! Eight-bit networks: how real numbers become small integers and how integers alone do the work.
//!
//! A trained network rarely needs 32 bits for each weight. Post-training quantisation ([`quantize`]) picks, for every
//! tensor, a scale and a zero point ([`affine`]), watching real activations to learn their ranges
//! ([`Observer`]). The result, a [`QModel`], is a plain [`graph`] of eight-bit operators, which an [`Engine`] runs with
//! integer arithmetic only ([`fixed`]), with the processor's own products of bytes ([`PackedWeights`]): four times smaller than `f32`, and the same bits
//! on a laptop and on a board without floating point.

pub mod affine;
mod check;
mod depthwise;
mod engine;
mod fake;
pub mod fixed;
pub mod graph;
mod group4;
mod join;
mod kernels;
mod means;
mod model;
mod observer;
mod ptq;
mod qat;
mod requantize;
mod weights;

pub use affine::QParams;
pub use engine::Engine;
pub use fake::{fake_quant, fake_quant_weights};
pub use graph::QGraph;
pub use group4::Groups4;
pub use model::QModel;
pub use observer::{LeastSquares, MinMax, MovingAverage, Observer, Percentile};
pub use ptq::{QuantizeOpts, quantize};
pub use qat::Qat;
pub use requantize::Requantize;
pub use weights::PackedWeights;
