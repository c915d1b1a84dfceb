//! The board table, with the source of every number.

use std::process::ExitCode;

use anyhow::Result;
use kits_hal::board::{BOARDS, Board, RegionKind, Sourced, Span};
use serde_json::{Value, json};

use super::table::{Table, grouped};
use super::{names, print_json};

/// List the boards, with the source of every number.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Sizes in bytes (B), clocks in hertz, power in nanowatts, time per multiply-accumulate in \
                        thousandths of a cycle.\n\
                        Example: cargo xtask kits boards nano33ble"
)]
pub(crate) struct Args {
    /// A board to show in full [default: a table of all]
    board: Option<String>,
    /// Print one JSON object, schema kits-boards/1
    #[arg(long)]
    json: bool,
}

/// Prints the table, or one board in full.
///
/// # Errors
///
/// [`Usage`](super::Usage) with the nearest names if the board is not known.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let one = args.board.as_deref().map(|id| names::board("boards", id)).transpose()?;
    let boards: Vec<&Board> = one.map_or_else(|| BOARDS.iter().collect(), |board| vec![board]);
    if args.json {
        let boards: Vec<Value> = boards.into_iter().map(as_json).collect();
        print_json(&json!({ "schema": "kits-boards/1", "boards": boards }))?;
    } else if let Some(board) = one {
        print_one(board);
    } else {
        print_all();
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the bytes of all regions of the kinds.
fn total(board: &Board, kinds: &[RegionKind]) -> String {
    let bytes: u64 =
        board.regions.iter().filter(|r| kinds.contains(&r.kind)).map(|r| r.bytes.value).sum();
    if bytes == 0 { "-".to_owned() } else { grouped(bytes) }
}

fn print_all() {
    let mut table =
        Table::new(["id", "board", "cores", ">MHz", ">RAM B", ">PSRAM B", ">flash B", "stand-in"]);
    for board in &BOARDS {
        let cores: Vec<String> =
            board.cores.iter().map(|c| format!("{} x {}", c.count, c.name)).collect();
        table.row([
            board.id.to_owned(),
            board.name.to_owned(),
            cores.join(" + "),
            board.cores.first().map_or_else(String::new, |c| mhz(c.clock_hz.value)),
            total(board, &[RegionKind::Sram, RegionKind::Dram]),
            total(board, &[RegionKind::Psram]),
            total(board, &[RegionKind::Flash]),
            board.stand_in.map_or("-", |s| s.machine).to_owned(),
        ]);
    }
    println!("{table}");
    println!("`cargo xtask kits boards ID` shows one board with the source of every number.");
}

fn mhz(clock: Span) -> String {
    Span::new(clock.low / 1_000_000, clock.high / 1_000_000).to_string()
}

fn print_one(board: &Board) {
    println!("{}: {} ({})", board.id, board.name, board.chip);
    for core in board.cores {
        println!(
            "  core: {} x {}, {} Hz, {:?}, {:?}",
            core.count, core.name, core.clock_hz, core.fpu, core.simd
        );
        for cost in core.mac_costs {
            println!("    {}: {} milli-cycles per MAC", cost.kernels, cost.milli_cycles);
        }
    }
    if let Some(npu) = board.npu {
        println!("  accelerator, not used: {npu}");
    }
    for region in board.regions {
        let base = region.base.map_or(String::new(), |at| format!(" at {at:#010x}"));
        let slow = region
            .slowdown_milli
            .map_or(String::new(), |s| format!(", time x {}/1000 [{}]", s.value, s.from));
        println!(
            "  {}: {} B [{}]{base}{slow}",
            region.name,
            grouped(region.bytes.value),
            region.bytes.from
        );
    }
    for (name, draw) in draws(board) {
        println!("  {name}: {draw} nW");
    }
    if let Some(usd) = board.usd {
        println!("  price: {usd} USD");
    }
    if !board.sensors.is_empty() {
        println!("  sensors: {}", board.sensors);
    }
    if let Some(stand_in) = board.stand_in {
        let how = if stand_in.exact { "this very board" } else { "the same core" };
        println!("  emulated by {}: {how}", stand_in.machine);
    }
}

/// Returns the known draws in nanowatts with their names.
fn draws(board: &Board) -> impl Iterator<Item = (&'static str, Sourced<Span>)> {
    let p = board.power;
    [
        ("chip active", p.chip_active),
        ("board active", p.board_active),
        ("peak", p.peak),
        ("sleep", p.sleep),
        ("off", p.off),
    ]
    .into_iter()
    .filter_map(|(name, draw)| Some((name, draw?)))
}

/// Returns a span with its source.
pub(crate) fn span(s: Sourced<Span>) -> Value {
    json!({ "low": s.value.low, "high": s.value.high, "from": s.from.to_string() })
}

fn as_json(board: &Board) -> Value {
    json!({
        "id": board.id,
        "name": board.name,
        "chip": board.chip,
        "cores": board.cores.iter().map(|c| json!({
            "name": c.name,
            "count": c.count,
            "clock_hz": span(c.clock_hz),
            "fpu": format!("{:?}", c.fpu),
            "simd": format!("{:?}", c.simd),
            "milli_cycles_per_mac": c.mac_costs.iter()
                .map(|m| json!({ "kernels": m.kernels.to_string(), "value": span(m.milli_cycles) }))
                .collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "npu": board.npu,
        "regions": board.regions.iter().map(|r| json!({
            "name": r.name,
            "kind": format!("{:?}", r.kind),
            "base": r.base,
            "bytes": r.bytes.value,
            "from": r.bytes.from.to_string(),
            "slowdown_milli": r.slowdown_milli.map(|s| json!({ "value": s.value, "from": s.from.to_string() })),
        })).collect::<Vec<_>>(),
        "power_nw": draws(board).map(|(name, draw)| (name.to_owned(), span(draw))).collect::<serde_json::Map<_, _>>(),
        "usd": board.usd.map(span),
        "sensors": board.sensors,
        "stand_in": board.stand_in.map(|s| json!({ "machine": s.machine, "exact": s.exact })),
    })
}
