//! Builds, checks and runs the workspace: `cargo xtask COMMAND`.
//!
//! Each command is one file and one function.
//! Exit status: 0 done, 1 a check failed, 2 wrong usage, 4 the step did not run because a tool is missing.

#![expect(clippy::print_stdout, reason = "a command-line program reports on standard output")]

mod bench;
mod ci;
mod climb;
mod counts;
mod course;
mod docs;
mod features;
mod firmware;
mod golden;
mod kill;
mod kits;
mod layers;
mod links;
mod milestone;
mod mpi;
mod mutate;
mod nostd;
mod olympics;
mod package;
mod process;
mod published;
mod simulate;
mod tensors;
mod test;
mod tidy;
mod wasm;
mod web;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::process::NotRun;

/// Builds, checks and runs the workspace.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", after_help = EXIT_HELP)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXIT_HELP: &str = "Exit status: 0 done, 1 a check failed, 2 wrong usage, \
                         4 the step did not run because a tool is missing.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything that must pass on a fresh machine; needs no tool beyond Rust
    Test(test::Args),
    /// Run every check of the project, cheapest first
    Ci(ci::Args),
    /// Refuse any dependency between library crates outside the allow-list
    Layers,
    /// Check module docs, file sizes, crate files, data licences and links
    Tidy(tidy::Args),
    /// Build every library crate with each feature alone, with none and with all
    Features,
    /// Check that every library crate packs for publication
    Package,
    /// Build the board runtime without `std`: host probe and thumb target
    Nostd,
    /// Hold a crate against its golden vectors
    Golden(golden::Args),
    /// Measure the estimates of staffml-bank on simulated learners: blind spots, placement, memory
    SimulateLearners,
    /// Kill a drill of staffml at random moments and count what is lost
    KillTest(kill::Args),
    /// Walk through the web page of staffml in a headless browser
    Web(web::Args),
    /// Hold the WebAssembly build of mlsysim against the native one, bit by bit
    Wasm(wasm::Args),
    /// Build the board images, and run them in the emulator with --run
    Firmware(firmware::Args),
    /// Models for boards: inspect, convert, plan, fit, run
    Kits(kits::Args),
    /// Run the commands of the course, and the audit of its checks
    Course(course::Args),
    /// Plant faults in every question of staffml-bank and count those that its checks catch
    MutateBank,
    /// Build the API documentation and the book
    Docs(docs::Args),
    /// Repeat milestones in the history of learning machines: list, info ID, run ID
    Milestone(milestone::Args),
    /// Submissions of measured models: make, validate, verify, rank
    Olympics(olympics::Args),
    /// Train on 1, 2 and 4 ranks with mpirun, and kill one
    Mpi(mpi::Args),
    /// Measure against naive code, the machine's limits and peers, in one run
    Bench(bench::Args),
    /// Hold the model of real machines against published measurements
    Published(published::Args),
    /// Fit the constants of the model of real machines on published measurements
    Calibrate(published::Calibrate),
}

fn main() -> ExitCode {
    let result = match Args::parse().command {
        Command::Test(args) => test::run(&args),
        Command::Ci(args) => ci::run(&args),
        Command::Layers => layers::run(),
        Command::Tidy(args) => tidy::run(&args),
        Command::Features => features::run(),
        Command::Package => package::run(),
        Command::Nostd => nostd::run(),
        Command::Golden(args) => golden::run(&args),
        Command::SimulateLearners => simulate::run(),
        Command::KillTest(args) => kill::run(&args),
        Command::Web(args) => web::run(&args),
        Command::Wasm(args) => wasm::run(&args),
        Command::Firmware(args) => firmware::run(&args),
        Command::Kits(args) => match kits::run(&args) {
            Ok(status) => return status,
            Err(error) => Err(error),
        },
        Command::Course(args) => match course::run(&args) {
            Ok(status) => return status,
            Err(error) => Err(error),
        },
        Command::MutateBank => mutate::bank(),
        Command::Docs(args) => docs::run(&args),
        Command::Milestone(args) => milestone::run(&args),
        Command::Olympics(args) => olympics::run(&args),
        Command::Mpi(args) => mpi::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Published(args) => published::run(&args),
        Command::Calibrate(args) => published::calibrate(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<NotRun>() => {
            eprintln!("not run: {error}");
            ExitCode::from(4)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
