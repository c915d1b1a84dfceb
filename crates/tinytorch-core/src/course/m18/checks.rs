//! Checks of module 18.

use core::cell::RefCell;

use super::{CachedModel, KvCache, KvShape, Sampler, ask};
use crate::{
    Result, Rng, Tensor,
    autograd::no_grad,
    course::{
        check::{Stop, Verdict, close, equal, holds, refused, value},
        lesson::checks,
    },
    generate::{CacheType, LanguageModel, Sampling},
    nn::{Gpt, GptConfig, Module, Visitor},
    slots::transformer::generate,
};

/// Twelve numbers, `[heads 2, max_len 3, d 2]`, all of them 9, after `new` was written from position `at`.
fn updated(new: &[f32], at: usize, out: [f32; 12]) -> Verdict {
    let input = format!("2 heads of 3 vectors [9, 9], new {new:?} from position {at}");
    let mut rows = [9.0; 12];
    value(&input, ask::kv_update(&mut rows, new, 2, 2, at))?;
    close(input, Ok(rows.to_vec()), &out, 0.0)
}

/// The first `len` vectors of `[heads 2, max_len 3, d 2]` with the numbers 0 to 11.
fn kept(len: usize, out: &[f32]) -> Verdict {
    let rows: Vec<f32> = (0..12u8).map(f32::from).collect();
    let got = ask::kv_get(&rows, 2, 2, len);
    equal(format!("2 heads of 3 vectors, numbers 0 to 11, the first {len}"), got, out.to_vec())
}

/// A small decoder that notes how many tokens it is given at a time.
struct Watched(Gpt, RefCell<Vec<usize>>);

impl Module for Watched {
    fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        self.0.forward(ids)
    }

    fn visit(&self, visitor: &mut dyn Visitor) {
        self.0.visit(visitor);
    }

    fn name(&self) -> &'static str {
        "Watched"
    }
}

impl LanguageModel for Watched {
    fn max_len(&self) -> usize {
        12
    }
}

impl CachedModel for Watched {
    fn kv_shape(&self) -> KvShape {
        self.0.kv_shape()
    }

    fn forward_after(&self, ids: &Tensor, cache: &mut KvCache, last: bool) -> Result<Tensor> {
        self.1.borrow_mut().push(ids.numel());
        self.0.forward_after(ids, cache, last)
    }
}

fn watched() -> Result<Watched> {
    let gpt = Gpt::new(&GptConfig::new(11, 16, 2, 4, 12), &mut Rng::seed(8))?;
    Ok(Watched(gpt, RefCell::default()))
}

fn penalty() -> Result<Sampler> {
    // A token that stood in the text before is half as likely again: texts differ from those of a sampler that forgets.
    Sampler::new(Sampling { repetition_penalty: 4.0, ..Sampling::GREEDY }, 1)
}

const STORY: &str = "a decoder of 11 tokens, 2 blocks of width 16, at most 12 tokens";

/// One text: the tokens, how many went in at a time, how many the cache holds then, and how many were reported.
type Text = (Vec<u32>, Vec<usize>, usize, usize);

fn text(prompt: &[u32], max_new: usize, stop: &[u32], most: usize) -> Result<Text> {
    let (model, mut seen) = (watched()?, 0);
    let mut cache = model.new_cache(1, CacheType::F32)?;
    let new = ask::cached_generate(
        &model,
        &mut cache,
        prompt,
        max_new,
        stop,
        &mut penalty()?,
        &mut |_| {
            seen += 1;
            seen < most
        },
    )?;
    Ok((new, model.1.take(), cache.len(), seen))
}

/// The same without a cache, by the reference.
fn whole(prompt: &[u32], max_new: usize) -> Result<Vec<u32>, Stop> {
    let model = value(STORY, watched())?;
    let sampler = &mut value(STORY, penalty())?;
    value(STORY, generate(&model, prompt, max_new, &[], sampler, &mut |_| true))
}

checks! {
    $ __course_m18 m18;
    kv_bytes {
        by_hand Hand 2 "keys and values, blocks, texts, heads, positions, numbers, bytes" => {
            let shape = KvShape { layers: 2, kv_heads: 3, head_dim: 7 };
            // 2·2·5·3·11·7·4
            equal("2 blocks, 3 heads of 7, 5 texts of 11 tokens, 4 bytes", ask::kv_bytes(&shape, 5, 11, 4), 18_480_u64)
        };
        known Golden 2 "GPT-2 and GPT-3" => {
            let small = KvShape { layers: 12, kv_heads: 12, head_dim: 64 };
            equal("GPT-2, 1,024 tokens, 4 bytes", ask::kv_bytes(&small, 1, 1024, 4), 75_497_472_u64)?;
            let large = KvShape { layers: 96, kv_heads: 96, head_dim: 128 };
            equal("GPT-3, 2,048 tokens, 4 bytes", ask::kv_bytes(&large, 1, 2048, 4), 19_327_352_832_u64)
        };
        in_the_library Systems 1 "KvShape::bytes runs on the slot" => {
            let shape = KvShape { layers: 1, kv_heads: 2, head_dim: 8 };
            let input = "1 block, 2 heads of 8, 3 tokens, f16";
            let bytes = shape.bytes(1, 3, CacheType::F16); // 2·1·1·2·3·8·2
            // Counting cannot fail, so an error waits for the next operation.
            value(input, Tensor::from([1.0f32]).add_scalar(1.0))?;
            equal(input, Ok(bytes), 192_u64)
        };
    }
    kv_update {
        one Hand 2 "one vector for each head, at its position" => {
            updated(&[1.0, 2.0, 3.0, 4.0], 1, [9., 9., 1., 2., 9., 9., 9., 9., 3., 4., 9., 9.])
        };
        several Hand 2 "several tokens of a head lie one after the other" => {
            updated(&[1., 2., 3., 4., 5., 6., 7., 8.], 0, [1., 2., 3., 4., 9., 9., 5., 6., 7., 8., 9., 9.])
        };
        last Hand 1 "the last position of each head" => {
            updated(&[1.0, 2.0, 3.0, 4.0], 2, [9., 9., 9., 9., 1., 2., 9., 9., 9., 9., 3., 4.])
        };
        in_the_library Systems 1 "a decoder with a cache agrees with one without" => {
            let model = value(STORY, watched())?;
            let ids = Tensor::from([[3i64, 1, 4, 1, 5, 9]]);
            let whole = value(STORY, no_grad(|| model.forward(&ids)))?.to_vec_as::<f32>();
            let mut cache = value(STORY, model.new_cache(1, CacheType::F32))?;
            let mut got = Vec::new();
            for (at, n) in [(0, 3), (3, 1), (4, 1), (5, 1)] {
                let part = value(STORY, ids.narrow(1, at, n))?;
                let scores = value(STORY, no_grad(|| model.forward_cached(&part, &mut cache)))?;
                got.extend(scores.to_vec_as::<f32>());
            }
            // Sums of at most 64 terms of size 1 in another order.
            close(format!("{STORY}: scores of 6 tokens, as 3 and 1 and 1 and 1"), Ok(got), &whole, 1e-5)
        };
    }
    kv_get {
        by_hand Hand 2 "the first vectors of each head" => kept(2, &[0., 1., 2., 3., 6., 7., 8., 9.]);
        all Hand 1 "up to all of them" => {
            let rows: Vec<f32> = (0..12u8).map(f32::from).collect();
            kept(3, &rows)
        };
        none Hand 1 "an empty cache gives nothing" => kept(0, &[]);
    }
    cached_attention_step {
        by_hand Hand 3 "weights are the softmax of products over the root of the width" => {
            // Width 4: scores 2·ln 3/2 = ln 3 and 0, so weights 3/4 and 1/4.
            let keys = [3.0f32.ln(), 0., 0., 0., 0., 1., 0., 0.];
            let got = ask::cached_attention_step(&[2., 0., 0., 0.], &keys, &[1., 2., 3., 4., 5., 6., 7., 8.]);
            close("q [2, 0, 0, 0], keys [ln 3, 0, 0, 0] and [0, 1, 0, 0], values 1 to 4 and 5 to 8", got, &[2., 3., 4., 5.], 1e-6)
        };
        itself Hand 1 "the first token sees itself alone" => {
            close("q [5], key [-2], value [7]", ask::cached_attention_step(&[5.0], &[-2.0], &[7.0]), &[7.0], 0.0)
        };
        large Hand 2 "scores of 1,000 have weights too" => {
            // Weights 1/(1 + e) and e/(1 + e).
            let got = ask::cached_attention_step(&[100.0], &[9.99, 10.0], &[0.0, 1.0]);
            let near = 1.0 / (1.0 + (-1.0f32).exp());
            // A unit in the last place of a score of 1,000 is 6e-5.
            close("q [100], keys 9.99 and 10, values 0 and 1", got, &[near], 1e-4)
        };
        shares Property 1 "equal keys share evenly" => {
            close("q [3, -1], three keys [1, 2], values (0, 3), (3, 0), (6, 6)", ask::cached_attention_step(&[3., -1.], &[1., 2., 1., 2., 1., 2.], &[0., 3., 3., 0., 6., 6.]), &[3., 3.], 1e-6)
        };
    }
    cached_generate {
        same Golden 3 "the text is that without a cache" => {
            equal(format!("{STORY}, 8 tokens after [3, 1, 4]"), text(&[3, 1, 4], 8, &[], 99).map(|t| t.0), whole(&[3, 1, 4], 8)?)
        };
        one_by_one Systems 2 "the prompt at once, then one token at a time, the last one not at all" => {
            let got = text(&[3, 1, 4], 5, &[], 99).map(|t| (t.1, t.2));
            equal(format!("{STORY}, 5 tokens after [3, 1, 4]: tokens evaluated each time, tokens in the cache"), got, (vec![3usize, 1, 1, 1, 1], 7usize))
        };
        goes_on Hand 2 "a cache that is not empty is gone on from" => {
            let input = format!("{STORY}, 3 tokens after [3, 1], then 4 after the last of them");
            let model = value(&input, watched())?;
            let mut cache = value(&input, model.new_cache(1, CacheType::F32))?;
            let mut run = |prompt: &[u32], n| {
                ask::cached_generate(&model, &mut cache, prompt, n, &[], &mut Sampler::greedy(), &mut |_| true)
            };
            let first = value(&input, run(&[3, 1], 3))?;
            equal(format!("{input}: tokens of the first"), Ok(first.len()), 3usize)?;
            let got = run(&first[2..], 4);
            let plain = value(&input, watched())?;
            let want = value(&input, generate(&plain, &[3, 1], 7, &[], &mut Sampler::greedy(), &mut |_| true))?;
            equal(input, got, want[3..].to_vec())
        };
        length Hand 1 "no more tokens than wanted, up to all there is room for" => {
            equal(format!("{STORY}, no tokens after [3]"), text(&[3], 0, &[], 99).map(|t| t.0.len()), 0usize)?;
            equal(format!("{STORY}, 11 tokens after [3]"), text(&[3], 11, &[], 99).map(|t| t.0.len()), 11usize)
        };
        stop Hand 1 "a stop token ends the text and is part of it" => {
            let free = whole(&[3, 1, 4], 8)?;
            let stop = free[3];
            let end = free.iter().position(|t| *t == stop).unwrap_or(3);
            equal(format!("{STORY}, 8 tokens after [3, 1, 4], stop at {stop}"), text(&[3, 1, 4], 8, &[stop], 99).map(|t| t.0), free[..=end].to_vec())
        };
        reports Hand 1 "each token is reported as it comes, and the answer may end the text" => {
            let got = text(&[3, 1, 4], 8, &[], 2).map(|t| (t.0.len(), t.3));
            equal(format!("{STORY}, 8 tokens after [3, 1, 4], enough after 2: tokens, reports"), got, (2usize, 2usize))
        };
        no_prompt Error 1 "there is nothing to continue" => refused!("an empty prompt", text(&[], 2, &[], 9), InvalidArgument);
        too_long Error 1 "kept, given and new tokens together fit" => {
            refused!(format!("{STORY}, 11 tokens after [3, 1]"), text(&[3, 1], 11, &[], 99), InvalidArgument)
        };
        several Error 1 "one text, one cache" => {
            let input = format!("{STORY}, a cache for two texts");
            let model = value(&input, watched())?;
            let mut cache = value(&input, model.new_cache(2, CacheType::F32))?;
            let got = ask::cached_generate(&model, &mut cache, &[3], 1, &[], &mut Sampler::greedy(), &mut |_| true);
            holds(&input, Ok(cache.len()), "an empty cache after a refusal", |n| *n == 0)?;
            refused!(input, got, InvalidArgument)
        };
    }
}
