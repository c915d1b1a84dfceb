//! The reference model held against published measurements, and its constants fitted on them.
//!
//! Both commands build the program `mlsysim-published` with optimisation and pass their options on.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{self, cargo};
use crate::workspace;

/// Hold the reference model of real machines against published measurements.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder with the data sets [default: $MLSYSIM_PUBLISHED_DIR]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Write one line of JSON for each measured output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// More options of `mlsysim-published`, after `--`
    #[arg(last = true)]
    more: Vec<String>,
}

/// Fit the constants of the reference model and write the calibration that ships with the crate.
#[derive(Debug, clap::Args)]
pub(crate) struct Calibrate {
    /// Folder with the data sets
    #[arg(long)]
    dir: PathBuf,
    /// File to write [default: the crate's data/calibration.toml]
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// More options of `mlsysim-published`, after `--`
    #[arg(last = true)]
    more: Vec<String>,
}

/// Prices every published row and prints the errors.
///
/// # Errors
///
/// If the program cannot be built or refuses the folder.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = program();
    if let Some(dir) = &args.dir {
        command.arg("--dir").arg(absolute(dir)?);
    }
    if let Some(out) = &args.out {
        command.arg("--out").arg(absolute(out)?);
    }
    process::run(command.args(&args.more))
}

/// Fits the constants and writes them.
///
/// # Errors
///
/// If the program cannot be built or refuses the folder.
pub(crate) fn calibrate(args: &Calibrate) -> Result<()> {
    let shipped = workspace::root().join("crates/mlsysim/data/calibration.toml");
    let file = args.write.as_deref().map_or(Ok(shipped), absolute)?;
    let mut command = program();
    command.arg("--dir").arg(absolute(&args.dir)?).arg("calibrate").arg("--write").arg(file);
    process::run(command.args(&args.more))
}

fn program() -> Command {
    let mut command = cargo(&workspace::root());
    command.args(["run", "--quiet", "--release", "-p", "mlsysim", "--features", "cli"]);
    command.args(["--bin", "mlsysim-published", "--"]);
    command
}

/// The program runs in the root of the workspace, so paths are made absolute first.
fn absolute(path: &std::path::Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("no such path: {}", path.display()))
}
