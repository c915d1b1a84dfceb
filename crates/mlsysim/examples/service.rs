//! Ten thousand requests to a text-generating service, played event by event.
//!
//! Run with `cargo run --release -p mlsysim --example service`.

#![expect(clippy::print_stdout, reason = "an example reports on standard output")]

use mlsysim::simulate::{Arrivals, Engine, Law, LinearCost, Traffic, requests, serve};
use mlsysim::units::{Hertz, Seconds};
use std::time::Instant;

fn main() -> mlsysim::Result<()> {
    let engine = Engine { pages: 27_000, page: 16, max_batch: 256, max_tokens: 2048 };
    // An 8B model on one accelerator: weights read in 6 ms, tokens and cached tokens at their rooflines.
    let cost = LinearCost {
        step: Seconds(6e-3),
        token: Seconds(3.3e-5),
        pair: Seconds(1.1e-9),
        cached: Seconds(4.8e-8),
    };
    println!(
        "{:>6} {:>9} {:>9} {:>9} {:>9} {:>8}",
        "req/s", "TTFT p50", "TTFT p99", "TPOT mean", "tokens/s", "batch"
    );
    for rate in [2.0, 5.0, 10.0, 15.0, 20.0] {
        let traffic = Traffic {
            rate: Hertz(rate),
            prompt: Law::LogNormal { mean: 600.0, cv: 1.2 },
            output: Law::Exponential { mean: 200.0 },
            most: 4096,
        };
        let list = requests(&traffic, 10_000, 1)?;
        let start = Instant::now();
        let served = serve(&list, Arrivals::Open, &engine, &cost)?;
        let took = start.elapsed();
        println!(
            "{rate:>6} {:>9} {:>9} {:>9} {:>9.0} {:>8.1}   simulated in {took:.0?}",
            format!("{:.3}", Seconds(served.ttft.p50)),
            format!("{:.3}", Seconds(served.ttft.p99)),
            format!("{:.3}", Seconds(served.tpot.mean)),
            served.tokens_per_second,
            served.mean_decodes,
        );
    }
    Ok(())
}
