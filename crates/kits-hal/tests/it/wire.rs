//! The feature `defmt`: every public enum of the device path can be sent to a debug probe.

use std::fs;
use std::path::{Path, PathBuf};

const DERIVE: &str = "#[cfg_attr(feature = \"defmt\", derive(defmt::Format))]";

/// Source files of the device path: all but the host's converter, planner and runner.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the sources can be read") {
        let path = entry.expect("the sources can be read").path();
        let host = ["src/convert", "src/plan", "src/bench/host"];
        if host.iter().any(|part| path.ends_with(part)) {
            continue;
        }
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_public_enum_derives_the_format() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    let (mut enums, mut without) = (0, Vec::new());
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate().filter(|(_, l)| l.starts_with("pub enum ")) {
            enums += 1;
            // Attributes stand between the doc comment and the enum.
            let attributes = lines[..i].iter().rev().take_while(|line| !line.starts_with("///"));
            if !attributes.into_iter().any(|line| *line == DERIVE) {
                without.push(format!("{}: {line}", path.display()));
            }
        }
    }
    assert!(enums > 30, "{enums} enums found");
    assert!(without.is_empty(), "add {DERIVE} to\n{}", without.join("\n"));
}

/// Reports and errors, by name: this compiles only if they can be sent.
#[cfg(feature = "defmt")]
#[test]
fn reports_and_errors_can_be_sent() {
    fn sent<T: defmt::Format>() {}
    sent::<kits_hal::LoadError>();
    sent::<kits_hal::RunError>();
    sent::<kits_hal::Memory>();
    sent::<kits_hal::TensorInfo>();
    sent::<kits_hal::OpInfo>();
    sent::<kits_hal::board::FitReport>();
    sent::<kits_hal::board::FitError>();
    sent::<kits_hal::board::UnknownBoard>();
    sent::<kits_hal::board::EnergyError>();
    sent::<kits_hal::hal::Tick>();
    sent::<kits_hal::hal::FrameInfo>();
    sent::<kits_hal::hal::conformance::Breach>();
    sent::<kits_hal::hal::FillError<kits_hal::hal::Lsm6dsError<u8>>>();
    sent::<kits_hal::bench::MemoryUse>();
}
