//! Module 12: attention.

use crate::{
    Result, Tensor,
    ops::attention::{self as ops, Mask},
    slots::attention as slot,
};

#[cfg(feature = "course")]
use crate::{
    course::m12::{hook, slot as student},
    dispatch::shaped,
};

/// Product of each query with each key.
pub(crate) fn attention_scores(q: &Tensor, k: &Tensor) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::attention_scores(q, k)? {
        let mut shape = q.dims().to_vec();
        if let (Some(last), [.., t, _]) = (shape.last_mut(), k.dims()) {
            *last = *t;
        }
        // Batch axes that broadcast are the library's business, not the student's.
        let shape = if q.rank() == k.rank()
            && q.dims()[..q.rank().saturating_sub(2)] == k.dims()[..k.rank().saturating_sub(2)]
        {
            shape
        } else {
            out.dims().to_vec()
        };
        return shaped(student::attention_scores, out, &shape, q.dtype());
    }
    slot::attention_scores(q, k)
}

/// Scores of a spread that does not grow with the width.
pub(crate) fn scale_scores(scores: &Tensor, width: usize) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::scale_scores(scores, width)? {
        return shaped(student::scale_scores, out, scores.dims(), scores.dtype());
    }
    slot::scale_scores(scores, width)
}

/// Scores with excluded keys at negative infinity.
pub(crate) fn apply_mask(scores: &Tensor, mask: Mask<'_>) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::apply_mask(scores, mask)? {
        let shape =
            if out.rank() == scores.rank() { out.dims().to_vec() } else { scores.dims().to_vec() };
        return shaped(student::apply_mask, out, &shape, scores.dtype());
    }
    slot::apply_mask(scores, mask)
}

/// Values averaged by the softmax of the scores.
pub(crate) fn attention(scores: &Tensor, v: &Tensor) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::attention(scores, v)? {
        let mut shape = scores.dims().to_vec();
        if let (Some(last), Some(w)) = (shape.last_mut(), v.dims().last()) {
            *last = *w;
        }
        return shaped(student::attention, out, &shape, v.dtype());
    }
    slot::attention(scores, v)
}

/// True if no course serves this thread: what several slots do may be done in one step then.
pub(crate) fn by_reference_alone() -> bool {
    #[cfg(feature = "course")]
    return !crate::course::is_active();
    #[cfg(not(feature = "course"))]
    true
}

/// Attention from heads of queries, keys and values to what the queries collect, in one step.
///
/// By tiles while nothing but the reference serves the steps inside; under a course each step is asked for by itself.
pub(crate) fn whole_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: Mask<'_>,
) -> Result<Tensor> {
    if !by_reference_alone() {
        let h = q.dims().get(1).copied().unwrap_or(1);
        let [k, v] = [ops::shared(k, h)?, ops::shared(v, h)?];
        return ops::in_steps(q, &k, &v, mask, None);
    }
    if crate::kernels::steady::is_on()
        && !crate::autograd::is_recording()
        && matches!(mask, Mask::Causal)
        && let Some(out) = one_by_one(q, k, v)?
    {
        return Ok(out);
    }
    ops::flash_attention(q, k, v, mask, None)
}

/// Causal attention of one query after the other, where each has the bits it has alone; nothing for other types and shapes.
fn one_by_one(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Option<Tensor>> {
    let (&[batch, heads, queries, d], &[_, groups, keys, _]) = (q.dims(), k.dims()) else {
        return Ok(None);
    };
    let fits = groups > 0 && heads % groups == 0 && keys == queries && k.dims() == v.dims();
    let floats = [q, k, v].iter().all(|t| t.dtype() == crate::DType::F32);
    if !fits || !floats || q.numel() == 0 || k.dims() != [batch, groups, keys, d] {
        return Ok(None);
    }
    let [kq, kk, kv] = [q, k, v].map(Tensor::contiguous);
    let rows = |t| Ok(crate::kernels::cached::Rows { data: Tensor::as_slice(t)?, scales: None });
    let sizes =
        crate::kernels::cached::Sizes { batch, heads, groups, queries, d, start: 0, max_len: keys };
    let out = crate::kernels::cached::attend::<f32>(kq.as_slice()?, rows(&kk)?, rows(&kv)?, sizes);
    Tensor::from_vec(out, *q.shape()).map(Some)
}

/// The weights with which [`attention`] averages: what it makes of values of which each is 1 at its own place.
pub(crate) fn attention_weights(scores: &Tensor) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if crate::course::is_active()
        && let &[.., t] = scores.dims()
    {
        let unit = Tensor::eye(t, scores.dtype())?;
        let mut shape = scores.dims().to_vec();
        if let [.., s, _] = &mut shape[..] {
            *s = t;
        }
        if let Some(out) = hook::attention(scores, &unit.expand(&shape[..])?)? {
            return shaped(student::attention, out, scores.dims(), scores.dtype());
        }
    }
    scores.softmax(-1)
}

/// The width cut into heads.
pub(crate) fn split_heads(x: &Tensor, heads: usize) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::split_heads(x, heads)? {
        let &[b, t, width] = x.dims() else { return slot::split_heads(x, heads) };
        let shape = [b, heads, t, width / heads.max(1)];
        return shaped(student::split_heads, out, &shape, x.dtype());
    }
    slot::split_heads(x, heads)
}

/// The heads side by side again.
pub(crate) fn merge_heads(x: &Tensor) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::merge_heads(x)? {
        let &[b, h, t, d] = x.dims() else { return slot::merge_heads(x) };
        return shaped(student::merge_heads, out, &[b, t, h * d], x.dtype());
    }
    slot::merge_heads(x)
}

/// Attention with several heads.
pub(crate) fn mha_forward(
    x: &Tensor,
    mask: Mask<'_>,
    layer: &slot::MultiHead<'_>,
) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::mha_forward(x, mask, layer)? {
        return shaped(student::mha_forward, out, x.dims(), x.dtype());
    }
    slot::mha_forward(x, mask, layer)
}

/// Attention with several heads, and its weights, which a student's slot does not return.
pub(crate) fn mha_with_weights(
    x: &Tensor,
    mask: Mask<'_>,
    layer: &slot::MultiHead<'_>,
) -> Result<(Tensor, Tensor)> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::mha_forward(x, mask, layer)? {
        let out = shaped(student::mha_forward, out, x.dims(), x.dtype())?;
        let undropped = slot::MultiHead { dropout: None, ..*layer };
        return Ok((out, slot::mha_with_weights(x, mask, &undropped)?.1));
    }
    slot::mha_with_weights(x, mask, layer)
}
