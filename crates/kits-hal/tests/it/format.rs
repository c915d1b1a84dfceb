//! The rules of the container, one broken field at a time.

use kits_hal::{
    Check, LoadError, Model, Section,
    convert::{Options, Planner, import},
};

use crate::support::{convert, random};

/// Offsets inside an operator record.
const OUTPUT: usize = 8;
const PARAMS: usize = 16;
const CLAMP: usize = 22;
const IN_ZERO: usize = 24;
const KERNEL: usize = 28;
const STRIDE: usize = 30;
const PAD: usize = 34;
const AUX: usize = 40;

/// A container whose fields can be overwritten.
struct Patch {
    kit: Vec<u8>,
}

impl Patch {
    /// The small classifier: conv, pool, conv, pool, dense, softmax.
    fn small() -> Self {
        Self { kit: convert(&random::small_classifier().to_file(), Planner::Overlap).kit }
    }

    /// A graph of one operator of the golden vectors.
    fn op(name: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/data/ops/tflite");
        let file = std::fs::read(format!("{folder}/{name}.tflite")).expect(name);
        let options = Options { int8_io: false, ..Options::default() };
        Self { kit: import(&file, &options).expect("accepted").kit }
    }

    fn word(&self, at: usize) -> usize {
        u32::from_le_bytes(self.kit[at..at + 4].try_into().expect("four bytes")) as usize
    }

    fn tensor(&self, i: usize) -> usize {
        self.word(36) + 24 * i
    }

    fn operator(&self, i: usize) -> usize {
        self.word(40) + 48 * i
    }

    fn put(mut self, at: usize, bytes: &[u8]) -> Self {
        assert_ne!(self.kit[at..at + bytes.len()], *bytes, "the patch changes nothing");
        self.kit[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }

    #[track_caller]
    fn refused(self, expected: LoadError) {
        assert_eq!(Model::parse(&self.kit, Check::Header).err(), Some(expected));
    }
}

fn bad(section: Section, at: u32) -> LoadError {
    LoadError::BadSection { section, at }
}

#[test]
fn header_fields() {
    let small = Patch::small;
    small().put(0, b"KITN").refused(LoadError::BadMagic);
    small().put(4, &[2]).refused(LoadError::Version { major: 2, minor: 0 });
    small().put(6, &[1]).refused(LoadError::Version { major: 1, minor: 1 });
    // One-step rounding and packed weights belong to other builds.
    if !cfg!(feature = "single-round") {
        small().put(16, &[1]).refused(bad(Section::Header, 16));
    }
    small().put(16, &[2]).refused(bad(Section::Header, 16));
    small().put(24, &[0]).refused(bad(Section::Header, 24));
    small().put(34, &[1]).refused(bad(Section::Header, 34));
    small().put(36, &[1]).refused(bad(Section::Tensors, 36));
    small().put(56, &[0xff]).refused(bad(Section::Header, 56));
    let p = small();
    let total = p.word(8);
    p.put(8, &(total as u32 + 1).to_le_bytes())
        .refused(LoadError::Truncated { need: total as u32 + 1, have: total as u32 });
    let p = small();
    let arena = p.word(20) as u32;
    // One byte less than the highest tensor needs.
    let highest = p.put(20, &(arena - 16).to_le_bytes());
    assert!(matches!(Model::parse(&highest.kit, Check::Header), Err(LoadError::BadShape { .. })));
    // The index list: input 0 is tensor 0; an output is not an input.
    small().put(64, &[1]).refused(bad(Section::Index, 64));
    small().put(66, &[0]).refused(bad(Section::Index, 66));
}

#[test]
fn tensor_fields() {
    let patch = |field: usize, bytes: &[u8]| {
        let p = Patch::small();
        let at = p.tensor(0) + field;
        p.put(at, bytes)
    };
    patch(4, &[65]).refused(LoadError::BadShape { tensor: 0 });
    patch(8, &[0]).refused(LoadError::BadShape { tensor: 0 });
    patch(16, &f32::NAN.to_le_bytes()).refused(LoadError::BadQuantization { tensor: 0 });
    patch(16, &(-1.0_f32).to_le_bytes()).refused(LoadError::BadQuantization { tensor: 0 });
    patch(20, &128_i16.to_le_bytes()).refused(LoadError::BadQuantization { tensor: 0 });
    patch(22, &[9]).refused(LoadError::UnsupportedType { tensor: 0, ty: 9 });
    patch(23, &[2 | 8]).refused(LoadError::BadShape { tensor: 0 }); // an alias of nothing
}

#[test]
fn operator_fields() {
    let patch = |op: usize, field: usize, bytes: &[u8]| {
        let p = Patch::small();
        let at = p.operator(op) + field;
        p.put(at, bytes)
    };
    patch(0, 0, &[5]).refused(LoadError::UnsupportedOp { op: 0, code: 5 });
    patch(0, 1, &[8]).refused(LoadError::BadOption { op: 0 });
    patch(0, 2, &[200]).refused(LoadError::BadIndex { op: 0, index: 200 });
    patch(0, 2, &[4]).refused(LoadError::BadOrder { op: 0 });
    patch(1, OUTPUT, &[1]).refused(LoadError::BadOrder { op: 1 });
    patch(0, CLAMP, &[127, 126]).refused(LoadError::BadOption { op: 0 });
    patch(0, IN_ZERO, &[0]).refused(LoadError::BadOption { op: 0 });
    patch(0, KERNEL, &[0]).refused(LoadError::BadOption { op: 0 });
    patch(0, KERNEL, &[1]).refused(LoadError::ShapeMismatch { op: 0 });
    // A window that fits as well, but not with the announced number of operations.
    patch(0, KERNEL, &[2]).refused(bad(Section::Header, 56));
    patch(0, STRIDE, &[0]).refused(LoadError::BadOption { op: 0 });
    patch(0, PAD, &[3]).refused(LoadError::ShapeMismatch { op: 0 });
    patch(0, AUX, &[2]).refused(LoadError::BadOption { op: 0 });
    patch(0, 20, &[7]).refused(LoadError::BadOption { op: 0 });
    // Weights one byte before their section.
    let p = Patch::small();
    let (record, weights) = (p.operator(0), p.word(48) as u32);
    p.put(record + 12, &(weights - 1).to_le_bytes()).refused(LoadError::BadOption { op: 0 });
}

#[test]
fn a_copy_that_ends_one_byte_behind_its_tensor() {
    // Word 12 is the first element read, word 13 the first one written.
    for (name, op, word) in [
        ("concatenation__last", 0, 12),
        ("concatenation__last", 1, 13),
        ("split__last", 1, 12),
        ("transpose__2d", 0, 12),
    ] {
        let p = Patch::op(name);
        let at = p.word(p.operator(op) + PARAMS) + 4 * word;
        let first = p.word(at) as u32;
        // Each of these copies reads or writes its tensor up to the end.
        let moved = Patch { kit: p.kit.clone() }.put(at, &(first + 1).to_le_bytes());
        moved.refused(LoadError::ShapeMismatch { op: op as u16 });
        let moved = Patch { kit: p.kit.clone() }.put(at, &(-1_i32).to_le_bytes());
        moved.refused(LoadError::ShapeMismatch { op: op as u16 });
    }
}

#[test]
fn a_table_of_rows_that_names_a_row_too_many() {
    let p = Patch::op("resize_nearest_neighbor__up2");
    let weights = p.word(p.operator(0) + 12);
    let rows = p.kit[p.tensor(0) + 10];
    p.put(weights, &[rows, 0]).refused(LoadError::BadOption { op: 0 });
}

#[test]
fn a_sum_that_may_overflow_needs_the_full_check() {
    let p = Patch::small();
    let params = p.word(p.operator(0) + PARAMS);
    let kit = p.put(params, &i32::MAX.to_le_bytes()).kit;
    assert!(Model::parse(&kit, Check::Header).is_ok());
    // Recompute the checksum, so that the bound is what refuses it.
    let mut kit = kit;
    let crc = kits_hal::crc32(&kit[16..]);
    kit[12..16].copy_from_slice(&crc.to_le_bytes());
    assert_eq!(
        Model::parse(&kit, Check::Full).err(),
        Some(LoadError::AccumulatorOverflow { op: 0 })
    );
}
