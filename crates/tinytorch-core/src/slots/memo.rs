//! Module 18, Memoization: keys and values of earlier tokens, kept and used again.

#[cfg(not(feature = "std"))]
use crate::nostd::Float;
use crate::nostd::prelude::*;
use crate::{
    Error, Result, Tensor,
    autograd::no_grad,
    generate::{CachedModel, KvCache, KvShape, Sampler},
};

/// Returns the bytes of a cache: keys and values of every block, text, head and position, `element` bytes for each number.
///
/// A count too large to hold stays at the largest one.
#[must_use]
pub fn kv_bytes(shape: &KvShape, batch: usize, len: usize, element: usize) -> u64 {
    let factors = [shape.layers, batch, shape.kv_heads, len, shape.head_dim, element];
    factors.iter().map(|&n| n as u64).fold(2, u64::saturating_mul)
}

/// Writes the vectors of new tokens, `new: [heads, n, d]`, behind the first `at` of each head of `rows: [heads, max_len, d]`.
///
/// There is room for them, and `d` is not 0.
pub fn kv_update(rows: &mut [f32], new: &[f32], heads: usize, d: usize, at: usize) {
    let (room, n) = (rows.len() / heads.max(1), new.len() / heads.max(1));
    for (rows, new) in rows.chunks_mut(room.max(1)).zip(new.chunks(n.max(1))) {
        rows[at * d..at * d + n].copy_from_slice(new);
    }
}

/// Returns the first `len` vectors of each head of `rows: [heads, max_len, d]`: `[heads, len, d]`.
#[must_use]
pub fn kv_get(rows: &[f32], heads: usize, d: usize, len: usize) -> Vec<f32> {
    let room = rows.len() / heads.max(1);
    rows.chunks(room.max(1)).flat_map(|rows| &rows[..len * d]).copied().collect()
}

/// Returns what the newest token of one head collects: the values, averaged with the weights `softmax(q·k/√d)`.
///
/// # Shapes
///
/// `q: [d]`, `keys` and `values: [n, d]`, the last of them its own; result `[d]`.
#[must_use]
pub fn cached_attention_step(q: &[f32], keys: &[f32], values: &[f32]) -> Vec<f32> {
    let d = q.len().max(1);
    let scale = (d as f32).sqrt().recip();
    let product = |key: &[f32]| key.iter().zip(q).map(|(k, q)| k * q).sum::<f32>() * scale;
    let scores: Vec<f32> = keys.chunks(d).map(product).collect();
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = scores.iter().map(|s| (s - most).exp()).collect();
    let sum: f32 = weights.iter().sum();
    let mut out = vec![0.0; q.len()];
    for (weight, value) in weights.iter().zip(values.chunks(d)) {
        out.iter_mut().zip(value).for_each(|(o, v)| *o += weight / sum * v);
    }
    out
}

/// Returns up to `max_new` tokens that continue what `cache` holds and then `prompt`: one evaluation of the prompt, then one of
/// each new token but the last.
///
/// Each token is drawn from the scores after the newest one, goes to `each`, and joins the text. The text ends early after a
/// token of `stop`, which is part of the result, or when `each` returns false. Nothing is recorded.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the prompt is empty, the cache is for several texts, or there is not room for all tokens;
/// whatever the model and [`Sampler::next`] return.
pub fn cached_generate(
    model: &dyn CachedModel,
    cache: &mut KvCache,
    prompt: &[u32],
    max_new: usize,
    stop: &[u32],
    sampler: &mut Sampler,
    each: &mut dyn FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    let op = "generate_cached";
    if prompt.is_empty() {
        return Err(Error::argument(op, "prompt", "empty", "at least one token"));
    }
    if cache.batch() != 1 {
        let got = format_args!("for {} texts", cache.batch());
        return Err(Error::argument(op, "cache", got, "one for one text"));
    }
    let room = cache.max_len().min(model.max_len());
    let total = cache.len().checked_add(prompt.len()).and_then(|n| n.checked_add(max_new));
    if total.is_none_or(|n| n > room) {
        let (kept, given) = (cache.len(), prompt.len());
        let got = format_args!("{kept} kept, {given} of prompt and {max_new} new");
        return Err(Error::argument(op, "length", got, format!("at most {room} tokens")));
    }
    let mut tokens = prompt.to_vec();
    let mut fresh = 0; // the first token that is not in the cache
    for _ in 0..max_new {
        let ids: Vec<i64> = tokens[fresh..].iter().map(|&t| i64::from(t)).collect();
        fresh = tokens.len();
        let n = ids.len();
        let scores = no_grad(|| model.next_scores(&Tensor::from_vec(ids, [1, n])?, cache))?;
        let token = sampler.next(&scores.to_vec_as::<f32>(), &tokens)?;
        tokens.push(token);
        if !each(token) || stop.contains(&token) {
            break;
        }
    }
    Ok(tokens.split_off(prompt.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_written() {
        let mut rows = vec![0.0; 2 * 4 * 3];
        let new: Vec<f32> = (1..=12).map(|i| i as f32).collect();
        kv_update(&mut rows, &new, 2, 3, 1);
        let got = kv_get(&rows, 2, 3, 3);
        let zeros = [0.0; 3];
        assert_eq!(got, [&zeros, &new[..6], &zeros, &new[6..]].concat());
        assert!(kv_get(&rows, 2, 3, 0).is_empty());
    }
}
