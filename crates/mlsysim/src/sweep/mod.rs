//! Sweeps: one equation, or one step of models on machines, at every point of a grid.
//!
//! A grid is the product of [`Axis`]es; the last one turns fastest.
//! Names are resolved once, each point is one call of the typed form, and points run on several threads.
//! The result is a [`Table`] of typed columns: axes first, outputs after them, each with its unit.
//! Conditions such as `time < 10 ms and fits` keep some of the rows; they are checked for units before anything is
//! computed, and [`Statistics`] tells how many points each of them cost.
//!
//! Equal input gives equal bits for any number of threads: chunks of the grid are fixed and put together in order.
//!
//! ```
//! use mlsysim::sweep::{Options, equation};
//!
//! let axes = ["bytes_moved=16 GB", "bandwidth=1TB/s..4TB/s:4"];
//! let options = Options { conditions: vec!["memory_time <= 8 ms".into()], ..Options::default() };
//! let table = equation("memory.step_time", &axes, &options)?;
//! assert_eq!(table.numbers("memory_time"), Some([0.008, 16.0 / 3000.0, 0.004].as_slice()));
//! assert_eq!((table.statistics.points, table.statistics.conditions[0].rejected), (4, 1));
//! # Ok::<(), mlsysim::sweep::Refusal>(())
//! ```

mod axis;
mod evaluation;
mod expression;
mod grid;
mod run;
mod table;

pub use axis::{Axis, Kind};
pub use expression::Expression;
pub use run::{Options, Progress, equation, evaluations, inputs_of_evaluations};
pub use table::{Column, Condition, Data, Refused, Statistics, Table};

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// Every mistake of a call that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One line each.
    pub problems: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problems.join("\n"))
    }
}

impl core::error::Error for Refusal {}

impl From<String> for Refusal {
    fn from(problem: String) -> Self {
        Self { problems: alloc::vec![problem] }
    }
}

impl From<crate::Error> for Refusal {
    fn from(error: crate::Error) -> Self {
        alloc::string::ToString::to_string(&error).into()
    }
}
