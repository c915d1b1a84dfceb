//! Reads whole models: `models/*.tflite` with `vectors/*.json` and their output files.
//!
//! Inputs are random and not stored: the device makes them from the seeds.

use std::fs;
use std::path::Path;

use kits_hal::convert::{Options, import};

use crate::vectors::{files, json, list, total};
use crate::{Case, Input, Sample};

/// Samples of each model; a whole set takes the emulator too long.
const SAMPLES: usize = 4;

/// Returns all models of the folder that have vectors.
pub(crate) fn read(dir: &Path) -> Result<Vec<Case>, String> {
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut cases = Vec::new();
    for path in files(&dir.join("vectors"), "json")? {
        let vectors = json(&path)?;
        let name = |key: &str| {
            vectors[key].as_str().ok_or_else(|| format!("{}: no `{key}`", path.display()))
        };
        let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
        let model = read(&dir.join("models").join(name("model")?))?;
        let outputs = read(&dir.join("vectors").join(name("outputs_file")?))?;
        let options = Options { strip_names: true, ..Options::default() };
        let converted = import(&model, &options).map_err(|e| format!("{}: {e}", path.display()))?;
        let per_sample = vectors["output_bytes_per_sample"].as_u64().unwrap_or(0);
        let per_sample = usize::try_from(per_sample).unwrap_or(0).max(1);
        let seeds = list(&vectors["random"]["seeds"]).iter().filter_map(serde_json::Value::as_u64);
        let samples: Vec<Sample> = seeds
            .zip(outputs.chunks_exact(per_sample))
            .take(SAMPLES)
            .map(|(seed, expected)| Sample {
                input: Input::Seed(seed),
                expected: expected.to_vec(),
            })
            .collect();
        if samples.len() < SAMPLES {
            return Err(format!("{}: fewer than {SAMPLES} samples", path.display()));
        }
        cases.push(Case {
            name: name("model")?.trim_end_matches(".tflite").to_owned(),
            kit: converted.kit,
            arena: total(converted.report.arena, converted.report.scratch)?,
            samples,
        });
    }
    if cases.is_empty() {
        return Err(format!("{}: no models with vectors", dir.display()));
    }
    Ok(cases)
}
