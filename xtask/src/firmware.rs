//! Board images: built for their target, and run in the emulator.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::nostd::THUMB;
use crate::process::{cargo, need, need_target, output, run as run_command};
use crate::{tensors, workspace};

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

/// One image: its package, profile and target, the emulated machine that stands in for the board, and what holds its answers
/// against those of a host.
struct Image {
    package: &'static str,
    profile: &'static str,
    target: &'static str,
    machine: &'static str,
    check: fn(&str) -> Result<String>,
}

const IMAGES: [Image; 2] = [
    Image {
        package: "nano33ble",
        profile: "release",
        target: THUMB,
        machine: "mps2-an386",
        check: sample,
    },
    Image {
        package: "tensors-board",
        profile: "small",
        target: THUMB,
        machine: "mps2-an386",
        check: tensors::check,
    },
];

/// Words that begin the lines of answers: not shown.
const ANSWERS: [&str; 5] = ["result ", "mlp ", "cnn ", "int8 ", "gpt "];

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
            println!(
                "{}",
                text.lines()
                    .filter(|line| !ANSWERS.iter().any(|word| line.starts_with(word)))
                    .collect::<Vec<_>>()
                    .join("\n")
            );
            if !text.contains("done ok") {
                bail!("{}: the image ended without saying that it is done", image.package);
            }
            let agrees = (image.check)(&text).with_context(|| image.package.to_owned())?;
            println!("{}: {agrees}", image.package);
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

/// Compares the results with the outputs of the sample.
fn sample(text: &str) -> Result<String> {
    let images = compare(text, &workspace::root().join("firmware/sample/digits.outputs.bin"))?;
    Ok(format!("{images} of {images} outputs equal those of the trainer"))
}

/// Compares every result of a run with the outputs to expect and returns how many there are.
///
/// The expected bytes were written by the trainer's own int8 engine, which shares no code with the image.
fn compare(text: &str, expected: &Path) -> Result<usize> {
    let expected =
        std::fs::read(expected).with_context(|| format!("cannot read {}", expected.display()))?;
    let results: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("result ")?.split_once("outputs=").map(|pair| pair.1))
        .collect();
    let size = expected
        .len()
        .checked_div(results.len())
        .filter(|size| size * results.len() == expected.len());
    let Some(size) = size.filter(|size| *size > 0) else {
        bail!("{} results for {} expected bytes", results.len(), expected.len());
    };
    for (index, (result, wanted)) in results.iter().zip(expected.chunks(size)).enumerate() {
        let wanted: String = wanted.iter().map(|byte| format!("{byte:02x}")).collect();
        if *result != wanted {
            bail!("input {index}: the image answers {result}, the trainer {wanted}");
        }
    }
    Ok(results.len())
}

fn build(image: &Image) -> Result<PathBuf> {
    need_target(image.target)?;
    let folder = workspace::root().join("firmware");
    run_command(cargo(&folder).args([
        "build",
        "--quiet",
        "--profile",
        image.profile,
        "-p",
        image.package,
        "--target",
        image.target,
    ]))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
    Ok(folder.join(target).join(image.target).join(image.profile).join(image.package))
}

fn emulator(image: &Image, elf: &PathBuf) -> Command {
    let mut command = Command::new("qemu-system-arm");
    command.args(["-M", image.machine, "-nographic", "-monitor", "none", "-serial", "none"]);
    command
        .args(["-semihosting-config", "enable=on,target=native", "-icount", "shift=0", "-kernel"])
        .arg(elf);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_held_against_the_expected_bytes() {
        let file = std::env::temp_dir().join(format!("outputs-{}.bin", std::process::id()));
        std::fs::write(&file, [0x80, 0xff, 0x7f, 0x00]).expect("the temporary folder is writable");
        let run = "image x\nresult index=0 outputs=80ff\nresult index=1 outputs=7f00\ndone ok\n";
        assert_eq!(compare(run, &file).expect("equal"), 2);
        let wrong = compare(&run.replace("7f00", "7f01"), &file).expect_err("one bit differs");
        assert_eq!(wrong.to_string(), "input 1: the image answers 7f01, the trainer 7f00");
        assert!(compare("done ok\n", &file).is_err(), "no results");
        assert!(
            compare(
                "result index=0 outputs=80\nresult index=1 outputs=ff\nresult index=2 outputs=7f\n",
                &file
            )
            .is_err()
        );
        let _ = std::fs::remove_file(&file);
    }
}
