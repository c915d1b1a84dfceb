//! Damaged bank files are refused with findings, never with a panic.

use staffml_bank::Bank;
use staffml_bank::check::{Options, check};
use staffml_bank::oracle::Builtin;

const MANIFEST: &str = include_str!("../../bank/bank.toml");
const REGISTRY: &str = include_str!("../../bank/misconceptions.toml");
const IDS: &str = include_str!("../../bank/ids.txt");
const TEMPLATE: &str = include_str!("../../bank/q/compute/w02-ridge-point.toml");

/// Reads a bank with this one template and, if it is whole, draws from it.
fn read(template: &str) -> (usize, usize) {
    let files = [
        ("bank.toml", MANIFEST),
        ("ids.txt", IDS),
        (
            "misconceptions.toml",
            "format = 1\n[[family]]\nid = \"a\"\nwhat = \"b\"\nremedy = \"c\"\nmembers = [\"inverted-intensity\", \"sparse-peak-used\", \"bits-bytes\"]\n",
        ),
        ("q/compute/w02-ridge-point.toml", template),
    ];
    let (bank, problems) = Bank::from_files(files);
    let found = check(&bank, &Builtin, Options::FAST).problems;
    (bank.templates().len(), problems.len() + found.len())
}

#[test]
fn a_whole_template_is_read() {
    assert_eq!(read(TEMPLATE), (1, 0));
}

#[test]
fn a_template_cut_anywhere_is_refused_or_whole() {
    for end in (0..TEMPLATE.len()).filter(|i| TEMPLATE.is_char_boundary(*i)) {
        let (n, problems) = read(&TEMPLATE[..end]);
        // Two misconceptions are enough, and what stands behind them is optional.
        let third = TEMPLATE.match_indices("[[misconception]]").nth(2);
        let optional = third.is_some_and(|(at, _)| end + 3 >= at);
        assert!(n == 0 || optional, "cut at {end}: half a template was taken for a whole one");
        assert!(problems > 0 || n == 1, "cut at {end}: no template and no finding");
    }
}

#[test]
fn a_template_with_any_byte_changed_never_panics() {
    for i in 0..TEMPLATE.len() {
        for change in [0x01_u8, 0x10, 0x20, 0x7f] {
            let mut bytes = TEMPLATE.as_bytes().to_vec();
            bytes[i] ^= change;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let (n, problems) = read(&text);
            assert!(
                problems > 0 || n == 1,
                "byte {i} changed by {change:#x}: no template and no finding"
            );
        }
    }
}

#[test]
fn a_damaged_registry_is_told() {
    for end in (0..REGISTRY.len()).step_by(97).filter(|i| REGISTRY.is_char_boundary(*i)) {
        let files =
            [("bank.toml", MANIFEST), ("ids.txt", IDS), ("misconceptions.toml", &REGISTRY[..end])];
        let (bank, _) = Bank::from_files(files);
        assert_eq!(bank.templates().len(), 0);
    }
}

#[test]
fn a_huge_file_is_refused() {
    let huge = format!("# {}\n{TEMPLATE}", "x".repeat(70_000));
    let (bank, problems) = Bank::from_files([("q/compute/w02-ridge-point.toml", huge.as_str())]);
    assert!(bank.templates().is_empty());
    assert!(problems.iter().any(|p| p.code == "V-FILE-SIZE"));
}
