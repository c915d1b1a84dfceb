//! What the build script of every board image does: choose the model and its inputs, and place the linker script.
//!
//! | variable | file | default |
//! | --- | --- | --- |
//! | `BOARD_KIT` | the `.kit` container to embed | `firmware/sample/digits.kit` |
//! | `BOARD_INPUTS` | inputs, int8, one after the other | `firmware/sample/digits.inputs.bin` |
//!
//! A relative path starts at the folder of the image's package; give absolute paths from other programs.
//! The paths reach the program as the compile-time variables `KIT_FILE` and `INPUTS_FILE`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Does the work of an image's build script: [`link_only`], and the model with its inputs.
#[must_use]
pub fn image() -> ExitCode {
    let done = embed("BOARD_KIT", "KIT_FILE", "../sample/digits.kit")
        .and_then(|()| embed("BOARD_INPUTS", "INPUTS_FILE", "../sample/digits.inputs.bin"))
        .and_then(|()| link());
    report(done)
}

/// Does the work of the build script of a program without a model.
#[must_use]
pub fn link_only() -> ExitCode {
    report(link())
}

/// Prints a problem the way cargo shows it.
fn report(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("cargo::error={problem}");
            ExitCode::FAILURE
        }
    }
}

/// Hands the path in the environment variable `from` to the compiler as `to`.
fn embed(from: &str, to: &str, default: &str) -> Result<(), String> {
    println!("cargo::rerun-if-env-changed={from}");
    let given = env::var_os(from).unwrap_or_else(|| OsString::from(default));
    let path = Path::new(&given);
    let path = path
        .canonicalize()
        .map_err(|e| format!("{from}={}: {e}: give the path of a file", path.display()))?;
    if !path.is_file() {
        return Err(format!("{from}={}: not a file", path.display()));
    }
    println!("cargo::rerun-if-changed={}", path.display());
    println!("cargo::rustc-env={to}={}", path.display());
    Ok(())
}

/// Links for the board: its own `memory.x`, then the script of the run-time library.
///
/// The arguments are given here and not in `.cargo/config.toml`, which cargo looks for from the current folder upwards
/// and would miss when called with `--manifest-path`.
fn link() -> Result<(), String> {
    println!("cargo::rerun-if-changed=memory.x");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return Ok(()); // a host build is never linked into an image
    }
    let out = PathBuf::from(
        env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: call this from a build script")?,
    );
    fs::copy("memory.x", out.join("memory.x")).map_err(|e| format!("memory.x: {e}"))?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=--nmagic"); // no padding of sections to pages
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}
