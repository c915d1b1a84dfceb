//! Attention that never stores its weights.

use super::attention::{Mask, attention_weights, in_steps, shared};
use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved, is_recording},
    kernels::flash::{Allowed, Flash, Order},
    ops::support::{check_room, on_floats, real_type, same_dtype},
    profile,
    tensor::Real,
};

/// A mask that outlives the call, broadcast to the scores.
#[derive(Debug, Clone)]
enum Kept {
    None,
    Causal,
    Bool(Tensor),
    Additive(Tensor),
}

impl Kept {
    fn as_mask(&self) -> Mask<'_> {
        match self {
            Self::None => Mask::None,
            Self::Causal => Mask::Causal,
            Self::Bool(t) => Mask::Bool(t),
            Self::Additive(t) => Mask::Additive(t),
        }
    }
}

/// `softmax(q·kᵀ·scale)·v` by tiles.
#[derive(Debug, Clone)]
struct FlashAttention {
    mask: Kept,
    scale: f64,
}

/// Returns heads that lie in `order` as `[B, H, rows, width]`.
fn heads<T: Real>(data: Vec<T>, [b, h, rows, width]: [usize; 4], order: Order) -> Result<Tensor> {
    match order {
        Order::HeadFirst => Ok(Tensor::own(data, Shape::new(&[b, h, rows, width])?)),
        Order::HeadsTogether => {
            Tensor::own(data, Shape::new(&[b, rows, h, width])?).transpose(1, 2)
        }
    }
}

/// A tensor whose rows lie side by side, whatever lies between them.
fn with_plain_rows(t: &Tensor) -> Tensor {
    if t.strides().last() == Some(&1) { t.clone() } else { t.contiguous() }
}

impl FlashAttention {
    /// Calls the kernel for operands of one type.
    fn kernel<'a, T: Real>(
        &self,
        [q, k, v]: [&'a Tensor; 3],
        mask: Option<&'a Tensor>,
    ) -> Flash<'a, T> {
        let allowed = match (&self.mask, mask) {
            (Kept::Causal, _) => Allowed::Causal,
            (Kept::Bool(_), Some(mask)) => Allowed::Marked(mask.typed::<bool>()),
            (Kept::Additive(_), Some(mask)) => Allowed::Biased(mask.typed::<T>()),
            _ => Allowed::All,
        };
        let [q, k, v] = [q, k, v].map(Tensor::typed::<T>);
        Flash { q, k, v, allowed, scale: T::lit(self.scale) }
    }

    /// Returns the mask in the element type of the scores.
    fn mask_as(&self, dtype: DType) -> Option<Tensor> {
        match &self.mask {
            Kept::Bool(mask) => Some(mask.clone()),
            Kept::Additive(mask) => Some(mask.cast(dtype)),
            _ => None,
        }
    }

    /// The rule in recorded operations, for gradients of gradients: the weights are made after all.
    fn recorded(&self, [q, k, v]: [&Tensor; 3], grad: &Tensor) -> Result<Grads> {
        let h = q.dims()[1];
        let share = h / k.dims()[1];
        let gather = |t: Tensor| {
            let &[b, h, rows, width] = t.dims() else { return Ok(t) };
            t.reshape([b, h / share, share, rows, width])?.sum(2, false)
        };
        let (wide_k, wide_v) = (shared(k, h)?, shared(v, h)?);
        let p = attention_weights(q, &wide_k, self.mask.as_mask(), Some(self.scale))?;
        let dp = grad.matmul(&wide_v.t()?)?;
        let ds = p.mul(&dp.sub(&dp.mul(&p)?.sum(-1, true)?)?)?.mul_scalar(self.scale)?;
        let (dq, dk) = (ds.matmul(&wide_k)?, gather(ds.t()?.matmul(q)?)?);
        Ok([Some(dq), Some(dk), Some(gather(p.t()?.matmul(grad)?)?)].into())
    }
}

impl Op for FlashAttention {
    fn name(&self) -> &'static str {
        "flash_attention"
    }

    fn flops(&self, inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        let keys = inputs[2].dims()[2];
        profile::products(inputs[0].numel(), keys)?
            .checked_add(profile::products(out.numel(), keys)?)
    }

    fn backward_flops(&self, saved: &Saved, grad: &Tensor) -> Option<u64> {
        // Scores again, dq and dk; dp and dv.
        let (q, keys) = (saved.get(0).ok()?, saved.get(2).ok()?.dims()[2]);
        let (of_scores, of_values) =
            (profile::products(q.numel(), keys)?, profile::products(grad.numel(), keys)?);
        of_scores.checked_mul(3)?.checked_add(of_values.checked_mul(2)?)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let mut logs = None;
        let out = on_floats(self.name(), inputs, |t| {
            let [q, k, v] = [t[0], t[1], t[2]];
            let mask = self.mask_as(q.dtype());
            let size = [q.dims()[0], q.dims()[1], q.dims()[2], v.dims()[3]];
            Ok(real_type!(q.dtype(), T => {
                let flash = self.kernel::<T>([q, k, v], mask.as_ref());
                let (out, log) = flash.forward();
                logs = Some(Tensor::own(log, Shape::new(&size[..3])?));
                heads(out, size, flash.order())?
            }))
        })?;
        inputs.iter().for_each(|input| saved.keep(input));
        saved.keep_output(&out);
        if let Some(logs) = logs {
            saved.keep(&logs);
        }
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let [q, k, v, out, logs] =
            [saved.get(0)?, saved.get(1)?, saved.get(2)?, saved.get(3)?, saved.get(4)?];
        if is_recording() {
            return self.recorded([q, k, v], grad);
        }
        let dtype = logs.dtype(); // f32 for 16-bit inputs
        let [q, k, v] = [q, k, v].map(|t| t.cast(dtype));
        let [out, g] = [out, grad].map(|t| with_plain_rows(&t.cast(dtype)));
        let mask = self.mask_as(dtype);
        let size = |t: &Tensor| [t.dims()[0], t.dims()[1], t.dims()[2], t.dims()[3]];
        let [dq, dk, dv] = real_type!(dtype, T => {
            let flash = self.kernel::<T>([&q, &k, &v], mask.as_ref());
            let grads = flash.backward(g.typed::<T>(), out.typed::<T>(), logs.as_slice::<T>()?);
            let [dq, dk, dv] = grads;
            let order = flash.order();
            [heads(dq, size(&q), order)?, heads(dk, size(&k), order)?, heads(dv, size(&v), order)?]
        });
        Ok([dq, dk, dv].map(|t| Some(t.cast(grad.dtype()))).into())
    }
}

/// Returns scaled dot-product attention as [`sdpa`](super::attention::sdpa), by tiles: the scores of a few queries and keys exist at a time, and
/// are computed again for the gradients. Consecutive heads of queries may share a head of keys and values. `scale` is
/// `1/√d` unless given.
///
/// # Shapes
///
/// `q: [B, H, S, d]`, `k: [B, G, T, d]`, `v: [B, G, T, w]` with G dividing H, result `[B, H, S, w]`. A mask broadcasts to
/// `[B, H, S, T]`.
///
/// # Numerics
///
/// The result differs from that of [`attention_weights`] times the values by rounding: sums are made tile by tile. It is
/// the same bits for any number of threads.
///
/// # Cost
///
/// 2·B·H·S·T·(d + w) operations, 2.5 times as many for the gradients. For the gradients B·H·S numbers are kept beside the
/// operands and the result, where the weights would be B·H·S·T.
///
/// # Errors
///
/// [`Error::ShapeMismatch`], [`Error::InvalidArgument`] for shapes that do not fit; [`Error::DTypeMismatch`];
/// [`Error::DTypeUnsupported`] for operands that are not floats or a mask of the wrong type.
///
/// # Source
///
/// Dao et al. (2022), "FlashAttention", algorithms 1 and 4; Milakov and Gimelshein (2018) for the running maximum.
///
/// # Examples
///
/// ```
/// use tinytorch_core::ops::attention::{Mask, attention_weights, flash_attention};
/// use tinytorch_core::{DType, Rng, Tensor};
///
/// let x = Tensor::randn([1, 2, 100, 8], DType::F64, &mut Rng::seed(1))?;
/// let tiled = flash_attention(&x, &x, &x, Mask::Causal, None)?;
/// let plain = attention_weights(&x, &x, Mask::Causal, None)?.matmul(&x)?;
/// assert!(tiled.sub(&plain)?.abs()?.amax(.., false)?.to_f64()? < 1e-13);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[track_caller]
pub fn flash_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: Mask<'_>,
    scale: Option<f64>,
) -> Result<Tensor> {
    same_dtype("attention", q, k)?;
    same_dtype("attention", q, v)?;
    let scores = check(q, k, v)?;
    let scale = scale.unwrap_or_else(|| (q.dims()[3].max(1) as f64).sqrt().recip());
    let trained = matches!(mask, Mask::Additive(bias) if bias.requires_grad());
    if scores.numel() == 0 || q.dims()[3] == 0 || v.dims()[3] == 0 || trained {
        // Without elements there are no tiles; a mask that is trained needs the gradient of every score.
        let h = q.dims()[1];
        return in_steps(q, &shared(k, h)?, &shared(v, h)?, mask, Some(scale));
    }
    check_room("attention", &[scores[0], scores[1], scores[2], v.dims()[3]])?;
    let mask = match mask {
        Mask::None => Kept::None,
        Mask::Causal => Kept::Causal,
        Mask::Bool(allowed) => {
            if allowed.dtype() != DType::Bool {
                return Err(Error::dtype("attention", allowed.dtype(), "bool"));
            }
            Kept::Bool(spread_mask(allowed, &scores)?)
        }
        Mask::Additive(bias) => {
            same_dtype("attention", q, bias)?;
            Kept::Additive(spread_mask(&bias.detach(), &scores)?)
        }
    };
    Tensor::apply(FlashAttention { mask, scale }, &[q, k, v])
}

/// True if attention of these operands can be computed by tiles as it stands, without shared heads.
pub(crate) fn fits(q: &Tensor, k: &Tensor, v: &Tensor, mask: Mask<'_>) -> bool {
    let (&[_, h, ..], &[_, g, ..]) = (q.dims(), k.dims()) else { return false };
    if h != g || q.rank() != 4 || q.dtype() != k.dtype() || q.dtype() != v.dtype() {
        return false;
    }
    let Ok(scores) = check(q, k, v) else { return false };
    match mask {
        Mask::None | Mask::Causal => true,
        Mask::Bool(m) => m.dtype() == DType::Bool && m.expand(scores.dims()).is_ok(),
        Mask::Additive(m) => m.dtype() == q.dtype() && m.expand(scores.dims()).is_ok(),
    }
}

/// Returns the shape of the scores.
fn check(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Shape> {
    let detail = match (q.dims(), k.dims(), v.dims()) {
        (&[b, h, s, d], &[b_k, g, t, d_k], &[b_v, g_v, t_v, _]) => {
            if d != d_k {
                "queries and keys have different widths"
            } else if b != b_k || b != b_v {
                "the batches have different sizes"
            } else if (g, t) != (g_v, t_v) {
                "there is not one value for each key"
            } else if g == 0 && h > 0 || g > 0 && !h.is_multiple_of(g) {
                "the heads of keys do not divide the heads of queries"
            } else {
                return Shape::new(&[b, h, s, t]);
            }
        }
        _ => "queries, keys and values have four axes",
    };
    Err(Error::shapes(
        "attention",
        (q.shape(), k.shape()),
        format!("{detail}; values are {}", v.shape()),
        "each score is the product of a query and a key of one width, and each key has a value",
        "pass q [B, H, S, d], k [B, G, T, d] and v [B, G, T, w]",
    ))
}

/// Returns the mask as a view of the shape of the scores.
fn spread_mask(mask: &Tensor, scores: &Shape) -> Result<Tensor> {
    mask.expand(scores.dims()).map_err(|_| {
        Error::shapes(
            "attention",
            (mask.shape(), scores),
            "the mask does not broadcast to the scores",
            "there is one score for each query and each key of each head",
            "pass a mask of [S, T], or of [B, 1, S, T] to treat samples differently",
        )
    })
}

#[cfg(test)]
mod tests;
