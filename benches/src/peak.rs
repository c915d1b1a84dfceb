//! How much memory a training step needs at its worst, each contestant in a process of its own.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::python::Python;
use crate::tinytorch;

/// Steps after which memory has reached its peak.
pub const STEPS: u64 = 4;

/// Returns by how many bytes this process grows at most while it builds the small GPT and trains it for some steps.
///
/// # Errors
///
/// If a step fails, or the system does not say how much memory a process has held.
pub fn ours() -> Result<u64> {
    // The highest mark falls to what is held now.
    fs::write("/proc/self/clear_refs", "5").context("no mark of memory on this system")?;
    let before = mark()?;
    let mut subject = tinytorch::gpt_step()?;
    subject.reset()?;
    subject.time(STEPS)?;
    Ok(mark()?.saturating_sub(before))
}

/// Returns the most bytes that this process has held since the mark fell.
fn mark() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()).context("no VmHWM")?;
    Ok(kib.parse::<u64>()? * 1024)
}

/// Returns a line with our peak, and PyTorch's beside it where it runs.
///
/// # Errors
///
/// If our process cannot be started or fails.
pub fn line(interpreter: &str, threads: usize) -> Result<String> {
    let child = Command::new(std::env::current_exe()?).arg("--peak").output()?;
    let text = String::from_utf8_lossy(&child.stdout);
    let ours: u64 = text.trim().parse().with_context(|| format!("not a number: {text}"))?;
    let torch = Python::start(interpreter, "torch", threads)
        .and_then(|mut torch| torch.peak("gpt", &tinytorch::gpt_sizes(), STEPS));
    let mb = |bytes: u64| bytes as f64 / 1e6;
    Ok(match torch {
        Ok(torch) => format!(
            "peak memory {:.0} MB, PyTorch {:.0} MB: {:.2}",
            mb(ours),
            mb(torch),
            ours as f64 / torch as f64
        ),
        Err(_) => format!("peak memory {:.0} MB, PyTorch is absent", mb(ours)),
    })
}
