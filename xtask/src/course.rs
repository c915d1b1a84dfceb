//! The course: its commands, the audit of its checks, and a student's crate against the packed library.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::process::{built, cargo, run as run_command};
use crate::workspace;

/// Commands of the course: list, start, check, complete, status, milestone, audit, doctor; `student` checks the example crate.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --crate the lessons are the reference's. Everything else is handed on: \
                        `cargo xtask course audit --json`, `cargo xtask course --crate DIR check 01`."
)]
pub(crate) struct Args {
    /// Folder of the crate with the lessons; it needs a binary called `course`
    #[arg(long = "crate", value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    rest: Vec<String>,
}

/// Runs a command and returns its exit status.
///
/// # Errors
///
/// If cargo cannot be started, or the example crate is not red and green as intended.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    if args.rest.first().is_some_and(|name| name == "student") {
        return student().map(|()| ExitCode::SUCCESS);
    }
    let mut command = match &args.folder {
        Some(folder) => {
            let mut command = cargo(folder);
            command.args(["run", "--quiet", "--bin", "course", "--"]);
            command
        }
        None => reference(),
    };
    let status = command.args(&args.rest).status().context("cannot start cargo")?;
    // A crate that does not build ends with 101: no answer, so not a negative one either.
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

fn reference() -> Command {
    let mut command = cargo(&workspace::root());
    command.args([
        "run",
        "--quiet",
        "-p",
        "tinytorch-core",
        "--features",
        "course",
        "--example",
        "course",
        "--",
    ]);
    command
}

/// Holds the checks against seeded mistakes, and the example crate against the packed library.
///
/// # Errors
///
/// If a rule of the audit is broken, or the example crate is not red and green as intended.
pub(crate) fn ci(_: &Path) -> Result<()> {
    run_command(built("--example", "course")?.arg("audit"))?;
    student()
}

/// Slots that the example crate leaves open or has wrong: their tests must be red.
fn is_red(test: &str) -> bool {
    let mut parts = test.split("::");
    let (module, slot, case) =
        (parts.next(), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    match module {
        Some("m01") => !["matmul", "row_major_strides"].contains(&slot),
        Some("m02") => {
            slot == "sigmoid" || (slot == "softmax" && ["large", "nothing_left"].contains(&case))
        }
        _ => false,
    }
}

/// Packs the library, unpacks it elsewhere, builds the example crate against it and compares its tests with what they should be.
fn student() -> Result<()> {
    let root = workspace::root();
    run_command(cargo(&root).args([
        "package",
        "--quiet",
        "--no-verify",
        "--allow-dirty",
        "-p",
        "tinytorch-core",
    ]))?;
    let version = env!("CARGO_PKG_VERSION");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let place = target.join("student");
    let (library, crate_folder) =
        (place.join(format!("tinytorch-core-{version}")), place.join("student"));
    for folder in [&library, &crate_folder] {
        if folder.exists() {
            fs::remove_dir_all(folder)
                .with_context(|| format!("cannot clear {}", folder.display()))?;
        }
    }
    copy(&root.join("examples/student"), &crate_folder)?;
    let packed = target.join(format!("package/tinytorch-core-{version}.crate"));
    // Packed files all carry one old date; with today's (-m) cargo sees that they changed since the last run.
    run_command(Command::new("tar").arg("-xzmf").arg(&packed).arg("-C").arg(&place))?;
    let manifest = crate_folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest)?
        .replace("../../crates/tinytorch-core", &library.display().to_string());
    fs::write(&manifest, text)?;
    // The tests are meant to fail, so the status says nothing.
    let tested = cargo(&crate_folder)
        .args(["test", "--quiet", "--no-fail-fast", "--test", "course", "--", "--format=pretty"])
        .env("CARGO_TARGET_DIR", place.join("target"))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&tested.stdout);
    let (mut red, mut green, mut wrong) = (0, 0, Vec::new());
    for line in text.lines() {
        let Some((name, result)) = line.strip_prefix("test ").and_then(|l| l.split_once(" ... "))
        else {
            continue;
        };
        let failed = result.trim() == "FAILED";
        red += usize::from(failed);
        green += usize::from(!failed);
        if failed != is_red(name) {
            wrong.push(format!("{name} is {}", result.trim()));
        }
    }
    if red == 0 || green == 0 || !wrong.is_empty() {
        bail!(
            "the example crate is not red and green as intended ({red} red, {green} green):\n{}\n{text}",
            wrong.join("\n")
        );
    }
    println!("course: {red} tests of the example crate are red and {green} green, as intended");
    Ok(())
}

/// Copies the sources of a crate.
fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in
        workspace::files(from, &|path| path.extension().is_some_and(|e| e == "rs" || e == "toml"))?
    {
        let place = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(place.parent().unwrap_or(to))?;
        fs::copy(&file, &place).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}
