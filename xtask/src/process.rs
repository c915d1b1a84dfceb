//! Running other programs, and saying which one is missing.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::workspace;

/// The step did not run: something has to be installed first.
#[derive(Debug)]
pub(crate) struct NotRun {
    /// One sentence: what is missing and how to install it.
    sentence: String,
}

impl NotRun {
    /// Returns the error with `sentence` as its whole text.
    pub(crate) fn because(sentence: impl Into<String>) -> anyhow::Error {
        anyhow::Error::new(Self { sentence: sentence.into() })
    }
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl core::error::Error for NotRun {}

/// Returns a command for the cargo that runs this program.
///
/// The variables that `cargo run` sets for its own package are removed: a build script of the child must not see them.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PKG_")
            || name == OsStr::new("CARGO_MANIFEST_DIR")
        {
            command.env_remove(name);
        }
    }
    command
}

/// Builds a program of the workspace, `--bin` or `--example`, as the tests are built, and returns a command that runs it.
///
/// All packages decide together which features of their dependencies are on, so what the tests have compiled is not compiled
/// again. A package built alone switches on fewer, and shares nothing with them.
///
/// # Errors
///
/// If the build fails or makes no such program.
pub(crate) fn built(kind: &str, name: &str) -> Result<Command> {
    let root = workspace::root();
    let mut command = cargo(&root);
    command.args(["build", "--quiet", "--workspace", "--all-features", kind, name]);
    let text = output(command.arg("--message-format=json-render-diagnostics"))?;
    let Some(program) = text.lines().filter_map(|line| executable(line, name)).next_back() else {
        bail!("`cargo build` made no program called `{name}`");
    };
    let mut command = Command::new(program);
    command.current_dir(root);
    Ok(command)
}

/// The program that a message of cargo is about, if it is the one called `name`.
fn executable(line: &str, name: &str) -> Option<String> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let same = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
    same.then(|| message["executable"].as_str().map(str::to_owned)).flatten()
}

/// Runs a command that belongs to `tinytorch-core`, of which `example` is the program, in release mode and in the folder of the
/// caller, and ends this program with its status unless that is 0.
///
/// # Errors
///
/// If cargo cannot be started, or the command was stopped.
pub(crate) fn library_command(example: &str, words: &[String]) -> Result<()> {
    let root = workspace::root();
    let here = std::env::current_dir().context("the current folder is gone")?;
    let mut command = cargo(&root);
    command.args(["run", "--quiet", "--release", "-p", "tinytorch-core", "--example", example]);
    command.arg("--manifest-path").arg(root.join("Cargo.toml")).arg("--").args(words);
    let status = command.current_dir(here).status().context("cannot start cargo")?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => std::process::exit(code),
        None => bail!("{example} was stopped: {status}"),
    }
}

/// Runs `command` with its output passed through.
///
/// # Errors
///
/// If it cannot start or ends with another status than 0; the text is the command line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    eprintln!("$ {line}");
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` failed with {status}");
    }
    Ok(())
}

/// Runs `command` and returns its standard output as text.
///
/// # Errors
///
/// As [`run`], and if the output is not UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let done = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{line}`"))?;
    if !done.status.success() {
        bail!("`{line}` failed with {}", done.status);
    }
    String::from_utf8(done.stdout)
        .with_context(|| format!("`{line}` printed something that is not UTF-8"))
}

/// Returns whether `program --version` can be run.
pub(crate) fn is_installed(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Fails with one sentence unless `program` can be run.
///
/// # Errors
///
/// [`NotRun`] naming the program and `install`, the way to get it.
pub(crate) fn need(program: &str, install: &str) -> Result<()> {
    if is_installed(program) {
        return Ok(());
    }
    Err(NotRun::because(format!("`{program}` is missing: install it with `{install}`")))
}

/// Fails with one sentence unless the Rust target `triple` is installed.
///
/// # Errors
///
/// [`NotRun`] naming the target and the command that adds it.
pub(crate) fn need_target(triple: &str) -> Result<()> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(triple).is_dir() {
        return Ok(());
    }
    Err(NotRun::because(format!(
        "the Rust target {triple} is missing: install it with `rustup target add {triple}`"
    )))
}

fn line(command: &Command) -> String {
    let mut line = command.get_program().to_string_lossy().into_owned();
    if let Some(name) = Path::new(&line).file_name() {
        line = name.to_string_lossy().into_owned();
    }
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_in_the_messages_of_cargo() {
        let message = |reason: &str, name: &str, executable: &str| {
            format!(
                r#"{{"reason":"{reason}","target":{{"name":"{name}"}},"executable":{executable}}}"#
            )
        };
        let found = |line: &str| executable(line, "climb");
        let made = message("compiler-artifact", "climb", r#""/target/climb""#);
        assert_eq!(found(&made).as_deref(), Some("/target/climb"));
        for other in [
            message("compiler-artifact", "camera", r#""/target/camera""#),
            message("compiler-artifact", "climb", "null"),
            message("build-script-executed", "climb", r#""/target/climb""#),
            "warning: not JSON".to_owned(),
        ] {
            assert_eq!(found(&other), None, "{other}");
        }
    }
}
