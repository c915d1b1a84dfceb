//! Reads the graphs of one operator: a `.tflite` file each, and samples in JSON.

use std::fs;
use std::path::{Path, PathBuf};

use kits_hal::convert::{Options, import};
use serde_json::Value;

use crate::{Case, Input, Sample};

/// Returns all graphs of the folder.
pub(crate) fn read(dir: &Path) -> Result<Vec<Case>, String> {
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut cases = Vec::new();
    for path in files(dir, "json")? {
        if path.ends_with("fixed_point.json") {
            continue; // tables of primitives, not graphs
        }
        for graph in list(&json(&path)?) {
            cases.push(case(dir, graph).map_err(|e| format!("{}: {e}", path.display()))?);
        }
    }
    if cases.is_empty() {
        return Err(format!("{}: no vectors", dir.display()));
    }
    Ok(cases)
}

fn case(dir: &Path, graph: &Value) -> Result<Case, String> {
    let file = graph["file"].as_str().ok_or("a graph without a file")?;
    let path = dir.join("tflite").join(file);
    let model = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let options = Options { int8_io: false, strip_names: true, ..Options::default() };
    let converted = import(&model, &options).map_err(|e| format!("{file}: {e}"))?;
    let width = |end: &str, i: usize| {
        let tensor = graph[end][i].as_u64().and_then(|t| usize::try_from(t).ok());
        match graph["tensors"][tensor.unwrap_or(0)]["dtype"].as_str() {
            Some("int16") => 2,
            Some("int32" | "float32") => 4,
            _ => 1,
        }
    };
    let side = |sample: &Value, key: &str, end: &str| -> Result<Vec<u8>, String> {
        let values = list(&sample[key]).iter().enumerate();
        let parts: Result<Vec<_>, _> = values.map(|(i, v)| bytes(v, width(end, i))).collect();
        Ok(parts?.concat())
    };
    let sample = |sample| {
        Ok(Sample {
            input: Input::Bytes(side(sample, "inputs", "graph_inputs")?),
            expected: side(sample, "outputs", "graph_outputs")?,
        })
    };
    let samples: Result<Vec<_>, String> = list(&graph["samples"]).iter().map(sample).collect();
    Ok(Case {
        name: file.trim_end_matches(".tflite").to_owned(),
        kit: converted.kit,
        arena: total(converted.report.arena, converted.report.scratch)?,
        samples: samples?,
    })
}

/// Returns the bytes of activations and scratch.
pub(crate) fn total(
    arena: impl TryInto<usize>,
    scratch: impl TryInto<usize>,
) -> Result<usize, String> {
    match (arena.try_into(), scratch.try_into()) {
        (Ok(arena), Ok(scratch)) => Ok(arena + scratch),
        _ => Err(String::from("an arena beyond the address space")),
    }
}

/// Returns the files of a folder with an extension, sorted.
pub(crate) fn files(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    Ok(files)
}

pub(crate) fn json(path: &Path) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Returns the bytes of `{"hex"}`, `{"ints"}` or `{"f32_bits"}` in the order of memory.
fn bytes(value: &Value, width: usize) -> Result<Vec<u8>, String> {
    if let Some(hex) = value["hex"].as_str() {
        let pair = |at| {
            let digits = hex.get(at..at + 2).unwrap_or_default();
            u8::from_str_radix(digits, 16).map_err(|e| format!("`{digits}`: {e}"))
        };
        return (0..hex.len()).step_by(2).map(pair).collect();
    }
    let mut all = Vec::new();
    if let Some(bits) = value["f32_bits"].as_array() {
        for word in bits {
            let word = word.as_u64().and_then(|word| u32::try_from(word).ok());
            all.extend(word.ok_or("f32_bits hold 32 bits")?.to_le_bytes());
        }
        return Ok(all);
    }
    for integer in list(&value["ints"]) {
        let integer = integer.as_i64().ok_or("ints hold integers")?;
        all.extend_from_slice(&integer.to_le_bytes()[..width]);
    }
    Ok(all)
}
