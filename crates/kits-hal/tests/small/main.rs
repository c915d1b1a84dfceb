//! The small model in the repository is what the code makes of its description.
//!
//! A test target of its own: the others contain the file this one writes.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "test networks are small, and saturating casts of rounded numbers are meant"
)]

#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "shared with the integration tests")]
mod support;

use kits_hal::convert::Planner;
use support::{convert, random};

#[test]
fn the_small_model_is_the_one_in_the_repository() {
    let file = random::small_classifier().to_file();
    let kit = convert(&file, Planner::Overlap).kit;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/data");
    if std::env::var_os("KITS_WRITE_SMALL").is_some() {
        std::fs::write(format!("{folder}/small.tflite"), &file).expect("writable");
        std::fs::write(format!("{folder}/small.kit"), &kit).expect("writable");
    }
    let stored = |name: &str| std::fs::read(format!("{folder}/{name}")).expect(name);
    let hint = "run with KITS_WRITE_SMALL=1 to write it again";
    assert!(stored("small.tflite") == file, "small.tflite differs: {hint}");
    assert!(stored("small.kit") == kit, "small.kit differs: {hint}");
}
