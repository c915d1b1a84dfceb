//! Reference vectors: every case of a folder of results computed by another program, through the public API.
//!
//! The folder is the small copy beside this file, or the one named by `TINYTORCH_GOLDEN_DIR`. `GOLDEN_ONLY` is a
//! comma-separated list of groups; `GOLDEN_REPORT` names a file for one line of JSON per case.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::float_cmp,
    clippy::std_instead_of_core,
    reason = "a runner reads counts and exact values from JSON; what does not fit fails its case"
)]

mod case;
mod compare;
mod data;
mod language;
mod models;
mod ops;
mod optim;
mod other;
mod report;
mod schedules;
mod seeds;
mod sequences;
mod vision;

use std::{env, path::PathBuf};

use data::Folder;
use report::Report;

#[test]
fn vectors() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data");
    let dir = env::var_os("TINYTORCH_GOLDEN_DIR").map_or(own, PathBuf::from);
    let only: Option<Vec<String>> = env::var("GOLDEN_ONLY")
        .ok()
        .map(|list| list.split(',').map(|g| g.trim().to_owned()).collect());
    let folder = Folder::open(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    let mut report = Report::new(only);
    case::run_all(&folder, &mut report);
    other::run_all(&folder, &mut report);
    if let Some(path) = env::var_os("GOLDEN_REPORT") {
        report.write(&PathBuf::from(path));
    }
    eprint!("{report}");
    assert!(report.ran() > 0, "no case in {} belongs to the groups asked for", dir.display());
    assert_eq!(report.failed(), 0, "{report}");
}
