//! Module 18: memoization.

use crate::nostd::prelude::*;
use crate::{
    Result,
    generate::{CachedModel, KvCache, KvShape, Sampler},
    slots::memo as slot,
};

#[cfg(feature = "course")]
use crate::course::{
    m18::{hook, slot as student},
    wrong,
};

/// Bytes of a cache.
pub(crate) fn kv_bytes(shape: &KvShape, batch: usize, len: usize, element: usize) -> u64 {
    #[cfg(feature = "course")]
    match hook::kv_bytes(shape, batch, len, element) {
        Ok(Some(bytes)) => return bytes,
        Ok(None) => {}
        // Counting cannot fail, so the error waits for the next operation that can.
        Err(error) => crate::course::defer(error),
    }
    slot::kv_bytes(shape, batch, len, element)
}

/// New vectors behind those that are kept.
pub(crate) fn kv_update(
    rows: &mut [f32],
    new: &[f32],
    heads: usize,
    d: usize,
    at: usize,
) -> Result<()> {
    #[cfg(feature = "course")]
    if hook::kv_update(rows, new, heads, d, at)?.is_some() {
        return Ok(());
    }
    slot::kv_update(rows, new, heads, d, at);
    Ok(())
}

/// What the newest tokens of all heads collect, `[B, H, S, d]`, from kept rows `[B, G, max_len, d]`: each step is asked for by
/// itself.
#[cfg(feature = "course")]
pub(crate) fn cached_attention(
    q: &[f32],
    [keys, values]: [&[f32]; 2],
    sizes: &crate::kernels::cached::Sizes,
) -> Result<Vec<f32>> {
    let &crate::kernels::cached::Sizes { batch, heads, groups, queries, d, start, .. } = sizes;
    let kept = batch * groups;
    let mut out = vec![0.0; q.len()];
    for i in 0..queries {
        let len = start + i + 1;
        let get = |rows: &[f32]| match hook::kv_get(rows, kept, d, len)? {
            Some(got) => sized(student::kv_get, got, kept * len * d),
            None => Ok(slot::kv_get(rows, kept, d, len)),
        };
        let (keys, values) = (get(keys)?, get(values)?);
        for head in 0..batch * heads {
            let group = head / heads * groups + head % heads / (heads / groups);
            let own = group * len * d..(group + 1) * len * d;
            let at = (head * queries + i) * d;
            let (q, k, v) = (&q[at..at + d], &keys[own.clone()], &values[own]);
            let got = match hook::cached_attention_step(q, k, v)? {
                Some(got) => sized(student::cached_attention_step, got, d)?,
                None => slot::cached_attention_step(q, k, v),
            };
            out[at..at + d].copy_from_slice(&got);
        }
    }
    Ok(out)
}

/// Tokens that continue a prompt, with a cache.
pub(crate) fn cached_generate(
    model: &dyn CachedModel,
    cache: &mut KvCache,
    prompt: &[u32],
    max_new: usize,
    stop: &[u32],
    sampler: &mut Sampler,
    each: &mut dyn FnMut(u32) -> bool,
) -> Result<Vec<u32>> {
    #[cfg(feature = "course")]
    if let Some(out) =
        hook::cached_generate(model, &mut *cache, prompt, max_new, stop, &mut *sampler, &mut *each)?
    {
        if out.len() > max_new {
            let detail = format!("returned {} tokens, at most {max_new} were wanted", out.len());
            return Err(wrong(student::cached_generate, detail));
        }
        return Ok(out);
    }
    slot::cached_generate(model, cache, prompt, max_new, stop, sampler, each)
}

/// Refuses a result of another length.
#[cfg(feature = "course")]
fn sized(slot: &'static crate::course::Slot, out: Vec<f32>, len: usize) -> Result<Vec<f32>> {
    if out.len() == len {
        return Ok(out);
    }
    Err(wrong(slot, format!("returned {} numbers, {len} are needed", out.len())))
}
