//! What is in a model: operators, inputs, outputs, memory.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use kits_hal::convert::Options;
use kits_hal::{Model, TensorInfo};
use serde_json::{Value, json};

use super::model::Loaded;
use super::print_json;
use super::table::{Table, grouped, shape};

/// Show the operators, tensors and memory of a model.
#[derive(Debug, clap::Args)]
#[command(after_help = "Sizes in bytes (B); MACs are multiply-accumulates of one inference.\n\
                        Example: cargo xtask kits inspect model.tflite")]
pub(crate) struct Args {
    /// A `.tflite` or `.kit` file
    model: PathBuf,
    /// Print one JSON object, schema kits-inspect/1
    #[arg(long)]
    json: bool,
}

/// Prints what is in the model.
///
/// # Errors
///
/// [`Usage`](super::Usage) if the file cannot be read as a model.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let loaded = Loaded::read("inspect", &args.model, &Options::default())?;
    let model = loaded.model()?;
    if args.json {
        print_json(&as_json(&loaded.name, &model))?;
    } else {
        print_text(&loaded.name, &model);
    }
    Ok(ExitCode::SUCCESS)
}

fn inputs(model: &Model<'_>) -> Vec<TensorInfo> {
    (0..model.n_inputs()).filter_map(|i| model.input(i)).collect()
}

fn outputs(model: &Model<'_>) -> Vec<TensorInfo> {
    (0..model.n_outputs()).filter_map(|i| model.output(i)).collect()
}

fn print_text(name: &str, model: &Model<'_>) {
    let memory = model.memory();
    println!("{name}: {} operators, {} MACs", model.ops().len(), grouped(model.macs()));
    println!(
        "flash {} B; RAM {} B arena + {} B scratch",
        grouped(model.len() as u64),
        grouped(memory.arena as u64),
        grouped(memory.scratch as u64)
    );
    for (what, infos) in [("input", inputs(model)), ("output", outputs(model))] {
        for (i, t) in infos.iter().enumerate() {
            println!(
                "{what} {i}: {} {}, {} B, real = {} x (q - {})",
                shape(t.dims),
                t.dtype,
                grouped(t.bytes.into()),
                t.scale,
                t.zero_point
            );
        }
    }
    let mut table = Table::new([
        ">op",
        "operator",
        "output",
        ">MACs",
        ">weights B",
        ">params B",
        ">read B",
        ">written B",
    ]);
    for op in model.ops() {
        table.row([
            op.index.to_string(),
            op.name().to_owned(),
            shape(op.output_dims),
            grouped(op.macs),
            grouped(op.weight_bytes.into()),
            grouped(op.param_bytes.into()),
            grouped(op.input_bytes.into()),
            grouped(op.output_bytes.into()),
        ]);
    }
    println!("{table}");
}

fn tensor(t: &TensorInfo) -> Value {
    json!({
        "dims": t.dims, "dtype": t.dtype.to_string(), "bytes": t.bytes,
        "scale": t.scale, "zero_point": t.zero_point,
    })
}

fn as_json(name: &str, model: &Model<'_>) -> Value {
    let memory = model.memory();
    json!({
        "schema": "kits-inspect/1",
        "name": name,
        "kit_bytes": model.len(),
        "arena_bytes": memory.arena,
        "scratch_bytes": memory.scratch,
        "macs": model.macs(),
        "inputs": inputs(model).iter().map(tensor).collect::<Vec<_>>(),
        "outputs": outputs(model).iter().map(tensor).collect::<Vec<_>>(),
        "operators": model.ops().map(|op| json!({
            "index": op.index, "operator": op.name(), "output_dims": op.output_dims, "macs": op.macs,
            "weight_bytes": op.weight_bytes, "param_bytes": op.param_bytes,
            "input_bytes": op.input_bytes, "output_bytes": op.output_bytes,
        })).collect::<Vec<_>>(),
    })
}
