//! What the build script of every board image does: choose the board, the model and its inputs, and place the linker script.
//!
//! | variable | file | default |
//! | --- | --- | --- |
//! | `BOARD` | the board whose memory a program is linked for: see [`Board`] | `nano33ble` |
//! | `BOARD_KIT` | the `.kit` container to embed | `firmware/sample/digits.kit` |
//! | `BOARD_INPUTS` | inputs, int8, one after the other | `firmware/sample/digits.inputs.bin` |
//!
//! A relative path starts at the folder of the image's package; give absolute paths from other programs.
//! The paths reach the program as the compile-time variables `KIT_FILE` and `INPUTS_FILE`.

mod board;

pub use board::{BOARDS, Board};

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

/// Does the work of the build script of a program for any board: links for the one that `BOARD` names, writes the
/// constant `BOARD` to `board.rs`, and then does `more` with the board and the folder for what is written.
#[must_use]
pub fn program(more: impl FnOnce(&Board, &Path) -> Result<(), String>) -> ExitCode {
    report(Board::chosen().and_then(|board| {
        let out = out()?;
        board.place(Path::new("../boards"), &out)?;
        arguments(&out);
        more(&board, &out)
    }))
}

/// As [`program`], with the model and the inputs of [`image`].
#[must_use]
pub fn program_with_model() -> ExitCode {
    program(|_, _| {
        embed("BOARD_KIT", "KIT_FILE", "../sample/digits.kit")?;
        embed("BOARD_INPUTS", "INPUTS_FILE", "../sample/digits.inputs.bin")
    })
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
fn link() -> Result<(), String> {
    println!("cargo::rerun-if-changed=memory.x");
    let out = out()?;
    fs::copy("memory.x", out.join("memory.x")).map_err(|e| format!("memory.x: {e}"))?;
    arguments(&out);
    Ok(())
}

fn out() -> Result<PathBuf, String> {
    let out = env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: call this from a build script")?;
    Ok(PathBuf::from(out))
}

/// Gives the linker its arguments, and the folder with `memory.x`.
///
/// They are given here and not in `.cargo/config.toml`, which cargo looks for from the current folder upwards and would
/// miss when called with `--manifest-path`.
fn arguments(out: &Path) {
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return; // a host build is never linked into an image
    }
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=--nmagic"); // no padding of sections to pages
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
}
