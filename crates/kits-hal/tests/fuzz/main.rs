//! Mutated files, containers and calls from a seeded generator: the fuzz targets without a fuzzer.
//!
//! `KITS_FUZZ_RUNS` sets the number of executions per target, `KITS_FUZZ_SEED` the first seed.
//! Each execution has a seed of its own, which a failure names.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "random numbers are cut to the type that is wanted"
)]

mod bodies;
mod protocol;
#[path = "../it/support/mod.rs"]
#[expect(dead_code, reason = "shared with the integration tests, which use all of it")]
mod support;

use core::{panic::AssertUnwindSafe, time::Duration};
use std::{panic::catch_unwind, time::Instant};

use kits_hal::convert::{Options, Planner, TwoRegions, import};

use support::{Rng, random, sequence};

/// Executions per target unless the environment asks for others: a few seconds.
const RUNS: u64 = 20_000;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

/// Files to start from: every operator by itself, refused files, random networks, LSTM layers.
fn files() -> Vec<Vec<u8>> {
    let mut files = Vec::new();
    for folder in ["ops/tflite", "negative"] {
        let folder = format!("{}/tests/golden/data/{folder}", env!("CARGO_MANIFEST_DIR"));
        let mut paths: Vec<_> = std::fs::read_dir(folder)
            .expect("the folder of the golden vectors")
            .map(|e| e.expect("an entry").path())
            .filter(|p| p.extension().is_some_and(|e| e == "tflite"))
            .collect();
        paths.sort();
        files.extend(paths.iter().map(|p| std::fs::read(p).expect("readable")));
    }
    files.extend((0..20).map(|seed| random::network(seed).to_file()));
    files.extend((0..6).map(|seed| sequence::layer(seed).0.to_file()));
    files.push(random::small_classifier().to_file());
    files
}

/// Containers to start from: those files, some of them planned for two memories.
fn containers() -> Vec<Vec<u8>> {
    let regions = Some(TwoRegions { fast: 1024, slow: 1 << 20 });
    let mut kits = Vec::new();
    for (i, file) in files().iter().enumerate() {
        let regions = if i % 3 == 0 { regions } else { None };
        let planner = if i % 2 == 0 { Planner::Overlap } else { Planner::Greedy };
        let options = Options { int8_io: false, planner, regions, ..Options::default() };
        kits.extend(import(file, &options).ok().map(|c| c.kit));
    }
    kits
}

/// Values that sit on the edges of ranges.
const EDGES: [u32; 12] =
    [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/// Changes a few places of `bytes`.
fn mutate(rng: &mut Rng, bytes: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..1 + rng.next() % 4 {
        if bytes.is_empty() {
            return;
        }
        let at = rng.next() as usize % bytes.len();
        let kind = rng.next() % 16;
        match kind {
            0..=4 => bytes[at] ^= 1 << (rng.next() % 8),
            5..=6 => bytes[at] = rng.next() as u8,
            7..=10 => {
                // A field: 2 or 4 bytes, aligned, on the edge of a range or near its value.
                let width = if kind < 9 { 2 } else { 4 };
                let at = at / width * width;
                let Some(field) = bytes.get_mut(at..at + width) else { continue };
                let edge = EDGES[rng.next() as usize % EDGES.len()];
                let mut value = [0; 4];
                value[..width].copy_from_slice(field);
                let near = u32::from_le_bytes(value).wrapping_add(rng.int(-4, 4) as u32);
                let value = if rng.next().is_multiple_of(2) { edge } else { near };
                field.copy_from_slice(&value.to_le_bytes()[..width]);
            }
            11 => bytes.truncate(at),
            12 => {
                let from = rng.next() as usize % bytes.len();
                let n = (rng.next() as usize % 64).min(bytes.len() - from.max(at));
                bytes.copy_within(from..from + n, at);
            }
            13 => {
                let other = &others[rng.next() as usize % others.len()];
                let n = (rng.next() as usize % 64).min(bytes.len() - at);
                let from = rng.next() as usize % other.len().max(1);
                for (to, from) in bytes[at..at + n].iter_mut().zip(other.iter().skip(from)) {
                    *to = *from;
                }
            }
            14 => bytes[at] = 0,
            _ => bytes.insert(at, rng.next() as u8),
        }
    }
}

/// Runs a target on many seeds; a panic names its seed.
fn drive(name: &str, mut execute: impl FnMut(&mut Rng)) {
    let (runs, first) = (number("KITS_FUZZ_RUNS", RUNS), number("KITS_FUZZ_SEED", 0));
    let start = Instant::now();
    let mut slowest = (Duration::ZERO, first);
    for seed in first..first + runs {
        let before = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| execute(&mut Rng(seed))));
        assert!(outcome.is_ok(), "{name}: seed {seed}");
        slowest = slowest.max((before.elapsed(), seed));
    }
    eprintln!(
        "{name}: {runs} executions in {:.1} s, the slowest took {:.1} ms (seed {})",
        start.elapsed().as_secs_f64(),
        slowest.0.as_secs_f64() * 1e3,
        slowest.1
    );
}

#[test]
fn importer() {
    let files = files();
    drive("importer", |rng| {
        let mut file = files[rng.next() as usize % files.len()].clone();
        mutate(rng, &mut file, &files);
        bodies::importer(&file);
    });
}

#[test]
fn container() {
    let kits = containers();
    assert!(kits.len() > 100, "{}", kits.len());
    drive("container", |rng| {
        let mut kit = kits[rng.next() as usize % kits.len()].clone();
        mutate(rng, &mut kit, &kits);
        bodies::container(&kit);
    });
}

#[test]
fn session() {
    let pinned = Options { pin_io: true, ..Options::default() };
    let classifier = random::small_classifier().to_file();
    let kits: Vec<Vec<u8>> = [
        import(&classifier, &Options::default()),
        import(&classifier, &pinned),
        import(&sequence::layer(8).0.to_file(), &Options::default()),
    ]
    .into_iter()
    .map(|converted| converted.expect("it imports").kit)
    .collect();
    drive("session", |rng| {
        let kit = &kits[rng.next() as usize % kits.len()];
        let script: Vec<u8> = (0..rng.next() % 12).map(|_| rng.next() as u8).collect();
        bodies::session(kit, &script);
    });
}

/// Commands and their pieces, so that a random stream gets past the first word.
const WORDS: [&str; 22] = [
    "%",
    "% ",
    " ",
    "\r\n",
    "db",
    "db ",
    "db load ",
    "load ",
    "print%",
    "infer ",
    "infer%",
    "results%",
    "name%",
    "profile%",
    "timestamp%",
    "help%",
    "k-mem%",
    "k-ops%",
    "k-fit%",
    "-",
    "99999999999",
    "db %",
];

#[test]
fn protocol() {
    let kit = import(&random::small_classifier().to_file(), &Options::default());
    let kit = kit.expect("it imports").kit;
    drive("protocol", |rng| {
        let mut stream = Vec::new();
        for _ in 0..rng.next() % 30 {
            match rng.next() % 8 {
                0 => stream.push(rng.next() as u8),
                1 => stream.extend((0..rng.next() % 100).map(|_| rng.next() as u8)),
                2 => stream.extend(rng.int(-3, 70).to_string().bytes()),
                3 => stream.extend(format!("db load {}%", rng.int(-1, 70)).bytes()),
                4 => {
                    let digits = (0..rng.next() % 40).map(|_| format!("{:02x}", rng.next() as u8));
                    stream.extend(format!("db {}%", digits.collect::<String>()).bytes());
                }
                _ => stream.extend(WORDS[rng.next() as usize % WORDS.len()].bytes()),
            }
        }
        protocol::protocol(&kit, &stream);
    });
}
