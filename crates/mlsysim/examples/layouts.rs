//! The search for the best layout of GPT-3 (175 billion parameters) on 4,096 devices, and what one estimate costs.
//!
//! `cargo run --release -p mlsysim --example layouts`
#![expect(clippy::print_stdout, reason = "the table is the result")]

use core::hint::black_box;
use mlsysim::composite::training_step::{Cluster, Layout, Plan, Shape, Tuning, step_estimate};
use mlsysim::optimize::layout::{Reason, Space, search};
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Params, Seconds, Watts};
use std::time::Instant;

const RUNS: usize = 15;

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), mlsysim::Error> {
    // Brown et al. (2020), table 2.1; NVIDIA A100 80 GB with 8 cards of 200 Gbit/s per node.
    let shape = Shape { vocab: 51_200, ..Shape::dense(96, 12_288, 96, Params(175e9)) };
    let device = (FlopPerSecond(312e12), BytesPerSecond(2.039e12), Bytes(80e9));
    let cluster = Cluster {
        power: Some(Watts(400.0)),
        ..Cluster::new(4096, 8, device, BytesPerSecond(300e9), BytesPerSecond(25e9))
    };
    let tuning = Tuning { batch: 1536, efficiency: 0.6, overlap: 0.85, ..Tuning::default() };
    let plan = Plan::new(shape, cluster, tuning)?;

    let space = Space::of(&plan);
    let mut times = Vec::new();
    let mut found = search(&plan, &space)?;
    for _ in 0..RUNS {
        let start = Instant::now();
        found = search(black_box(&plan), &space)?;
        times.push(start.elapsed().as_secs_f64());
    }
    println!("GPT-3 175B on 4096 devices: searched in {:.4} s (median of {RUNS})", median(times));
    println!("{} divisions, {} dropped", found.divisions, found.dropped.len());
    for reason in Reason::ALL {
        let divisions = found.dropped.iter().filter(|d| d.reason == reason).count();
        let layouts = found.pruned_for(reason);
        if divisions > 0 || layouts > 0 {
            println!("  {reason}: {divisions} divisions, {layouts} layouts");
        }
    }
    println!(
        "{} layouts, {} priced; no step can take less than {:.3}",
        found.layouts, found.priced, found.least_time
    );
    for priced in &found.front {
        let (l, e) = (priced.layout, priced.estimate);
        println!(
            "{:>8.3} {:>9.3}  MFU {:.3}  tp {} pp {} dp {} × {} micro, v {}, zero {}, keep {}",
            e.step_time,
            e.memory,
            e.mfu,
            l.tp,
            l.pp,
            l.dp,
            l.micro_batch,
            l.interleave,
            l.zero_stage,
            match l.checkpointing.key() {
                "none" => "all",
                other => other,
            }
        );
    }

    // Different layouts one after the other, so that nothing can be computed once.
    let mut layouts = Vec::new();
    for tp in [1, 2, 4, 8] {
        for pp in [1, 2, 4, 8, 16] {
            for zero_stage in 0..4 {
                let layout = Layout { tp, pp, zero_stage, ..Layout::copies(4096 / tp / pp) };
                if step_estimate(&plan, &layout, &mut NoTrace).is_ok() {
                    layouts.push(layout);
                }
            }
        }
    }
    let rounds = 20_000;
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let mut sum = Seconds::ZERO;
        for _ in 0..rounds {
            for layout in &layouts {
                sum += step_estimate(black_box(&plan), black_box(layout), &mut NoTrace)?.step_time;
            }
        }
        black_box(sum);
        times.push(start.elapsed().as_secs_f64() / (f64::from(rounds) * layouts.len() as f64));
    }
    let each = median(times);
    println!("one step estimate: {:.1} ns, {:.0} per second on one core", each * 1e9, 1.0 / each);
    Ok(())
}
