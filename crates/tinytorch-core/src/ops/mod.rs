//! The operations on tensors: what is checked, what is computed, and the rule of each gradient.
//!
//! Most operations are methods of [`Tensor`](crate::Tensor). The operation values are public where a graph shows their names.

pub(crate) mod arith;
pub mod attention;
pub(crate) mod axes;
pub(crate) mod broadcast;
mod compare;
mod conv;
mod convert;
mod einsum;
mod flash;
mod index;
mod linear;
mod loss;
pub(crate) mod matmul;
mod minmax;
mod norm;
mod operators;
mod pow;
mod reduce;
mod select;
mod shape;
mod softmax;
pub(crate) mod support;
mod unary;

pub use arith::{Add, AddScalar, Div, DivScalar, Mul, MulScalar, Sub};
pub use axes::{AxisMask, IntoAxes, IntoSizes, Sizes};
pub use conv::{Conv2dOpts, Pool2dOpts};
pub use index::{Index, IntoIndices};
pub use linear::Linear;
pub use loss::{CrossEntropyOpts, Reduction};
pub use matmul::MatMul;
pub use norm::BatchNormOpts;
pub use reduce::{Mean, Sum};
pub use shape::{Permute, Reshape, Transpose};
#[cfg(feature = "std")]
pub(crate) use unary::gelu_tanh_backward;
pub use unary::{GeluKind, Relu};

#[cfg(test)]
mod tests;
