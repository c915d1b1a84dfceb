//! Attention by tiles as an operation.

use crate::{
    Error, Result, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    ops::{
        attention::{Mask, attention_weights},
        support::{on_floats, real_type, same_dtype},
    },
    profile,
    slots::accel as slot,
};

const OP: &str = "attention_tiled";

/// `softmax(q·kᵀ/√d)·v` with `tile` scores at a time.
#[derive(Debug)]
struct TiledAttention {
    tile: usize,
    causal: bool,
}

impl TiledAttention {
    fn mask(&self) -> Mask<'static> {
        if self.causal { Mask::Causal } else { Mask::None }
    }
}

impl Op for TiledAttention {
    fn name(&self) -> &'static str {
        OP
    }

    fn flops(&self, inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        // Scores and what is collected with them; keys in the future are counted like the others.
        profile::products(out.numel(), inputs[1].dims()[0])?.checked_mul(2)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let &[q, k, v] = inputs else {
            return Err(Error::argument(OP, "inputs", inputs.len(), "3"));
        };
        same_dtype(OP, q, k)?;
        same_dtype(OP, q, v)?;
        slot::some_tile(OP, self.tile)?;
        let sizes = sizes([q, k, v])?;
        inputs.iter().for_each(|input| saved.keep(input));
        on_floats(OP, inputs, |t| {
            let [q, k, v] = [t[0].contiguous(), t[1].contiguous(), t[2].contiguous()];
            Ok(real_type!(q.dtype(), T => {
                let (q_data, k, v) = (q.as_slice::<T>()?, k.as_slice::<T>()?, v.as_slice::<T>()?);
                let out = dispatch::attention_tiled([q_data, k, v], sizes, self.tile, self.causal)?;
                Tensor::own(out, *q.shape())
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        // The way back is that of attention, however it was computed, with all weights at once.
        let [q, k, v] = [saved.get(0)?, saved.get(1)?, saved.get(2)?];
        let scale = (q.dims()[1].max(1) as f64).sqrt().recip();
        let p = attention_weights(q, k, self.mask(), Some(scale))?;
        let dp = grad.matmul(&v.t()?)?;
        let ds = p.mul(&dp.sub(&dp.mul(&p)?.sum(-1, true)?)?)?.mul_scalar(scale)?;
        Ok([Some(ds.matmul(k)?), Some(ds.t()?.matmul(q)?), Some(p.t()?.matmul(grad)?)].into())
    }
}

/// Returns `[s, t, d]` of operands that fit.
fn sizes([q, k, v]: [&Tensor; 3]) -> Result<[usize; 3]> {
    for (name, x) in [("q", q), ("k", k), ("v", v)] {
        if x.rank() != 2 {
            let got = format_args!("of shape {}, rank {}", x.shape(), x.rank());
            return Err(Error::argument(OP, name, got, "a matrix, rank 2: one head of one text"));
        }
    }
    let ([s, d], [t, d_k]) = ([q.dims()[0], q.dims()[1]], [k.dims()[0], k.dims()[1]]);
    if d != d_k || k.shape() != v.shape() {
        return Err(Error::shapes(
            OP,
            (q.shape(), k.shape()),
            format!("queries are {d} wide and keys {d_k}, values are {}", v.shape()),
            "each score is the product of a query and a key, and each key has a value of the same width",
            "pass q [S, d], k [T, d] and v [T, d]",
        ));
    }
    Ok([s, t, d])
}

/// Returns `softmax(q·kᵀ/√d)·v` of one head, from `tile` queries and `tile` keys at a time. If `causal`, query `i` sees the keys
/// up to `i`. A query that sees no key collects zeros.
///
/// The scores of all queries and keys never exist together: what was collected shrinks when a larger score comes. The library
/// itself computes attention like this, for all heads and on wide vectors
/// ([`flash_attention`](crate::ops::attention::flash_attention)); this is the plain form, which a lesson can replace.
///
/// # Shapes
///
/// `q: [S, d]`, `k: [T, d]`, `v: [T, d]`, result `[S, d]`.
///
/// # Numerics
///
/// The result differs from that of a whole softmax by rounding, and between sizes of tiles too.
///
/// # Cost
///
/// `4·S·T·d` operations, and memory for `tile` scores where the whole matrix would take `S·T`. The gradients are computed with the
/// whole matrix.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless all have rank 2, or if `tile` is 0; [`Error::ShapeMismatch`] for sizes that do not fit;
/// [`Error::DTypeMismatch`] or [`Error::DTypeUnsupported`] unless all hold one float type.
///
/// # Source
///
/// Dao et al. (2022), "FlashAttention".
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, accel};
///
/// let q = Tensor::from([[2.0f32], [0.0]]);
/// let k = Tensor::from([[1.0f32], [1.0]]);
/// let v = Tensor::from([[3.0f32], [5.0]]);
/// // Both keys are alike, so their values are averaged; the first query sees the first alone.
/// assert_eq!(accel::attention_tiled(&q, &k, &v, 1, false)?.to_vec::<f32>()?, [4.0, 4.0]);
/// assert_eq!(accel::attention_tiled(&q, &k, &v, 1, true)?.to_vec::<f32>()?, [3.0, 4.0]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[track_caller]
pub fn attention_tiled(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    tile: usize,
    causal: bool,
) -> Result<Tensor> {
    Tensor::apply(TiledAttention { tile, causal }, &[q, k, v])
}
