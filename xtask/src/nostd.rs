//! The board runtime, the walls and the inference subset of `tinytorch-core` without an operating system.

use anyhow::Result;

use crate::process::{cargo, need_target, run as run_command};
use crate::workspace;

/// The Cortex-M4F and M7 target with hardware floating point.
pub(crate) const THUMB: &str = "thumbv7em-none-eabihf";

/// The targets that `kits-hal` must build for.
const BOARDS: [&str; 4] =
    ["thumbv6m-none-eabi", THUMB, "thumbv8m.main-none-eabihf", "riscv32imc-unknown-none-elf"];

/// Builds the host probe, then the libraries for the board target, and tests the inference subset without `std`.
///
/// The probe is a static library without `std` and without an allocator: if either slips in, the compiler stops.
///
/// # Errors
///
/// If a build fails, or the board target is not installed.
pub(crate) fn run() -> Result<()> {
    let firmware = workspace::root().join("firmware");
    run_command(cargo(&firmware).args(["build", "--quiet", "--release", "-p", "host-probe"]))?;
    need_target(THUMB)?;
    let root = workspace::root();
    let check = |library: &[&str]| {
        let target = ["--no-default-features", "--target", THUMB];
        run_command(cargo(&root).args(["check", "--quiet", "-p"]).args(library).args(target))
    };
    for target in BOARDS {
        need_target(target)?;
        // With everything that a device may use, then with nothing but the runtime.
        for features in [&["--features", "dsp,post,pre,hal,bench-proto"][..], &[]] {
            let target = ["--no-default-features", "--target", target];
            let check = ["check", "--quiet", "-p", "kits-hal"];
            run_command(cargo(&root).args(check).args(target).args(features))?;
        }
    }
    check(&["mlsysim"])?;
    check(&["tinytorch-core"])?;
    check(&["tinytorch-core", "--features", "safetensors,tflite"])?;
    // Without std one switch serves all threads, so tests that turn it must not run side by side.
    run_command(
        cargo(&root)
            .args(["test", "--quiet", "-p", "tinytorch-core", "--no-default-features", "--lib"])
            .args(["--", "--test-threads=1"]),
    )?;
    println!(
        "nostd: host probe and {} build without std and without an allocator",
        BOARDS.join(", ")
    );
    println!(
        "nostd: the inference subset of tinytorch-core builds and passes its tests without std"
    );
    Ok(())
}
