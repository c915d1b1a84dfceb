//! The peer comparison.

use std::path::PathBuf;

use anyhow::Result;

use crate::counts;
use crate::process::{cargo, run as run_command};
use crate::workspace;

/// Measure against naive code, the machine's limits and peers, in one run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Library crate to measure; all when left out
    #[arg(value_name = "CRATE")]
    only: Option<String>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Only check that it compiles, without the peers
    #[arg(long)]
    no_run: bool,
    /// kits-hal: folder with baselines.json and public models [default: KITS_DATA_DIR]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// kits-hal: also rewrite the tables of docs/guide/kits/speed.md
    #[arg(long)]
    page: bool,
}

impl Args {
    /// Returns the arguments that compile every measurement and run none.
    pub(crate) const fn compile_only() -> Self {
        Self { only: None, json: false, no_run: true, dir: None, page: false }
    }
}

/// Builds the measuring program in release mode and runs it; with `--no-run` it is only checked.
///
/// # Errors
///
/// If the crate is unknown, or a result is wrong before it is timed.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.only.as_deref() == Some("kits-hal") && !args.no_run {
        // Counts first: they are the same on every machine. Their JSON object stands alone.
        let options =
            counts::Options { dir: args.dir.as_deref(), json: args.json, page: args.page };
        counts::run(&options)?;
        if args.json || args.page {
            return Ok(());
        }
    }
    // Its own workspace: started from its folder, so that its lock file and target are used.
    let mut command = cargo(&workspace::root().join("benches"));
    command.args(if args.no_run { ["check", "--quiet"] } else { ["run", "--release"] });
    command.args(["--bin", "peers"]);
    let only = args.only.as_deref().map(workspace::library).transpose()?;
    if !args.no_run {
        // The peers are hundreds of crates: compiled for a measurement that needs them, not for a check.
        for (package, feature) in [("tinytorch-core", "peers"), ("kits-hal", "tract")] {
            if only.is_none_or(|name| name == package) {
                command.args(["--features", feature]);
            }
        }
        if let Some(dir) = &args.dir {
            command.env("KITS_DATA_DIR", std::path::absolute(dir)?);
        }
        command.arg("--").args(only);
        if args.json {
            command.arg("--json");
        }
    }
    run_command(&mut command)?;
    if !args.no_run && !args.json && only.is_none_or(|name| name == "mlsysim") {
        // What the crate promises in absolute terms, whoever the peers are.
        let speed = [
            "run",
            "--release",
            "--quiet",
            "-p",
            "mlsysim",
            "--features",
            "cli",
            "--example",
            "speed",
        ];
        run_command(cargo(&workspace::root()).args(speed))?;
    }
    if !args.no_run && !args.json && only.is_none_or(|name| name == "staffml-bank") {
        goals()?;
    }
    Ok(())
}

/// Measures what `staffml-bank` promises in absolute terms; a missed goal is an error.
fn goals() -> Result<()> {
    let package = ["--release", "--quiet", "-p", "staffml-bank", "--all-features"];
    // The program is measured from its start on, so it has to be there, beside the one that measures.
    let root = workspace::root();
    run_command(cargo(&root).arg("build").args(package).args(["--bin", "staffml"]))?;
    let target = root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
    let program = target.join("release").join(format!("staffml{}", std::env::consts::EXE_SUFFIX));
    let mut command = cargo(&root);
    command.arg("run").args(package).args(["--example", "goals", "--"]).arg(program);
    run_command(&mut command)
}
