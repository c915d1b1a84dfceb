//! The board runtime without an operating system.

use anyhow::Result;

use crate::process::{cargo, need_target, run as run_command};
use crate::workspace;

/// The Cortex-M4F and M7 target with hardware floating point.
pub(crate) const THUMB: &str = "thumbv7em-none-eabihf";

/// Builds the host probe, then the runtime and the panic-free link check for the board target.
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
    run_command(cargo(&workspace::root()).args([
        "check",
        "--quiet",
        "-p",
        "kits-hal",
        "--no-default-features",
        "--target",
        THUMB,
    ]))?;
    println!("nostd: host probe and {THUMB} build without std and without an allocator");
    Ok(())
}
