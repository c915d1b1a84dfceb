//! The README's test command.

use anyhow::Result;

use crate::process::{cargo, run as run_command};
use crate::workspace::{self, LIBRARIES, PROGRAMS};

/// Run everything that must pass on a fresh machine.
///
/// All packages are built together, so that nothing is compiled twice. That features switched on by one hide no error of
/// another is the business of `cargo xtask features`, which builds each library alone with every feature.
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
    let mut command = cargo(&root);
    command.args(["test", "--all-features"]);
    let what = match &args.only {
        Some(name) => {
            command.args(["-p", workspace::library(name)?]);
            format!("{name} passed")
        }
        None => {
            command.arg("--workspace");
            format!("{} packages passed", LIBRARIES.len() + PROGRAMS.len())
        }
    };
    run_command(&mut command)?;
    println!("test: {what}");
    Ok(())
}
