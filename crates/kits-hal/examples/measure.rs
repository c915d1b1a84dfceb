//! The host's side of `cargo xtask bench kits-hal`: converts models, and runs one a given number of times.
//!
//! ```text
//! measure convert FROM.tflite TO.kit    a line with the model's name and sizes
//! measure run MODEL.kit N               N inferences, nothing else: for counting instructions
//! measure check MODEL.kit               a checksum of all activations after each operator
//! measure time MODEL.kit                nanoseconds per inference, the least of several rounds
//! ```

#![expect(clippy::print_stdout, reason = "a command-line program reports on standard output")]

use core::time::Duration;
use std::time::Instant;

use kits_hal::{Check, Model, RunError, Session, Step, convert, crc32};

type Outcome<T = ()> = Result<T, Box<dyn core::error::Error>>;

/// Seed of the input, the one of the published counts.
const SEED: u64 = 1000;

fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["convert", from, to] => convert_file(from, to),
        ["run", kit, n] => run(&std::fs::read(kit)?, n.parse()?),
        ["check", kit] => check(&std::fs::read(kit)?),
        ["time", kit] => time(&std::fs::read(kit)?),
        _ => Err("usage: measure convert FROM TO | run KIT N | check KIT | time KIT".into()),
    }
}

fn convert_file(from: &str, to: &str) -> Outcome {
    let converted = convert::import(&std::fs::read(from)?, &convert::Options::default())?;
    std::fs::write(to, &converted.kit)?;
    let r = &converted.report;
    println!(
        "kit bytes={} file_bytes={} arena={} scratch={}",
        r.kit_bytes, r.file_bytes, r.arena, r.scratch
    );
    Ok(())
}

fn run(kit: &[u8], n: u32) -> Outcome {
    let model = Model::parse(kit, Check::Header)?;
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena)?;
    for _ in 0..n {
        session.run()?;
    }
    Ok(())
}

fn check(kit: &[u8]) -> Outcome {
    let model = Model::parse(kit, Check::Full)?;
    let activations = model.memory().arena;
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena)?;
    fill(&mut session)?;
    for op in model.ops() {
        let step = session.step()?;
        let crc = crc32(&session.memory_mut()[..activations]);
        println!("fast op={} name={} macs={} crc={crc}", op.index, op.name(), op.macs);
        if step == Step::Done {
            break;
        }
    }
    Ok(())
}

/// Rounds of at least 20 ms each; the least disturbed one counts.
fn time(kit: &[u8]) -> Outcome {
    let model = Model::parse(kit, Check::Header)?;
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::new(&model, &mut arena)?;
    let mut round = |n: u32| -> Outcome<Duration> {
        let start = Instant::now();
        for _ in 0..n {
            session.run()?;
        }
        Ok(start.elapsed())
    };
    let mut n = 1;
    while round(n)? < Duration::from_millis(20) {
        n *= 2;
    }
    let mut least = Duration::MAX;
    for _ in 0..15 {
        least = least.min(round(n)?);
    }
    println!("time ns={}", least.as_nanos() / u128::from(n));
    Ok(())
}

/// Writes the bytes of SplitMix64 into the inputs.
fn fill(session: &mut Session<'_, '_>) -> Result<(), RunError> {
    let mut bytes = (1_u64..).flat_map(|i| {
        let mut z = SEED.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).to_le_bytes()
    });
    for index in 0..session.model().n_inputs() {
        for (to, from) in session.input::<i8>(index)?.iter_mut().zip(&mut bytes) {
            *to = from.cast_signed();
        }
    }
    Ok(())
}
