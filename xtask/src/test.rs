//! The README's test command.

use anyhow::Result;

use crate::process::{cargo, run as run_command};
use crate::workspace::{self, LIBRARIES, PROGRAMS};

/// Run everything that must pass on a fresh machine.
///
/// Library crates are tested one at a time, so that features switched on by one cannot hide an error of another.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Library crate to test; all packages when left out
    #[arg(value_name = "CRATE")]
    only: Option<String>,
}

/// Runs the tests of one library crate, or of every package.
///
/// # Errors
///
/// If a test fails; the text is the command to repeat.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = workspace::root();
    let names = match &args.only {
        Some(name) => vec![workspace::library(name)?],
        None => [&LIBRARIES[..], &PROGRAMS[..]].concat(),
    };
    for name in &names {
        run_command(cargo(&root).args(["test", "--all-features", "-p", name]))?;
    }
    println!("test: {} packages passed", names.len());
    Ok(())
}
