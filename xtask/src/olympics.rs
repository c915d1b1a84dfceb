//! The capstone: `cargo xtask olympics make | validate FILE... | verify FILE --model FILE | rank DIR --event EVENT`.
//!
//! The command itself belongs to the library, so that it is the same in everybody's program; here it is only started,
//! in release mode because it measures times, in the folder of the caller.

use anyhow::{Context, Result};

use crate::process::cargo;
use crate::workspace;

/// Make, validate, verify and rank submissions of measured models.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    /// make, validate, verify, rank or --help
    #[arg(value_name = "WORDS", trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Runs the command and ends this program with its status: 1 for a fault or a claim that does not hold, 2 for wrong usage.
///
/// # Errors
///
/// If cargo cannot be started.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = workspace::root();
    let here = std::env::current_dir().context("the current folder is gone")?;
    let mut command = cargo(&root);
    command.args(["run", "--quiet", "--release", "-p", "tinytorch-core", "--example", "olympics"]);
    command.arg("--manifest-path").arg(root.join("Cargo.toml")).arg("--").args(&args.words);
    let status = command.current_dir(here).status().context("cannot start cargo")?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => std::process::exit(code),
        None => anyhow::bail!("the command was stopped: {status}"),
    }
}
