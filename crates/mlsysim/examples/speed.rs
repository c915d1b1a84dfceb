//! How long each equation, a simulation and a search take, against what the crate promises.
//!
//! `cargo run --release -p mlsysim --features cli --example speed`: exit status 0 if every promise is kept, 1 if not.
//! Times are medians over batches; on a busy machine they say little, so repeat before you conclude.

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]

use core::hint::black_box;
use mlsysim::Convention;
use mlsysim::composite::training_step::{Cluster, Layout, Plan, Shape, Tuning, step_estimate};
use mlsysim::optimize::layout::{Space, search};
use mlsysim::simulate::{Arrivals, Engine, Law, LinearCost, Traffic, requests, serve};
use mlsysim::trace::NoTrace;
use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Hertz, Params, Quantity, Seconds};
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
const ITERATE: &[&str] = &[
    // An integral over the normal law.
    "communication.straggler",
    // A minimum over orders, each a sum.
    "safety.dp_sgd",
    // A search for the least number of machines.
    "serving.replicas",
    // A search for the best size.
    "complexity.lifetime",
    // A sum over a binomial law.
    "safety.subgroup",
    // The exact interval by Newton's method.
    "fragility.goodput",
];
/// Training-step estimates per second that one core makes at least.
const ESTIMATES: f64 = 500_000.0;
/// Longest search for the best layout of GPT-3 on 4,096 devices.
const LAYOUT_SEARCH: f64 = 1.0;

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

    let (estimates, search) = training();
    kept &= estimates >= ESTIMATES && search < LAYOUT_SEARCH;
    println!(
        "{estimates:.0} training-step estimates a second on one core (promised: {ESTIMATES:.0})"
    );
    println!(
        "GPT-3 175B on 4,096 devices: every layout searched in {:.2} ms (promised: under {:.0})",
        search * 1e3,
        LAYOUT_SEARCH * 1e3
    );

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

/// Estimates per second, and seconds of the search for the best layout, of GPT-3 on 4,096 accelerators.
fn training() -> (f64, f64) {
    // Brown et al. (2020), table 2.1; accelerators of 312 TFLOP/s with eight cards of 200 Gbit/s per node.
    let shape = Shape { vocab: 51_200, ..Shape::dense(96, 12_288, 96, Params(175e9)) };
    let device = (FlopPerSecond(312e12), BytesPerSecond(2.039e12), Bytes(80e9));
    let cluster = Cluster::new(4096, 8, device, BytesPerSecond(300e9), BytesPerSecond(25e9));
    let tuning = Tuning { batch: 1536, efficiency: 0.6, overlap: 0.85, ..Tuning::default() };
    let plan = Plan::new(shape, cluster, tuning).expect("a sensible plan");
    // Different layouts one after the other, so that nothing can be computed once.
    let layouts: Vec<Layout> = [1, 2, 4, 8]
        .into_iter()
        .flat_map(|tp| [1, 2, 4, 8, 16].map(|pp| (tp, pp)))
        .flat_map(|(tp, pp)| [0, 1, 2, 3].map(|zero_stage| (tp, pp, zero_stage)))
        .map(|(tp, pp, zero_stage)| Layout { tp, pp, zero_stage, ..Layout::copies(4096 / tp / pp) })
        .filter(|layout| step_estimate(&plan, layout, &mut NoTrace).is_ok())
        .collect();
    let (rounds, start) = (2000_u32, Instant::now());
    for _ in 0..rounds {
        for layout in &layouts {
            let estimate = step_estimate(black_box(&plan), black_box(layout), &mut NoTrace);
            assert!(black_box(estimate).is_ok(), "estimated a moment before");
        }
    }
    let each = start.elapsed().as_secs_f64() / f64::from(rounds);
    let count = f64::from(u32::try_from(layouts.len()).unwrap_or(u32::MAX));
    let space = Space::of(&plan);
    let start = Instant::now();
    let found = search(black_box(&plan), &space).expect("some layout fits");
    let seconds = start.elapsed().as_secs_f64();
    assert!(!found.front.is_empty(), "the best layouts are told");
    (count / each, seconds)
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
