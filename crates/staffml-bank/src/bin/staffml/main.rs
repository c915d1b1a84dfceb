//! The program `staffml`: practice, and the tools of those who write questions.

mod args;
mod ask;
mod author;
mod check;
mod clock;
mod data;
mod draw;
mod export;
mod failure;
mod home;
mod learner;
mod lines;
mod log;
mod output;
mod plan;
mod play;
mod reports;
mod screen;
#[cfg(feature = "serve")]
mod serve;
mod sessions;
mod settings;
#[cfg(feature = "tui")]
mod tui;
mod wishes;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Args, Command};
use failure::{Failure, Outcome};

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match &args.command {
        None => home::run(&args),
        Some(command) => run(&args, command),
    };
    match outcome {
        Ok(Outcome::Yes) => ExitCode::SUCCESS,
        Ok(Outcome::No) => ExitCode::from(1),
        Ok(Outcome::Left) => ExitCode::from(5),
        Err(failure) => {
            output::error(&failure.message);
            ExitCode::from(failure.status)
        }
    }
}

fn run(args: &Args, command: &Command) -> Result<Outcome, Failure> {
    match command {
        Command::Practice(command) => sessions::practice(args, command),
        Command::Review(command) => sessions::review(args, command),
        Command::Drill(command) => sessions::drill(args, command),
        Command::Daily(command) => sessions::daily_set(args, command),
        Command::Quiz(command) => sessions::section_quiz(args, command),
        Command::Gauntlet(command) => sessions::timed(args, command),
        Command::Placement(command) => sessions::placement(args, command),
        Command::Chain(command) => sessions::walk(args, command),
        Command::Plan(command) => plan::run(args, command),
        Command::Progress(command) => reports::progress(args, command),
        Command::Gaps(command) => reports::gap_report(args, command),
        Command::Calibration => reports::calibration(args),
        Command::History => reports::history(args),
        Command::Settings(command) => settings::run(args, command),
        Command::Optimize => settings::optimize(args),
        #[cfg(feature = "serve")]
        Command::Serve(command) => serve::run(args, command),
        Command::Bank { command } => author::bank::run(args, command),
        Command::Fmt(command) => author::tidy::run(args, command),
        Command::Oracle { command } => author::oracle::run(args, command),
        Command::New(command) => author::fresh::run(args, command),
        Command::Show(command) => author::show::run(args, command),
        Command::Search(command) => author::search::run(args, command),
        Command::Check(command) => check::run(args, command),
        Command::List => draw::list(args),
        Command::Draw(command) => draw::run(args, command),
        Command::Grade(command) => draw::grade(args, command),
        Command::Ask(command) => ask::run(args, command),
        Command::Log { command } => log::run(args, command),
        Command::Export(command) => export::run(args, command),
        Command::Merge { path } => log::merge(args, path, false),
        Command::Import { path } => log::merge(args, path, true),
    }
}
