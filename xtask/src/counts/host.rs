//! The host: callgrind counts two inferences and one, and the difference is one inference without start-up.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Against, Column, Count, Subject, build, target_of};
use crate::workspace;

/// Builds the program that converts, runs and checks models; returns its path.
pub(super) fn program() -> Result<PathBuf> {
    let root = workspace::root();
    build(
        &root,
        &["--release", "-p", "kits-hal", "--features", "convert", "--example", "measure"],
        None,
    )?;
    Ok(target_of(&root).join("release/examples/measure"))
}

/// Counts every model.
pub(super) fn column(subjects: &[Subject], measure: &Path) -> Result<Column> {
    let mut column = Column {
        id: "host",
        title: "host (x86-64, callgrind)",
        against: Against::Reference,
        limit: 0.35,
        counts: std::collections::BTreeMap::new(),
    };
    for subject in subjects {
        let once = callgrind(measure, &subject.kit, 1)?;
        let twice = callgrind(measure, &subject.kit, 2)?;
        column.counts.insert(
            subject.name.clone(),
            Count {
                instructions: twice - once,
                macs: macs(&subject.kit)?,
                reference: subject.published("tflm_ref_host_ir"),
                optimized: None,
                tract: subject.published("tract_host_ir"),
            },
        );
    }
    Ok(column)
}

fn callgrind(measure: &Path, kit: &Path, runs: u32) -> Result<f64> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    let done = command.arg(measure).arg("run").arg(kit).arg(runs.to_string()).output()?;
    let text = String::from_utf8_lossy(&done.stderr);
    let line = text.lines().find_map(|line| line.split_once("Collected :"));
    let count = line.and_then(|(_, count)| count.trim().parse().ok());
    count.with_context(|| format!("callgrind counted nothing: {text}"))
}

/// Reads the multiply-accumulates from a container's header.
fn macs(kit: &Path) -> Result<f64> {
    let file = std::fs::read(kit)?;
    let bytes = file.get(56..64).and_then(|b| b.first_chunk()).context("a container")?;
    Ok(u64::from_le_bytes(*bytes) as f64)
}
