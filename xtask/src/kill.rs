//! The kill test of `staffml-bank`: a drill killed at random moments loses at most the answer being written.

use anyhow::Result;

use crate::process::{cargo, run as run_command};
use crate::workspace;

/// Kill a drill of staffml at random moments and count what is lost: the log alone, then the whole program.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many times, of each
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    kills: u32,
}

/// Runs the long tests in release mode, one after the other, with what they print.
///
/// # Errors
///
/// If an answer that was acknowledged is missing, or the log is damaged.
pub(crate) fn run(args: &Args) -> Result<()> {
    for (target, test) in [
        ("it", "log::kill::many_kills_lose_nothing_acknowledged"),
        ("cli", "kill::many_kills_of_the_program_lose_nothing_that_was_judged"),
    ] {
        let mut command = cargo(&workspace::root());
        command.args(["test", "--quiet", "--release", "--all-features", "-p", "staffml-bank"]);
        command.args(["--test", target, "--", "--ignored", "--exact", test, "--nocapture"]);
        command.env("STAFFML_KILLS", args.kills.to_string());
        run_command(&mut command)?;
    }
    Ok(())
}
