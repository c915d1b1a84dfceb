//! The audit of the checks of `staffml-bank`: planted faults, each of which must be found.

use anyhow::Result;

use crate::process::{cargo, run};
use crate::workspace;

/// Plants eight kinds of faults in every numeric question and prints which are caught.
pub(crate) fn bank() -> Result<()> {
    let root = workspace::root();
    let mut command = cargo(&root);
    run(command.args([
        "run",
        "--quiet",
        "--release",
        "-p",
        "staffml-bank",
        "--example",
        "mutate_bank",
    ]))
}
