//! The program `staffml`: check a bank, draw a question, grade an answer, ask at the terminal.

mod args;
mod ask;
mod check;
mod draw;
mod failure;
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
