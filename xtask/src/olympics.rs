//! The capstone: `cargo xtask olympics make | validate FILE... | verify FILE --model FILE | rank DIR --event EVENT`.
//!
//! The command itself belongs to the library, so that it is the same in everybody's program; here it is only started,
//! in release mode because it measures times, in the folder of the caller.

use anyhow::Result;

use crate::process::library_command;

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
    library_command("olympics", &args.words)
}
