//! Golden vectors: what the Python package `mlsysim` 0.3.0 computes, case by case.
//!
//! The vectors lie in the folder `MLSYSIM_GOLDEN_DIR`, else in the small copy beside this file.
//! `GOLDEN_ONLY=RidgePoint,IronLawModel` runs some groups; `GOLDEN_REPORT=path` writes one line of JSON per case.
//! A group that this version has no resolver for counts as unsupported, never as passed.
//! Where the folder has a list `core.txt`, files outside of it that no resolver knows are told, not counted.

mod case;
mod compare;
mod groups;
mod objects;

use compare::Verdict;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

#[test]
fn vectors() {
    let folder = std::env::var_os("MLSYSIM_GOLDEN_DIR").map_or_else(
        || {
            eprintln!("MLSYSIM_GOLDEN_DIR is not set: running the small copy of the crate only");
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data")
        },
        PathBuf::from,
    );
    let only = std::env::var("GOLDEN_ONLY").ok();
    let wanted = |group: &str| {
        only.as_ref().is_none_or(|names| names.split(',').any(|name| name.trim() == group))
    };

    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();

    let core = fs::read_to_string(folder.join("core.txt")).ok();
    let in_scope = |group: &str| {
        core.as_ref().is_none_or(|names| names.lines().any(|name| name.trim() == group))
    };
    let mut outside = 0;

    let mut tally: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let mut lines = Vec::new();
    let mut first_failures = Vec::new();
    for path in files {
        let group =
            path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if !wanted(&group) {
            continue;
        }
        let text = fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
        let file: Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let cases =
            file["cases"].as_array().unwrap_or_else(|| panic!("{} has no cases", path.display()));
        let counts = tally.entry(group.clone()).or_default();
        for case in cases {
            let id = case["id"].as_str().unwrap_or("?");
            let verdict = groups::run(&group, case, &file["objects"]);
            if matches!(verdict, Verdict::Unsupported(_)) && !in_scope(&group) {
                outside += 1;
                continue;
            }
            let (slot, status, detail) = match verdict {
                Verdict::Passed => (0, "passed", String::new()),
                Verdict::Failed(difference) => (1, "failed", difference),
                Verdict::Unsupported(reason) => (2, "unsupported", reason),
            };
            if slot == 1 && counts[1] == 0 {
                first_failures.push(format!("{id}: {detail}"));
            }
            counts[slot] += 1;
            lines.push(
                json!({ "group": group, "case": id, "status": status, "detail": detail, "bits": compare::take_bits() })
                    .to_string(),
            );
        }
    }
    if let Some(path) = std::env::var_os("GOLDEN_REPORT") {
        let mut report = fs::File::create(&path).expect("the report file can be created");
        for line in &lines {
            writeln!(report, "{line}").expect("the report file can be written");
        }
    }
    for (group, [passed, failed, unsupported]) in &tally {
        if passed + failed > 0 {
            eprintln!(
                "{group:<24} passed {passed:>4}  failed {failed:>4}  unsupported {unsupported:>4}"
            );
        }
    }
    if outside > 0 {
        eprintln!(
            "{outside} cases of files that core.txt does not list have no resolver in this version"
        );
    }
    let sum = |slot: usize| tally.values().map(|counts| counts[slot]).sum::<usize>();
    eprintln!("all: passed {}, failed {}, unsupported {}", sum(0), sum(1), sum(2));
    assert!(!lines.is_empty(), "no cases in {}", folder.display());
    assert_eq!(sum(1), 0, "first failure of each group:\n{}", first_failures.join("\n"));
}
