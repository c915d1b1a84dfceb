//! Damaged files: importing and running must end without a panic.

use core::panic::AssertUnwindSafe;
use std::{panic::catch_unwind, path::Path};

use kits_hal::{
    Check, Model, Session,
    convert::{Options, import},
};
use serde_json::Value;

use crate::{
    data::{json, list},
    report::Report,
};

/// More multiply-accumulates than any model here has: a damaged shape is imported, not run.
const MOST_MACS: u64 = 200_000_000;
/// Likewise for the arena.
const MOST_BYTES: usize = 64 << 20;

pub(crate) fn run(dir: &Path, report: &mut Report) {
    let file = dir.join("negative/damage.json");
    if !report.wants("damage") || !file.exists() {
        return;
    }
    let cases = json(&file);
    for (i, case) in list(&cases["cases"]).iter().enumerate() {
        let base = case["base"].as_str().unwrap_or("?");
        let Ok(original) = std::fs::read(dir.join(format!("models/{base}.tflite"))) else {
            report.unsupported("damage", &format!("{i} {base}"), "the model is not here");
            continue;
        };
        let damaged = damage(original, case);
        let outcome = catch_unwind(AssertUnwindSafe(|| import_and_run(&damaged)));
        let outcome = outcome.map_err(|_| "panicked".to_owned()).and_then(|r| r);
        report.case("damage", &format!("{i} {base}"), outcome);
    }
}

fn damage(mut file: Vec<u8>, case: &Value) -> Vec<u8> {
    let number = |v: &Value| usize::try_from(v.as_u64().expect("a number")).expect("a size");
    for edit in list(&case["edits"]) {
        if let Some(byte) = file.get_mut(number(&edit[0])) {
            *byte = u8::try_from(number(&edit[1])).expect("a byte");
        }
    }
    if let Some(length) = case["truncate"].as_u64() {
        file.truncate(usize::try_from(length).expect("a size"));
    }
    file
}

fn import_and_run(file: &[u8]) -> Result<(), String> {
    let Ok(converted) = import(file, &Options::default()) else { return Ok(()) };
    let model = Model::parse(&converted.kit, Check::Full).map_err(|e| e.to_string())?;
    if model.macs() > MOST_MACS || model.arena_len() > MOST_BYTES {
        return Ok(());
    }
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).map_err(|e| e.to_string())?;
    session.run().map_err(|e| e.to_string())
}
