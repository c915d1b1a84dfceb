//! Sums, means and what is built from them.

use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    kernels::rows,
    ops::{
        AxisMask, IntoAxes,
        support::{number_type, on_floats, on_numbers, real_type},
    },
};

/// Sum over axes.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    /// The axes to sum over.
    pub axes: AxisMask,
    /// Whether they stay as axes of size 1.
    pub keepdim: bool,
}

impl Op for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(inputs[0].numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        on_numbers("sum", inputs, |t| {
            let x = t[0];
            let shape = self.axes.reduce(x.shape(), self.keepdim);
            Ok(number_type!(x.dtype(), T => {
                Tensor::own(dispatch::reduce_sum(x.typed::<T>(), self.axes.as_slice())?, shape)
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dx = saved.input_shape(0).map(|s| dispatch::sum_backward(grad, s, self.axes));
        Ok([dx.transpose()?].into())
    }
}

/// Mean over axes.
#[derive(Debug, Clone, Copy)]
pub struct Mean {
    /// The axes to average over.
    pub axes: AxisMask,
    /// Whether they stay as axes of size 1.
    pub keepdim: bool,
}

impl Op for Mean {
    fn name(&self) -> &'static str {
        "mean"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(inputs[0].numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        on_floats("mean", inputs, |t| {
            let x = t[0];
            let shape = self.axes.reduce(x.shape(), self.keepdim);
            Ok(real_type!(x.dtype(), T => {
                Tensor::own(dispatch::reduce_mean(x.typed::<T>(), self.axes.as_slice())?, shape)
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let Some(shape) = saved.input_shape(0) else { return Ok([None].into()) };
        let share = grad.div_scalar(self.axes.count(shape) as f64)?; // each element gets 1/n
        Ok([dispatch::sum_backward(&share, shape, self.axes)?].into())
    }
}

/// Running sum along an axis, from either end.
#[derive(Debug, Clone, Copy)]
struct CumSum {
    axis: usize,
    reverse: bool,
}

impl Op for CumSum {
    fn name(&self) -> &'static str {
        "cumsum"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(inputs[0].numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        on_numbers("cumsum", inputs, |t| {
            let x = t[0];
            Ok(number_type!(x.dtype(), T => {
                let out = rows::each_slice(x.typed::<T>(), self.axis, |x, out| {
                    out.copy_from_slice(x);
                    running_sum(out, self.reverse);
                });
                Tensor::own(out, *x.shape())
            }))
        })
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        // xᵢ enters every later sum, so its gradient is the running sum from the other end.
        Ok([Tensor::apply(Self { reverse: !self.reverse, ..*self }, &[grad])?].into())
    }
}

fn running_sum<T: crate::tensor::Number>(row: &mut [T], reverse: bool) {
    let mut sum = T::ZERO;
    let mut step = |v: &mut T| {
        sum = sum.plus(*v);
        *v = sum;
    };
    if reverse {
        row.iter_mut().rev().for_each(&mut step);
    } else {
        row.iter_mut().for_each(&mut step);
    }
}

/// `ln Σ e^x` over axes.
#[derive(Debug, Clone, Copy)]
struct LogSumExp {
    axes: AxisMask,
    keepdim: bool,
}

impl Op for LogSumExp {
    fn name(&self) -> &'static str {
        "logsumexp"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(3 * inputs[0].numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        let m = x.amax(self.axes, true)?;
        // A group of negative infinities, or one with +inf, has no finite shift.
        let shift = m.masked_fill(&m.is_finite()?.logical_not()?, 0.0)?;
        let sum = x.sub(&shift)?.exp()?.sum(self.axes, true)?;
        let out = sum.log()?.add(&shift)?.reshape(self.axes.reduce(x.shape(), self.keepdim))?;
        saved.keep(x);
        saved.keep_output(&out);
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let (x, y) = (saved.get(0)?, saved.get(1)?);
        let kept = self.axes.keepdim(x.shape());
        let y = y.reshape(kept)?;
        // e^(x - y) is the softmax; a group of nothing but -inf has no gradient.
        let y =
            y.masked_fill(&y.detach().eq(&Tensor::full((), f64::NEG_INFINITY, y.dtype())?)?, 0.0)?;
        Ok([x.sub(&y)?.exp()?.mul(&grad.reshape(kept)?)?].into())
    }
}

/// Product along one axis.
#[derive(Debug, Clone, Copy)]
struct Prod {
    axis: usize,
    keepdim: bool,
}

impl Op for Prod {
    fn name(&self) -> &'static str {
        "prod"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(inputs[0].numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep(inputs[0]);
        on_numbers("prod", inputs, |t| {
            let x = t[0];
            let shape = AxisMask::one(x.rank(), self.axis).reduce(x.shape(), self.keepdim);
            Ok(number_type!(x.dtype(), T => {
                use crate::tensor::Number;
                let product = |row: &[T]| row.iter().fold(T::ONE, |p, &v| p.times(v));
                Tensor::own(crate::kernels::reduce::lines(x.typed::<T>(), self.axis, product), shape)
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        // Each element receives the product of the others: no division, so that zeros are exact. Row i of the
        // square [.., n, n] holds all elements with the i-th replaced by 1.
        let x = saved.get(0)?;
        let (axis, n) = (self.axis as isize, x.dims()[self.axis]);
        let last = x.transpose(axis, -1)?; // [.., n]
        let mut square = last.shape().to_vec();
        square.push(n);
        let diagonal = Tensor::eye(n, crate::DType::Bool)?;
        let others =
            last.unsqueeze(-2)?.expand(&square)?.masked_fill(&diagonal, 1.0)?.prod(-1, false)?;
        let others = others.transpose(axis, -1)?;
        let grad = grad.reshape(AxisMask::one(x.rank(), self.axis).keepdim(x.shape()))?;
        Ok([others.mul(&grad)?].into())
    }
}

impl Tensor {
    /// Returns the sum over `axes` (`..` for all). The sum of nothing is 0.
    ///
    /// # Numerics
    ///
    /// Pairwise over blocks of fixed size: the error grows with the logarithm of the count, and the bits do not depend
    /// on the number of threads. Integers wrap around.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`], or [`Error::InvalidArgument`] for an axis named twice; [`Error::DTypeUnsupported`]
    /// for truth values.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::Tensor;
    ///
    /// let x = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(x.sum(.., false)?.item::<f32>()?, 10.0);
    /// assert_eq!(x.sum(-1, true)?.dims(), [2, 1]);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    #[track_caller]
    pub fn sum(&self, axes: impl IntoAxes, keepdim: bool) -> Result<Self> {
        let axes = axes.into_axes("sum", self.shape())?;
        Self::apply(Sum { axes, keepdim }, &[self])
    }

    /// Returns the mean over `axes` (`..` for all). The mean of nothing is NaN.
    ///
    /// # Errors
    ///
    /// As [`Self::sum`]; [`Error::DTypeUnsupported`] unless the elements are floats.
    #[track_caller]
    pub fn mean(&self, axes: impl IntoAxes, keepdim: bool) -> Result<Self> {
        let axes = axes.into_axes("mean", self.shape())?;
        Self::apply(Mean { axes, keepdim }, &[self])
    }

    /// Returns the variance over `axes`: the sum of squared deviations from the mean, divided by the count less
    /// `correction` (1 for a sample, 0 for a whole population). Two passes.
    ///
    /// # Errors
    ///
    /// As [`Self::mean`].
    #[track_caller]
    pub fn var(&self, axes: impl IntoAxes, correction: usize, keepdim: bool) -> Result<Self> {
        let axes = axes.into_axes("var", self.shape())?;
        if self.dtype().is_half() {
            return self.in_f32(|x| x.var(axes, correction, keepdim));
        }
        let centered = self.sub(&self.mean(axes, true)?)?;
        let count = axes.count(self.shape()) as f64 - correction as f64;
        centered.mul(&centered)?.sum(axes, keepdim)?.div_scalar(count.max(0.0))
    }

    /// Returns the standard deviation over `axes`: the root of [`Self::var`].
    ///
    /// # Errors
    ///
    /// As [`Self::mean`].
    #[track_caller]
    pub fn std(&self, axes: impl IntoAxes, correction: usize, keepdim: bool) -> Result<Self> {
        let axes = axes.into_axes("std", self.shape())?;
        if self.dtype().is_half() {
            return self.in_f32(|x| x.std(axes, correction, keepdim));
        }
        self.var(axes, correction, keepdim)?.sqrt()
    }

    /// Returns `ln Σ e^x` over `axes`, without overflow. A group of nothing but negative infinities gives negative
    /// infinity, with zero gradient.
    ///
    /// # Errors
    ///
    /// As [`Self::mean`]; [`Error::InvalidArgument`] for an empty group.
    #[track_caller]
    pub fn logsumexp(&self, axes: impl IntoAxes, keepdim: bool) -> Result<Self> {
        let axes = axes.into_axes("logsumexp", self.shape())?;
        if self.dtype().is_half() {
            return self.in_f32(|x| x.logsumexp(axes, keepdim));
        }
        Self::apply(LogSumExp { axes, keepdim }, &[self])
    }

    /// Returns the product along `axis`. The product of nothing is 1.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::DTypeUnsupported`] for truth values.
    #[track_caller]
    pub fn prod(&self, axis: isize, keepdim: bool) -> Result<Self> {
        let axis = self.shape().axis("prod", axis)?;
        Self::apply(Prod { axis, keepdim }, &[self])
    }

    /// Returns the running sum along `axis`: element `i` is the sum of the elements up to and including `i`.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::DTypeUnsupported`] for truth values.
    #[track_caller]
    pub fn cumsum(&self, axis: isize) -> Result<Self> {
        let axis = self.shape().axis("cumsum", axis)?;
        Self::apply(CumSum { axis, reverse: false }, &[self])
    }

    /// Returns the `p`-norm over `axes`: `(Σ |x|ᵖ)^(1/p)`, the largest magnitude for infinite `p`. At a zero vector
    /// the gradient is 0.
    ///
    /// # Errors
    ///
    /// As [`Self::mean`]; [`Error::InvalidArgument`] unless `p > 0`.
    #[track_caller]
    pub fn norm(&self, p: f64, axes: impl IntoAxes, keepdim: bool) -> Result<Self> {
        let axes = axes.into_axes("norm", self.shape())?;
        if p == f64::INFINITY {
            return self.abs()?.amax(axes, keepdim);
        }
        if p.is_nan() || p <= 0.0 {
            return Err(Error::argument("norm", "p", p, "positive"));
        }
        if self.dtype().is_half() {
            return self.in_f32(|x| x.norm(p, axes, keepdim));
        }
        Self::apply(Norm { p, axes, keepdim }, &[self])
    }
}

/// `(Σ |x|ᵖ)^(1/p)`
#[derive(Debug, Clone, Copy)]
struct Norm {
    p: f64,
    axes: AxisMask,
    keepdim: bool,
}

impl Op for Norm {
    fn name(&self) -> &'static str {
        "norm"
    }

    fn flops(&self, inputs: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(2 * inputs[0].numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        let out = if self.p == 1.0 {
            x.abs()?.sum(self.axes, self.keepdim)?
        } else if self.p == 2.0 {
            x.mul(x)?.sum(self.axes, self.keepdim)?.sqrt()?
        } else {
            x.abs()?.pow_scalar(self.p)?.sum(self.axes, self.keepdim)?.pow_scalar(1.0 / self.p)?
        };
        saved.keep(x);
        saved.keep_output(&out);
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let (x, y) = (saved.get(0)?, saved.get(1)?);
        let kept: Shape = self.axes.keepdim(x.shape());
        let (grad, y) = (grad.reshape(kept)?, y.reshape(kept)?);
        if self.p == 1.0 {
            return Ok([x.sign()?.mul(&grad)?].into());
        }
        // Where the norm is 0 every x is 0: dividing by 1 there gives the gradient 0.
        let y = y.masked_fill(&y.detach().eq(&Tensor::full((), 0.0, y.dtype())?)?, 1.0)?;
        let slope = if self.p == 2.0 {
            x.div(&y)? // x / ‖x‖
        } else {
            // sign(x)·(|x|/‖x‖)^(p-1)
            x.sign()?.mul(&x.abs()?.div(&y)?.pow_scalar(self.p - 1.0)?)?
        };
        Ok([slope.mul(&grad)?].into())
    }
}
