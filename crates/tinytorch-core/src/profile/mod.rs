//! Where the time goes: every operation with its arithmetic, its traffic and its clock.
//!
//! [`trace`] runs a piece of code and watches all tensor operations of its thread, forward and backward.
//! What it returns is data: tables by operation and by part of the network, a trace for a browser, a flame view, and with a
//! [`Machine`] that was measured, not assumed, a roofline.
//!
//! - Operations are counted by shape: a multiplication and an addition of a product are two, an element of a sum or a function is
//!   one, and comparisons, copies and rearrangements are none. An operation without a count says *unknown*; it is never guessed.
//! - Bytes are those of the operands and the result, each once; views move nothing.
//! - Live bytes are those of tensor memory made since the trace began and not yet dropped.
//!
//! While nothing is traced an operation pays for one look at a counter.

#[cfg(feature = "std")]
mod chrome;
#[cfg(feature = "std")]
mod flame;
#[cfg(feature = "std")]
mod latency;
#[cfg(feature = "std")]
pub(crate) mod live;
#[cfg(feature = "std")]
mod machine;
#[cfg(feature = "std")]
mod recorder;
#[cfg(feature = "std")]
mod roofline;
#[cfg(feature = "std")]
mod table;

#[cfg(test)]
#[cfg(feature = "std")]
mod tests;

#[cfg(feature = "std")]
pub use latency::measure_latency;
#[cfg(feature = "std")]
pub use machine::Machine;
#[cfg(feature = "std")]
pub use recorder::{Event, Phase, Profile, scope, trace};
#[cfg(feature = "std")]
pub(crate) use recorder::{backward, forward};
#[cfg(feature = "std")]
pub use roofline::Placed;
#[cfg(all(feature = "safetensors", feature = "std"))]
pub(crate) use roofline::escaped;
#[cfg(feature = "std")]
pub use table::Row;

pub use crate::slots::profile::{Bound, LatencyStats, Metrics};

/// Operations of `outputs` sums over `depth` products each.
pub(crate) fn products(outputs: usize, depth: usize) -> Option<u64> {
    (outputs as u64).checked_mul(depth as u64)?.checked_mul(2)
}
