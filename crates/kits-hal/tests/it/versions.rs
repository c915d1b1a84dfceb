//! Versions of operators: those of the specification's list are accepted, unknown ones are refused with their number.

use kits_hal::convert::{ImportError, Options, import};

use crate::support::random;

/// Codes and versions that must be accepted, as the specification lists them.
const LISTED: [(i32, &[i32]); 30] = [
    (0, &[2]),
    (1, &[2]),
    (2, &[1, 2]),
    (3, &[2, 3]),
    (4, &[3]),
    (6, &[1, 2]),
    (9, &[3, 4, 5]),
    (14, &[1, 2, 3]),
    (17, &[2]),
    (18, &[1, 2, 3]),
    (19, &[1, 2, 3]),
    (21, &[1, 2, 3]),
    (25, &[2]),
    (28, &[1, 2, 3]),
    (34, &[2]),
    (39, &[1, 2]),
    (40, &[2]),
    (41, &[1, 2, 3]),
    (45, &[1]),
    (49, &[1, 2]),
    (55, &[1, 2, 3]),
    (57, &[1, 2, 3]),
    (60, &[2]),
    (67, &[1, 2, 3]),
    (74, &[1, 2, 3]),
    (83, &[1]),
    (97, &[2]),
    (98, &[1, 2, 3]),
    (114, &[1, 2]),
    (117, &[1, 2, 3]),
];

fn u32_at(file: &[u8], at: usize) -> usize {
    u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes")) as usize
}

/// Returns where field `i` of the table at `table` lies, if the file has it.
fn field(file: &[u8], table: usize, i: usize) -> Option<usize> {
    let back = i32::from_le_bytes(file[table..table + 4].try_into().expect("four bytes"));
    let vtable = table.checked_add_signed(-(back as isize)).expect("inside the file");
    let half = |at: usize| usize::from(u16::from_le_bytes([file[at], file[at + 1]]));
    let entry = 4 + 2 * i;
    let offset = if entry + 2 > half(vtable) { 0 } else { half(vtable + entry) };
    (offset != 0).then_some(table + offset)
}

/// Returns code, place of the version, and number of operators of a file with one operator code.
fn only_code(file: &[u8]) -> Option<(i32, usize)> {
    let list = field(file, u32_at(file, 0), 1)?;
    let list = list + u32_at(file, list);
    if u32_at(file, list) != 1 {
        return None;
    }
    let table = list + 4 + u32_at(file, list + 4);
    let old = field(file, table, 0).map_or(0, |at| i32::from(file[at]));
    let new = field(file, table, 3).map_or(0, |at| u32_at(file, at) as i32);
    Some((old.max(new), field(file, table, 2)?))
}

#[test]
fn one_operator_files_are_taken_in_every_listed_version_and_in_no_unknown_one() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/data/ops/tflite");
    let options = Options { int8_io: false, ..Options::default() };
    let mut met = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of the golden vectors") {
        let path = entry.expect("an entry").path();
        let mut file = std::fs::read(&path).expect("readable");
        let Some((code, at)) = only_code(&file) else { continue };
        let Some((_, versions)) = LISTED.iter().find(|(listed, _)| *listed == code) else {
            continue;
        };
        met.push(code);
        for version in *versions {
            file[at..at + 4].copy_from_slice(&version.to_le_bytes());
            let outcome = import(&file, &options);
            assert!(outcome.is_ok(), "{} version {version}: {outcome:?}", path.display());
        }
        for version in [i32::MIN, -1, 0, 9, i32::MAX] {
            file[at..at + 4].copy_from_slice(&version.to_le_bytes());
            let refused = import(&file, &options).expect_err("an unknown version");
            let [ImportError::UnsupportedOp { index: 0, name }] = refused.reasons() else {
                panic!("{} version {version}: {refused}", path.display());
            };
            let text = format!(" version {version}, known are 1 to ");
            assert!(name.as_str().contains(&text), "{name}");
        }
    }
    met.sort_unstable();
    met.dedup();
    // Every listed operator was there: nothing passes because nothing was tried.
    assert_eq!(met, LISTED.map(|(code, _)| code));
}

#[test]
fn a_border_that_a_rewrite_takes_away_must_be_known_too() {
    let path = "/tests/golden/data/ops/tflite/quantize__f32_i8_0.tflite";
    let mut file = std::fs::read(format!("{}{path}", env!("CARGO_MANIFEST_DIR"))).expect("there");
    let (_, at) = only_code(&file).expect("one operator, with a version");
    file[at..at + 4].copy_from_slice(&7_i32.to_le_bytes());
    let refused = import(&file, &Options::default()).expect_err("an unknown version");
    assert!(refused.to_string().contains("QUANTIZE version 7, known are 1 to 2"), "{refused}");
}

#[test]
fn each_unknown_version_is_one_of_the_reasons() {
    let mut net = random::small_classifier();
    let first = net.ops.iter().position(|op| op.code == 3).expect("a convolution");
    let last = net.ops.iter().position(|op| op.code == 25).expect("a softmax");
    net.ops[first].version = 7;
    net.ops[last].version = 4;
    let errors = import(&net.to_file(), &Options::default()).expect_err("two unknown versions");
    assert_eq!(errors.reasons().len(), 2, "{errors}");
    for part in [
        format!("unsupported operator {first}: CONV_2D version 7, known are 1 to 6 (subgraph 0)"),
        format!("unsupported operator {last}: SOFTMAX version 4, known are 1 to 2 (subgraph 0)"),
    ] {
        assert!(errors.to_string().contains(&part), "{errors}");
    }
}
