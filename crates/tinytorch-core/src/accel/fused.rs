//! Two steps in one, while the numbers are still in a cache.

use crate::{
    Error, Result, Tensor,
    autograd::{Grads, Op, Saved},
    kernels::{
        gemm::{Mat, gemm},
        par,
        recycle::buffer,
        simd::{self, Loop},
    },
    ops::{
        gelu_tanh_backward,
        support::{check_room, on_floats, real_type, same_dtype},
    },
    profile,
    slots::accel as slot,
    tensor::Real,
};

use super::theory::GELU_FLOPS;

const OP: &str = "fused_linear_gelu";

/// Elements of a block of rows: 1 MiB of `f32`. Each block turns the weights into reading order again, so it should have many rows;
/// a larger one would have left the second cache before the activation comes.
const BLOCK: usize = 1 << 18;
/// Multiply-adds from which blocks are shared between threads.
const PARALLEL: usize = 1 << 19;

/// GELU of an affine map.
#[derive(Debug)]
struct LinearGelu;

impl Op for LinearGelu {
    fn name(&self) -> &'static str {
        OP
    }

    fn flops(&self, inputs: &[&Tensor], out: &Tensor) -> Option<u64> {
        let gelu = (out.numel() as u64).checked_mul(GELU_FLOPS)?;
        profile::products(out.numel(), inputs[1].dims()[1])?.checked_add(gelu)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let (x, w) = (inputs[0], inputs[1]);
        for other in &inputs[1..] {
            same_dtype(OP, x, other)?;
        }
        let [k, n] = fits(x, w, inputs.get(2).copied())?;
        let shape = x.shape().with(x.rank() - 1, n);
        check_room(OP, &shape)?;
        // Before the activation nothing is kept: the backward pass computes it again.
        inputs.iter().for_each(|t| saved.keep(t));
        on_floats(OP, inputs, |t| {
            let t: Vec<Tensor> = t.iter().map(|t| t.contiguous()).collect();
            let m = shape.numel() / n.max(1);
            Ok(real_type!(t[0].dtype(), T => {
                let (x, w) = (t[0].as_slice::<T>()?, t[1].as_slice::<T>()?);
                let bias = t.get(2).map(|b| b.as_slice::<T>()).transpose()?;
                Tensor::own(forward(x, w, bias, [m, k, n])?, shape)
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let (x, w, b) = (saved.get(0)?, saved.get(1)?, saved.get(2).ok());
        let z = x.linear(w, b)?;
        let g = gelu_tanh_backward(&z, grad)?;
        let [n, k] = [w.dims()[0], w.dims()[1]];
        let rows = g.numel() / n.max(1);
        let (flat, x) = (g.reshape([rows, n])?, x.reshape([rows, k])?);
        let dx = saved.needs(0).then(|| g.matmul(w)).transpose()?; // g·W
        let dw = saved.needs(1).then(|| flat.t()?.matmul(&x)).transpose()?; // gᵀ·x
        if b.is_none() {
            return Ok([dx, dw].into());
        }
        let db = saved.needs(2).then(|| flat.sum(0, false)).transpose()?; // Σ g
        Ok([dx, dw, db].into())
    }
}

/// Returns inner size and outputs of operands that fit.
fn fits(x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<[usize; 2]> {
    let &[n, k] = w.dims() else {
        let got = format_args!("of shape {}, rank {}", w.shape(), w.rank());
        return Err(Error::argument(OP, "weight", got, "[out, in], rank 2"));
    };
    if x.dims().last() != Some(&k) {
        return Err(Error::shapes(
            OP,
            (x.shape(), w.shape()),
            format!("the input should be [.., {k}]"),
            "the last axis of the input must equal the second axis of the weight [out, in]",
            "flatten or transpose the input",
        ));
    }
    match b {
        Some(b) if b.dims() != [n] => Err(Error::shapes(
            OP,
            (b.shape(), w.shape()),
            format!("the bias should be [{n}]"),
            "there is one bias for each output",
            "take the bias of the same layer as the weight",
        )),
        _ => Ok([k, n]),
    }
}

fn forward<T: Real>(x: &[T], w: &[T], bias: Option<&[T]>, [m, k, n]: [usize; 3]) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    if crate::course::is_active() {
        // Both halves are slots of a student's course, and each is to be asked.
        let w = crate::tensor::View { data: w, shape: &[n, k], strides: &[k.max(1), 1] };
        let z = crate::dispatch::linear_forward([m, k, n], x, w, bias)?;
        return crate::dispatch::gelu_fused(&z);
    }
    let mut out = buffer(m * n);
    if out.is_empty() {
        return Ok(out);
    }
    let rows = (BLOCK / n).clamp(16, 256);
    let parallel = m.saturating_mul(k).saturating_mul(n) >= PARALLEL;
    par::blocks(&mut out, rows * n, parallel, |at, out| {
        let rows = out.len() / n;
        let x = &x[at / n * k..][..rows * k];
        gemm((&mut *out, n), Mat::rows(x, rows, k), Mat::rows(w, n, k).t(), false, false);
        simd::run(Finish { out, bias, n });
    });
    Ok(out)
}

/// Adds the bias and applies the activation in place.
struct Finish<'a, T> {
    out: &'a mut [T],
    bias: Option<&'a [T]>,
    n: usize,
}

impl<T: Real> Loop for Finish<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        match self.bias {
            Some(bias) => {
                for row in self.out.chunks_mut(self.n) {
                    for (v, &b) in row.iter_mut().zip(bias) {
                        *v = slot::gelu(*v + b);
                    }
                }
            }
            None => {
                for v in self.out {
                    *v = slot::gelu(*v);
                }
            }
        }
    }
}

/// Returns `gelu(x·Wᵀ + b)` in the tanh form: the activation is applied to blocks of rows while they are in the cache.
///
/// # Shapes
///
/// `x: [.., in]`, `weight: [out, in]`, `bias: [out]`, result `[.., out]`.
///
/// # Numerics
///
/// Products in blocks of rows: equal to `x.linear(weight, bias)?.gelu(GeluKind::Tanh)` up to the order of additions.
///
/// # Cost
///
/// `2·m·in·out` operations and nine for each result. What is saved is one pass of reading and writing over the results: much where `in`
/// is small, little where the product is most of the work. The array before the activation is never written, so backward, which needs
/// it, computes it again.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless the weight has rank 2; [`Error::ShapeMismatch`] unless the shapes fit;
/// [`Error::DTypeMismatch`] or [`Error::DTypeUnsupported`] unless all hold one float type.
#[track_caller]
pub fn fused_linear_gelu(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match bias {
        Some(b) => Tensor::apply(LinearGelu, &[x, weight, b]),
        None => Tensor::apply(LinearGelu, &[x, weight]),
    }
}

/// Size of the last axis, which is normalized.
fn last(op: &'static str, x: &Tensor) -> Result<usize> {
    x.dims().last().copied().ok_or_else(|| {
        Error::argument(op, "x", "a scalar", "a tensor with an axis that can be normalized")
    })
}

/// Returns `(x − mean)/√(variance + eps)·weight + bias` over the last axis, each row in one visit: the kernel of
/// [`Tensor::layer_norm`].
///
/// # Shapes
///
/// `x: [.., n]`, `weight` and `bias`: `[n]`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for a scalar; as [`Tensor::layer_norm`].
#[track_caller]
pub fn fused_layer_norm(
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    x.layer_norm(&[last("fused_layer_norm", x)?], weight, bias, eps)
}

/// Returns the same as [`fused_layer_norm`] in up to eight steps, each of which reads and writes whole arrays.
///
/// # Errors
///
/// [`Error::InvalidArgument`] for a scalar; as [`Tensor::mul`].
#[track_caller]
pub fn unfused_layer_norm(
    x: &Tensor,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
    eps: f64,
) -> Result<Tensor> {
    last("unfused_layer_norm", x)?;
    let centered = x.sub(&x.mean(-1, true)?)?;
    let variance = centered.mul(&centered)?.mean(-1, true)?;
    let mut y = centered.div(&variance.add_scalar(eps)?.sqrt()?)?;
    if let Some(w) = weight {
        y = y.mul(w)?;
    }
    match bias {
        Some(b) => y.add(b),
        None => Ok(y),
    }
}
