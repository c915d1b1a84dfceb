//! From a `.tflite` file to a `.kit` container.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kits_hal::convert::{Options, Planner, TwoRegions};
use serde_json::{Value, json};

use super::model::Loaded;
use super::{Usage, print_json};

/// Convert a `.tflite` file into a `.kit` container.
#[derive(Debug, clap::Args)]
#[command(after_help = "Sizes in bytes (B); MACs are multiply-accumulates of one inference.\n\
                        Example: cargo xtask kits convert model.tflite -o model.kit --labels yes,no")]
pub(crate) struct Args {
    /// A `.tflite` file
    model: PathBuf,
    /// Where the container goes [default: beside the model, ending .kit]
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    options: PlanOptions,
    /// Leave out tensor names and labels
    #[arg(long)]
    strip: bool,
    /// Class labels to store, in class order
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    labels: Vec<String>,
    /// Print one JSON object, schema kits-report/1, instead of a table
    #[arg(long)]
    json: bool,
}

/// How memory is planned: shared by the commands that convert.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanOptions {
    /// The plan that is written
    #[arg(long, value_enum, default_value = "overlap")]
    planner: PlannerName,
    /// Alignment of every tensor in the arena in bytes, a power of two from 4 to 256
    #[arg(long, value_name = "BYTES", default_value_t = 16)]
    align: u32,
    /// Keep the inputs alive until the end, so that a run does not overwrite them
    #[arg(long)]
    pin_io: bool,
    /// Plan for two memories: the fast one also holds the scratch, the slow one what is left
    #[arg(long, value_name = "fast=320K,slow=4M", value_parser = two_regions)]
    regions: Option<TwoRegions>,
    /// Keep float inputs and outputs, where the model has them
    #[arg(long)]
    float_io: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum PlannerName {
    /// Every buffer in memory of its own
    Disjoint,
    /// Largest first
    Greedy,
    /// Searched order, no shared memory
    Searched,
    /// Searched order, and outputs may run into inputs that die
    Overlap,
}

impl PlanOptions {
    /// Returns the options of the converter.
    ///
    /// # Errors
    ///
    /// [`Usage`] if the alignment is no power of two from 4 to 256.
    pub(crate) fn to_options(&self, operation: &str) -> Result<Options> {
        if !(self.align.is_power_of_two() && (4..=256).contains(&self.align)) {
            return Err(Usage::because(format!(
                "{operation}: --align {}: give a power of two from 4 to 256",
                self.align
            )));
        }
        Ok(Options {
            align: self.align,
            planner: match self.planner {
                PlannerName::Disjoint => Planner::Disjoint,
                PlannerName::Greedy => Planner::Greedy,
                PlannerName::Searched => Planner::Searched,
                PlannerName::Overlap => Planner::Overlap,
            },
            int8_io: !self.float_io,
            pin_io: self.pin_io,
            regions: self.regions,
            ..Options::default()
        })
    }
}

/// Reads `fast=320K,slow=4M`; K and M are binary.
fn two_regions(text: &str) -> core::result::Result<TwoRegions, String> {
    let size = |key: &str, part: Option<&str>| {
        let digits = part.and_then(|p| p.strip_prefix(key))?.strip_prefix('=')?;
        let (digits, unit) = match digits.strip_suffix(['K', 'k']) {
            Some(rest) => (rest, 1 << 10),
            None => digits.strip_suffix(['M', 'm']).map_or((digits, 1), |rest| (rest, 1 << 20)),
        };
        digits.parse::<u32>().ok()?.checked_mul(unit)
    };
    let mut parts = text.split(',');
    let (fast, slow) = (size("fast", parts.next()), size("slow", parts.next()));
    match (fast, slow, parts.next()) {
        (Some(fast), Some(slow), None) => Ok(TwoRegions { fast, slow }),
        _ => Err("give both memories in bytes, K or M, as in fast=320K,slow=4M".to_owned()),
    }
}

/// Converts, writes the container and prints the report.
///
/// # Errors
///
/// [`Usage`] if the file cannot be converted; an error if the container cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let options = Options {
        strip_names: args.strip,
        labels: args.labels.clone(),
        ..args.options.to_options("convert")?
    };
    let loaded = Loaded::read("convert", &args.model, &options)?;
    let Some(report) = &loaded.report else {
        return Err(Usage::because(format!(
            "convert: {} is a .kit container already: give the .tflite file it was made from",
            args.model.display()
        )));
    };
    let out = args.out.clone().unwrap_or_else(|| args.model.with_extension("kit"));
    std::fs::write(&out, &loaded.kit).with_context(|| format!("cannot write {}", out.display()))?;
    if args.json {
        let mut value: Value = serde_json::from_str(&report.to_json())?;
        value["file"] = json!(out.display().to_string());
        print_json(&value)?;
    } else {
        println!("{report}");
        println!("written     {} ({} B)", out.display(), loaded.kit.len());
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_memories_are_read_in_bytes_kilobytes_and_megabytes() {
        let both = TwoRegions { fast: 320 << 10, slow: 4 << 20 };
        assert_eq!(two_regions("fast=320K,slow=4M"), Ok(both));
        assert_eq!(two_regions("fast=327680,slow=4194304"), Ok(both));
        for bad in ["", "fast=320K", "slow=4M,fast=320K", "fast=1K,slow=1K,x", "fast=9999M,slow=1"]
        {
            assert!(two_regions(bad).is_err(), "{bad}");
        }
    }
}
