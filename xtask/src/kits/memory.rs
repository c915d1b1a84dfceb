//! What models take: a table of flash and RAM, one row per model.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use kits_hal::convert::Options;
use serde_json::json;

use super::model::Loaded;
use super::table::grouped;
use super::{Usage, print_json};

/// Tabulate the flash and RAM that models take.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Sizes in bytes (B); bound is what no plan goes below without shared memory.\n\
                        Example: cargo xtask kits memory models/*.tflite"
)]
pub(crate) struct Args {
    /// `.tflite` files, or folders with them
    #[arg(required = true)]
    models: Vec<PathBuf>,
    /// Print one JSON object, schema kits-memory/1
    #[arg(long)]
    json: bool,
}

/// Converts each model and prints a Markdown table; a model that is refused is named below it.
///
/// # Errors
///
/// [`Usage`] if a file cannot be read, or there is none.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let mut rows = Vec::new();
    let mut refused = Vec::new();
    for path in files(&args.models)? {
        match Loaded::read("memory", &path, &Options { strip_names: true, ..Options::default() }) {
            Ok(Loaded { name, report: Some(report), .. }) => rows.push((name, report)),
            Ok(Loaded { name, report: None, .. }) => {
                return Err(Usage::because(format!(
                    "memory: {name} is a .kit container: give .tflite files"
                )));
            }
            Err(error) if path.is_file() => refused.push((path, error.to_string())),
            Err(error) => return Err(error),
        }
    }
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    if args.json {
        print_json(&json!({
            "schema": "kits-memory/1",
            "models": rows.iter().map(|(name, r)| json!({
                "name": name, "macs": r.macs, "tflite_bytes": r.file_bytes, "kit_bytes": r.kit_bytes,
                "arena_bytes": r.arena, "scratch_bytes": r.scratch, "bound_bytes": r.lower_bound,
            })).collect::<Vec<_>>(),
            "refused": refused.iter().map(|(path, why)| json!({ "file": path, "reason": why })).collect::<Vec<_>>(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    println!("| model | MACs | `.tflite` B | `.kit` B | arena B | scratch B | bound B |");
    println!("|---|---:|---:|---:|---:|---:|---:|");
    for (name, r) in &rows {
        let [macs, tflite, kit] = [r.macs, r.file_bytes as u64, r.kit_bytes as u64].map(grouped);
        let [arena, scratch, bound] =
            [r.arena, r.scratch, r.lower_bound].map(|bytes| grouped(bytes.into()));
        println!("| {name} | {macs} | {tflite} | {kit} | {arena} | {scratch} | {bound} |");
    }
    for (_, why) in &refused {
        eprintln!("{why}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the files, and those of the folders that end in `.tflite`.
fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in given {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let inside = std::fs::read_dir(path)
            .map_err(|e| Usage::because(format!("memory: cannot list {}: {e}", path.display())))?;
        let models = |p: &Path| p.extension().is_some_and(|e| e == "tflite");
        all.extend(inside.flatten().map(|e| e.path()).filter(|p| models(p)));
    }
    Ok(all)
}
