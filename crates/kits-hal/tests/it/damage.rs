//! A small model, cut at every byte and with every byte flipped: an error, or a model that behaves.

use kits_hal::{
    Check, LoadError, Model, Session,
    convert::{Options, Planner, import},
};

use crate::support::{Rng, convert, random, run};

fn file() -> Vec<u8> {
    random::small_classifier().to_file()
}

/// Loads and runs whatever is accepted; returns the outputs.
fn load_and_run(kit: &[u8], check: Check, input: &[i8]) -> Result<Vec<u8>, LoadError> {
    let model = Model::parse(kit, check)?;
    if model.arena_len() > 1 << 20 || model.macs() > 100_000_000 {
        return Ok(Vec::new()); // accepted, but larger than this test wants to run
    }
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena).expect("the announced length");
    if let Ok(x) = session.input::<i8>(0)
        && x.len() == input.len()
    {
        x.copy_from_slice(input);
    }
    session.run().expect("a checked model runs");
    let mut all = Vec::new();
    for i in 0..model.n_outputs() {
        if let Ok(y) = session.output::<i8>(i) {
            all.extend(y.iter().map(|v| v.cast_unsigned()));
        }
    }
    Ok(all)
}

#[test]
fn a_cut_container_is_refused_at_every_length() {
    let kit = convert(&file(), Planner::Overlap).kit;
    for length in 0..kit.len() {
        for check in [Check::Header, Check::Full] {
            let error = Model::parse(&kit[..length], check).expect_err("cut short");
            assert!(
                matches!(error, LoadError::Truncated { have, .. } if have as usize == length),
                "{length}: {error}"
            );
        }
    }
}

#[test]
fn a_flipped_byte_of_a_container_is_found_or_harmless() {
    let kit = convert(&file(), Planner::Overlap).kit;
    let input = Rng(1).bytes(64);
    let expected: Vec<u8> = run(&kit, &input, 0).into_iter().map(i8::cast_unsigned).collect();
    for at in 0..kit.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut damaged = kit.clone();
            damaged[at] ^= mask;
            // With the checksum, nothing but an equal model passes.
            if let Ok(found) = load_and_run(&damaged, Check::Full, &input) {
                assert_eq!(found, expected, "byte {at} ^ {mask:#x}");
            }
            // Without it, what passes runs inside its memory.
            let _ = load_and_run(&damaged, Check::Header, &input);
        }
    }
}

#[test]
fn a_changed_byte_of_any_operator_is_found_or_stays_in_its_memory() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/data/ops/tflite");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of the golden vectors") {
        let file = std::fs::read(entry.expect("an entry").path()).expect("readable");
        let options = Options { int8_io: false, strip_names: true, ..Options::default() };
        let mut kit = import(&file, &options).expect("accepted by the golden test").kit;
        for at in 16..kit.len() {
            let byte = kit[at];
            // The lowest and the highest bit, and the neighbors in value.
            for value in [byte ^ 1, byte ^ 0x80, byte.wrapping_add(1), byte.wrapping_sub(1)] {
                kit[at] = value;
                // Records are proven before a run, so a run never finds a range missing.
                let _ = load_and_run(&kit, Check::Header, &[]);
            }
            kit[at] = byte;
        }
        files += 1;
    }
    assert!(files > 90, "{files}");
}

#[test]
fn a_cut_or_flipped_file_is_refused_or_runs() {
    let file = file();
    let input = Rng(2).bytes(64);
    let options = Options::default();
    for length in 0..file.len() {
        if let Ok(converted) = import(&file[..length], &options) {
            let _ = load_and_run(&converted.kit, Check::Full, &input);
        }
    }
    for at in 0..file.len() {
        for mask in [0x01, 0x80, 0xff] {
            let mut damaged = file.clone();
            damaged[at] ^= mask;
            if let Ok(converted) = import(&damaged, &options) {
                let outcome = load_and_run(&converted.kit, Check::Full, &input);
                assert!(outcome.is_ok(), "byte {at} ^ {mask:#x}: {outcome:?}");
            }
        }
    }
}

#[test]
fn a_cut_file_that_loses_weights_is_refused() {
    let file = file();
    // The second half holds the last weights, so no prefix of half the file can be a model.
    for length in 0..file.len() / 2 {
        assert!(import(&file[..length], &Options::default()).is_err(), "{length}");
    }
}
