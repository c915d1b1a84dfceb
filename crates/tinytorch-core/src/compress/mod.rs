//! Smaller networks: pruning, low rank, sparse storage, distillation.
//!
//! Each method is honest about what it saves.
//! A weight set to zero still takes its four bytes and its multiplication: [`magnitude_prune`] makes a network *compressible*,
//! [`Csr`] stores it in fewer bytes, and [`shrink`] and [`low_rank`] make layers that really are smaller.
//!
//! - [`sparsity`] counts zeros, [`magnitude_prune`] and [`n_of_m`] make them, a [`Mask`] keeps them while training goes on,
//!   and [`Cubic`] says how many there should be after each step;
//! - [`shrink`] takes out whole units of a layer together with what the next layer does with them;
//! - [`svd`] and [`low_rank`] replace a matrix by two thin ones;
//! - [`distill_loss`] lets a small network learn from a large one.
//!
//! With the digits that ship with the crate, `pruning_curve` measures how accuracy falls as weights go.

mod csr;
#[cfg(feature = "safetensors")]
mod curve;
mod distill;
mod prune;
mod rank;
mod structured;
mod svd;

#[cfg(test)]
mod tests;

pub use csr::Csr;
#[cfg(feature = "safetensors")]
pub use curve::{CurveOpts, CurvePoint, PruningCurve, pruning_curve};
pub use distill::{Distillation, distill_loss};
pub use prune::{Cubic, Mask, Scope, Sparsity, magnitude_prune, n_of_m, sparsity};
pub use rank::{break_even_rank, low_rank, low_rank_tensors};
pub use structured::{Layer, Pair, shrink};
pub use svd::{Svd, svd};

use crate::{Error, Result};

/// Refuses what is not a share.
pub(crate) fn share(op: &'static str, name: &'static str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::argument(op, name, value, "between 0 and 1"))
}
