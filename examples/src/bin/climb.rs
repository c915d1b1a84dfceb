//! The main job of the workspace: train, predict, quantize, deploy, be asked, explain.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use clap::error::ErrorKind;
use examples::climb::{self, Options};
use examples::page::Page;
use kits_hal::board::Board;
use tinytorch_core::milestones::digits::Network;

/// Train a digit classifier, predict its speed, deploy it under a board's real limits, and be asked about its numbers.
///
/// Exit status: 0 done, 1 a step failed or the answer was wrong, 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "climb")]
struct Args {
    /// Board to deploy to; an unknown name lists the boards
    #[arg(long, value_name = "NAME", default_value = "nano33ble")]
    board: String,
    /// Network to train and deploy
    #[arg(long, value_enum, default_value_t = Kind::Mlp)]
    model: Kind,
    /// Start of every random sequence
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = seed)]
    seed: u64,
    /// Write the report as JSON
    #[arg(long, value_name = "PATH")]
    json: Option<PathBuf>,
    /// Draw training curve, roofline and arena map into this folder
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// Answer the question at the terminal instead of reading its solution
    #[arg(long)]
    ask: bool,
    /// Digits to train on, a safetensors file with `images` and `labels` [default: the file that ships]
    #[arg(long, value_name = "FILE")]
    digits: Option<PathBuf>,
}

/// Reads a seed; one message for everything that is none.
fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse::<u32>().map(u64::from);
    seed.map_err(|_| format!("give a whole number from 0 to {}", u32::MAX))
}

/// The networks on offer.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// One hidden layer of 32 units
    Mlp,
    /// One convolution with 8 filters, pooling, one layer
    Cnn,
}

impl Kind {
    const fn network(self) -> Network {
        match self {
            Self::Mlp => Network::Mlp { hidden: 32 },
            Self::Cnn => Network::Cnn { channels: 8 },
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let board = match Board::by_id(&args.board) {
        Ok(board) => board,
        Err(unknown) => usage(&unknown.to_string()),
    };
    // Checked before the work, so that nobody trains for a report that cannot be written.
    let outputs = Outputs::open(args.json.as_deref(), args.svg.as_deref());
    let outputs = outputs.unwrap_or_else(|error| usage(&format!("{error:#}")));
    let options = Options {
        board,
        network: args.model.network(),
        seed: args.seed,
        digits: args.digits,
        ask: args.ask,
    };
    match climb(&options, outputs) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Ends the program as clap ends it: the text, a hint, status 2.
fn usage(text: &str) -> ! {
    use clap::CommandFactory as _;
    Args::command().error(ErrorKind::InvalidValue, text).exit()
}

/// Runs the climb and writes what was asked for; returns whether a typed answer was right.
fn climb(options: &Options, outputs: Outputs<'_>) -> Result<bool> {
    let (report, pictures) = climb::run(options, &mut Page::new(std::io::stdout()))?;
    if let Some(json) = outputs.json {
        json.finish(&serde_json::to_string_pretty(&report)?)?;
    }
    if let Some(folder) = outputs.svg {
        for picture in &pictures {
            let path = folder.join(picture.name);
            std::fs::write(&path, &picture.svg)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(report.test.typed_right.unwrap_or(true))
}

/// Where the results go, tried before the work starts.
struct Outputs<'a> {
    json: Option<Pending<'a>>,
    svg: Option<&'a Path>,
}

impl<'a> Outputs<'a> {
    fn open(json: Option<&'a Path>, svg: Option<&'a Path>) -> Result<Self> {
        if let Some(folder) = svg {
            std::fs::create_dir_all(folder).with_context(|| {
                format!(
                    "--svg {}: cannot make the folder; give one that can be written",
                    folder.display()
                )
            })?;
        }
        Ok(Self { json: json.map(Pending::open).transpose()?, svg })
    }
}

/// A file that takes its name when it is whole: an earlier report stays until then.
struct Pending<'a> {
    path: &'a Path,
    partial: PathBuf,
    file: File,
}

impl<'a> Pending<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let refuse = || {
            format!(
                "--json {}: cannot write there; give a file in a folder that exists",
                path.display()
            )
        };
        let Some(name) = path.file_name().filter(|_| !path.is_dir()) else { bail!(refuse()) };
        let mut partial = name.to_owned();
        partial.push(".partial");
        let partial = path.with_file_name(partial);
        let file = File::create(&partial).with_context(refuse)?;
        Ok(Self { path, partial, file })
    }

    fn finish(mut self, text: &str) -> Result<()> {
        let written = writeln!(self.file, "{text}").and_then(|()| self.file.sync_all());
        written
            .and_then(|()| std::fs::rename(&self.partial, self.path))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        // Gone already when the report was finished.
        let _ = std::fs::remove_file(&self.partial);
    }
}
