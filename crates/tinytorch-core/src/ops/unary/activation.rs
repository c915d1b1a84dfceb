//! Activation functions.

use super::{Keep, Pointwise, Unary};
use crate::nostd::prelude::*;
use crate::{
    Result, Tensor,
    autograd::{Grads, Op, Saved, is_recording},
    dispatch,
    ops::support::{on_floats, real_type},
    tensor::{Real, View},
};

/// `max(x, 0)`
#[derive(Debug, Clone, Copy)]
pub struct Relu;

impl Op for Relu {
    fn name(&self) -> &'static str {
        "relu"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn backward_flops(&self, _: &Saved, _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let out = on_floats("relu", inputs, |t| {
            Ok(
                real_type!(t[0].dtype(), T => Tensor::own(dispatch::relu(t[0].typed::<T>())?, *t[0].shape())),
            )
        })?;
        saved.keep_output(&out); // y > 0 exactly where x > 0
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let y = saved.get(0)?;
        if is_recording() {
            let zero = Tensor::full((), 0.0, y.dtype())?;
            return Ok([grad.mul(&y.detach().gt(&zero)?.to_dtype(y.dtype())?)?].into());
        }
        let out = on_floats("relu", &[grad, y], |t| {
            Ok(real_type!(t[0].dtype(), T => {
                Tensor::own(dispatch::relu_backward(t[0].typed::<T>(), t[1].typed::<T>())?, *t[0].shape())
            }))
        })?;
        Ok([out].into())
    }
}

/// `1 / (1 + e^-x)`
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sigmoid;

impl Pointwise for Sigmoid {
    const NAME: &'static str = "sigmoid";
    const KEEP: Keep = Keep::Output;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        dispatch::sigmoid(x)
    }

    fn served<T: Real>(x: View<'_, T>) -> Result<Option<Vec<T>>> {
        dispatch::sigmoids(x)
    }

    #[inline(always)]
    fn slope<T: Real>(self, y: T) -> T {
        y * (T::ONE - y)
    }

    fn slope_tensor(self, y: &Tensor) -> Result<Tensor> {
        y.mul(&y.rsub_scalar(1.0)?)
    }
}

/// Hyperbolic tangent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tanh;

impl Pointwise for Tanh {
    const NAME: &'static str = "tanh";
    const KEEP: Keep = Keep::Output;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        x.tanh()
    }

    #[inline(always)]
    fn slope<T: Real>(self, y: T) -> T {
        T::ONE - y * y
    }

    fn slope_tensor(self, y: &Tensor) -> Result<Tensor> {
        y.mul(y)?.rsub_scalar(1.0)
    }
}

/// `x · sigmoid(x)`
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silu;

impl Pointwise for Silu {
    const NAME: &'static str = "silu";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        x * dispatch::sigmoid(x)
    }

    fn served<T: Real>(x: View<'_, T>) -> Result<Option<Vec<T>>> {
        let s = dispatch::sigmoids(x)?;
        Ok(s.map(|s| x.iter().zip(s).map(|(x, s)| x * s).collect()))
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        let s = dispatch::sigmoid(x);
        s + x * s * (T::ONE - s)
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        let s = x.sigmoid()?;
        s.add(&x.mul(&s)?.mul(&s.rsub_scalar(1.0)?)?)
    }
}

/// Which formula of the Gaussian error linear unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum GeluKind {
    /// `x · Φ(x) = x/2 · (1 + erf(x/√2))`
    #[default]
    Exact,
    /// `x/2 · (1 + tanh(√(2/π)·(x + 0.044715 x³)))`
    Tanh,
    /// `x · sigmoid(1.702 x)`
    Sigmoid,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct GeluExact;

const FRAC_1_SQRT_TAU: f64 = 0.398_942_280_401_432_7; // 1/√(2π), the peak of the normal density

impl Pointwise for GeluExact {
    const NAME: &'static str = "gelu";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        x * normal_cdf(x)
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        // Beyond 40 the density is 0 in double precision, too; an infinite x times 0 would not be.
        let far = T::lit(40.0);
        let b = if x > far { far } else { x };
        let b = if b < -far { -far } else { b };
        normal_cdf(x) + b * T::lit(FRAC_1_SQRT_TAU) * (T::lit(-0.5) * b * b).exp()
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        let cdf = x
            .mul_scalar(core::f64::consts::FRAC_1_SQRT_2)?
            .erf()?
            .add_scalar(1.0)?
            .mul_scalar(0.5)?;
        let density = x.mul(x)?.mul_scalar(-0.5)?.exp()?.mul_scalar(FRAC_1_SQRT_TAU)?;
        cdf.add(&x.mul(&density)?)
    }
}

#[inline(always)]
fn normal_cdf<T: Real>(x: T) -> T {
    T::lit(0.5) * (T::ONE + (x * T::lit(core::f64::consts::FRAC_1_SQRT_2)).erf())
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct GeluTanh;

const SQRT_2_OVER_PI: f64 = 0.797_884_560_802_865_4;
const CUBIC: f64 = 0.044_715;

impl Pointwise for GeluTanh {
    const NAME: &'static str = "gelu_tanh";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        let u = T::lit(SQRT_2_OVER_PI) * (x + T::lit(CUBIC) * x * x * x);
        T::lit(0.5) * x * (T::ONE + u.tanh())
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        let u = T::lit(SQRT_2_OVER_PI) * (x + T::lit(CUBIC) * x * x * x);
        let t = u.tanh();
        let rise = T::ONE - t * t;
        // Far out the tangent is flat; without this test its slope 0 would meet an infinite du.
        let du = T::lit(SQRT_2_OVER_PI) * (T::ONE + T::lit(3.0 * CUBIC) * x * x);
        let bend = T::lit(0.5) * x * rise * du;
        let bend = if rise == T::ZERO { T::ZERO } else { bend };
        T::lit(0.5) * (T::ONE + t) + bend
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        let x2 = x.mul(x)?;
        let u = x.add(&x2.mul(x)?.mul_scalar(CUBIC)?)?.mul_scalar(SQRT_2_OVER_PI)?;
        let t = u.tanh()?;
        let du = x2.mul_scalar(3.0 * CUBIC)?.add_scalar(1.0)?.mul_scalar(SQRT_2_OVER_PI)?;
        let bend = x.mul_scalar(0.5)?.mul(&t.mul(&t)?.rsub_scalar(1.0)?)?.mul(&du)?;
        t.add_scalar(1.0)?.mul_scalar(0.5)?.add(&bend)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct GeluSigmoid;

const QUICK: f64 = 1.702;

impl Pointwise for GeluSigmoid {
    const NAME: &'static str = "gelu_sigmoid";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        x * dispatch::sigmoid(T::lit(QUICK) * x)
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        let s = dispatch::sigmoid(T::lit(QUICK) * x);
        s + T::lit(QUICK) * x * s * (T::ONE - s)
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        let s = x.mul_scalar(QUICK)?.sigmoid()?;
        s.add(&x.mul_scalar(QUICK)?.mul(&s)?.mul(&s.rsub_scalar(1.0)?)?)
    }
}

/// `ln(1 + e^x)`
#[derive(Debug, Clone, Copy)]
pub(crate) struct Softplus;

impl Pointwise for Softplus {
    const NAME: &'static str = "softplus";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        // Beyond 20 the difference to x is below 3e-9 and e^x would only overflow later.
        if x > T::lit(20.0) { x } else { x.exp().ln_1p() }
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        if x > T::lit(20.0) { T::ONE } else { dispatch::sigmoid(x) }
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        x.sigmoid()
    }
}

/// `ln(1 / (1 + e^-x))`
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogSigmoid;

impl Pointwise for LogSigmoid {
    const NAME: &'static str = "log_sigmoid";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        // min(x, 0) - ln(1 + e^-|x|): the exponential never overflows.
        (if x < T::ZERO { x } else { T::ZERO }) - (-x.abs()).exp().ln_1p()
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        dispatch::sigmoid(-x)
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        x.neg()?.sigmoid()
    }
}

/// `x` above zero, `slope · x` at and below.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeakyRelu(f64);

impl Pointwise for LeakyRelu {
    const NAME: &'static str = "leaky_relu";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        if x > T::ZERO { x } else { T::lit(self.0) * x }
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        if x > T::ZERO { T::ONE } else { T::lit(self.0) }
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        let x = x.detach();
        x.gt(&x.zeros_like()?)?.to_dtype(x.dtype())?.mul_scalar(1.0 - self.0)?.add_scalar(self.0)
    }
}

/// `x` above zero, `α·(e^x - 1)` at and below.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Elu(f64);

impl Pointwise for Elu {
    const NAME: &'static str = "elu";
    const KEEP: Keep = Keep::Input;

    #[inline(always)]
    fn value<T: Real>(self, x: T) -> T {
        if x > T::ZERO { x } else { T::lit(self.0) * x.exp_m1() }
    }

    #[inline(always)]
    fn slope<T: Real>(self, x: T) -> T {
        if x > T::ZERO { T::ONE } else { T::lit(self.0) * x.exp() }
    }

    fn slope_tensor(self, x: &Tensor) -> Result<Tensor> {
        let positive = x.detach().gt(&x.detach().zeros_like()?)?;
        // The exponential is taken of the negative side only, so that it cannot overflow.
        let low = x.masked_fill(&positive, 0.0)?.exp()?.mul_scalar(self.0)?;
        low.masked_fill(&positive, 1.0)
    }
}

impl Tensor {
    /// Returns `max(x, 0)`; the gradient at 0 is 0.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn relu(&self) -> Result<Self> {
        Self::apply(Relu, &[self])
    }

    /// Returns `1 / (1 + e^-x)`, computed in two branches by sign so that it never overflows.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn sigmoid(&self) -> Result<Self> {
        Self::apply(Unary(Sigmoid), &[self])
    }

    /// Returns the hyperbolic tangent.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn tanh(&self) -> Result<Self> {
        Self::apply(Unary(Tanh), &[self])
    }

    /// Returns `x · sigmoid(x)`, also known as swish.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn silu(&self) -> Result<Self> {
        Self::apply(Unary(Silu), &[self])
    }

    /// Returns the Gaussian error linear unit by the chosen formula.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn gelu(&self, kind: GeluKind) -> Result<Self> {
        match kind {
            GeluKind::Exact => Self::apply(Unary(GeluExact), &[self]),
            GeluKind::Tanh => Self::apply(Unary(GeluTanh), &[self]),
            GeluKind::Sigmoid => Self::apply(Unary(GeluSigmoid), &[self]),
        }
    }

    /// Returns `ln(1 + e^x)`; `x` itself above 20.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn softplus(&self) -> Result<Self> {
        Self::apply(Unary(Softplus), &[self])
    }

    /// Returns `ln sigmoid(x)`, finite for any finite `x`.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn log_sigmoid(&self) -> Result<Self> {
        Self::apply(Unary(LogSigmoid), &[self])
    }

    /// Returns `x` above zero and `negative_slope · x` at and below.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn leaky_relu(&self, negative_slope: f64) -> Result<Self> {
        Self::apply(Unary(LeakyRelu(negative_slope)), &[self])
    }

    /// Returns `x` above zero and `alpha·(e^x - 1)` at and below.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn elu(&self, alpha: f64) -> Result<Self> {
        Self::apply(Unary(Elu(alpha)), &[self])
    }
}
