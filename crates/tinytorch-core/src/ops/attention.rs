//! Attention and the encodings of position.

use crate::nostd::prelude::*;
use crate::{
    DType, Error, Result, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    kernels::{par, recycle::buffer},
    ops::support::{check_room, on_floats, real_type},
    tensor::{Element, Real},
};

pub use super::flash::flash_attention;

/// Which keys a query may attend to.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub enum Mask<'a> {
    /// All of them.
    #[default]
    None,
    /// Query `i` sees the keys up to and including `i`.
    Causal,
    /// True where a query may attend; broadcasts to the scores.
    Bool(&'a Tensor),
    /// Added to the scores; broadcasts to them. Negative infinity excludes a key.
    Additive(&'a Tensor),
}

/// Returns the attention weights `softmax(q·kᵀ·scale)`, after the mask. `scale` is `1/√d` unless given.
///
/// Excluded keys have weight exactly 0; a query that may attend to nothing has only zeros.
///
/// # Shapes
///
/// `q: [.., S, d]`, `k: [.., T, d]`, result `[.., S, T]`.
///
/// # Errors
///
/// [`Error::ShapeMismatch`] for ranks below 2 or shapes that do not fit; [`Error::DTypeMismatch`];
/// [`Error::DTypeUnsupported`] for a mask of the wrong type or operands that are not floats.
#[track_caller]
pub fn attention_weights(
    q: &Tensor,
    k: &Tensor,
    mask: Mask<'_>,
    scale: Option<f64>,
) -> Result<Tensor> {
    dispatch::attention_weights(&masked_scores(q, k, mask, scale)?)
}

/// Scores after scale and mask, before the softmax.
#[track_caller]
fn masked_scores(q: &Tensor, k: &Tensor, mask: Mask<'_>, scale: Option<f64>) -> Result<Tensor> {
    let scores = dispatch::attention_scores(q, k)?;
    let scaled = match scale {
        Some(scale) => scores.mul_scalar(scale)?,
        None => dispatch::scale_scores(&scores, q.dims().last().copied().unwrap_or(1))?,
    };
    dispatch::apply_mask(&scaled, mask)
}

/// Returns scaled dot-product attention: [`attention_weights`] times the values.
///
/// Operands of four axes are computed by tiles, see [`flash_attention`], unless a course is installed: then each step
/// is asked for by itself.
///
/// # Shapes
///
/// `q: [.., S, d]`, `k: [.., T, d]`, `v: [.., T, w]`, result `[.., S, w]`.
///
/// # Errors
///
/// As [`attention_weights`].
///
/// # Source
///
/// Vaswani et al. (2017), "Attention Is All You Need", equation 1.
#[track_caller]
pub fn sdpa(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: Mask<'_>,
    scale: Option<f64>,
) -> Result<Tensor> {
    if dispatch::by_reference_alone() && super::flash::fits(q, k, v, mask) {
        return flash_attention(q, k, v, mask, scale);
    }
    in_steps(q, k, v, mask, scale)
}

/// Attention in the steps of the definition, with the whole matrix of scores.
#[track_caller]
pub(crate) fn in_steps(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    mask: Mask<'_>,
    scale: Option<f64>,
) -> Result<Tensor> {
    dispatch::attention(&masked_scores(q, k, mask, scale)?, v)
}

/// Returns heads of keys or values copied so that there are as many as `heads` of queries, `[B, H, T, d]`.
pub(crate) fn shared(x: &Tensor, heads: usize) -> Result<Tensor> {
    match heads / x.dims().get(1).copied().unwrap_or(1).max(1) {
        share if share > 1 => x.repeat_interleave(share, 1),
        _ => Ok(x.clone()),
    }
}

/// How the elements of a head are paired for rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RopeStyle {
    /// Neighbours: `2i` with `2i + 1`.
    #[default]
    Interleaved,
    /// Halves: `i` with `i + d/2`, as in the Llama family's published weights.
    Half,
}

/// Options of rotary position embedding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RopeOpts {
    /// Base of the angles. Default 10,000.
    pub base: f64,
    /// Which elements turn together.
    pub style: RopeStyle,
    /// Position of the first element of the sequence: how many positions came before.
    pub offset: usize,
}

impl Default for RopeOpts {
    fn default() -> Self {
        Self { base: 10_000.0, style: RopeStyle::default(), offset: 0 }
    }
}

/// Turns each pair `i` at position `p` by the angle `p·base^(-2i/d)`, or back.
#[derive(Debug, Clone, Copy)]
struct Rope {
    opts: RopeOpts,
    back: bool,
}

impl Rope {
    fn rotate<T: Real>(&self, x: &[T], positions: usize, d: usize) -> Vec<T> {
        let half = d / 2;
        let table: Vec<(T, T)> = (0..positions)
            .flat_map(|p| (0..half).map(move |i| (p, i)))
            .map(|(p, i)| {
                let angle = (p as f64 + self.opts.offset as f64)
                    * self.opts.base.powf(-2.0 * i as f64 / d as f64);
                let (sin, cos) = (angle.sin(), angle.cos());
                (T::lit(cos), T::lit(if self.back { -sin } else { sin }))
            })
            .collect();
        let mut out = buffer(x.len());
        let plane = positions * d;
        par::blocks(&mut out, plane, x.len() >= par::GRAIN, |at, out| {
            let rows =
                x[at..at + out.len()].chunks(d).zip(out.chunks_mut(d)).zip(table.chunks(half));
            for ((x, out), turns) in rows {
                for (i, &(cos, sin)) in turns.iter().enumerate() {
                    let (a, b) = match self.opts.style {
                        RopeStyle::Interleaved => (2 * i, 2 * i + 1),
                        RopeStyle::Half => (i, i + half),
                    };
                    out[a] = x[a] * cos - x[b] * sin;
                    out[b] = x[a] * sin + x[b] * cos;
                }
            }
        });
        out
    }
}

impl Op for Rope {
    fn name(&self) -> &'static str {
        "rope"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(3 * out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        on_floats("rope", inputs, |t| {
            let x = t[0].contiguous();
            let (s, d) = (x.dims()[x.rank() - 2], x.dims()[x.rank() - 1]);
            Ok(
                real_type!(x.dtype(), T => Tensor::own(self.rotate(x.as_slice::<T>()?, s, d), *x.shape())),
            )
        })
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        // A rotation is undone by the opposite one, which is also its adjoint.
        Ok([Tensor::apply(Self { back: !self.back, ..*self }, &[grad])?].into())
    }
}

impl Tensor {
    /// Returns queries or keys with each pair of elements turned by an angle that grows with the position: products of
    /// queries and keys then depend on the distance of their positions. Angles are computed in `f64`.
    ///
    /// # Shapes
    ///
    /// `[.., sequence, d]` with even `d`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a rank below 2, an odd width, or a base that is not positive;
    /// [`Error::DTypeUnsupported`] unless the elements are floats.
    ///
    /// # Source
    ///
    /// Su et al. (2021), "RoFormer: Enhanced Transformer with Rotary Position Embedding".
    #[track_caller]
    pub fn rope(&self, opts: &RopeOpts) -> Result<Self> {
        let width = self.dims().last().copied().unwrap_or(0);
        if self.rank() < 2 || width % 2 != 0 {
            return Err(Error::argument(
                "rope",
                "self",
                format!("of shape {}", self.shape()),
                "[.., sequence, even width]",
            ));
        }
        if !(opts.base > 0.0 && opts.base.is_finite()) {
            return Err(Error::argument("rope", "base", opts.base, "positive"));
        }
        if self.numel() == 0 {
            return Ok(self.clone());
        }
        Self::apply(Rope { opts: *opts, back: false }, &[self])
    }

    /// Returns the table of fixed position encodings: `sin(p·base^(-i/d))` in the even columns `i` and the cosine of
    /// the same angle in the odd column after it.
    ///
    /// # Shapes
    ///
    /// `[positions, width]`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for a base that is not positive or a table too large for memory;
    /// [`Error::DTypeUnsupported`] unless `dtype` is a float.
    ///
    /// # Source
    ///
    /// Vaswani et al. (2017), "Attention Is All You Need", section 3.5.
    #[track_caller]
    pub fn sinusoidal_table(
        positions: usize,
        width: usize,
        base: f64,
        dtype: DType,
    ) -> Result<Self> {
        let op = "sinusoidal_table";
        if !(base > 0.0 && base.is_finite()) {
            return Err(Error::argument(op, "base", base, "positive"));
        }
        if !dtype.is_float() {
            return Err(Error::dtype(op, dtype, "f32, f64, f16 or bf16"));
        }
        let shape = crate::Shape::new(&[positions, width])?;
        check_room(op, &shape)?;
        let table = dispatch::sinusoidal_table(positions, width, base)?;
        Ok(
            crate::tensor::each_type!(dtype, T => Self::own(table.iter().map(|&v| <T as Element>::from_f64(v)).collect(), shape)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autograd::{GradCheck, gradcheck};

    fn wave(shape: &[usize], step: f64) -> Tensor {
        let n: usize = shape.iter().product();
        Tensor::from_vec((0..n).map(|i| (i as f64 * step).sin()).collect(), shape).unwrap()
    }

    #[test]
    fn weights_are_distributions_and_masks_are_exact() {
        let (q, k) = (wave(&[2, 3, 4], 0.7), wave(&[2, 5, 4], 1.1));
        let w = attention_weights(&q, &k, Mask::Causal, None).unwrap();
        for (i, row) in w.to_vec::<f64>().unwrap().chunks(5).enumerate() {
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-15);
            assert!(row[i % 3 + 1..].iter().all(|&v| v == 0.0), "query {i} looks ahead: {row:?}");
        }
        let nothing = Tensor::full([3, 5], 0.0, DType::Bool).unwrap();
        let w = attention_weights(&q, &k, Mask::Bool(&nothing), None).unwrap();
        assert!(w.to_vec::<f64>().unwrap().iter().all(|&v| v == 0.0));
    }

    #[test]
    fn gradients() {
        let inputs = [wave(&[1, 2, 3, 4], 0.7), wave(&[1, 2, 3, 4], 1.1), wave(&[1, 2, 3, 2], 0.4)];
        for mask in [Mask::None, Mask::Causal] {
            gradcheck(|i| sdpa(&i[0], &i[1], &i[2], mask, None), &inputs, GradCheck::default())
                .unwrap();
        }
        for style in [RopeStyle::Interleaved, RopeStyle::Half] {
            let opts = RopeOpts { style, offset: 3, ..RopeOpts::default() };
            gradcheck(|i| i[0].rope(&opts), &inputs[..1], GradCheck::default()).unwrap();
        }
    }

    #[test]
    fn rotated_products_depend_on_the_distance_alone() {
        let (q, k) = (wave(&[1, 8], 0.7), wave(&[1, 8], 1.3));
        let product = |p: usize, r: usize| {
            let turn =
                |x: &Tensor, offset| x.rope(&RopeOpts { offset, ..RopeOpts::default() }).unwrap();
            turn(&q, p).matmul(&turn(&k, r).t().unwrap()).unwrap().to_f64().unwrap()
        };
        assert!((product(5, 2) - product(103, 100)).abs() < 1e-12);
        assert!((product(5, 2) - product(5, 3)).abs() > 1e-3);
    }
}
