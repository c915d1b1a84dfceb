//! What watching costs: a training step of a small GPT with and without a trace, in turn.
//!
//! `cargo run --release -p tinytorch-core --example profile_overhead [-- PAIRS]`
//!
//! Exits with 1 if it is shown that the trace takes more than 3 % of a step: if the whole interval of the ratio lies above.

#![expect(clippy::print_stdout, reason = "a program reports on standard output")]

use core::hint::black_box;
use std::{env, process::ExitCode, time::Instant};

use tinytorch_core::{
    Error, Result, Rng, Tensor,
    bench::{Bench, Samples, compare_pairs},
    nn::{CrossEntropyLoss, Gpt, GptConfig, Loss, Module, ModuleExt},
    optim::{Adam, AdamOpts, Optimizer},
    profile,
};

const VOCAB: usize = 256;
const CONTEXT: usize = 128;
const WIDTH: usize = 128;
const HEADS: usize = 4;
const LAYERS: usize = 4;
const BATCH: usize = 8;

/// The most that watching may take.
const MOST: f64 = 0.03;

fn ids(rng: &mut Rng) -> Result<Tensor> {
    let ids = (0..BATCH * CONTEXT).map(|_| rng.below(VOCAB) as i64).collect();
    Tensor::from_vec(ids, [BATCH, CONTEXT])
}

fn main() -> Result<ExitCode> {
    let pairs: usize = match env::args().nth(1) {
        None => 60,
        Some(arg) => arg.parse().ok().filter(|n| *n > 1).ok_or_else(|| Error::InvalidArgument {
            op: "profile_overhead",
            name: "PAIRS",
            got: arg,
            need: "a whole number, at least 2".into(),
        })?,
    };
    let rng = &mut Rng::seed(14);
    let model = Gpt::new(&GptConfig::new(VOCAB, WIDTH, LAYERS, HEADS, CONTEXT), rng)?;
    let mut adam = Adam::new(model.parameters(), AdamOpts::default())?;
    let (x, y) = (ids(rng)?, ids(rng)?.reshape([BATCH * CONTEXT])?);
    let loss = CrossEntropyLoss::default();
    let mut step = || -> Result<f64> {
        adam.zero_grad();
        let scores = model.forward(&x)?.reshape([BATCH * CONTEXT, VOCAB])?;
        let loss = loss.loss(&scores, &y)?;
        loss.backward()?;
        adam.step()?;
        loss.to_f64()
    };
    for _ in 0..3 {
        step()?;
    }
    let (mut off, mut on) = (Vec::new(), Vec::new());
    let mut seen = None;
    for pair in 0..pairs {
        // Which of the two comes first alternates, so that neither gains from what the other leaves in the caches.
        for watched in [pair % 2 == 0, pair % 2 == 1] {
            let begin = Instant::now();
            if watched {
                let (result, profile) = profile::trace(&mut step);
                on.push(begin.elapsed().as_secs_f64());
                black_box(result?);
                seen = Some(profile);
            } else {
                black_box(step()?);
                off.push(begin.elapsed().as_secs_f64());
            }
        }
    }
    let (off, on) = (Samples::new(off)?, Samples::new(on)?);
    let compared = compare_pairs(&off, &on)?;
    println!(
        "A training step: GPT of {LAYERS} layers, width {WIDTH}, context {CONTEXT}, batch {BATCH}; {pairs} pairs in turn"
    );
    println!("  {:<10}{:>12}{:>12}{:>12}", "", "median ms", "least ms", "ratio");
    println!(
        "  {:<10}{:>12.3}{:>12.3}{:>12}",
        "not traced",
        1e3 * off.median(),
        1e3 * off.sorted()[0],
        1
    );
    println!(
        "  {:<10}{:>12.3}{:>12.3}{:>12.4}   95 %: {:.4} to {:.4}",
        "traced",
        1e3 * on.median(),
        1e3 * on.sorted()[0],
        compared.ratio,
        compared.ratio_95.low,
        compared.ratio_95.high,
    );
    let Some(seen) = seen else { return Ok(ExitCode::FAILURE) };
    let events = seen.events.len();
    // What an event costs by itself: a thousand empty parts in a trace.
    let parts =
        || profile::trace(|| (0..1000).for_each(|_| profile::scope(black_box("scope"), || ())));
    let event = Bench::new().run(parts)?.seconds.median() / 1000.0;
    println!(
        "  {events} events in a step; one alone takes {:.0} ns: {:.3} % of a step for all",
        1e9 * event,
        100.0 * event * events as f64 / off.median()
    );
    // Without a trace each event, and each array that comes or goes, is one look at a counter: what an empty scope does.
    let look = Bench::new().run(|| profile::scope(black_box("scope"), || ()))?.seconds.median();
    println!(
        "  a look at the counter takes {:.2} ns: {:.6} % of a step for its {events} events",
        1e9 * look,
        100.0 * look * events as f64 / off.median()
    );
    println!("\n{}", seen.table());
    let within = compared.ratio_95.low <= 1.0 + MOST;
    if !within {
        println!("Watching takes more than {:.0} % of a step.", 100.0 * MOST);
    }
    Ok(if within { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
