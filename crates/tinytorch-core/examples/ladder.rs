//! How much of this machine a matrix product uses, rung by rung; what fusing saves; what a second thread gives.
//!
//! `cargo run --release -p tinytorch-core --example ladder [-- SIZE..]`

#![expect(clippy::print_stdout, reason = "a program reports on standard output")]

use core::num::NonZero;
use std::{env, thread};

use tinytorch_core::{
    DType, Error, Result, Rng, Tensor, accel,
    bench::{Samples, compare_pairs},
    no_grad,
    ops::{
        GeluKind,
        attention::{Mask, attention_weights, flash_attention},
    },
    profile::Machine,
};

/// Times that everything is measured, in turn.
const ROUNDS: usize = 7;

type Step<'a> = (&'a str, &'a dyn Fn() -> Result<Tensor>);

/// Prints the median of each step and how many times as fast as the first it is.
fn table(title: &str, bytes: f64, steps: &[Step<'_>]) -> Result<()> {
    let mut seconds = vec![Vec::new(); steps.len()];
    for round in 0..=ROUNDS {
        for ((_, step), seconds) in steps.iter().zip(&mut seconds) {
            let begin = std::time::Instant::now();
            core::hint::black_box(step()?);
            if round > 0 {
                seconds.push(begin.elapsed().as_secs_f64());
            }
        }
    }
    let samples = seconds.into_iter().map(Samples::new).collect::<Result<Vec<_>>>()?;
    println!("\n{title}");
    println!("  {:<34}{:>10}{:>12}{:>10}", "", "ms", "x first", "GB/s");
    for ((name, _), s) in steps.iter().zip(&samples) {
        let ratio = 1.0 / compare_pairs(&samples[0], s)?.ratio;
        let speed = bytes / s.median() / 1e9;
        println!("  {name:<34}{:>10.3}{ratio:>12.2}{speed:>10.2}", 1e3 * s.median());
    }
    Ok(())
}

fn fused() -> Result<()> {
    let rng = &mut Rng::seed(1);
    let x = Tensor::randn([4 << 20], DType::F32, rng)?;
    let moved = (2 * x.nbytes()) as f64;
    table(
        "GELU of 4 M numbers (GB/s: input and output, each once)",
        moved,
        &[
            ("eight steps, 18 passes", &|| accel::gelu_unfused(&x)),
            ("one step, 2 passes", &|| accel::gelu_fused(&x)),
            ("one step, wide vectors", &|| accel::gelu_simd(&x)),
            ("the library, all threads", &|| x.gelu(GeluKind::Tanh)),
        ],
    )?;
    let x = Tensor::randn([2048, 256], DType::F32, rng)?;
    let (w, b) = (Tensor::randn([1024, 256], DType::F32, rng)?, Tensor::zeros([1024], DType::F32)?);
    let moved = (x.nbytes() + w.nbytes() + 4 * 2048 * 1024) as f64;
    table(
        "GELU(x·Wᵀ + b), 2048 rows from 256 to 1024",
        moved,
        &[
            ("a layer, then an activation", &|| x.linear(&w, Some(&b))?.gelu(GeluKind::Tanh)),
            ("fused_linear_gelu", &|| accel::fused_linear_gelu(&x, &w, Some(&b))),
        ],
    )?;
    let x = Tensor::randn([16_384, 16], DType::F32, rng)?;
    let (w, b) = (Tensor::randn([256, 16], DType::F32, rng)?, Tensor::zeros([256], DType::F32)?);
    table(
        "The same, 16384 rows from 16 to 256",
        (x.nbytes() + w.nbytes() + 4 * 16_384 * 256) as f64,
        &[
            ("a layer, then an activation", &|| x.linear(&w, Some(&b))?.gelu(GeluKind::Tanh)),
            ("fused_linear_gelu", &|| accel::fused_linear_gelu(&x, &w, Some(&b))),
        ],
    )?;
    let x = Tensor::randn([4096, 1024], DType::F32, rng)?;
    let (w, b) = (Tensor::ones([1024], DType::F32)?, Tensor::zeros([1024], DType::F32)?);
    let moved = (2 * x.nbytes()) as f64;
    table(
        "Layer norm of 4096 rows of 1024",
        moved,
        &[
            ("in steps", &|| accel::unfused_layer_norm(&x, Some(&w), Some(&b), 1e-5)),
            ("fused_layer_norm", &|| accel::fused_layer_norm(&x, Some(&w), Some(&b), 1e-5)),
        ],
    )?;
    let x = Tensor::randn([2048, 2048], DType::F32, rng)?;
    table(
        "Transpose of 2048 by 2048",
        (2 * x.nbytes()) as f64,
        &[
            ("row by row", &|| accel::transpose_naive(&x)),
            ("tiles of 8", &|| accel::transpose_blocked(&x, 8)),
            ("tiles of 16", &|| accel::transpose_blocked(&x, 16)),
            ("tiles of 32", &|| accel::transpose_blocked(&x, 32)),
        ],
    )?;
    let [q, k, v] =
        [1, 2, 3].map(|seed| Tensor::randn([2048, 64], DType::F32, &mut Rng::seed(seed)));
    let (q, k, v) = (q?, k?, v?);
    let whole = || attention_weights(&q, &k, Mask::Causal, None)?.matmul(&v);
    let heads = |x: &Tensor| x.reshape([1, 1, 2048, 64]);
    let library = || flash_attention(&heads(&q)?, &heads(&k)?, &heads(&v)?, Mask::Causal, None);
    table(
        "Attention of 2048 tokens, one head of 64, causal (GB/s: operands and result, each once)",
        4.0 * q.nbytes() as f64,
        &[
            ("all scores at once", &whole),
            ("attention_tiled, plain", &|| accel::attention_tiled(&q, &k, &v, 64, true)),
            ("the library's tiles", &library),
        ],
    )
}

fn scaling(threads: usize) -> Result<()> {
    let rng = &mut Rng::seed(2);
    let (a, b) =
        (Tensor::randn([768, 768], DType::F32, rng)?, Tensor::randn([768, 768], DType::F32, rng)?);
    let mut counts = vec![1];
    while counts[counts.len() - 1] * 2 <= threads {
        counts.push(counts[counts.len() - 1] * 2);
    }
    println!("\nStrong scaling: matmul_parallel of size 768");
    println!(
        "  {:<10}{:>10}{:>12}{:>14}{:>20}",
        "threads", "ms", "speed-up", "efficiency", "not divided"
    );
    let product = || no_grad(|| accel::matmul_parallel(&a, &b));
    for p in accel::strong_scaling(&counts, 4 * ROUNDS, product)? {
        let serial = p.serial.map_or_else(String::new, |s| format!("{:.1} %", 100.0 * s));
        println!(
            "  {:<10}{:>10.3}{:>12.2}{:>14.2}{serial:>20}",
            p.threads,
            1e3 * p.seconds.median(),
            p.speedup,
            p.efficiency,
        );
    }
    Ok(())
}

fn main() -> Result<()> {
    let sizes = env::args().skip(1).map(|arg| {
        arg.parse().ok().filter(|n| *n > 0).ok_or_else(|| Error::InvalidArgument {
            op: "ladder",
            name: "SIZE",
            got: arg,
            need: "a whole number, at least 1".into(),
        })
    });
    let mut sizes = sizes.collect::<Result<Vec<usize>>>()?;
    if sizes.is_empty() {
        sizes = vec![64, 128, 256, 512];
    }
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let machine = Machine::probe(threads);
    println!(
        "{threads} threads: {:.1} GFLOP/s, {:.1} GB/s, ridge at {:.1} FLOP/B; tile for 32 KiB: {}\n",
        machine.flops / 1e9,
        machine.bandwidth / 1e9,
        machine.ridge(),
        accel::largest_tile(32 << 10, 4),
    );
    let ladder = accel::Ladder::measure(&accel::Variant::LADDER, &sizes, ROUNDS, &machine)?;
    println!("{}", ladder.table());
    println!("{}", ladder.roofline(sizes.iter().copied().max().unwrap_or(0)));
    no_grad(fused)?;
    scaling(threads)
}
