//! Golden vectors: hold the crate against them, or write those of a model.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kits_hal::convert::{Options, Planner};
use kits_hal::{Session, Step, crc32};
use serde_json::{Value, json};

use super::Usage;
use super::model::Loaded;
use super::run::splitmix;
use crate::golden;

/// Hold the crate against its golden vectors, or write those of a model.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a model it is `cargo xtask golden kits-hal`. With one it writes what this engine computes, every layer in \
                        memory of its own, so that a difference to another engine can be located; by itself that proves nothing.\n\
                        Example: cargo xtask kits vectors model.tflite --out model.json"
)]
pub(crate) struct Args {
    /// A `.tflite` file with one int8 input, whose vectors are written
    model: Option<PathBuf>,
    /// Folder with the vectors to hold the crate against [default: the copy inside the crate]
    #[arg(long, conflicts_with = "model")]
    dir: Option<PathBuf>,
    /// Groups to run, separated by commas
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', conflicts_with = "model")]
    only: Vec<String>,
    /// Print the counts as one JSON object
    #[arg(long, conflicts_with = "model")]
    json: bool,
    /// How many random inputs, with seeds from 1000 on
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..=1000))]
    count: u64,
    /// Where the vectors go [default: standard output]
    #[arg(long, value_name = "FILE", requires = "model")]
    out: Option<PathBuf>,
}

/// Runs or writes.
///
/// # Errors
///
/// If a vector differs; [`Usage`] if the model cannot be worked with.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let Some(path) = &args.model else {
        golden::run(&golden::Args::of("kits-hal", args.dir.clone(), args.only.clone(), args.json))?;
        return Ok(ExitCode::SUCCESS);
    };
    // Disjoint memory keeps every layer until the end.
    let options = Options { planner: Planner::Disjoint, ..Options::default() };
    let loaded = Loaded::read("vectors", path, &options)?;
    let text = serde_json::to_string(&vectors(&loaded, args.count)?)?;
    match &args.out {
        None => println!("{text}"),
        Some(out) => {
            std::fs::write(out, text).with_context(|| format!("cannot write {}", out.display()))?;
            println!("written {}: {} inputs", out.display(), args.count);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns seeds, outputs in hexadecimal digits, and the CRC-32 of every layer for the first seed.
fn vectors(loaded: &Loaded, count: u64) -> Result<Value> {
    let model = loaded.model()?;
    let Some(report) = &loaded.report else {
        return Err(Usage::because(
            "vectors: a .kit container does not name the layers of its file: give the .tflite file",
        ));
    };
    let mut arena = vec![0; model.arena_len()];
    let mut session = Session::plain(&model, &mut arena)?;
    let mut layers = Vec::new();
    let mut outputs = Vec::new();
    for seed in (1000..).take(usize::try_from(count)?) {
        let input = session.input::<i8>(0).map_err(|error| {
            Usage::because(format!(
                "vectors: {}: {error}: give a model with one int8 input",
                loaded.name
            ))
        })?;
        let bytes = splitmix(seed, input.len());
        for (to, from) in input.iter_mut().zip(bytes) {
            *to = from.cast_signed();
        }
        while session.step()? == Step::More {}
        if seed == 1000 {
            for op in &report.ops {
                let tensor = report.tensors.iter().find(|t| t.number == op.output);
                layers.push(json!({
                    "op": op.sources.last(),
                    "kind": op.code.to_string(),
                    "tensor": tensor.map(|t| t.source),
                    "shape": op.output_dims,
                    "crc32": crc32(session.tensor_bytes(op.output)?),
                }));
            }
        }
        let bytes = session.output::<i8>(0)?;
        outputs.push(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>());
    }
    Ok(json!({
        "schema": "kits-vectors/1",
        "model": loaded.name,
        "random": { "prng": "splitmix64, little endian bytes as i8", "seeds": (1000..1000 + count).collect::<Vec<_>>() },
        "outputs_hex": outputs,
        "layers_seed_1000": layers,
    }))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_layers_of_the_small_model_are_written() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../crates/kits-hal/tests/golden/data/small.tflite");
        let options = Options { planner: Planner::Disjoint, ..Options::default() };
        let loaded = Loaded::read("vectors", &path, &options).expect("a model of this project");
        let value = vectors(&loaded, 2).expect("one int8 input");
        assert_eq!(value["layers_seed_1000"].as_array().map(Vec::len), Some(6));
        let outputs = value["outputs_hex"].as_array().expect("a list");
        assert_eq!(outputs.len(), 2);
        // The last layer is the output: its checksum is that of the digits.
        let digits = outputs[0].as_str().expect("digits");
        let bytes: Vec<u8> = (0..digits.len() / 2)
            .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("two digits"))
            .collect();
        assert_eq!(value["layers_seed_1000"][5]["crc32"], crc32(&bytes));
    }
}
