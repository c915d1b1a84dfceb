//! The lab about memory limits: a person detector meets a 16 KiB board, and says everything that lacks.
//!
//! `cargo run -p kits-hal --example wont_fit`
//!
//! It takes sizes, no model file: those of the person detector of TensorFlow Lite Micro as this converter makes them.

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]

use kits_hal::board::{BOARDS, Board, Need, UnknownBoard, Work};

fn main() -> Result<(), UnknownBoard> {
    // ANCHOR: need
    let need = Need {
        model_bytes: 234_912, // the .kit, in flash
        code_bytes: 40_000,   // the program around it
        arena_bytes: 37_120,  // activations and scratch
        stack_bytes: 8_192,
        buffers: 96 * 96, // one gray frame
        macs: 7_157_888,
        deadline_us: Some(1_000_000), // one answer a second
        period_us: Some(1_000_000),
        budget_uj: Some(10_000),
        ..Need::default()
    };
    match Board::by_id("microbit")?.check(&need) {
        Ok(report) => println!("{report}"),
        Err(refused) => println!("{refused}"), // every violation, not only the first
    }
    // ANCHOR_END: need

    println!("\nWhat would have to shrink, one demand after the other:");
    let board = Board::by_id("microbit")?;
    for (what, smaller) in [
        (
            "the arena and the frame to 4 KiB together",
            Need { arena_bytes: 4_096, buffers: 0, ..need },
        ),
        ("the code to 20 KB", Need { code_bytes: 20_000, ..need }),
        (
            "the time to ten seconds",
            Need { deadline_us: Some(10_000_000), period_us: Some(10_000_000), ..need },
        ),
    ] {
        let left = board.check(&smaller).err().map_or(0, |e| e.violations().count());
        println!("  {what}: {left} violations left");
    }

    println!("\nWhere it does fit, by memory alone:");
    let memory = Need { deadline_us: None, period_us: None, budget_uj: None, ..need };
    for board in &BOARDS {
        match board.check(&memory) {
            Ok(_) => println!("  {:<20} fits", board.id),
            Err(refused) => {
                for v in refused.violations() {
                    println!("  {:<20} {v}", board.id);
                }
            }
        }
    }

    println!("\nThe work by kind of layer makes the time sharper:");
    let work = Work {
        conv: 6_193_664,
        depthwise: 964_224,
        outputs: 231_812,
        weight_bytes: 207_968,
        ..Work::default()
    };
    for (how, need) in [
        ("by the span over models", memory),
        ("by kind of layer", Need { work: Some(work), ..memory }),
    ] {
        if let Some(time) = Board::by_id("nano33ble")?.check(&need).ok().and_then(|r| r.latency_us)
        {
            println!("  nano33ble, {how}: {} us", time.value);
        }
    }
    Ok(())
}
