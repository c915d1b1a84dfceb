//! The shipped bank, and how mistakes in a bank are told.

use std::path::Path;

use super::{Bank, embedded};

#[test]
fn the_shipped_bank_has_no_problems() {
    let (bank, problems) = Bank::from_files(embedded::FILES.iter().map(|(p, t)| (*p, *t)));
    let text: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(text.is_empty(), "{}", text.join("\n"));
    let in_folder =
        |name: &str| embedded::FILES.iter().filter(|(path, _)| path.starts_with(name)).count();
    assert_eq!(bank.templates().len(), in_folder("q/"));
    assert_eq!(bank.chains().len(), in_folder("chains/"));
    assert_eq!(bank.plans().len(), in_folder("plans/"));
}

#[test]
fn the_list_of_files_is_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bank");
    let mut on_disk: Vec<String> =
        super::files::read(&folder).unwrap().into_iter().map(|f| f.0).collect();
    let mut listed: Vec<&str> = embedded::FILES.iter().map(|f| f.0).collect();
    on_disk.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, on_disk);
}

#[test]
fn unknown_ids_are_answered_with_the_nearest() {
    let error = Bank::embedded().get("w02-weight-footprnt").unwrap_err();
    assert!(error.to_string().ends_with("did you mean `w02-weight-footprint`?"), "{error}");
}

#[test]
fn a_folder_that_is_none_is_an_error() {
    let error = Bank::load(Path::new("/nowhere/at/all")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read /nowhere/at/all: it is not a folder");
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let broken = r#"
format = 2
id = "Some Thing"
version = "1.0"
kind = "numeric"
title = "A title."
status = "published"
license = "CC-BY-NC-4.0"
origin = "original"
authors = []
created = 2026-11-21
updated = 2026-11-20
colour = "red"

tracks = ["tinyml", "clowd"]
level = "L7"
area = "memory"
topic = "roofline-analysis"
zone = "recall"
bloom = "create"
mode = "napkin-math"
phase = "inference"
walls = [23]
time_s = 5

stem = "How many bytes do {x} weights of {y} take {z"
takeaway = "short"

[params.x]
kind = "choice"
values = [1]
unit = "bananas"

[answer]
eq = "memory.footprint"
bind = { parameters = "x +" }
unit = "KB/fortnight"
tol = { rel = 2 }

[[misconception]]
id = "bits-byte"
scale = { bytes = "8" }
drop = ["a.b"]
say = "Too short"
"#;
    let files = [
        ("bank.toml", "format = 1\nname = \"n\"\nversion = \"1\"\nlicenses = [\"MIT\"]\n"),
        ("misconceptions.toml", include_str!("../../bank/misconceptions.toml")),
        ("q/a/other.toml", broken),
    ];
    let (bank, problems) = Bank::from_files(files);
    assert_eq!(bank.templates().len(), 0);
    let found: Vec<(&str, usize)> = problems.iter().map(|p| (p.code, p.line)).collect();
    for expected in [
        ("V-BANK", 0),
        ("V-FORMAT", 2),
        ("V-ID", 3),
        ("V-ID-FILE", 3),
        ("V-VERSION", 4),
        ("V-TITLE", 6),
        ("V-REVIEW", 1),
        ("V-LICENSE", 8),
        ("V-AUTHORS", 10),
        ("V-DATE", 12),
        ("V-UNKNOWN-KEY", 13),
        ("V-ENUM", 15),
        ("V-ENUM", 16),
        ("V-TOPIC-AREA", 18),
        ("V-ZONE-BLOOM", 20),
        ("V-WALL", 23),
        ("V-TIME", 24),
        ("V-STEM", 26),
        ("V-PLACEHOLDER", 26),
        ("V-TAKEAWAY", 27),
        ("V-PARAM", 31),
        ("V-UNIT", 32),
        ("V-EXPR", 36),
        ("V-UNIT", 37),
        ("V-ANSWER-TOL", 38),
        ("V-MISC-NUMBER", 1),
        ("V-MISC-UNKNOWN", 41),
        ("V-MISC-TWO", 40),
        ("V-MISC-SAY", 44),
    ] {
        assert!(found.contains(&expected), "{expected:?} is not among {found:#?}");
    }
    let fix = problems.iter().find(|p| p.code == "V-MISC-UNKNOWN").map(|p| p.fix.as_str());
    assert_eq!(fix, Some("did you mean `bits-bytes`?"));
}

#[test]
fn broken_toml_is_told_with_its_line() {
    let (_, problems) = Bank::from_files([("q/a/b.toml", "format = 1\nid = \n")]);
    assert!(problems.iter().any(|p| p.code == "V-TOML" && p.line == 2), "{problems:?}");
}
