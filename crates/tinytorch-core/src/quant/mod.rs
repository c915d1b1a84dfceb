//! Eight-bit networks: how real numbers become small integers and how integers alone do the work.
//!
//! A trained network rarely needs 32 bits for each weight. Post-training quantisation picks, for every
//! tensor, a scale and a zero point ([`affine`]), watching real activations to learn their ranges
//! ([`observer`]). The result is a plain [`graph`] of eight-bit operators, which [`engine`] runs with
//! integer arithmetic only ([`kernels`], [`fixed`]): four times smaller than `f32`, and the same bits
//! on a laptop and on a board without floating point.

pub mod affine;
pub mod engine;
pub mod fixed;
pub mod graph;
pub mod kernels;
pub mod observer;

pub use affine::QParams;
pub use engine::Engine;
pub use graph::QGraph;
pub use observer::{MinMax, Observer};
