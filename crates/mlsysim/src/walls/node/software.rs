//! Wall 3, software: between the peak of a machine and what code reaches lies the software.
//!
//! Two ways to say how much is lost.
//! *By kind*: what good kernels of a kind of work are known to reach, scaled by how good the rest of the stack is.
//! *By cause*: one matrix product loses to tiles that stick out over its edges, to a last wave of tiles that does not
//! fill the machine, to memory, and to its launch; shares multiply, so their logarithms add.
//! Both are models of one kernel, and know nothing of what runs beside it.

mod kind;
mod matmul;

pub use kind::{Kind, KindEfficiency, KindIn, KindOut};
pub use matmul::{Matmul, MatmulIn, MatmulOut};

use crate::convention::Convention;
use crate::error::Result;
use crate::walls::equation::solve;

/// Returns which share of the peak one matrix product reaches, and why not more.
///
/// `η = η_occ·η_tile·η_wave·η_mem·η_launch`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] naming the first input outside the range that [`MatmulIn`] states.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{BytesPerSecond, FlopPerSecond};
/// use mlsysim::walls::node::software::{self, MatmulIn};
///
/// // 129 rows need two tiles of 128, the second nearly empty.
/// let x = MatmulIn::new([129.0, 1024.0, 1024.0], FlopPerSecond(1e14), BytesPerSecond(1e12));
/// let out = software::matmul(&x)?;
/// assert!((out.tile_efficiency - 129.0 / 256.0).abs() < 1e-15);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn matmul(x: &MatmulIn) -> Result<MatmulOut> {
    solve::<Matmul>(x, Convention::Reference)
}
