//! The reference model of real machines, held against published measurements.
//!
//! Reads data sets of measurements, prices every row and reports how far off the prices are.
//! `calibrate` fits the constants of the model on the same rows; `--cross-validate` fits them without the rows it
//! reports on. Exit codes: 0 done, 2 a wrong call.

mod args;
mod calibrate;
mod fit;
mod folds;
mod inputs;
mod plot;
mod price;
mod report;
mod rows;
mod score;
mod world;

use args::{Args, Command};
use clap::Parser as _;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = Args::parse();
    let answer = match &args.command {
        None => report::run(&args),
        Some(Command::Calibrate(calibrate)) => calibrate::run(&args, calibrate),
    };
    match answer {
        Ok(text) => match std::io::stdout().write_all(text.as_bytes()) {
            // A reader that has seen enough closes the pipe; that is no failure.
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                eprintln!("mlsysim-published: cannot write the result: {error}");
                ExitCode::from(2)
            }
            _ => ExitCode::SUCCESS,
        },
        Err(message) => {
            eprintln!("mlsysim-published: {message}");
            ExitCode::from(2)
        }
    }
}
