//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use staffml_bank::variant::Draw;

/// Machine-learning-systems questions whose answers are computed.
///
/// Exit status: 0 done or right, 1 a negative answer (findings, a wrong answer), 2 usage.
#[derive(Debug, Parser)]
#[command(name = "staffml", version)]
pub(crate) struct Args {
    /// Read the questions of this folder instead of those that come with the program.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) bank: Option<PathBuf>,
    /// Write one JSON object to standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check every template: texts, bindings, answer keys, wrong answers, over many drawn variants.
    Check(Check),
    /// List the templates.
    List,
    /// Print one variant of a question.
    Draw(Variant),
    /// Grade one answer; right gives exit status 0.
    Grade(Grade),
    /// Ask one question at the terminal.
    Ask(Ask),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Check {
    /// Folder of the bank; same as --bank.
    pub(crate) dir: Option<PathBuf>,
    /// Draw 400 variants of each template instead of 20.
    #[arg(long)]
    pub(crate) full: bool,
    /// Let warnings fail the check.
    #[arg(long)]
    pub(crate) deny_warnings: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Variant {
    /// Template, for example w02-flash-for-weights; `staffml list` shows all.
    pub(crate) id: String,
    /// Seed of the numbers; the same seed gives the same question.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Give a parameter instead of drawing it, for example --given n=8970 --given "b=8 bit".
    #[arg(long, value_name = "NAME=VALUE", value_parser = given)]
    pub(crate) given: Vec<(String, String)>,
    /// Print the worked solution too.
    #[arg(long)]
    pub(crate) solution: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Grade {
    /// Template.
    #[arg(long)]
    pub(crate) id: String,
    /// Seed of the numbers.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub(crate) seed: u64,
    /// Parameters given instead of drawn.
    #[arg(long, value_name = "NAME=VALUE", value_parser = given)]
    pub(crate) given: Vec<(String, String)>,
    /// The answer, behind `--`, for example -- "8.97 kB".
    #[arg(last = true, required = true)]
    pub(crate) answer: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Ask {
    /// Template; a random one if absent.
    pub(crate) id: Option<String>,
    /// Seed of the numbers; taken from the clock if absent.
    #[arg(long, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Parameters given instead of drawn.
    #[arg(long, value_name = "NAME=VALUE", value_parser = given)]
    pub(crate) given: Vec<(String, String)>,
}

fn given(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write NAME=VALUE, for example n=8970".to_owned()),
    }
}

/// Seed and given values as one draw. Plain numbers are in the parameter's own unit.
pub(crate) fn as_draw(seed: u64, given: &[(String, String)]) -> Draw {
    given.iter().fold(Draw::seed(seed), |draw, (name, value)| match value.parse::<f64>() {
        Ok(number) => draw.number(name, number),
        Err(_) => draw.text(name, value),
    })
}
