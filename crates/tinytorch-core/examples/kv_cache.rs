//! What a cache of keys and values costs and gives: bytes by type, and time per token against position.
//!
//! `cargo run --release -p tinytorch-core --example kv_cache [-- NEW_TOKENS]`

#![expect(clippy::print_stdout, reason = "a program reports on standard output")]

use core::time::Duration;
use std::time::Instant;

use tinytorch_core::{
    Result, Rng,
    generate::{CacheType, CachedModel, KvShape, Sampler, generate, generate_cached},
    nn::{Gpt, GptConfig},
};

const KINDS: [(&str, CacheType); 4] = [
    ("f32", CacheType::F32),
    ("f16", CacheType::F16),
    ("bf16", CacheType::Bf16),
    ("i8", CacheType::I8),
];

fn memory() {
    let models = [
        ("GPT-2, 1,024 tokens", 12, 12, 64, 1024),
        ("GPT-2 XL, 1,024 tokens", 48, 25, 64, 1024),
        ("Llama 2 7B, 4,096 tokens", 32, 32, 128, 4096),
        ("Llama 3 8B, 8,192 tokens", 32, 8, 128, 8192),
        ("GPT-3, 2,048 tokens", 96, 96, 128, 2048),
    ];
    println!("Cache of one text in MB:");
    println!("  {:<26}{:>10}{:>10}{:>10}{:>10}", "", "f32", "f16", "bf16", "i8");
    for (name, layers, kv_heads, head_dim, len) in models {
        let shape = KvShape { layers, kv_heads, head_dim };
        print!("  {name:<26}");
        for (_, kept) in KINDS {
            print!("{:>10.1}", shape.bytes(1, len, kept) as f64 / 1e6);
        }
        println!();
    }
}

/// The time of each new token.
fn timed(
    run: impl FnOnce(&mut dyn FnMut(u32) -> bool) -> Result<Vec<u32>>,
) -> Result<(Vec<u32>, Vec<Duration>)> {
    let (mut last, mut times) = (Instant::now(), Vec::new());
    let tokens = run(&mut |_| {
        times.push(last.elapsed());
        last = Instant::now();
        true
    })?;
    Ok((tokens, times))
}

fn ms(times: &[Duration]) -> f64 {
    times.iter().sum::<Duration>().as_secs_f64() * 1e3 / times.len().max(1) as f64
}

fn main() -> Result<()> {
    let n = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(128_usize).max(8);
    memory();

    let config = GptConfig { tied_head: true, ..GptConfig::new(4096, 384, 6, 6, n + 16) };
    let model = Gpt::new(&config, &mut Rng::seed(1))?;
    let prompt: Vec<u32> = (0..16).map(|i| i * 37 % 4096).collect();
    println!(
        "\n{n} new tokens after {} of prompt, 6 blocks of width 384, milliseconds per token:",
        prompt.len()
    );
    println!("  {:<12}{:>12}{:>12}{:>12}{:>14}", "", "first 8", "last 8", "all", "speed-up");
    let (whole, plain) =
        timed(|each| generate(&model, &prompt, n, &[], &mut Sampler::greedy(), each))?;
    let row = |name: &str, times: &[Duration], note: &str| {
        let ratio = ms(&plain) / ms(times);
        // The first time is that of the prompt.
        println!(
            "  {name:<12}{:>12.2}{:>12.2}{:>12.2}{ratio:>13.1}x  {note}",
            ms(&times[1..8]),
            ms(&times[n - 8..]),
            ms(times),
        );
    };
    row("no cache", &plain, "");
    for (name, kept) in KINDS {
        let mut cache = model.new_cache(1, kept)?;
        let (text, times) = timed(|each| {
            generate_cached(&model, &mut cache, &prompt, n, &[], &mut Sampler::greedy(), each)
        })?;
        let same = text.iter().zip(&whole).take_while(|(a, b)| a == b).count();
        row(name, &times, &format!("{same} of {n} tokens as without a cache"));
    }
    Ok(())
}
