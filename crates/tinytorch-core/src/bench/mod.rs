//! Measuring, so that a claim about speed can be checked.
//!
//! A number without its spread says little, and two numbers that differ may still be equal.
//! This module repeats, summarizes and compares:
//!
//! - [`Bench`] finds how often a piece of code must run to be measured at all, warms it up, and takes samples;
//! - [`Samples`] holds them: mean, median, quantiles, intervals of confidence, outliers;
//! - [`accuracy`] counts right answers, batch by batch;
//! - [`compare`] and [`compare_pairs`] decide between *faster*, *slower* and *no difference shown*;
//! - [`pareto_front`] keeps the candidates that no other beats in everything;
//! - [`Report`] writes a table as Markdown, JSON or CSV with the [`Environment`] it was taken in;
//! - [`Energy`] never invents: it is measured by a counter of the processor, or modelled from named constants.

mod accuracy;
mod compare;
mod energy;
mod environment;
mod intervals;
mod pareto;
mod report;
mod run;
mod samples;
mod student;

#[cfg(test)]
mod tests;

pub use accuracy::accuracy;
pub use compare::{Comparison, Verdict, compare, compare_pairs, mann_whitney};
pub use energy::{Energy, EnergyCounter};
pub use environment::Environment;
pub use intervals::{Interval, bootstrap};
pub use pareto::{Goal, pareto_front};
pub use report::{Report, Row};
pub use run::{Bench, Drift, Measured, timer_resolution};
pub use samples::{Figures, Samples, Summary};
pub use student::t_quantile;
