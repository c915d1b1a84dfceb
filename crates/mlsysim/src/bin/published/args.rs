//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Hold the reference model of real machines against published measurements.
#[derive(Debug, Parser)]
#[command(name = "mlsysim-published", version, args_conflicts_with_subcommands = false)]
pub(crate) struct Args {
    /// Folder with the data sets, one JSON file each [default: $MLSYSIM_PUBLISHED_DIR]
    #[arg(long, global = true)]
    pub(crate) dir: Option<PathBuf>,
    /// Data sets to take, separated by commas
    #[arg(long, global = true, value_name = "NAME,…", value_delimiter = ',')]
    pub(crate) only: Vec<String>,
    /// Constants to use instead of the shipped ones
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Write one line of JSON for each measured output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Draw predicted over measured values as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Refit the constants K times, each time without one part of the rows, and report on that part
    #[arg(long, value_name = "K")]
    pub(crate) cross_validate: Option<usize>,
    /// What stays together when rows are parted
    #[arg(long, value_enum, default_value_t = By::Group, global = true)]
    pub(crate) by: By,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What to do instead of reporting.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fit the constants and spreads, and write them as TOML
    Calibrate(Calibrate),
}

/// How to fit.
#[derive(Debug, clap::Args)]
pub(crate) struct Calibrate {
    /// File to write instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// Parts for the cross-validation that gives the spreads
    #[arg(long, default_value_t = 5)]
    pub(crate) folds: usize,
}

/// What stays together when rows are parted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// A sweep: same model, machine, software
    Group,
    /// A machine
    Hardware,
    /// A model
    Model,
}
