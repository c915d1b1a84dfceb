//! Board images: built for their target, and run in the emulator.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::nostd::THUMB;
use crate::process::{cargo, need, need_target, output, run as run_command};
use crate::workspace;

/// Build the board images, and run them in the emulator with --run.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Run each image in the emulator and check what it prints
    #[arg(long)]
    run: bool,
}

impl Args {
    /// Returns the arguments that also run the images.
    pub(crate) const fn in_emulator() -> Self {
        Self { run: true }
    }
}

/// One image: its package, its target and the emulated machine that stands in for the board.
struct Image {
    package: &'static str,
    target: &'static str,
    machine: &'static str,
}

const IMAGES: [Image; 1] = [Image { package: "nano33ble", target: THUMB, machine: "mps2-an386" }];

/// Builds the images and, when asked, runs them.
///
/// # Errors
///
/// If a build fails, an image ends with another status than 0, or a tool is missing.
pub(crate) fn run(args: &Args) -> Result<()> {
    for image in &IMAGES {
        let elf = build(image)?;
        if args.run {
            need("qemu-system-arm", "apt-get install qemu-system-arm")?;
            let text = output(&mut emulator(image, &elf))?;
            print!("{text}");
            if !text.contains("done ok") {
                bail!("{}: the image ended without saying that it is done", image.package);
            }
        }
    }
    println!(
        "firmware: {} image{} {}",
        IMAGES.len(),
        if IMAGES.len() == 1 { "" } else { "s" },
        if args.run { "ran, emulated" } else { "built" }
    );
    Ok(())
}

fn build(image: &Image) -> Result<PathBuf> {
    need_target(image.target)?;
    let folder = workspace::root().join("firmware");
    run_command(cargo(&folder).args([
        "build",
        "--quiet",
        "--release",
        "-p",
        image.package,
        "--target",
        image.target,
    ]))?;
    Ok(folder.join("target").join(image.target).join("release").join(image.package))
}

fn emulator(image: &Image, elf: &PathBuf) -> Command {
    let mut command = Command::new("qemu-system-arm");
    command.args(["-M", image.machine, "-nographic", "-monitor", "none", "-serial", "none"]);
    command
        .args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", "-kernel"])
        .arg(elf);
    command
}
