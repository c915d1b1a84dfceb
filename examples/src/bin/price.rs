//! What a planned model costs on a board, operator by operator, said by the walls of `mlsysim`.

#![expect(clippy::print_stdout, reason = "a command-line program reports on standard output")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use examples::page::{grouped, seconds};
use examples::price::{self, Price};
use kits_hal::board::{Board, Kernels, Need};
use kits_hal::convert::{Options, import};
use kits_hal::{Check, Model};
use serde_json::json;

/// Price a planned model on a board: time and limit of every operator, energy, memory.
///
/// Exit status: 0 it fits, 1 it does not, 2 bad input.
#[derive(Debug, Parser)]
#[command(
    name = "price",
    after_help = "Units: MACs are multiply-accumulates, B bytes, s seconds, J joules.\n\
                  Example: cargo run --release -p examples --bin price -- model.tflite --board nano33ble"
)]
struct Args {
    /// A `.tflite` or `.kit` file [default: the digit classifier of the firmware]
    model: Option<PathBuf>,
    /// Board, as the registry of mlsysim calls it
    #[arg(long, value_name = "NAME", default_value = "nano33ble")]
    board: String,
    /// Print one JSON object, schema price/1
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Prices and prints; returns whether the model fits.
fn run(args: &Args) -> Result<bool> {
    let kit = match &args.model {
        None => include_bytes!("../../../firmware/sample/digits.kit").to_vec(),
        Some(path) => read(path)?,
    };
    let model = Model::parse(&kit, Check::Full).context("price: the container")?;
    let price = price::price(&model, &args.board)?;
    if args.json {
        println!("{:#}", as_json(&price));
    } else {
        print_text(&args.board, &model, &price);
    }
    Ok(price.fits)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = std::fs::read(path).with_context(|| {
        format!("price: cannot read {}: give a .tflite or .kit file", path.display())
    })?;
    if bytes.starts_with(b"KITM") {
        return Ok(bytes);
    }
    let converted = import(&bytes, &Options::default());
    Ok(converted.with_context(|| format!("price: {}", path.display()))?.kit)
}

fn print_text(id: &str, model: &Model<'_>, price: &Price) {
    println!(
        "{}: {:.0} % of the peak, as good kernels reach",
        price.board,
        100.0 * price.efficiency
    );
    println!("{:>3} {:<24}{:>12}{:>12}{:>12}  limit", "op", "operator", "MACs", "B", "time");
    for (i, op) in price.ops.iter().enumerate() {
        println!(
            "{i:>3} {:<24}{:>12}{:>12}{:>12}  {}",
            op.name,
            grouped(op.macs),
            grouped(op.bytes),
            seconds(op.seconds),
            op.limit
        );
    }
    println!("one inference: {}, limited by {}", seconds(price.seconds), price.limit);
    if let Some(joules) = price.joules {
        println!("energy: {:.1} uJ", 1e6 * joules);
    }
    println!("memory: {}", if price.fits { "fits" } else { "does not fit" });
    // The other model of the same thing: cycles per kind of layer, fitted on published runs.
    let need = Need { kernels: Some(Kernels::Library), ..Need::for_model(model) };
    if let Some(time) =
        Board::by_id(id).ok().and_then(|b| b.check(&need).ok()).and_then(|r| r.latency_us)
    {
        println!("kits-hal, by kind of layer: {time} us with library kernels");
    }
}

fn as_json(price: &Price) -> serde_json::Value {
    json!({
        "schema": "price/1",
        "board": price.board,
        "efficiency": price.efficiency,
        "seconds": price.seconds,
        "limit": price.limit,
        "joules": price.joules,
        "fits": price.fits,
        "operators": price.ops.iter().map(|op| json!({
            "name": op.name, "macs": op.macs, "bytes": op.bytes, "seconds": op.seconds, "limit": op.limit,
        })).collect::<Vec<_>>(),
    })
}
