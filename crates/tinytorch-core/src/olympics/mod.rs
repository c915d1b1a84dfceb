//! The capstone: a measured model as a file that others can check.
//!
//! A claim is worth as much as the way to test it. A [`Submission`] holds what was measured on a baseline and on a model that was
//! made smaller or faster, and with it the *evidence*: raw times, machine, seeds, hashes of models and data, and whose code did the
//! work. Then
//!
//! - [`Submission::from_json`] reads a file and reports all its faults at once, each with place, value and remedy;
//! - [`verify`] runs the attached models again, so that a figure edited by hand is found;
//! - [`Event::qualifies`] says which of the five events a model may enter, and [`leaderboard`] ranks them, with the
//!   normalization declared beside the table;
//! - [`cli`] does all of it from the command line.
//!
//! Two forms are read. Version 1 is that of the Python original; version 2, `"schema": "tinytorch-rs/2"`, is the same with the
//! evidence. Accuracy and size can be verified anywhere; a time belongs to its machine and stays a claim.

pub mod cli;
mod event;
mod evidence;
mod fault;
mod made;
mod measure;
mod metrics;
mod network;
mod number;
mod rank;
mod submission;
mod validate;
mod verify;

#[cfg(test)]
mod tests;

pub use event::Event;
pub use evidence::{Digests, Evidence, OwnWork, TimesMs};
pub use fault::Fault;
pub use made::{Made, MakeOpts, make};
pub use measure::{BenchmarkReport, Contender, benchmark, sha256};
pub use metrics::{Improvements, LEAST_LATENCY_MS, LEAST_SIZE_MB, Metrics};
pub use network::Network;
pub use rank::{Leaderboard, Place, leaderboard};
pub use submission::{About, Entry, Optimized, SCHEMA, SUBMISSION_TYPE, Submission, SystemInfo};
pub use verify::{Checked, Files, Outcome, TestSet, Verification, verify};
