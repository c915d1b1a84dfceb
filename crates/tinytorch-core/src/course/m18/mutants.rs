//! Seeded mistakes of module 18.

use super::{CachedModel, KvCache, KvShape, MemoLesson, Sampler, plain};
use crate::{Result, Tensor, autograd::no_grad, course::lesson::mutants};

/// Attention where a mistake makes weights of the scores, `(score, is the last)`.
fn averaged(
    q: &[f32],
    keys: &[f32],
    values: &[f32],
    scale: f32,
    weights: impl Fn(&[f32]) -> Vec<f32>,
) -> Vec<f32> {
    let d = q.len();
    let scores: Vec<f32> =
        keys.chunks(d).map(|k| k.iter().zip(q).map(|(k, q)| k * q).sum::<f32>() * scale).collect();
    let mut out = vec![0.0; d];
    for (weight, value) in weights(&scores).iter().zip(values.chunks(d)) {
        out.iter_mut().zip(value).for_each(|(o, v)| *o += weight * v);
    }
    out
}

fn root(q: &[f32]) -> f32 {
    (q.len() as f32).sqrt().recip()
}

fn softmax(scores: &[f32]) -> Vec<f32> {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = scores.iter().map(|s| (s - most).exp()).collect();
    let sum: f32 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

/// What a text does differently.
#[derive(Default)]
struct Odd {
    starts_anew: bool,
    evaluates_all: bool,
    feeds_again: bool,
    keeps_last: bool,
    forgets: bool,
    goes_on: bool,
    hides_stop: bool,
    silent: bool,
    deaf: bool,
    records: bool,
    trusts: bool,
}

fn odd_text(
    odd: &Odd,
    model: &dyn CachedModel,
    cache: &mut KvCache,
    prompt: &[u32],
    max_new: usize,
    stop: &[u32],
    sampler: &mut Sampler,
    each: &mut dyn FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    if !odd.trusts {
        // The refusals of bad input, and nothing else.
        let spare = &mut cache.fork();
        plain::cached_generate(model, spare, prompt, 0, stop, &mut sampler.clone(), &mut |_| true)?;
        let room = cache.max_len().min(model.max_len());
        if cache.len() + prompt.len() + max_new > room {
            return plain::cached_generate(model, cache, prompt, max_new, stop, sampler, each);
        }
    }
    if odd.starts_anew {
        cache.reset();
    }
    let before = cache.len();
    let (mut tokens, mut new, mut fresh) = (prompt.to_vec(), Vec::new(), 0);
    let evaluate = |tokens: &[u32], cache: &mut KvCache| {
        let ids: Vec<i64> = tokens.iter().map(|&t| i64::from(t)).collect();
        let n = ids.len();
        let ids = Tensor::from_vec(ids, [1, n])?;
        let mut run = || model.next_scores(&ids, cache);
        if odd.records { run() } else { no_grad(run) }
    };
    for _ in 0..max_new {
        if odd.evaluates_all {
            cache.truncate(before)?;
            fresh = 0;
        }
        let scores = evaluate(&tokens[fresh..], cache)?;
        fresh = if odd.feeds_again { fresh } else { tokens.len() };
        let token =
            sampler.next(&scores.to_vec_as::<f32>(), if odd.forgets { &[] } else { &tokens })?;
        tokens.push(token);
        if odd.hides_stop && stop.contains(&token) {
            break;
        }
        new.push(token);
        let more = odd.silent || each(token) || odd.deaf;
        if !more || (!odd.goes_on && stop.contains(&token)) {
            break;
        }
    }
    if odd.keeps_last && fresh < tokens.len() && cache.len() < cache.max_len() {
        evaluate(&tokens[fresh..], cache)?;
    }
    Ok(new)
}

mutants! {
    MemoLesson;
    fn kv_bytes(shape: &KvShape, batch: usize, len: usize, element: usize) -> u64 {
        "counts keys and forgets values" => plain::kv_bytes(shape, batch, len, element) / 2,
        "counts one block" => plain::kv_bytes(&KvShape { layers: 1, ..*shape }, batch, len, element),
        "counts one head" => plain::kv_bytes(&KvShape { kv_heads: 1, ..*shape }, batch, len, element),
        "counts one text" => plain::kv_bytes(shape, 1, len, element),
        "counts one token" => plain::kv_bytes(shape, batch, 1, element),
        "counts numbers, not bytes" => plain::kv_bytes(shape, batch, len, 1),
        "counts bits" => plain::kv_bytes(shape, batch, len, element) * 8,
    }
    fn kv_update(rows: &mut [f32], new: &[f32], heads: usize, d: usize, at: usize) -> () {
        "writes at the beginning" => plain::kv_update(rows, new, heads, d, 0),
        "writes all heads side by side" => {
            let start = (at * d).min(rows.len() - new.len());
            rows[start..start + new.len()].copy_from_slice(new);
        },
        "writes the first token alone" => {
            let n = new.len() / heads;
            let first: Vec<f32> = new.chunks(n).flat_map(|new| &new[..d]).copied().collect();
            plain::kv_update(rows, &first, heads, d, at);
        },
        "takes new vectors token by token, not head by head" => {
            let n = new.len() / (heads * d);
            let turned: Vec<f32> = (0..heads)
                .flat_map(|h| (0..n).map(move |t| (t * heads + h) * d))
                .flat_map(|from| new[from..from + d].to_vec())
                .collect();
            plain::kv_update(rows, &turned, heads, d, at);
        },
        "adds to what is there" => {
            let (room, n) = (rows.len() / heads, new.len() / heads);
            for (rows, new) in rows.chunks_mut(room).zip(new.chunks(n)) {
                rows[at * d..at * d + n].iter_mut().zip(new).for_each(|(r, v)| *r += v);
            }
        },
        "clears what lies behind" => {
            let room = rows.len() / heads;
            rows.chunks_mut(room).for_each(|rows| rows[at * d..].fill(0.0));
            plain::kv_update(rows, new, heads, d, at);
        },
        "writes the first head alone" => {
            let n = new.len() / heads;
            rows[at * d..at * d + n].copy_from_slice(&new[..n]);
        },
    }
    fn kv_get(rows: &[f32], heads: usize, d: usize, len: usize) -> Vec<f32> {
        "returns all rows" => rows.to_vec(),
        "takes heads to lie side by side" => rows[..heads * len * d].to_vec(),
        "returns the last rows" => {
            let room = rows.len() / heads;
            rows.chunks(room).flat_map(|rows| &rows[room - len * d..]).copied().collect()
        },
        "leaves out the newest" => {
            let mut out = plain::kv_get(rows, heads, d, len.saturating_sub(1));
            out.resize(heads * len * d, 0.0);
            out
        },
        "returns the first head alone" => {
            let first = plain::kv_get(&rows[..rows.len() / heads], 1, d, len);
            first.repeat(heads)
        },
    }
    fn cached_attention_step(q: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
        "does not scale the scores" => averaged(q, keys, values, 1.0, softmax),
        "divides by the width, not its root" => averaged(q, keys, values, 1.0 / q.len() as f32, softmax),
        "does not subtract the largest score" => averaged(q, keys, values, root(q), |scores| {
            let weights: Vec<f32> = scores.iter().map(|s| s.exp()).collect();
            let sum: f32 = weights.iter().sum();
            weights.iter().map(|w| w / sum).collect()
        }),
        "does not divide by the sum" => averaged(q, keys, values, root(q), |scores| {
            let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            scores.iter().map(|s| (s - most).exp()).collect()
        }),
        "leaves out its own token" => {
            let n = keys.len() - q.len();
            averaged(q, &keys[..n], &values[..n], root(q), softmax)
        },
        "averages the keys" => averaged(q, keys, keys, root(q), softmax),
        "takes the best value alone" => averaged(q, keys, values, root(q), |scores| {
            let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            scores.iter().map(|s| f32::from(u8::from(*s == most))).collect()
        }),
        "averages evenly" => averaged(q, keys, values, root(q), |scores| vec![1.0 / scores.len() as f32; scores.len()]),
    }
    fn cached_generate(model: &dyn CachedModel, cache: &mut KvCache, prompt: &[u32], max_new: usize, stop: &[u32], sampler: &mut Sampler, each: &mut dyn FnMut(u32) -> bool) -> Vec<u32> {
        "forgets what the cache held" =>
            odd_text(&Odd { starts_anew: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "evaluates the whole text for each token" =>
            odd_text(&Odd { evaluates_all: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "puts the whole text in again behind itself" =>
            odd_text(&Odd { feeds_again: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "evaluates the last token too" =>
            odd_text(&Odd { keeps_last: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "tells the sampler of no earlier tokens" =>
            odd_text(&Odd { forgets: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "goes on after a stop token" =>
            odd_text(&Odd { goes_on: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "leaves the stop token out" =>
            odd_text(&Odd { hides_stop: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "reports nothing" =>
            odd_text(&Odd { silent: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "does not listen to the answer" =>
            odd_text(&Odd { deaf: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "records operations" =>
            odd_text(&Odd { records: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each)?,
        "takes any input" =>
            odd_text(&Odd { trusts: true, ..Odd::default() }, model, cache, prompt, max_new, stop, sampler, each).unwrap_or_default(),
    }
}
