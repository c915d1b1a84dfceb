//! Machines and models as records, with the origin of every number.
//!
//! The record types are always here; the shipped records and the reader for your own need the feature `registry`.

mod architecture;
mod demand;
mod facts;
mod hardware;
#[cfg(feature = "json")]
mod hugging_face;
#[cfg(feature = "registry")]
mod load;
mod models;
#[cfg(feature = "registry")]
mod read;
#[cfg(feature = "registry")]
mod shelf;
mod sites;
mod spec_sheet;
mod systems;
mod training;

pub use architecture::{Architecture, Biases, ParameterCount};
pub use demand::Inference;
pub use facts::Facts;
pub use hardware::{Class, Hardware, rate_field};
#[cfg(feature = "registry")]
pub use load::Registry;
pub use models::{Family, Model};
pub use sites::{Grid, Site};
pub use spec_sheet::SpecSheet;
pub use systems::{Direction, Fabric, Fleet, Link, Node, Storage, Wiring};
pub use training::{Recompute, Training, TrainingMemory};

use alloc::string::String;
use core::fmt;

/// A mistake in a file of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}
