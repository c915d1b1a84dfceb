#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod composite;
pub mod conformance;
mod convention;
#[cfg(feature = "registry")]
pub mod document;
pub mod dual;
mod error;
pub mod evaluate;
pub mod formulas;
pub mod machine;
mod near;
pub mod optimize;
#[cfg(feature = "registry")]
pub mod plan;
mod precision;
pub mod provenance;
mod ranges;
pub mod registry;
pub mod report;
pub mod resolve;
pub mod simulate;
#[cfg(feature = "sweep")]
pub mod sweep;
pub mod trace;
pub mod units;
pub mod walls;
mod workload;

pub use convention::Convention;
pub use error::{CallError, Error, PipelineError, Result, SearchError};
pub use precision::Precision;
pub use ranges::Range;
pub use workload::{Workload, WorkloadSpec};
