//! Softmax and its logarithm.

use crate::{
    Result, Tensor,
    autograd::{Grads, Op, Saved, is_recording},
    dispatch,
    kernels::rows,
    ops::support::{on_floats, real_type},
};

/// `e^xᵢ / Σⱼ e^xⱼ` along an axis.
#[derive(Debug, Clone, Copy)]
struct Softmax(usize);

impl Op for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(4 * out.numel() as u64)
    }

    fn backward_flops(&self, _: &Saved, grad: &Tensor) -> Option<u64> {
        Some(4 * grad.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let out = on_floats("softmax", inputs, |t| {
            Ok(
                real_type!(t[0].dtype(), T => Tensor::own(dispatch::softmax(t[0].typed::<T>(), self.0)?, *t[0].shape())),
            )
        })?;
        saved.keep_output(&out);
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let y = saved.get(0)?;
        if is_recording() {
            let gy = grad.mul(y)?;
            return Ok([gy.sub(&y.mul(&gy.sum(self.0, true)?)?)?].into()); // y·g - y·Σ g·y
        }
        let dx = on_floats("softmax", &[grad, y], |t| {
            Ok(real_type!(t[0].dtype(), T => {
                let dx = rows::softmax_backward(t[0].typed::<T>(), t[1].typed::<T>(), self.0);
                Tensor::own(dx, *t[0].shape())
            }))
        })?;
        Ok([dx].into())
    }
}

/// `ln softmax(x)` along an axis.
#[derive(Debug, Clone, Copy)]
struct LogSoftmax(usize);

impl Op for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(4 * out.numel() as u64)
    }

    fn backward_flops(&self, _: &Saved, grad: &Tensor) -> Option<u64> {
        Some(4 * grad.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let out = on_floats("log_softmax", inputs, |t| {
            let y = real_type!(t[0].dtype(), T => {
                Tensor::own(dispatch::log_softmax(t[0].typed::<T>(), self.0)?, *t[0].shape())
            });
            Ok(y)
        })?;
        saved.keep_output(&out);
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let y = saved.get(0)?;
        if is_recording() {
            return Ok([grad.sub(&y.exp()?.mul(&grad.sum(self.0, true)?)?)?].into()); // g - softmax·Σ g
        }
        let dx = on_floats("log_softmax", &[grad, y], |t| {
            Ok(real_type!(t[0].dtype(), T => {
                let dx = rows::log_softmax_backward(t[0].typed::<T>(), t[1].typed::<T>(), self.0);
                Tensor::own(dx, *t[0].shape())
            }))
        })?;
        Ok([dx].into())
    }
}

impl Tensor {
    /// Returns `e^xᵢ / Σⱼ e^xⱼ` along `axis`.
    ///
    /// # Numerics
    ///
    /// The largest element of each slice is subtracted first. A slice of nothing but negative infinities gives zeros
    /// with zero gradient.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::DTypeUnsupported`] unless the elements are floats.
    ///
    /// [`Error::AxisOutOfRange`]: crate::Error::AxisOutOfRange
    /// [`Error::DTypeUnsupported`]: crate::Error::DTypeUnsupported
    #[track_caller]
    pub fn softmax(&self, axis: isize) -> Result<Self> {
        let axis = self.shape().axis("softmax", axis)?;
        Self::apply(Softmax(axis), &[self])
    }

    /// Returns `ln softmax(x)` along `axis`, finite for any finite input.
    ///
    /// # Errors
    ///
    /// As [`Self::softmax`].
    #[track_caller]
    pub fn log_softmax(&self, axis: isize) -> Result<Self> {
        let axis = self.shape().axis("log_softmax", axis)?;
        Self::apply(LogSoftmax(axis), &[self])
    }
}
