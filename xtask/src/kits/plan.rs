//! The plan of a model's memory: table, map, drawing.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use kits_hal::board::{Board, RegionKind};
use kits_hal::convert::Report;
use serde_json::{Value, json};

use super::convert::PlanOptions;
use super::model::Loaded;
use super::table::{Table, grouped, shape};
use super::{Usage, names, print_json};

/// Plan the memory of a model and draw it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Sizes in bytes (B). In the map a row is an operator: i read for the last time, + read and kept, \
                        o written, x read and overwritten, . waits.\n\
                        Example: cargo xtask kits plan model.tflite --board nano33ble --svg plan.svg"
)]
pub(crate) struct Args {
    /// A `.tflite` file
    model: PathBuf,
    #[command(flatten)]
    options: PlanOptions,
    /// Board whose memory the plan is held against
    #[arg(long, value_name = "ID")]
    board: Option<String>,
    /// Print one JSON object, schema kits-plan/1
    #[arg(long)]
    json: bool,
    /// Draw buffers over time and memory
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// Plans and prints.
///
/// # Errors
///
/// [`Usage`] if the model cannot be converted or the board is not known; an error if the drawing cannot be written.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let board = args.board.as_deref().map(|id| names::board("plan", id)).transpose()?;
    let loaded = Loaded::read("plan", &args.model, &args.options.to_options("plan")?)?;
    let Some(report) = &loaded.report else {
        return Err(Usage::because(format!(
            "plan: {} is a .kit container, which holds offsets and no lifetimes: give the .tflite file it was made from",
            args.model.display()
        )));
    };
    let memory = board.map(fast_memory);
    if let Some(file) = &args.svg {
        let limit = memory.and_then(|bytes| u32::try_from(bytes).ok());
        std::fs::write(file, report.arena_svg(&loaded.name, limit))
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    let need = u64::from(report.arena) + u64::from(report.scratch);
    if args.json {
        let mut value: Value = serde_json::from_str(&report.to_json())?;
        value["schema"] = json!("kits-plan/1");
        value["waste"] =
            json!((0..report.ops.len()).map(|op| waste(report, op)).collect::<Vec<_>>());
        value["board"] = json!(board.map(|b| b.id));
        value["board_bytes"] = json!(memory);
        print_json(&value)?;
    } else {
        print_text(&loaded.name, report);
        if let (Some(board), Some(have)) = (board, memory) {
            println!(
                "{}: arena with scratch {} B of {} B ({:.1} %)",
                board.id,
                grouped(need),
                grouped(have),
                100.0 * need as f64 / have.max(1) as f64
            );
        }
    }
    Ok(ExitCode::from(u8::from(memory.is_some_and(|have| need > have))))
}

/// Returns the bytes of the first memory of the board.
fn fast_memory(board: &Board) -> u64 {
    let first =
        board.regions.iter().find(|r| matches!(r.kind, RegionKind::Sram | RegionKind::Dram));
    first.map_or(0, |r| r.bytes.value)
}

/// Returns the bytes of the arena that hold nothing while an operator runs, below the highest that holds something.
fn waste(report: &Report, op: usize) -> u64 {
    let mut alive: Vec<(u64, u64)> = report
        .problem
        .buffers
        .iter()
        .zip(&report.plan.offsets)
        .filter(|(b, _)| b.first <= op && op <= b.last)
        .map(|(b, &at)| (u64::from(at), u64::from(at) + u64::from(b.bytes)))
        .collect();
    alive.sort_unstable();
    let mut reached = 0;
    let mut empty = 0;
    for (start, end) in alive {
        empty += start.saturating_sub(reached);
        reached = reached.max(end);
    }
    empty
}

fn print_text(name: &str, report: &Report) {
    println!(
        "{name}: arena {} B + scratch {} B (greedy {}, searched {}, shared {}, lower bound without sharing {})",
        grouped(report.arena.into()),
        grouped(report.scratch.into()),
        grouped(report.arena_greedy.into()),
        grouped(report.arena_searched.into()),
        grouped(report.arena_overlap.into()),
        grouped(report.lower_bound.into()),
    );
    let mut table = Table::new([">op", "operator", "output", ">live B", ">waste B", ""]);
    for (i, op) in report.ops.iter().enumerate() {
        let peak = if Some(op.index) == report.peak_op { "<- peak" } else { "" };
        table.row([
            op.index.to_string(),
            op.code.to_string(),
            shape(op.output_dims),
            grouped(op.live_bytes),
            grouped(waste(report, i)),
            peak.to_owned(),
        ]);
    }
    println!("{table}");
    if let Some(op) = report.peak_op {
        println!("at the peak live: {}", report.alive_at(op.into()).join(", "));
    }
    print!("{}", report.arena_map());
}
