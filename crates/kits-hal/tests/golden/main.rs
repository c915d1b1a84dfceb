//! Golden vectors: what another implementation of the same arithmetic computes, to the last bit.
//!
//! The folder is taken from `KITS_GOLDEN_DIR`; without it the small copy beside this file is used.
//! `GOLDEN_ONLY` keeps a comma-separated list of groups; `GOLDEN_REPORT` names a file that gets one
//! JSON object per case.

mod damage;
mod data;
mod dsp;
mod extra;
mod fixed_point;
mod flips;
mod memory;
mod models;
mod negative;
mod ops;
mod report;

use std::path::{Path, PathBuf};

use report::Report;

#[test]
fn vectors() {
    let dir = std::env::var_os("KITS_GOLDEN_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data"),
        PathBuf::from,
    );
    assert!(dir.is_dir(), "no golden vectors: {} is not a folder", dir.display());
    let mut report = Report::new();
    fixed_point::run(&dir, &mut report);
    ops::run(&dir, &mut report);
    models::run(&dir, &mut report);
    models::run(&dir.join("extra"), &mut report);
    extra::run(&dir, &mut report);
    memory::run(&dir, &mut report);
    negative::run(&dir, &mut report);
    damage::run(&dir, &mut report);
    flips::run(&dir, &mut report);
    dsp::run(&dir, &mut report);
    report.finish();
}
