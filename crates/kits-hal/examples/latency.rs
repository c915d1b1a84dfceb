//! The latency model against 24 published times: a Markdown table.
//!
//! `cargo run -p kits-hal --example latency`

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]

use kits_hal::board::{Board, Kernels, LayerCosts, UnknownBoard, Work};

#[path = "../src/board/published.rs"]
mod published;

use published::{Chip, MODELS, TIMES_MS};

const CLASSES: [Kernels; 4] = [Kernels::Portable, Kernels::Library, Kernels::Vendor, Kernels::Best];

fn main() -> Result<(), UnknownBoard> {
    let head: Vec<&str> = MODELS.iter().map(|m| m.0).collect();
    println!("| runtime, core | {} |", head.join(" | "));
    println!("|---|{}", "---:|".repeat(MODELS.len()));
    let mut errors = Vec::new();
    for (name, chip, class, times) in TIMES_MS {
        let costs = costs(chip, CLASSES[class])?;
        let cells = MODELS.iter().zip(times).map(|((_, work), published_ms)| {
            let ms = costs.cycles(&as_work(*work)) as f64 * 1e3 / chip.hz() as f64;
            let error = ms / published_ms - 1.0;
            errors.push(error.abs());
            format!("{ms:.1} ({published_ms} published, {:+.0} %)", 100.0 * error)
        });
        println!("| {name} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    errors.sort_by(f64::total_cmp);
    let n = errors.len();
    let median = f64::midpoint(errors[(n - 1) / 2], errors[n / 2]);
    println!(
        "\nMilliseconds. {n} times: median error {:.1} %, worst {:.1} %.",
        100.0 * median,
        100.0 * errors[n - 1]
    );
    Ok(())
}

/// The costs that the table of boards has for the core of a chip.
fn costs(chip: Chip, kernels: Kernels) -> Result<LayerCosts, UnknownBoard> {
    let board = Board::by_id(match chip {
        Chip::M4 => "nano33ble",
        Chip::M7 => "nicla_vision",
    })?;
    let all = board.cores[0].layer_costs;
    Ok(*all.iter().find(|c| c.kernels == kernels).expect("each published class has costs"))
}

const fn as_work([conv, thin_conv, depthwise, dense, outputs, weight_bytes]: [u64; 6]) -> Work {
    Work { conv, thin_conv, depthwise, dense, outputs, weight_bytes }
}
