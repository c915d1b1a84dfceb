//! Collects the vectors that fit the board and writes them as constants.
//!
//! Graphs of one operator come from `crates/kits-hal/tests/golden/data`: their outputs were computed by the reference
//! kernels of another runtime. Whole models come from the folder in `KITS_DATA_DIR`, if it is set.

mod models;
mod vectors;

use core::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use image_build::Board;

/// Flash left to the program itself.
const CODE_BYTES: usize = 112 * 1024;

/// RAM left to statics.
const STATIC_BYTES: usize = 256;

/// One model and what it must answer.
struct Case {
    name: String,
    kit: Vec<u8>,
    arena: usize,
    samples: Vec<Sample>,
}

/// One input, as a Rust expression or as bytes, and its output.
struct Sample {
    input: Input,
    expected: Vec<u8>,
}

enum Input {
    Bytes(Vec<u8>),
    Seed(u64),
}

impl Case {
    /// Bytes of flash that the case takes, with a little for alignment.
    fn bytes(&self) -> usize {
        let sample = |s: &Sample| {
            s.expected.len() + if let Input::Bytes(bytes) = &s.input { bytes.len() } else { 8 } + 32
        };
        self.kit.len() + self.samples.iter().map(sample).sum::<usize>() + self.name.len() + 64
    }
}

fn main() -> ExitCode {
    image_build::program(|board, out| {
        println!("cargo::rerun-if-changed=build");
        println!("cargo::rerun-if-env-changed=KITS_DATA_DIR");
        let graphs = vectors::read(Path::new("../../crates/kits-hal/tests/golden/data/ops"))?;
        let given = std::env::var_os("KITS_DATA_DIR");
        let models = given.as_ref().map_or(Ok(Vec::new()), |dir| models::read(Path::new(dir)))?;
        let (cases, left_out) = choose(board, graphs, models);
        write(out, &cases, &left_out, given.is_some())
    })
}

/// Returns the cases that fit, and the names of the others with the reason.
fn choose(
    board: &Board,
    graphs: Vec<Case>,
    mut models: Vec<Case>,
) -> (Vec<Case>, Vec<(String, String)>) {
    let arena = board.ram - board.stack - STATIC_BYTES;
    let mut flash = board.flash - CODE_BYTES;
    let mut cases = graphs;
    for case in &cases {
        flash = flash.saturating_sub(case.bytes());
    }
    let mut left_out = Vec::new();
    models.sort_by_key(Case::bytes);
    for case in models {
        if case.arena > arena {
            let reason = format!("needs {} B of RAM, the board has {arena} B for it", case.arena);
            left_out.push((case.name, reason));
        } else if case.bytes() > flash {
            let reason = format!("needs {} B of flash, {flash} B are left", case.bytes());
            left_out.push((case.name, reason));
        } else {
            flash -= case.bytes();
            cases.push(case);
        }
    }
    (cases, left_out)
}

/// Writes `cases.rs`, and the bytes beside it.
fn write(
    out: &Path,
    cases: &[Case],
    left_out: &[(String, String)],
    given: bool,
) -> Result<(), String> {
    let mut text = String::from("static CASES: &[Case] = &[\n");
    let mut blob = Vec::new();
    let mut place = |bytes: &[u8]| {
        let from = blob.len();
        blob.extend_from_slice(bytes);
        format!("BLOB.split_at({from}).1.split_at({}).0", bytes.len())
    };
    for case in cases {
        let mut samples = String::new();
        for sample in &case.samples {
            let input = match &sample.input {
                Input::Bytes(bytes) => format!("Input::Bytes({})", place(bytes)),
                Input::Seed(seed) => format!("Input::Seed({seed})"),
            };
            let expected = place(&sample.expected);
            let _ = write!(samples, "Sample {{ input: {input}, expected: {expected} }}, ");
        }
        let kit = place(&case.kit);
        let _ = writeln!(
            text,
            "    Case {{ name: {:?}, kit: {kit}, samples: &[{samples}] }},",
            case.name
        );
    }
    let _ = write!(
        text,
        "];\n\nstatic LEFT_OUT: &[(&str, &str)] = &{left_out:?};\n\nconst MODELS_GIVEN: bool = {given};\n\n\
         const BLOB: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/cases.bin\"));\n"
    );
    let save = |name: &str, bytes: &[u8]| {
        fs::write(out.join(name), bytes).map_err(|e| format!("{name}: {e}"))
    };
    save("cases.bin", &blob)?;
    save("cases.rs", text.as_bytes())
}
