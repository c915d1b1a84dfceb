//! Module 12, Attention: every position asks all others what they know.
//!
//! These algorithms are short chains of tensor operations, so their gradients come for free.

#[cfg(not(feature = "std"))]
use crate::nostd::Float;
use core::fmt;

use super::Part;
use crate::{
    Error, Result, Tensor, dispatch,
    ops::attention::{Mask, attention_weights, shared},
};

/// Returns the product of each query with each key: `q·kᵀ`.
///
/// # Shapes
///
/// `q: [.., S, d]`, `k: [.., T, d]`, result `[.., S, T]`.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] unless both have a sequence axis and one width; otherwise as [`Tensor::matmul`].
pub fn attention_scores(q: &Tensor, k: &Tensor) -> Result<Tensor> {
    let detail = match (q.dims(), k.dims()) {
        ([.., _, d], [.., _, e]) if d == e => return q.matmul(&k.t()?),
        ([.., _, _], [.., _, _]) => "queries and keys have different widths",
        _ => "queries and keys need a sequence axis and a width",
    };
    Err(Error::shapes(
        "attention",
        (q.shape(), k.shape()),
        detail,
        "each score is the product of a query and a key of one width",
        "pass [.., sequence, width] with the heads in front",
    ))
}

/// Returns the scores divided by the root of the width of the queries, so that their spread does not grow with it.
///
/// # Errors
///
/// As [`Tensor::mul_scalar`].
pub fn scale_scores(scores: &Tensor, width: usize) -> Result<Tensor> {
    scores.mul_scalar((width.max(1) as f64).sqrt().recip())
}

/// Returns the scores with excluded keys at negative infinity: their weight will be exactly 0.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] or [`Error::DTypeUnsupported`] for a mask that does not fit the scores.
pub fn apply_mask(scores: &Tensor, mask: Mask<'_>) -> Result<Tensor> {
    match mask {
        Mask::None => Ok(scores.clone()),
        Mask::Causal => {
            let &[.., s, t] = scores.dims() else { return Ok(scores.clone()) };
            let future = (0..s).flat_map(|i| (0..t).map(move |j| j > i)).collect();
            scores.masked_fill(&Tensor::from_vec(future, [s, t])?, f64::NEG_INFINITY)
        }
        Mask::Bool(allowed) => scores.masked_fill(&allowed.logical_not()?, f64::NEG_INFINITY),
        Mask::Additive(bias) => scores.add(bias),
    }
}

/// Returns what each query collects: the values, averaged with the weights `softmax(scores)`.
///
/// # Shapes
///
/// `scores: [.., S, T]`, `v: [.., T, w]`, result `[.., S, w]`.
///
/// # Errors
///
/// As [`Tensor::softmax`] and [`Tensor::matmul`].
pub fn attention(scores: &Tensor, v: &Tensor) -> Result<Tensor> {
    scores.softmax(-1)?.matmul(v)
}

/// Returns the width cut into heads, each with its own sequence: `[B, T, H·d]` becomes `[B, H, T, d]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless the input has rank 3 and the heads divide its width.
pub fn split_heads(x: &Tensor, heads: usize) -> Result<Tensor> {
    let &[b, t, width] = x.dims() else {
        return Err(Error::argument(
            "split_heads",
            "input",
            format!("of shape {}", x.shape()),
            "[batch, sequence, width]",
        ));
    };
    if heads == 0 || width % heads != 0 {
        return Err(Error::argument(
            "split_heads",
            "heads",
            heads,
            format!("a divisor of the width {width}"),
        ));
    }
    x.reshape([b, t, heads, width / heads])?.transpose(1, 2)
}

/// Returns the heads side by side again: `[B, H, T, d]` becomes `[B, T, H·d]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless the input has rank 4.
pub fn merge_heads(x: &Tensor) -> Result<Tensor> {
    let &[b, h, t, d] = x.dims() else {
        return Err(Error::argument(
            "merge_heads",
            "input",
            format!("of shape {}", x.shape()),
            "[batch, heads, sequence, width]",
        ));
    };
    x.transpose(1, 2)?.reshape([b, t, h * d])
}

/// What attention with several heads is made of.
#[derive(Clone, Copy)]
pub struct MultiHead<'a> {
    /// Projections of the input to queries, keys and values: `[B, T, width]` to `[B, T, heads·d]`, or to `[B, T, kv_heads·d]`.
    pub qkv: [Part<'a>; 3],
    /// Projection of what the heads collected.
    pub out: Part<'a>,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values, each shared by `heads / kv_heads` consecutive heads of queries.
    pub kv_heads: usize,
    /// Rotation of queries and keys, `[B, H, T, d]`, by their positions, if they are rotated.
    pub rotate: Option<Part<'a>>,
    /// Dropout of the weights, if it is active.
    pub dropout: Option<Part<'a>>,
}

impl fmt::Debug for MultiHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiHead")
            .field("heads", &self.heads)
            .field("kv_heads", &self.kv_heads)
            .field("rotate", &self.rotate.is_some())
            .field("dropout", &self.dropout.is_some())
            .finish_non_exhaustive()
    }
}

impl MultiHead<'_> {
    /// Returns queries, `[B, heads, T, d]`, keys and values, `[B, kv_heads, T, d]`, the first two rotated.
    pub(crate) fn heads_of(&self, x: &Tensor) -> Result<[Tensor; 3]> {
        let [q, k, v] = self.qkv;
        let q = dispatch::split_heads(&q(x)?, self.heads)?; // [B, H, T, d]
        let k = dispatch::split_heads(&k(x)?, self.kv_heads)?; // [B, G, T, d]
        let v = dispatch::split_heads(&v(x)?, self.kv_heads)?; // [B, G, T, d]
        match self.rotate {
            Some(rotate) => Ok([rotate(&q)?, rotate(&k)?, v]),
            None => Ok([q, k, v]),
        }
    }
}

/// Returns what each position collects from those that `mask` allows, with several heads side by side.
///
/// The three projections of `x` are split into heads, each head attends by itself, and the heads side by side are projected
/// once more. Dropout, if it is active, acts on the weights.
///
/// # Shapes
///
/// `x: [B, T, width]`, result the same.
///
/// # Errors
///
/// What the parts return.
///
/// # Source
///
/// Vaswani et al. (2017), "Attention Is All You Need", section 3.2.2; Ainslie et al. (2023), "GQA", for shared heads.
pub fn mha_forward(x: &Tensor, mask: Mask<'_>, layer: &MultiHead<'_>) -> Result<Tensor> {
    if layer.dropout.is_some() {
        return mha_with_weights(x, mask, layer).map(|(out, _)| out);
    }
    let [q, k, v] = layer.heads_of(x)?;
    let heads = dispatch::whole_attention(&q, &k, &v, mask)?; // [B, H, T, d]
    (layer.out)(&dispatch::merge_heads(&heads)?) // [B, T, width]
}

/// Returns the output as [`mha_forward`], and the weights, `[B, heads, T, T]`, before dropout.
///
/// # Errors
///
/// What the parts return.
pub fn mha_with_weights(
    x: &Tensor,
    mask: Mask<'_>,
    layer: &MultiHead<'_>,
) -> Result<(Tensor, Tensor)> {
    let [q, k, v] = layer.heads_of(x)?;
    let (k, v) = (shared(&k, layer.heads)?, shared(&v, layer.heads)?); // [B, H, T, d]
    let weights = attention_weights(&q, &k, mask, None)?; // [B, H, T, T]
    let heads = match layer.dropout {
        None => weights.matmul(&v)?,
        Some(dropout) => dropout(&weights)?.matmul(&v)?,
    };
    Ok(((layer.out)(&dispatch::merge_heads(&heads)?)?, weights))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DType;

    #[test]
    fn heads_split_the_width_in_order_and_merge_back() {
        let x = Tensor::arange(0.0, 24.0, 1.0, DType::I64).unwrap().reshape([2, 3, 4]).unwrap();
        let heads = split_heads(&x, 2).unwrap();
        assert_eq!(heads.dims(), [2, 2, 3, 2]);
        assert_eq!(heads.i((0, 1)).unwrap().to_vec::<i64>().unwrap(), [2, 3, 6, 7, 10, 11]);
        assert!(merge_heads(&heads).unwrap().same_values(&x));
        assert!(matches!(split_heads(&x, 3), Err(Error::InvalidArgument { name: "heads", .. })));
        assert!(merge_heads(&x).is_err());
    }

    #[test]
    fn two_keys_by_hand() {
        let (q, k) = (Tensor::from([[2.0f64, 0.0]]), Tensor::from([[1.0f64, 5.0], [3.0, 7.0]]));
        let scores = attention_scores(&q, &k).unwrap();
        assert_eq!(scores.to_vec::<f64>().unwrap(), [2.0, 6.0]);
        let scaled = scale_scores(&scores, 4).unwrap();
        assert_eq!(scaled.to_vec::<f64>().unwrap(), [1.0, 3.0]);
        let masked = apply_mask(&scaled, Mask::Bool(&Tensor::from([false, true]))).unwrap();
        let v = Tensor::from([[10.0f64], [20.0]]);
        assert_eq!(attention(&masked, &v).unwrap().to_vec::<f64>().unwrap(), [20.0]);
        assert!(matches!(attention_scores(&q, &v), Err(Error::ShapeMismatch { .. })));
    }
}
