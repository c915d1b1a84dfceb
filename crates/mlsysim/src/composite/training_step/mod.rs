//! A training step of a transformer on many devices, by the formulas of the literature.
//!
//! [`Plan`] holds a model, a machine and a batch as plain numbers, prepared once; [`Layout`] says how the work is
//! divided; [`step_estimate`] prices one layout in well under a microsecond and allocates nothing, so that millions can
//! be compared.
//!
//! - Devices are numbered with the tensor rank running fastest, then context, expert, data and pipeline rank. A group
//!   whose members stand in one node uses that node's links, any other the network.
//! - A device computes at a constant share of its peak, or waits for its memory. A stage of the pipeline works at the
//!   pace of the stage with the most work.
//! - Sums of shared layers and exchanges of tokens are waited for; sums of gradients hide behind the backward pass of
//!   the last microbatch, whose end makes them final, except while chunks of a sequence arrive behind it; transfers between stages hide while the pipeline is full.
//! - Not modeled: kernels whose efficiency changes with their size, contention between groups, failures.

mod estimate;
mod layout;
mod plan;
mod record;
mod ways;
mod work;

pub(crate) use estimate::price;
pub use estimate::{Breakdown, StepEstimate, step_estimate};
pub use layout::Layout;
pub use plan::{Cluster, Plan, Shape, Tuning};
pub(crate) use work::Work;
