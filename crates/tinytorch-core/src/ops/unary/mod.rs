//! Functions of one element.

mod activation;
mod basic;
mod clamp;

pub use activation::{GeluKind, Relu};

use crate::nostd::prelude::*;
use crate::{
    Result, Tensor,
    autograd::{Grads, Op, Saved, is_recording},
    kernels::map::{self, Of1, Of2},
    ops::support::{on_floats, real_type, same_dtype},
    tensor::{Real, View},
};

/// What a rule needs from the forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The argument.
    Input,
    /// The result.
    Output,
    /// Nothing: the slope is constant.
    Nothing,
}

/// A real function of one real argument with its derivative, applied to every element.
///
/// The derivative stands here twice: as numbers for the plain pass, and as recorded tensor operations for gradients
/// of gradients. A test compares the two.
pub(crate) trait Pointwise: Copy + Send + Sync + 'static {
    const NAME: &'static str;
    const KEEP: Keep;

    /// The function.
    fn value<T: Real>(self, x: T) -> T;

    /// All values at once, if a student's slot serves them.
    fn served<T: Real>(x: View<'_, T>) -> Result<Option<Vec<T>>> {
        let _ = x;
        Ok(None)
    }

    /// The derivative, given what [`Self::KEEP`] says.
    fn slope<T: Real>(self, kept: T) -> T;

    /// The derivative as tensor operations.
    fn slope_tensor(self, kept: &Tensor) -> Result<Tensor>;
}

/// The values of a function, for loops.
struct Values<P>(P);

impl<T: Real, P: Pointwise> Of1<T> for Values<P> {
    type Out = T;

    #[inline(always)]
    fn of(&self, x: T) -> T {
        self.0.value(x)
    }
}

/// A gradient times the slope of a function, for loops.
struct Chained<P>(P);

impl<T: Real, P: Pointwise> Of2<T, T> for Chained<P> {
    type Out = T;

    #[inline(always)]
    fn of(&self, grad: T, kept: T) -> T {
        grad * self.0.slope(kept)
    }
}

/// Applies a [`Pointwise`] function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unary<P>(pub(crate) P);

impl<P: Pointwise> Op for Unary<P> {
    fn name(&self) -> &'static str {
        P::NAME
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn backward_flops(&self, _: &Saved, grad: &Tensor) -> Option<u64> {
        Some(2 * grad.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let f = self.0;
        let out = on_floats(P::NAME, inputs, |t| {
            let x = t[0];
            Ok(real_type!(x.dtype(), T => {
                let served = if cfg!(feature = "course") { P::served(x.typed::<T>())? } else { None };
                let out = served.unwrap_or_else(|| map::apply1(x.typed::<T>(), &Values(f)));
                Tensor::own(out, *x.shape())
            }))
        })?;
        match P::KEEP {
            Keep::Input => saved.keep(inputs[0]),
            Keep::Output => saved.keep_output(&out),
            Keep::Nothing => {}
        }
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let f = self.0;
        let kept = if P::KEEP == Keep::Nothing { grad } else { saved.get(0)? };
        if is_recording() {
            return Ok([grad.mul(&f.slope_tensor(kept)?)?].into());
        }
        Ok([chain(P::NAME, grad, kept, f)?].into())
    }
}

/// Returns the gradient of the argument of GELU in its tanh form, given `x` and the gradient of the result.
#[cfg(feature = "std")]
pub(crate) fn gelu_tanh_backward(x: &Tensor, grad: &Tensor) -> Result<Tensor> {
    if is_recording() {
        return grad.mul(&activation::GeluTanh.slope_tensor(x)?);
    }
    chain("gelu_tanh", grad, x, activation::GeluTanh)
}

/// Returns `grad · f'(kept)` in one pass.
fn chain<P: Pointwise>(op: &'static str, grad: &Tensor, kept: &Tensor, f: P) -> Result<Tensor> {
    same_dtype(op, grad, kept)?;
    on_floats(op, &[grad, kept], |t| {
        Ok(real_type!(t[0].dtype(), T => {
            let out = map::apply2(t[0].typed::<T>(), t[1].typed::<T>(), &Chained(f));
            Tensor::own(out, *grad.shape())
        }))
    })
}

#[cfg(test)]
mod tests;
