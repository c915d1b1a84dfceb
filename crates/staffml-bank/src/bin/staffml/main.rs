//! The program `staffml`: check a bank, draw a question, grade an answer, ask at the terminal.

mod args;
mod ask;
mod check;
mod data;
mod draw;
mod export;
mod failure;
mod log;
mod output;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use failure::Outcome;

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match &args.command {
        Command::Check(command) => check::run(&args, command),
        Command::List => draw::list(&args),
        Command::Draw(command) => draw::run(&args, command),
        Command::Grade(command) => draw::grade(&args, command),
        Command::Ask(command) => ask::run(&args, command),
        Command::Log { command } => log::run(&args, command),
        Command::Export(command) => export::run(&args, command),
        Command::Merge { path } => log::merge(&args, path, false),
        Command::Import { path } => log::merge(&args, path, true),
    };
    match outcome {
        Ok(Outcome::Yes) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Err(failure) => {
            output::error(&failure.message);
            ExitCode::from(failure.status)
        }
    }
}
