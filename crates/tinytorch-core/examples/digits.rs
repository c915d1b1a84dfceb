//! Trains the two digit networks from many seeds, in floats and in eight bits, and prints what they reach.
//!
//! ```text
//! cargo run --release -p tinytorch-core --example digits -- [--seeds N] [--out DIR]
//! ```
//!
//! `--out` writes, for seed 0 of each network, `NAME.tflite`, the 360 test inputs as `NAME.in` and this crate's outputs
//! for them as `NAME.out`, all as raw bytes: what any TFLite interpreter can be compared with.

#![expect(clippy::print_stdout, reason = "a program reports on standard output")]

use core::error::Error;
use std::{fs, path::PathBuf, time::Instant};

use tinytorch_core::{
    datasets::{digits, scans},
    milestones::digits::{Network, Recipe, train},
    train::ProgressLine,
};

struct Args {
    seeds: u64,
    out: Option<PathBuf>,
}

fn args() -> Result<Args, String> {
    let mut args = Args { seeds: 10, out: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match word.as_str() {
            "--seeds" => {
                let n = value.parse().ok().filter(|n| (1..=1_000).contains(n));
                args.seeds =
                    n.ok_or_else(|| format!("--seeds is {value}, not a number from 1 to 1000"))?;
            }
            "--out" => args.out = Some(value.into()),
            _ => return Err(format!("unknown option {word}; there are --seeds N and --out DIR")),
        }
    }
    Ok(args)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args = args()?;
    let (train_set, test_set) = scans::split(&digits()?);
    let networks = [("mlp", Network::Mlp { hidden: 32 }), ("cnn", Network::Cnn { channels: 8 })];
    for (name, network) in networks {
        let (mut floats, mut int8s) = (Vec::new(), Vec::new());
        for seed in 0..args.seeds {
            let start = Instant::now();
            let mut progress = ProgressLine::stderr(&format!("{name} seed {seed}"));
            let trained =
                train(&Recipe::new(network, seed), &train_set, &test_set, false, &mut progress)?;
            let seconds = start.elapsed().as_secs_f64();
            let twin = trained.quantize()?;
            let float = trained.test.accuracy.unwrap_or(f64::NAN);
            let int8 = trained.int8_accuracy(&twin, &test_set)?;
            println!(
                "{name} seed {seed}: float {:.2} %, int8 {:.2} %, {seconds:.2} s",
                100.0 * float,
                100.0 * int8
            );
            floats.push(float);
            int8s.push(int8);
            if seed > 0 {
                continue;
            }
            let (cost, file) = (trained.cost()?, twin.to_tflite()?);
            println!(
                "{name}: {} parameters, {} bytes in f32, {} multiply-adds; {} bytes of int8 constants, {} as .tflite",
                cost.parameters(),
                cost.parameter_bytes(),
                cost.macs(),
                twin.constant_bytes(),
                file.len()
            );
            if let Some(dir) = &args.out {
                let [x, _] = network.dataset(&test_set)?.tensors().clone();
                let inputs = twin.quantize_input(&x)?;
                let outputs = twin.run(&inputs)?;
                fs::create_dir_all(dir)?;
                let bytes =
                    |codes: &[i8]| codes.iter().map(|c| c.cast_unsigned()).collect::<Vec<u8>>();
                fs::write(dir.join(format!("{name}.tflite")), &file)?;
                fs::write(dir.join(format!("{name}.in")), bytes(&inputs))?;
                fs::write(dir.join(format!("{name}.out")), bytes(&outputs))?;
            }
        }
        println!(
            "{name} over {} seeds: float {}, int8 {}",
            args.seeds,
            summary(&floats),
            summary(&int8s)
        );
    }
    Ok(())
}

/// Mean and smallest of some shares, in percent.
fn summary(shares: &[f64]) -> String {
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
    format!("mean {:.2} %, minimum {:.2} %", 100.0 * mean, 100.0 * least)
}
