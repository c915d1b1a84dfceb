//! The walls as a WebAssembly module, held against the native build bit by bit.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::process::{cargo, need_target, run as run_command};
use crate::workspace;

const WASM: &str = "wasm32-unknown-unknown";

/// Hold the WebAssembly build of the walls against the native one.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Folder with the golden vectors of mlsysim [default: the copy inside the crate]
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Builds `mlsysim` without features for the browser's target and compares every output of every golden case.
///
/// # Errors
///
/// If a build fails, the target is not installed, or one byte differs.
pub(crate) fn run(args: &Args) -> Result<()> {
    need_target(WASM)?;
    let root = workspace::root();
    // The library by itself, so that nothing of the module's other dependencies lends it `std`.
    run_command(cargo(&root).args([
        "check",
        "--quiet",
        "-p",
        "mlsysim",
        "--no-default-features",
        "--target",
        WASM,
    ]))?;
    run_command(cargo(&root).args([
        "build",
        "--quiet",
        "--release",
        "-p",
        "walls-wasm",
        "--lib",
        "--target",
        WASM,
    ]))?;
    let dir = match &args.dir {
        Some(dir) => std::path::absolute(dir)?,
        None => root.join("crates/mlsysim/tests/golden/data"),
    };
    let module = target_folder(&root).join(WASM).join("release/walls_wasm.wasm");
    // With no other feature of `mlsysim` than the module has: with `std` logarithms are the system's, whose last bits may differ.
    run_command(
        cargo(&root)
            .args([
                "run",
                "--quiet",
                "-p",
                "walls-wasm",
                "--features",
                "host",
                "--bin",
                "compare",
                "--",
            ])
            .arg(module)
            .arg(dir),
    )
}

fn target_folder(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |folder| root.join(folder))
}
