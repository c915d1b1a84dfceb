//! Holds the crates against plain loops, the machine's limits and their peers.
#![expect(clippy::print_stdout, reason = "the report goes to standard output")]

use core::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::{Result, bail};
use benches::case::{OURS, Plan, Setup};
use benches::machine::{Machine, locked_version};
use benches::measure::{Effort, Outcome, guarded, measure};
use benches::peak;
use benches::python::Python;
use benches::report::{Report, Row, json, table};
use benches::roof::Roof;
use clap::Parser as _;

/// Measure the crates against plain loops, the machine's limits and their peers, in one interleaved run.
#[derive(Debug, clap::Parser)]
#[command(
    after_help = "Environment:\n  BENCH_PYTHON       interpreter that has PyTorch [default: python3]\n  \
                        RAYON_NUM_THREADS  threads of every contestant [default: all cores]\n  \
                        KITS_DATA_DIR      folder with public models in models/ and extra/models/"
)]
struct Args {
    /// Library crate to measure; all when left out
    #[arg(value_name = "CRATE")]
    package: Option<String>,
    /// Cases to measure; a name ending in `*` takes all that start so
    #[arg(long, value_name = "CASE,…", value_delimiter = ',')]
    only: Vec<String>,
    /// List the cases and stop
    #[arg(long)]
    list: bool,
    /// Small sizes, few rounds: a first look
    #[arg(long)]
    quick: bool,
    /// Print one JSON object instead of tables
    #[arg(long)]
    json: bool,
    /// Print the peak memory of our training step of the small GPT and stop
    #[arg(long, hide = true)]
    peak: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("peers: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Returns whether every contestant computed the right result.
fn run(args: &Args) -> Result<bool> {
    if args.peak {
        println!("{}", peak::ours()?);
        return Ok(true);
    }
    let plans = selected(args, benches::plans(args.quick))?;
    if args.list {
        for plan in &plans {
            println!("{:16} {:16} {}", plan.package, plan.name, plan.what);
        }
        return Ok(true);
    }
    let machine = Machine::look();
    let (mut peers, mut absent) = rust_peers(&plans);
    let mut python =
        |package, peer| python_peer(&plans, package, peer, &machine, &mut peers, &mut absent);
    let torch = python("tinytorch-core", "torch");
    let upstream = python("mlsysim", "mlsysim");
    eprintln!("measuring the limits of the machine");
    let roof = Roof::measure(machine.threads);
    let setup = Setup { quick: args.quick, torch, upstream };
    let effort = if args.quick { Effort::quick() } else { Effort::full() };
    let mut rows: Vec<Row> = plans
        .iter()
        .enumerate()
        .map(|(i, plan)| row(plan, &setup, effort, i + 1, plans.len()))
        .collect();
    if let Some(row) = rows.iter_mut().find(|row| row.name == "gpt-step") {
        let line = peak::line(&interpreter(), machine.threads);
        row.outcome.remarks.push((OURS, line.unwrap_or_else(|error| format!("{error:#}"))));
    }
    let right = rows.iter().all(|row| row.outcome.failures.is_empty());
    let report = Report { machine, roof, peers, absent, rows };
    if args.json {
        println!("{}", json(&report));
    } else {
        print!("{}", table(&report));
    }
    Ok(right)
}

/// Measures one case; a case that cannot be built is a failure of its own.
fn row(plan: &Plan, setup: &Setup, effort: Effort, turn: usize, turns: usize) -> Row {
    eprintln!("[{turn}/{turns}] {} {}: {}", plan.package, plan.name, plan.what);
    match guarded(|| (plan.build)(setup)) {
        Ok(case) => {
            let (work, goals) = (case.work, case.goals.clone());
            Row::new(plan, work, goals, measure(case, effort))
        }
        Err(error) => {
            let outcome =
                Outcome { failures: vec![("setup", format!("{error:#}"))], ..Outcome::default() };
            Row::new(plan, benches::case::Work::default(), Vec::new(), outcome)
        }
    }
}

fn selected(args: &Args, plans: Vec<Plan>) -> Result<Vec<Plan>> {
    let known: Vec<String> = plans.iter().map(|plan| plan.name.clone()).collect();
    let fits = |wanted: &str, name: &str| {
        wanted.strip_suffix('*').map_or(wanted == name, |start| name.starts_with(start))
    };
    if let Some(unknown) =
        args.only.iter().find(|wanted| !known.iter().any(|name| fits(wanted, name)))
    {
        bail!("no case is called `{unknown}`; there are {}", known.join(", "));
    }
    let wanted = |plan: &Plan| {
        args.package.as_ref().is_none_or(|package| package == plan.package)
            && (args.only.is_empty() || args.only.iter().any(|wanted| fits(wanted, &plan.name)))
    };
    let plans: Vec<Plan> = plans.into_iter().filter(wanted).collect();
    match (&args.package, plans.is_empty()) {
        (Some(package), true) => bail!("`{package}` has no such case; `--list` shows all"),
        _ => Ok(plans),
    }
}

type Named = Vec<(&'static str, String)>;

/// The Rust peers in this build, and how to have the others that the measured crates know.
fn rust_peers(plans: &[Plan]) -> (Named, Named) {
    let (mut peers, mut absent) = (Named::new(), Named::new());
    let mut enter = |package, name: &'static str, built: bool, version: String, feature| {
        if built {
            peers.push((name, version));
        } else if plans.iter().any(|plan| plan.package == package) {
            absent
                .push((name, format!("not in this build: `--features {feature}` compiles it in")));
        }
    };
    let rust = cfg!(feature = "peers");
    let burn = format!("{} (flex, x86-v4)", locked_version("burn"));
    enter("tinytorch-core", "candle", rust, locked_version("candle-core").to_owned(), "peers");
    enter("tinytorch-core", "burn", rust, burn, "peers");
    let tract = locked_version("tract-tflite").to_owned();
    enter("kits-hal", "tract", cfg!(feature = "tract"), tract, "tract");
    (peers, absent)
}

/// The interpreter of the Python peers.
fn interpreter() -> String {
    std::env::var("BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// Starts Python with `peer` where a case of `package` can use it.
fn python_peer(
    plans: &[Plan],
    package: &str,
    peer: &'static str,
    machine: &Machine,
    peers: &mut Named,
    absent: &mut Named,
) -> Option<Rc<RefCell<Python>>> {
    if !plans.iter().any(|plan| plan.package == package) {
        return None;
    }
    let interpreter = interpreter();
    match Python::start(&interpreter, peer, machine.threads) {
        Ok(python) => {
            peers.push((peer, python.version.clone()));
            Some(Rc::new(RefCell::new(python)))
        }
        Err(error) => {
            absent
                .push((peer, format!("{error:#}; set BENCH_PYTHON to an interpreter that has it")));
            None
        }
    }
}
