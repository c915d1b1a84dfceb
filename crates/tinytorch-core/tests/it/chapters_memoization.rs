//! The program and the figures of chapter 18 of the book.

use crate::chapter::Chapter;
use tinytorch_core::generate::{CacheType, KvShape};

fn memoization() -> tinytorch_core::Result<()> {
    use tinytorch_core::{
        Rng,
        generate::{CacheType, CachedModel, Sampler, generate_cached},
        nn::{Gpt, GptConfig},
    };

    let model = Gpt::new(&GptConfig::new(50, 32, 2, 4, 64), &mut Rng::seed(1))?;
    let mut trunk = model.new_cache(1, CacheType::F32)?;
    let write = |cache: &mut _, prompt: &[u32], n| {
        generate_cached(&model, cache, prompt, n, &[], &mut Sampler::greedy(), |_| true)
    };
    let start = write(&mut trunk, &[3, 1, 4], 5)?;

    // Two continuations of one beginning, which is evaluated once.
    let mut branch = trunk.fork();
    let one = write(&mut trunk, &[start[4]], 4)?;
    let two = write(&mut branch, &[7], 4)?;
    assert_eq!((one.len(), two.len()), (4, 4));
    assert_eq!((trunk.len(), branch.len()), (11, 11));
    Ok(())
}

#[test]
fn the_program_runs() {
    memoization().unwrap();
    if let Some(chapter) = Chapter::open("18-memoization.md") {
        chapter.shows_program_of(include_str!("chapters_memoization.rs"));
    }
}

#[test]
fn figures_of_the_table() {
    let Some(chapter) = Chapter::open("18-memoization.md") else { return };
    let tokens = 100;
    let projections: usize = (1..=tokens).sum();
    assert_eq!(projections, 5_050);
    chapter.says(format!("5,050 against {tokens} for {tokens} tokens"));
    for (row, layers, kv_heads, head_dim, len) in [
        ("| GPT-2 | 1,024 tokens |", 12, 12, 64, 1024),
        ("| GPT-2 XL | 1,024 tokens |", 48, 25, 64, 1024),
        ("| Llama 2 7B | 4,096 tokens |", 32, 32, 128, 4096),
        ("| Llama 3 8B, 8 heads of keys for 32 of queries | 8,192 tokens |", 32, 8, 128, 8192),
        ("| GPT-3 | 2,048 tokens |", 96, 96, 128, 2048),
    ] {
        let shape = KvShape { layers, kv_heads, head_dim };
        let figures = [CacheType::F32, CacheType::F16, CacheType::I8].map(|kept| {
            let tenths = (shape.bytes(1, len, kept) + 50_000) / 100_000;
            let (whole, tenth) = (tenths / 10, tenths % 10);
            match (whole / 1000, whole % 1000) {
                (0, below) => format!("{below}.{tenth} MB"),
                (thousands, below) => format!("{thousands},{below:03}.{tenth} MB"),
            }
        });
        chapter.says(format!("{row} {} |", figures.join(" | ")));
    }
}
