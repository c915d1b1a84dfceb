//! Seeded mistakes of module 12.

use super::{AttentionLesson, Mask, MultiHead, Tensor, plain};
use crate::{Result, course::lesson::mutants};

/// Excludes key j for query i where `hide(i, j)`.
fn hidden(scores: &Tensor, with: f64, hide: impl Fn(usize, usize) -> bool) -> Result<Tensor> {
    let &[.., s, t] = scores.dims() else { return Ok(scores.clone()) };
    let marks: Vec<bool> = (0..s * t).map(|at| hide(at / t, at % t)).collect();
    scores.masked_fill(&Tensor::from_vec(marks, [s, t])?, with)
}

mutants! {
    AttentionLesson;
    fn attention_scores(q: &Tensor, k: &Tensor) -> Tensor {
        "exchanges queries and keys" => plain::attention_scores(k, q)?,
        "leaves out the transpose" => match q.matmul(k) {
            Ok(scores) => { plain::attention_scores(q, k)?; scores },
            Err(_) => plain::attention_scores(q, k)?.mul_scalar(0.0)?,
        },
        "scales already" => {
            let width = q.dims().last().copied().unwrap_or(1);
            plain::scale_scores(&plain::attention_scores(q, k)?, width)?
        },
        "takes the softmax already" => plain::attention_scores(q, k)?.softmax(-1)?,
        "scores queries with queries" => { plain::attention_scores(q, k)?; plain::attention_scores(q, q)? },
        "negates the scores" => plain::attention_scores(q, k)?.neg()?,
    }
    fn scale_scores(scores: &Tensor, width: usize) -> Tensor {
        "divides by the width instead of its root" => scores.div_scalar(width as f64)?,
        "multiplies by the root" => scores.mul_scalar((width as f64).sqrt())?,
        "does not scale" => { let _ = width; scores.clone() },
        "uses the number of keys" => {
            let keys = scores.dims().last().copied().unwrap_or(1);
            scores.div_scalar((keys as f64).sqrt())?
        },
        "subtracts the root" => scores.add_scalar(-(width as f64).sqrt())?,
    }
    fn apply_mask(scores: &Tensor, mask: Mask<'_>) -> Tensor {
        "ignores the mask" => { let _ = mask; scores.clone() },
        "hides the past instead of the future" => match mask {
            Mask::Causal => hidden(scores, f64::NEG_INFINITY, |i, j| j < i)?,
            other => plain::apply_mask(scores, other)?,
        },
        "hides the present too" => match mask {
            Mask::Causal => hidden(scores, f64::NEG_INFINITY, |i, j| j >= i)?,
            other => plain::apply_mask(scores, other)?,
        },
        "lets every query see one key ahead" => match mask {
            Mask::Causal => hidden(scores, f64::NEG_INFINITY, |i, j| j > i + 1)?,
            other => plain::apply_mask(scores, other)?,
        },
        "fills with 0" => match mask {
            Mask::Causal => hidden(scores, 0.0, |i, j| j > i)?,
            other => plain::apply_mask(scores, other)?,
        },
        "takes true for hidden" => match mask {
            Mask::Bool(allowed) => scores.masked_fill(allowed, f64::NEG_INFINITY)?,
            other => plain::apply_mask(scores, other)?,
        },
        "multiplies by an additive mask" => match mask {
            Mask::Additive(bias) => scores.mul(bias)?,
            other => plain::apply_mask(scores, other)?,
        },
    }
    fn attention(scores: &Tensor, v: &Tensor) -> Tensor {
        "normalizes over the queries" => scores.softmax(-2)?.matmul(v)?,
        "does not normalize" => scores.matmul(v)?,
        "takes exponentials without dividing" => scores.exp()?.matmul(v)?,
        "averages all values evenly" => scores.mul_scalar(0.0)?.softmax(-1)?.matmul(v)?,
        "doubles the result" => plain::attention(scores, v)?.mul_scalar(2.0)?,
        "takes the value of the best key only" => scores.mul_scalar(1e6)?.softmax(-1)?.matmul(v)?,
    }
    fn split_heads(x: &Tensor, heads: usize) -> Tensor {
        "reshapes without exchanging axes" => {
            let y = plain::split_heads(x, heads)?;
            x.reshape(y.dims())?
        },
        "leaves out the exchange" => plain::split_heads(x, heads)?.transpose(1, 2)?,
        "gives neighbors in the width to different heads" => {
            plain::split_heads(x, heads)?;
            let (b, t, w) = (x.dims()[0], x.dims()[1], x.dims()[2]);
            x.reshape([b, t, w / heads, heads])?.permute(&[0, 3, 1, 2])?
        },
        "reverses the heads" => {
            let y = plain::split_heads(x, heads)?;
            let parts = (0..heads as isize).rev().map(|h| y.slice(1, h..h + 1, 1)).collect::<Result<Vec<_>>>()?;
            Tensor::cat(&parts.iter().collect::<Vec<_>>(), 1)?
        },
        "drops what does not divide" => match x.dims() {
            &[b, t, w] if heads > 0 => {
                let d = w / heads;
                x.slice(2, 0..(d * heads) as isize, 1)?.reshape([b, t, heads, d])?.transpose(1, 2)?
            }
            _ => plain::split_heads(x, heads)?,
        },
    }
    fn merge_heads(x: &Tensor) -> Tensor {
        "reshapes without exchanging axes" => {
            let y = plain::merge_heads(x)?;
            x.reshape(y.dims())?
        },
        "puts neighbors of different heads side by side" => {
            let y = plain::merge_heads(x)?;
            x.permute(&[0, 2, 3, 1])?.reshape(y.dims())?
        },
        "keeps the heads apart" => { plain::merge_heads(x)?; x.transpose(1, 2)? },
        "averages the heads" => {
            let y = plain::merge_heads(x)?;
            let mean = x.mean(1, false)?;
            let all = vec![&mean; x.dims()[1]];
            Tensor::cat(&all, -1)?.reshape(y.dims())?
        },
        "reverses the heads" => {
            let n = x.dims().get(1).copied().unwrap_or(0);
            let parts = (0..n as isize).rev().map(|h| x.slice(1, h..h + 1, 1)).collect::<Result<Vec<_>>>()?;
            plain::merge_heads(&Tensor::cat(&parts.iter().collect::<Vec<_>>(), 1)?)?
        },
    }
    fn mha_forward(x: &Tensor, mask: Mask<'_>, layer: &MultiHead<'_>) -> Tensor {
        "leaves out the last projection" => plain::mha_forward(x, mask, &MultiHead { out: &|h| Ok(h.clone()), ..*layer })?,
        "exchanges queries and keys" => {
            let [q, k, v] = layer.qkv;
            plain::mha_forward(x, mask, &MultiHead { qkv: [k, q, v], ..*layer })?
        },
        "takes the keys for values" => {
            let [q, k, _] = layer.qkv;
            plain::mha_forward(x, mask, &MultiHead { qkv: [q, k, k], ..*layer })?
        },
        "does not split the heads" => plain::mha_forward(x, mask, &MultiHead { heads: 1, kv_heads: 1, ..*layer })?,
        "ignores the mask" => { let _ = mask; plain::mha_forward(x, Mask::None, layer)? },
        "does not scale the scores" => {
            let [q, k, v] = layer.qkv;
            let root = |x: &Tensor| {
                let q = q(x)?;
                let d = q.dims()[2] / layer.heads;
                q.mul_scalar((d as f64).sqrt())
            };
            plain::mha_forward(x, mask, &MultiHead { qkv: [&root, k, v], ..*layer })?
        },
        "scales by the width of all heads" => {
            let [q, k, v] = layer.qkv;
            let less = |x: &Tensor| q(x)?.mul_scalar((layer.heads as f64).sqrt().recip());
            plain::mha_forward(x, mask, &MultiHead { qkv: [&less, k, v], ..*layer })?
        },
        "lets heads of queries share in turn" => {
            let [q, k, v] = layer.qkv;
            let share = layer.heads / layer.kv_heads;
            let again = |x: Tensor| Tensor::cat(&vec![&x; share], 2);
            let (k, v) = (|x: &Tensor| again(k(x)?), |x: &Tensor| again(v(x)?));
            plain::mha_forward(x, mask, &MultiHead { qkv: [q, &k, &v], kv_heads: layer.heads, ..*layer })?
        },
        "does not rotate" => plain::mha_forward(x, mask, &MultiHead { rotate: None, ..*layer })?,
        "rotates the values too" => match layer.rotate {
            Some(rotate) => {
                let [q, k, v] = layer.qkv;
                plain::mha_forward(x, mask, &MultiHead { qkv: [q, k, &|x| rotate(&v(x)?)], ..*layer })?
            }
            None => plain::mha_forward(x, mask, layer)?,
        },
        "leaves out dropout" => plain::mha_forward(x, mask, &MultiHead { dropout: None, ..*layer })?,
        "drops what was collected instead of weights" => match layer.dropout {
            Some(dropout) => {
                let out = |h: &Tensor| (layer.out)(&dropout(h)?);
                plain::mha_forward(x, mask, &MultiHead { out: &out, dropout: None, ..*layer })?
            }
            None => plain::mha_forward(x, mask, layer)?,
        },
        "cuts the gradient of the values" => {
            let [q, k, v] = layer.qkv;
            plain::mha_forward(x, mask, &MultiHead { qkv: [q, k, &|x| Ok(v(x)?.detach())], ..*layer })?
        },
    }
}
