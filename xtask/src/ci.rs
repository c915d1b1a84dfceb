//! Every check of the project, cheapest first.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, is_installed, need, run as run_command};
use crate::workspace;
use crate::{
    bench, climb, course, docs, features, firmware, layers, nostd, package, test, tidy, wasm,
};

/// Run every check of the project, cheapest first.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every step can be run alone: `cargo xtask STEP`, or the cargo command it prints."
)]
pub(crate) struct Args {
    /// Steps to run, separated by commas [default: all]
    #[arg(long, value_name = "STEP,…", value_delimiter = ',')]
    only: Vec<String>,
    /// List the steps and stop
    #[arg(long)]
    list: bool,
}

/// One named check.
type Step = (&'static str, fn(&Path) -> Result<()>);

const STEPS: [Step; 15] = [
    ("fmt", |root| {
        run_command(cargo(root).args(["fmt", "--all", "--check"]))?;
        run_command(cargo(&root.join("firmware")).args(["fmt", "--all", "--check"]))?;
        run_command(cargo(&root.join("examples/student")).args(["fmt", "--all", "--check"]))?;
        run_command(cargo(&root.join("cluster")).args(["fmt", "--all", "--check"]))?;
        run_command(cargo(&root.join("benches")).args(["fmt", "--all", "--check"]))
    }),
    ("layers", |_| layers::run()),
    ("tidy", |_| tidy::run(&tidy::Args::default())),
    ("deny", deny),
    ("clippy", clippy),
    ("docs", |_| docs::run(&docs::Args::default())),
    ("test", |_| test::run(&test::Args::default())),
    ("features", |_| features::run()),
    ("package", |_| package::run()),
    ("nostd", |_| nostd::run()),
    ("wasm", |_| wasm::run(&wasm::Args::default())),
    ("firmware", |_| firmware::ci()),
    ("course", course::ci),
    ("climb", |_| climb::run()),
    ("bench", |_| bench::run(&bench::Args::compile_only())),
];

/// Runs the steps and stops at the first that fails.
///
/// # Errors
///
/// If a step fails or cannot run; the text is the command to repeat.
pub(crate) fn run(args: &Args) -> Result<()> {
    let names: Vec<&str> = STEPS.iter().map(|(name, _)| *name).collect();
    if args.list {
        println!("{}", names.join("\n"));
        return Ok(());
    }
    if let Some(unknown) = args.only.iter().find(|name| !names.contains(&name.as_str())) {
        bail!("no step is called `{unknown}`; there are {}", names.join(", "));
    }
    let root = workspace::root();
    let mut times = Vec::new();
    for (name, step) in STEPS
        .iter()
        .filter(|(name, _)| args.only.is_empty() || args.only.iter().any(|only| only == name))
    {
        println!("== {name}");
        let start = Instant::now();
        step(&root).with_context(|| {
            format!("step {name} (repeat it with `cargo xtask ci --only {name}`)")
        })?;
        times.push((*name, start.elapsed()));
    }
    for (name, time) in &times {
        println!("{name:10} {:>6.1} s", time.as_secs_f64());
    }
    println!("ci: {} steps passed", times.len());
    Ok(())
}

fn clippy(root: &Path) -> Result<()> {
    // One command for all packages, so that none is compiled twice; the step `features` looks at each alone.
    run_command(cargo(root).args([
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Checks licences, sources and banned crates; says so when the tool is absent outside CI.
fn deny(root: &Path) -> Result<()> {
    if std::env::var_os("CI").is_none() && !is_installed("cargo-deny") {
        println!(
            "deny: skipped, `cargo-deny` is missing: install it with `cargo install cargo-deny --locked`"
        );
        return Ok(());
    }
    need("cargo-deny", "cargo install cargo-deny --locked")?;
    for folder in [root, &root.join("cluster")] {
        run_command(cargo(folder).args(["deny", "check", "bans", "licenses", "sources"]))?;
    }
    Ok(())
}
