//! Module 18, Memoization: a cache of keys and values, and texts that are written with it.
#![expect(clippy::too_many_arguments, reason = "a text takes one more than the lint likes")]

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
pub use crate::generate::{CachedModel, KvCache, KvShape, Sampler};
use crate::slots::memo as plain;

lesson! {
    /// What earlier tokens computed, kept and used again.
    MemoLesson, m18, 18;

    /// Returns the bytes of a cache: keys and values of every block, text, head and position, `element` bytes for each number.
    core fn kv_bytes(shape: &KvShape, batch: usize, len: usize, element: usize) -> u64,
        hint "a product of seven numbers, one of which is 2; multiply as u64",
        Ok(plain::kv_bytes(shape, batch, len, element));
    /// Writes the vectors of new tokens, `new: [heads, n, d]`, behind the first `at` of each head of `rows: [heads, max_len, d]`. There
    /// is room for them.
    core fn kv_update(rows: &mut [f32], new: &[f32], heads: usize, d: usize, at: usize) -> (),
        hint "each head has rows.len() / heads numbers; rows.chunks_mut cuts them apart",
        {
            plain::kv_update(rows, new, heads, d, at);
            Ok(())
        };
    /// Returns the first `len` vectors of each head of `rows: [heads, max_len, d]`, one head after the other: `[heads, len, d]`.
    core fn kv_get(rows: &[f32], heads: usize, d: usize, len: usize) -> Vec<f32>,
        hint "what lies behind the first len vectors of a head does not count",
        Ok(plain::kv_get(rows, heads, d, len));
    /// Returns what the newest token of one head collects, `[d]`: the `values: [n, d]`, averaged with the weights `softmax(q·k/√d)` of
    /// its query `q: [d]` and all `keys: [n, d]`, the last of which is its own.
    core fn cached_attention_step(q: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32>,
        hint "q.len() is d; subtract the largest score before you take exponentials",
        Ok(plain::cached_attention_step(q, keys, values));
    /// Returns up to `max_new` tokens that continue what `cache` holds and then `prompt`. `model.next_scores(ids, cache)` gives the
    /// scores after the last of `ids: [1, n]` and keeps all of them: the prompt goes in at once, then each new token alone; the last
    /// one stays out. A token of `stop`, which is part of the result, and `false` from `each` end the text.
    /// An empty prompt, a cache for several texts, and more tokens than the cache and the model have room for are an
    /// `Error::InvalidArgument`. Call the model inside `no_grad`; `sampler.next(&scores, &tokens)` hears of prompt and new tokens.
    core fn cached_generate(model: &dyn CachedModel, cache: &mut KvCache, prompt: &[u32], max_new: usize, stop: &[u32], sampler: &mut Sampler, each: &mut dyn FnMut(u32) -> bool) -> Vec<u32>,
        hint "keep count of how many of your tokens the cache has already seen",
        plain::cached_generate(model, cache, prompt, max_new, stop, sampler, each);
}

pub(super) const MODULE: Module = Module {
    number: 18,
    id: "m18",
    name: "Memoization",
    tier: "optimization",
    lesson: "MemoLesson",
    prerequisites: &[12, 13],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 4,
};
