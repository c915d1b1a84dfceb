//! How long each equation, a simulation and a search take, against what the crate promises.
//!
//! `cargo run --release -p mlsysim --features cli --example speed`: exit status 0 if every promise is kept, 1 if not.
//! Times are medians over batches; on a busy machine they say little, so repeat before you conclude.

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]

use mlsysim::Convention;
use mlsysim::simulate::{Arrivals, Engine, Law, LinearCost, Traffic, requests, serve};
use mlsysim::units::{Hertz, Quantity, Seconds};
use mlsysim::walls::{self, Column, EquationInfo};
use std::process::ExitCode;
use std::time::Instant;

/// Rows of one timed batch.
const ROWS: usize = 4096;
/// Batches, of which the median counts.
const BATCHES: usize = 15;
/// What a closed form may take.
const CLOSED_FORM: f64 = 1e-6;
/// Equations that iterate, which no closed form is known for; what they take is printed and not held against them.
const ITERATE: &[&str] = &[];

fn main() -> ExitCode {
    let mut kept = true;
    let mut times: Vec<(f64, &EquationInfo)> =
        walls::equations().iter().map(|info| (time_of(info), info)).collect();
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (time, info) in times.iter().take(12) {
        let mark = if ITERATE.contains(&info.id) {
            "iterates"
        } else if *time <= CLOSED_FORM {
            "ok"
        } else {
            kept = false;
            "above 1 us"
        };
        println!("{:<38} {:>9.1} ns  {mark}", info.id, time * 1e9);
    }
    println!("... and {} faster ones", times.len().saturating_sub(12));

    let (seconds, equal) = service();
    kept &= equal && seconds < 0.5;
    println!(
        "10,000 requests simulated in {:.0} ms (promised: under 500), equal bits for equal seeds: {}",
        seconds * 1e3,
        if equal { "yes" } else { "no" }
    );
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Seconds per row of an equation over columns, each row one typed call.
fn time_of(info: &'static EquationInfo) -> f64 {
    let fixed: Vec<(&str, Quantity)> = info
        .inputs
        .iter()
        .skip(1)
        .map(|field| (field.name, Quantity::new(field.default.unwrap_or(2.0), field.dimension)))
        .collect();
    let Some(first) = info.inputs.first() else { return 0.0 };
    let column =
        Column { values: vec![first.default.unwrap_or(2.0); ROWS], dimension: first.dimension };
    let mut times: Vec<f64> = (0..BATCHES)
        .map(|_| {
            let start = Instant::now();
            let table =
                walls::batch(info.id, &[(first.name, &column)], &fixed, Convention::Reference);
            let seconds = start.elapsed().as_secs_f64() / 4096.0;
            assert!(table.is_ok(), "{}: {:?}", info.id, table.err());
            seconds
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[BATCHES / 2]
}

/// Seconds of a simulated service, and whether a second run gives the same bits.
fn service() -> (f64, bool) {
    let run = || {
        let engine = Engine { pages: 27_000, page: 16, max_batch: 256, max_tokens: 2048 };
        let cost = LinearCost {
            step: Seconds(6e-3),
            token: Seconds(3.3e-5),
            pair: Seconds(1.1e-9),
            cached: Seconds(4.8e-8),
        };
        let traffic = Traffic {
            rate: Hertz(20.0),
            prompt: Law::LogNormal { mean: 600.0, cv: 1.2 },
            output: Law::Exponential { mean: 200.0 },
            most: 4096,
        };
        let list = requests(&traffic, 10_000, 1).expect("sensible traffic");
        serve(&list, Arrivals::Open, &engine, &cost).expect("requests that fit")
    };
    let start = Instant::now();
    let first = run();
    let seconds = start.elapsed().as_secs_f64();
    let second = run();
    let bits = |s: &mlsysim::simulate::Served| {
        [s.ttft.mean, s.ttft.p99, s.tpot.mean, s.latency.p99, s.makespan.0].map(f64::to_bits)
    };
    (seconds, bits(&first) == bits(&second))
}
