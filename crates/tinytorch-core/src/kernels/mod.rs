//! The inner loops of the library: fast, private, each tested against the plain algorithm in [`crate::slots`].
//!
//! Kernels know slices, shapes and strides; they know nothing of graphs, errors or element types chosen at run time.

pub(crate) mod across;
#[cfg(feature = "std")]
pub(crate) mod adam;
pub(crate) mod cached;
pub(crate) mod classes;
pub(crate) mod conv;
pub(crate) mod depthwise;
pub(crate) mod direct;
pub(crate) mod dot;
pub(crate) mod erf;
pub(crate) mod flash;
pub(crate) mod gemm;
pub(crate) mod int8;
pub(crate) mod map;
pub(crate) mod narrow;
pub(crate) mod nd;
pub(crate) mod norm;
#[cfg(feature = "std")]
pub(crate) mod packed;
pub(crate) mod par;
#[cfg(any(test, not(feature = "std")))]
pub(crate) mod plain;
pub(crate) mod pool;
pub(crate) mod real32;
#[cfg_attr(not(feature = "std"), path = "anew.rs")]
pub(crate) mod recycle;
pub(crate) mod reduce;
pub(crate) mod rows;
pub(crate) mod simd;
pub(crate) mod skinny;
pub(crate) mod steady;
#[cfg(feature = "parallel")]
mod team;
