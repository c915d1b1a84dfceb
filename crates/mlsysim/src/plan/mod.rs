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
//! A plan with `training` prices a training step on all its accelerators; what `training` does not name of the layout is
//! searched. Without it the accelerators infer, each its share of the batch on a copy of the model.
//!
//! [`Plan::read`] reads YAML or TOML and tells every mistake with its line and column at once; unknown fields are
//! mistakes. [`Plan::read_with`] also opens the files with machines, models and grids that a plan names under `records`.
//! [`Plan::evaluate`] computes what the plan asks for, level by level, and which limits it breaks.

mod evaluate;
mod read;
#[cfg(feature = "json")]
mod schema;
mod set;
mod train;
mod training;

pub use crate::evaluate::scorecard::Status;
pub use evaluate::{Level, Metric, Report, Violation};
#[cfg(feature = "json")]
pub use schema::{Of, schema};
pub use train::{Run, TrainingReport};

use crate::optimize::layout::Named;
use crate::precision::Precision;
use crate::registry::{Grid, Hardware, Model};
use crate::units::{BytesPerSecond, Seconds, Tokens};
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
    /// How the model is trained; `None` if it infers.
    pub training: Option<Training>,
    /// Where and for how long, if the plan says.
    pub ops: Option<Ops>,
    /// Limits to hold.
    pub assertions: Vec<Assertion>,
}

/// How the model of a plan is trained.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Training {
    /// What the plan names of the layout; the rest is searched.
    pub named: Named,
    /// Share of the time in which messages can travel behind work.
    pub overlap: f64,
    /// How much is trained, if the plan says.
    pub length: Option<Length>,
}

/// How much a run trains.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Length {
    /// Tokens to train on.
    Tokens(Tokens),
    /// Steps.
    Steps(u32),
}

/// Where a plan runs, and for how long.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Ops {
    /// The electricity grid.
    pub grid: Grid,
    /// How long; a training run whose length is named lasts as long as it takes instead.
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
#[cfg(test)]
mod training_tests;
