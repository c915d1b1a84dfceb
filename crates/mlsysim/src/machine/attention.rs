//! Time of causal attention over a whole sequence, by kernels that never write the scores.
//!
//! ```text
//! T = t_0 + F_c / (R · e · r_s) + c · bytes / BW
//! F_c = 2 · B · H · s · (s + block) · d
//! ```
//!
//! Half of the square of scores is computed, in blocks that reach over the diagonal. Queries, keys and values are read
//! and outputs written once; the kernels around it (rotary positions, writing the cache) move them again, which `c`
//! counts. Source: Dao, "FlashAttention-2" (2023).
//!
//! Limits: one head size for queries and values, no window, forward only.

use super::{Calibration, Machine, positive};
use crate::error::Result;
use crate::precision::Precision;

/// Causal attention of a batch of sequences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prefill {
    /// Sequences.
    pub batch: f64,
    /// Tokens of each.
    pub seq_len: f64,
    /// Heads of the queries.
    pub heads: f64,
    /// Heads of keys and values.
    pub kv_heads: f64,
    /// Elements of a head.
    pub head_dim: f64,
    /// Format of the operands.
    pub precision: Precision,
}

/// The constants of the model, section `task.attention` of the calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Constants {
    /// Share of the peak that long sequences reach.
    pub peak_share: f64,
    /// Keys and queries of a block on the diagonal.
    pub block: f64,
    /// How often queries, keys, values and outputs move.
    pub traffic: f64,
    /// Fixed time over the family's kernel time.
    pub launch: f64,
}

impl Constants {
    /// Reads the section.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn read(calibration: &Calibration) -> Result<Self> {
        let get = |name| calibration.constant("attention", name);
        Ok(Self {
            peak_share: get("peak_share")?,
            block: get("block")?,
            traffic: get("traffic")?,
            launch: get("launch")?,
        })
    }
}

/// The time of causal attention on `machine`, s.
///
/// # Errors
///
/// A size that is not above zero and finite, or [`crate::Error::RateMissing`].
pub fn time(machine: &Machine<'_>, prefill: &Prefill, constants: &Constants) -> Result<f64> {
    const OP: &str = "machine.attention";
    let batch = positive(OP, "batch", prefill.batch)?;
    let seq_len = positive(OP, "seq_len", prefill.seq_len)?;
    let heads = positive(OP, "heads", prefill.heads)?;
    let kv_heads = positive(OP, "kv_heads", prefill.kv_heads)?;
    let head_dim = positive(OP, "head_dim", prefill.head_dim)?;
    let ops = 2.0 * batch * heads * seq_len * (seq_len + constants.block) * head_dim;
    let rate = machine.peak(prefill.precision)? * constants.peak_share;
    let elements = batch * seq_len * (2.0 * heads + 2.0 * kv_heads) * head_dim;
    let bytes = elements * prefill.precision.width().0;
    let fixed = machine.generation.kernel_time * constants.launch;
    Ok(fixed + ops / rate + constants.traffic * bytes / machine.bandwidth())
}
