//! One activation in 18 passes over memory, in two, and in two with wide vectors.

use crate::{
    Result, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    kernels::{
        recycle::buffer,
        simd::{self, Loop},
    },
    ops::{
        gelu_tanh_backward,
        support::{on_floats, real_type},
    },
    slots::accel as slot,
    tensor::Real,
};

use super::theory::GELU_FLOPS;

/// How the formula is evaluated.
#[derive(Debug, Clone, Copy)]
enum Gelu {
    Unfused,
    Fused,
    Simd,
}

impl Op for Gelu {
    fn name(&self) -> &'static str {
        match self {
            Self::Unfused => "gelu_unfused",
            Self::Fused => "gelu_fused",
            Self::Simd => "gelu_simd",
        }
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        (out.numel() as u64).checked_mul(GELU_FLOPS)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep(inputs[0]);
        on_floats(self.name(), inputs, |t| {
            let x = t[0].contiguous();
            Ok(real_type!(x.dtype(), T => {
                let data = x.as_slice::<T>()?;
                let out = match self {
                    Self::Unfused => slot::gelu_unfused(data),
                    Self::Fused => dispatch::gelu_fused(data)?,
                    Self::Simd => {
                        let mut out = buffer(data.len());
                        simd::run(Lanes { x: data, out: &mut out });
                        out
                    }
                };
                Tensor::own(out, *x.shape())
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([gelu_tanh_backward(saved.get(0)?, grad)?].into())
    }
}

/// The formula on the widest vectors there are.
struct Lanes<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Real> Loop for Lanes<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for (out, &x) in self.out.iter_mut().zip(self.x) {
            *out = slot::gelu(x);
        }
    }
}

/// Returns `x/2 · (1 + tanh(√(2/π)·(x + 0.044715 x³)))` in eight steps, each of which makes a new array.
///
/// # Cost
///
/// Nine operations for each element, and 18 passes over memory: a step reads one or two arrays and writes one.
///
/// # Errors
///
/// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
///
/// # Source
///
/// Hendrycks & Gimpel (2016), "Gaussian Error Linear Units", section 2.
#[track_caller]
pub fn gelu_unfused(x: &Tensor) -> Result<Tensor> {
    Tensor::apply(Gelu::Unfused, &[x])
}

/// Returns the same as [`gelu_unfused`] in one step: two passes over memory.
///
/// # Errors
///
/// As [`gelu_unfused`].
#[track_caller]
pub fn gelu_fused(x: &Tensor) -> Result<Tensor> {
    Tensor::apply(Gelu::Fused, &[x])
}

/// Returns the bits of [`gelu_fused`], computed on the widest vectors of this machine.
///
/// # Errors
///
/// As [`gelu_unfused`].
#[track_caller]
pub fn gelu_simd(x: &Tensor) -> Result<Tensor> {
    Tensor::apply(Gelu::Simd, &[x])
}
