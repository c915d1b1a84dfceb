//! The same result, faster: one product and one activation, step by step from the definition to what a processor can do.
//!
//! A matrix product of size 512 takes 268 million operations whatever the order of its loops, and yet one order is many times
//! as fast as another. This module keeps every rung of the ladder, so that each step can be read, checked and measured:
//!
//! | rung | what changes |
//! | --- | --- |
//! | [`matmul_naive`] | nothing: the definition, which reads `b` column by column |
//! | [`matmul_ikj`] | the order of two loops: all reads run along rows, and the compiler finds vectors |
//! | [`matmul_tiled`] | tiles that stay in a cache are used as often as they can be |
//! | [`matmul_packed`] | operands are copied into reading order, sums stay in registers, vectors are as wide as the machine has |
//! | [`matmul_parallel`] | blocks of rows are shared between threads |
//!
//! What is not limited by arithmetic gains from reading less instead: [`gelu_unfused`], [`gelu_fused`] and [`gelu_simd`] are the
//! same formula in 18 passes over memory and in two, [`fused_linear_gelu`] applies it while a result is still in a cache, and
//! [`fused_layer_norm`] normalizes a row while it is there. [`attention_tiled`] never holds the scores of a whole text.
//!
//! Every function here is an operation like those of [`Tensor`](crate::Tensor): recorded, with gradients, seen by
//! [`profile`](crate::profile). [`Ladder`] measures them against each other under the roof of the machine,
//! [`strong_scaling`] measures what more threads give, and [`amdahl`] says what they can give at most.
//!
//! ```
//! use tinytorch_core::{Tensor, accel};
//!
//! let a = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
//! let b = Tensor::from([[5.0f32, 6.0], [7.0, 8.0]]);
//! for product in [accel::matmul_naive, accel::matmul_ikj, accel::matmul_packed, accel::matmul_parallel] {
//!     assert_eq!(product(&a, &b)?.to_vec::<f32>()?, [19.0, 22.0, 43.0, 50.0]);
//! }
//! // Three tiles of single precision in 32 KiB.
//! assert_eq!(accel::largest_tile(32 << 10, 4), 52);
//! assert_eq!(accel::matmul_tiled(&a, &b, 32)?.to_vec::<f32>()?, [19.0, 22.0, 43.0, 50.0]);
//! # Ok::<(), tinytorch_core::Error>(())
//! ```

mod attention;
mod fused;
mod gelu;
mod ladder;
mod plot;
mod product;
mod scaling;
mod theory;
mod transpose;

#[cfg(test)]
mod tests;

pub use attention::attention_tiled;
pub use fused::{fused_layer_norm, fused_linear_gelu, unfused_layer_norm};
pub use gelu::{gelu_fused, gelu_simd, gelu_unfused};
pub use ladder::{Ladder, Rung};
pub use plot::{Dot, text_roofline};
pub use product::{
    Variant, matmul_ikj, matmul_naive, matmul_packed, matmul_parallel, matmul_tiled,
};
pub use scaling::{ScalingPoint, strong_scaling};
pub use theory::{
    GELU_FLOPS, GELU_PASSES, amdahl, elementwise_intensity, largest_tile, matmul_intensity,
    serial_share,
};
pub use transpose::{transpose_blocked, transpose_naive};
