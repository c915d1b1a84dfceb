//! Models for boards: `cargo xtask kits COMMAND`.
//!
//! One file per command, each with its arguments and one function that returns the exit status.
//! To add a command: `mod name;`, a variant of [`Command`] holding `name::Args`, and its arm in [`run`].
//! Bad input is a [`Usage`] error: the text names the operation, the values and the remedy, and the status is 2.

mod bench;
mod boards;
mod convert;
mod fit;
mod fit_svg;
mod inspect;
mod memory;
mod model;
mod names;
pub(crate) mod pages;
mod plan;
mod quantity;
mod run;
mod table;
mod talk;
mod vectors;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::firmware;

/// Models for boards: look at them, convert them, plan their memory, see whether they fit, run them.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_HELP)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

const EXIT_HELP: &str = "Exit status: 0 done, 1 a negative answer (does not fit, a check failed), 2 bad input, \
                         4 the step did not run because a tool is missing.";

#[derive(Debug, Subcommand)]
enum Command {
    /// List the boards, with the source of every number
    Boards(boards::Args),
    /// Show the operators, tensors and memory of a model
    Inspect(inspect::Args),
    /// Convert a `.tflite` file into a `.kit` container
    Convert(convert::Args),
    /// See whether a model fits a board, and everything in which it does not
    Fit(Box<fit::Args>),
    /// Plan the memory of a model and draw it
    Plan(plan::Args),
    /// Tabulate the flash and RAM that models take
    Memory(memory::Args),
    /// Run a model on this machine and print its outputs
    Run(run::Args),
    /// Measure a model on a serial device or in the emulator, by the MLPerf Tiny protocol
    Bench(bench::Args),
    /// Hold the crate against its golden vectors, or write those of a model
    Vectors(vectors::Args),
    /// Fill the computed parts of the book's pages about the kits, or check them
    Pages(pages::Args),
    /// Build the board images, and run them in the emulator with --run
    Firmware(firmware::Args),
}

/// Runs a command and returns its exit status.
///
/// # Errors
///
/// If a file cannot be written, a check failed, or a tool is missing.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let result = match &args.command {
        Command::Boards(args) => boards::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Convert(args) => convert::run(args),
        Command::Fit(args) => fit::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Memory(args) => memory::run(args),
        Command::Run(args) => run::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Vectors(args) => vectors::run(args),
        Command::Pages(args) => pages::run(args),
        Command::Firmware(args) => firmware::run(args).map(|()| ExitCode::SUCCESS),
    };
    match result {
        Err(error) if error.is::<Usage>() => {
            eprintln!("error: {error}");
            Ok(ExitCode::from(2))
        }
        other => other,
    }
}

/// Input that cannot be worked with.
#[derive(Debug)]
pub(crate) struct Usage(String);

impl Usage {
    /// Returns the error with `text`: the operation, the values, and what to do instead.
    pub(crate) fn because(text: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self(text.into()))
    }
}

impl core::fmt::Display for Usage {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for Usage {}

/// Prints an object as indented JSON.
fn print_json(value: &serde_json::Value) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{Args, Command};

    #[derive(Debug, clap::Parser)]
    struct Line {
        #[command(flatten)]
        kits: Args,
    }

    fn parse(line: &str) -> Result<Command, String> {
        let words = line.split(' ');
        Line::try_parse_from(words).map(|l| l.kits.command).map_err(|e| e.to_string())
    }

    #[test]
    fn the_command_lines_of_the_book_are_understood() {
        <Line as clap::CommandFactory>::command().debug_assert();
        for line in [
            "kits fit model.tflite --board nano33ble --period 1s --battery 300mAh",
            "kits fit --slm llama3.2-1b-q8 --board rpi5-8",
            "kits inspect model.tflite --json",
            "kits convert model.tflite -o model.kit --labels yes,no",
            "kits plan model.tflite --board microbit --svg plan.svg",
            "kits run model.kit --seed 7 --ops",
            "kits boards nano33ble",
        ] {
            parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        }
    }

    #[test]
    fn wrong_lines_are_answered_with_the_remedy() {
        for (line, remedy) in [
            ("kits fit", "<MODEL>"),
            ("kits fit m.tflite --battery 300mAh", "--period"),
            ("kits fit m.tflite --period 1x", "for example 250ms"),
            ("kits fit m.tflite --slm llama", "cannot be used with"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(remedy), "{line}: {error}");
        }
    }
}
