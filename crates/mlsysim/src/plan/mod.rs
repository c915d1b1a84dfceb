//! Plans: a model, the machines it runs on, where they stand, and limits to hold, written down in one file.
//!
//! ```yaml
//! version: "1.0"
//! name: chat on one accelerator
//! workload: { name: llama3_8b, batch_size: 8, seq_len: 2048 }
//! hardware: { name: h100, precision: fp16, efficiency: 0.5 }
//! ops: { region: quebec, duration_days: 30 }
//! constraints:
//!   assert:
//!     - { metric: performance.latency, max: 20 }
//! ```
//!
//! [`Plan::read`] reads YAML or TOML and tells every mistake with its line and column at once; unknown fields are
//! mistakes. [`Plan::evaluate`] computes what the plan asks for, level by level, and which limits it breaks.

mod evaluate;
mod read;
#[cfg(feature = "json")]
#[cfg(feature = "json")]
mod schema;
mod set;

pub use crate::evaluate::scorecard::Status;
pub use evaluate::{Level, Metric, Report, Violation};
#[cfg(feature = "json")]
pub use schema::{Of, schema};

use crate::precision::Precision;
use crate::registry::{Grid, Hardware, Model};
use crate::units::{BytesPerSecond, Seconds};
use alloc::string::String;
use alloc::vec::Vec;

/// A plan whose names have been resolved.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Version of the file, as its author counts.
    pub version: String,
    /// Name of the plan.
    pub name: String,
    /// The model.
    pub model: Model,
    /// Items in one step, all accelerators together.
    pub batch: u32,
    /// Tokens of each sequence.
    pub seq_len: u32,
    /// The accelerator.
    pub hardware: Hardware,
    /// How many of them.
    pub accelerators: u32,
    /// How many of them stand in one node.
    pub accelerators_per_node: u32,
    /// Bandwidth between two accelerators of a node, if the plan or the accelerator's record states one.
    pub intra_node: Option<BytesPerSecond>,
    /// Bandwidth of a port of the network between nodes.
    pub fabric: BytesPerSecond,
    /// Number format.
    pub precision: Precision,
    /// Share of the peak that the code reaches.
    pub efficiency: f64,
    /// Where and for how long, if the plan says.
    pub ops: Option<Ops>,
    /// Limits to hold.
    pub assertions: Vec<Assertion>,
}

/// Where a plan runs, and for how long.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Ops {
    /// The electricity grid.
    pub grid: Grid,
    /// How long.
    pub duration: Seconds,
}

/// A limit that a plan asserts.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Assertion {
    /// The metric, such as `performance.latency`.
    pub metric: String,
    /// The least it may be, in the metric's unit.
    pub min: Option<f64>,
    /// The most it may be, in the metric's unit.
    pub max: Option<f64>,
}

#[cfg(test)]
mod tests;
