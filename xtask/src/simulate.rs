//! Simulated learners of staffml-bank, in long runs.
//!
//! The test target `learners` plants what the estimates should find; here it makes many more runs and prints what it
//! found. Seeds are fixed: two runs print the same.

use anyhow::Result;

use crate::process::{cargo, run as run_command};
use crate::workspace;

/// Runs the simulations and prints their figures.
///
/// # Errors
///
/// If a figure falls below what the test target demands of it.
pub(crate) fn run() -> Result<()> {
    let mut command = cargo(&workspace::root());
    command.args([
        "test",
        "--release",
        "-p",
        "staffml-bank",
        "--test",
        "learners",
        "--",
        "--nocapture",
    ]);
    command.args(["--test-threads", "1"]);
    command.env("STAFFML_LEARNERS", "long");
    run_command(&mut command)
}
