//! The `mlsysim` program: the walls from a terminal or a script.
//!
//! Results go to standard output, talk to standard error.
//! Exit codes: 0 done, 1 a negative answer, 2 a wrong call, 3 an asserted limit is broken.

mod args;
mod compare;
mod defects;
mod diff;
mod eval;
mod explain;
mod optimize;
mod plan;
mod serve;
mod solve;
mod step;
mod sweep;
mod walls;
mod zoo;

use args::{Args, Command};
use clap::{CommandFactory as _, Parser as _};
use std::io::Write as _;
use std::process::ExitCode;

/// What a command found.
pub(crate) struct Answer {
    /// Text for standard output.
    pub(crate) text: String,
    /// Exit code.
    pub(crate) code: u8,
    /// Sentence for standard error.
    pub(crate) remark: Option<String>,
}

impl Answer {
    pub(crate) const fn done(text: String) -> Self {
        Self { text, code: 0, remark: None }
    }
}

/// JSON over several lines, ended by a newline.
pub(crate) fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// The completions of a shell.
fn completions(shell: clap_complete::Shell) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "mlsysim", &mut script);
    Answer::done(String::from_utf8_lossy(&script).into_owned())
}

fn main() -> ExitCode {
    let args = Args::parse();
    let answer = match &args.command {
        Command::Walls(args) => walls::run(args),
        Command::Eval(args) => eval::run(args),
        Command::Sweep(args) => sweep::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Solve(args) => solve::run(args),
        Command::Schema(args) => Ok(plan::print_schema(args)),
        Command::Optimize(command) => optimize::run(command),
        Command::Completions(args) => Ok(completions(args.shell)),
        Command::Zoo(args) => zoo::run(args),
    };
    match answer {
        Ok(answer) => {
            let written = std::io::stdout().write_all(answer.text.as_bytes());
            if let Some(remark) = answer.remark {
                eprintln!("mlsysim: {remark}");
            }
            // A reader that has seen enough closes the pipe; that is no failure.
            match written {
                Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                    eprintln!("mlsysim: cannot write the result: {error}");
                    ExitCode::from(2)
                }
                _ => ExitCode::from(answer.code),
            }
        }
        Err(message) => {
            eprintln!("mlsysim: {message}");
            ExitCode::from(2)
        }
    }
}
