//! Board images: built for their targets, run in the emulator, their sizes, symbols and instructions read.

mod bench;
mod check;
mod elf;
mod image;
mod panics;
mod protocol;
mod size;
mod vectors;

use anyhow::{Context as _, Result};
use clap::Subcommand;

use crate::process::need;

/// Build the board images, run them in the emulator, look at what they hold.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Run each image in the emulator and check what it prints: the same as `run`
    #[arg(long)]
    run: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build every image
    Build,
    /// Print the sizes of fixed programs, and compare them with firmware/sizes.txt
    Size(size::Args),
    /// Build every image, run those for emulated boards and check what they print
    Run(Select),
    /// Count instructions of models on emulated boards, and compare them with firmware/instructions.txt
    Bench(bench::Args),
    /// Check that no image holds a symbol of core::panicking
    Panics,
}

/// Which images.
#[derive(Debug, Default, clap::Args)]
struct Select {
    /// Only images whose name contains this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,
    /// Print every line of every image
    #[arg(long)]
    verbose: bool,
}

/// Words that begin the lines of answers: not shown.
const ANSWERS: [&str; 6] = ["result ", "case ", "mlp ", "cnn ", "int8 ", "gpt "];

/// Runs the command; without one, builds the images.
///
/// # Errors
///
/// If a build or a check fails, an image ends with another status than 0, or a tool is missing.
pub(crate) fn run(args: &Args) -> Result<()> {
    match &args.command {
        Some(Command::Build) => build(),
        None if !args.run => build(),
        Some(Command::Run(select)) => emulate(select),
        None => emulate(&Select::default()),
        Some(Command::Size(args)) => size::run(args),
        Some(Command::Bench(args)) => bench::run(args),
        Some(Command::Panics) => panics::run(),
    }
}

/// Runs all that the project's checks want: the images with their symbols, then the sizes.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn ci() -> Result<()> {
    emulate(&Select::default())?;
    size::run(&size::Args::default())?;
    bench::run(&bench::Args::own())
}

fn build() -> Result<()> {
    let images = image::build_all(&image::all())?;
    for (image, elf) in &images {
        println!("{}: {}", image.name(), elf.display());
    }
    println!("firmware: {} images built", images.len());
    Ok(())
}

/// Builds every image, looks for panics, runs what has an emulated machine.
fn emulate(select: &Select) -> Result<()> {
    let mut images = image::all();
    images.retain(|image| image.name().contains(&select.only));
    let images = image::build_all(&images)?;
    let mut ran = 0;
    for (image, elf) in &images {
        let name = image.name();
        let file = std::fs::read(elf).with_context(|| format!("cannot read {}", elf.display()))?;
        panics::look(&name, &file, image.may_panic)?;
        if image.has_vectors() {
            vectors::look(&name, &file)?;
        }
        let Some(machine) = image.machine else {
            println!("{name}: built, not run here");
            continue;
        };
        let agrees = if image.talks {
            need("qemu-system-arm", "apt-get install qemu-system-arm")?;
            protocol::check(elf, machine)
        } else {
            let text = image.emulate(elf)?;
            for line in text.lines() {
                if select.verbose || !ANSWERS.iter().any(|word| line.starts_with(word)) {
                    println!("{line}");
                }
            }
            (image.check)(&text)
        };
        println!("{name}: {}", agrees.with_context(|| name.clone())?);
        ran += 1;
    }
    println!("firmware: {} images built, {ran} of them ran, emulated", images.len());
    Ok(())
}
