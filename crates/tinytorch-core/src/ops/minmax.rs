//! Largest and smallest elements: of two tensors, and over axes.

use crate::{
    Error, Result, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    kernels::{map, reduce},
    ops::{
        AxisMask, IntoAxes,
        broadcast::sum_to,
        support::{common_shape, number_type, on_floats, real_type, same_dtype},
    },
    tensor::Real,
};

/// Which end of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Max,
    Min,
}

/// The larger (or smaller) of two elements. Equal ones share the gradient in halves.
#[derive(Debug, Clone, Copy)]
struct Extreme(End);

impl Op for Extreme {
    fn name(&self) -> &'static str {
        if self.0 == End::Max { "maximum" } else { "minimum" }
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let op = self.name();
        same_dtype(op, inputs[0], inputs[1])?;
        let shape = common_shape(op, inputs[0].shape(), inputs[1].shape())?;
        saved.keep(inputs[0]);
        saved.keep(inputs[1]);
        on_floats(op, inputs, |t| {
            let (la, lb) = (t[0].layout().expand(&shape), t[1].layout().expand(&shape));
            Ok(real_type!(t[0].dtype(), T => {
                let (a, b) = (t[0].typed_as::<T>(&la), t[1].typed_as::<T>(&lb));
                let out = if self.0 == End::Max { map::map2(a, b, T::max_nan) } else { map::map2(a, b, T::min_nan) };
                Tensor::own(out, shape)
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let (a, b) = (saved.get(0)?.detach(), saved.get(1)?.detach());
        let wins = if self.0 == End::Max { a.gt(&b)? } else { a.lt(&b)? };
        let ties = a.eq(&b)?.to_dtype(grad.dtype())?.mul_scalar(0.5)?;
        let share = wins.to_dtype(grad.dtype())?.add(&ties)?; // 1, 1/2 or 0
        let da = saved.input_shape(0).map(|s| sum_to(&grad.mul(&share)?, s)).transpose()?;
        let db = saved
            .input_shape(1)
            .map(|s| sum_to(&grad.mul(&share.rsub_scalar(1.0)?)?, s))
            .transpose()?;
        Ok([da, db].into())
    }
}

/// The largest (or smallest) element over axes. Equal ones share the gradient evenly.
#[derive(Debug, Clone, Copy)]
struct ExtremeOver {
    end: End,
    axes: AxisMask,
    keepdim: bool,
}

impl Op for ExtremeOver {
    fn name(&self) -> &'static str {
        if self.end == End::Max { "amax" } else { "amin" }
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let op = self.name();
        let shape = self.axes.reduce(inputs[0].shape(), self.keepdim);
        let out = on_floats(op, inputs, |t| {
            Ok(real_type!(t[0].dtype(), T => {
                let x = t[0].typed::<T>();
                let out = if self.end == End::Max {
                    dispatch::reduce_max(x, self.axes.as_slice())?
                } else {
                    reduce::fold_axes(x, self.axes.as_slice(), T::min_nan)
                };
                Tensor::own(out, shape)
            }))
        })?;
        saved.keep(inputs[0]);
        saved.keep_output(&out);
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let x = saved.get(0)?.detach();
        let kept = self.axes.keepdim(x.shape());
        let hits = x.eq(&saved.get(1)?.detach().reshape(kept)?)?.to_dtype(x.dtype())?;
        let share = grad.reshape(kept)?.div(&hits.sum(self.axes, true)?)?;
        Ok([hits.mul(&share)?].into())
    }
}

/// Refuses a group without elements: there is no largest one.
fn not_empty(op: &'static str, x: &Tensor, axes: AxisMask) -> Result<()> {
    if axes.count(x.shape()) == 0 && x.rank() > 0 {
        return Err(Error::argument(
            op,
            "self",
            format!("of shape {}", x.shape()),
            "not empty along the axes",
        ));
    }
    Ok(())
}

/// Returns the index of the first extreme element of each line; NaN counts as extreme.
fn arg<T: PartialOrd + Copy>(row: &[T], better: impl Fn(T, T) -> bool) -> i64 {
    let mut best = 0;
    for (i, &v) in row.iter().enumerate() {
        let is_nan = v.partial_cmp(&v).is_none();
        if is_nan {
            return i as i64;
        }
        if better(v, row[best]) {
            best = i;
        }
    }
    best as i64
}

impl Tensor {
    /// Returns the larger of each pair of elements; the shapes broadcast. Equal elements share the gradient in halves.
    /// NaN wins.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`], [`Error::DTypeMismatch`], or [`Error::DTypeUnsupported`] unless the elements are
    /// floats.
    #[track_caller]
    pub fn maximum(&self, rhs: &Self) -> Result<Self> {
        Self::apply(Extreme(End::Max), &[self, rhs])
    }

    /// Returns the smaller of each pair of elements; otherwise as [`Self::maximum`].
    ///
    /// # Errors
    ///
    /// As [`Self::maximum`].
    #[track_caller]
    pub fn minimum(&self, rhs: &Self) -> Result<Self> {
        Self::apply(Extreme(End::Min), &[self, rhs])
    }

    /// Returns the largest element over `axes` (`..` for all). Equal elements share the gradient evenly. NaN wins.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] for an empty group; [`Error::DTypeUnsupported`] unless
    /// the elements are floats.
    #[track_caller]
    pub fn amax(&self, axes: impl IntoAxes, keepdim: bool) -> Result<Self> {
        self.extreme_over(End::Max, axes.into_axes("amax", self.shape())?, keepdim)
    }

    /// Returns the smallest element over `axes`; otherwise as [`Self::amax`].
    ///
    /// # Errors
    ///
    /// As [`Self::amax`].
    #[track_caller]
    pub fn amin(&self, axes: impl IntoAxes, keepdim: bool) -> Result<Self> {
        self.extreme_over(End::Min, axes.into_axes("amin", self.shape())?, keepdim)
    }

    #[track_caller]
    fn extreme_over(&self, end: End, axes: AxisMask, keepdim: bool) -> Result<Self> {
        not_empty(if end == End::Max { "amax" } else { "amin" }, self, axes)?;
        Self::apply(ExtremeOver { end, axes, keepdim }, &[self])
    }

    /// Returns the largest element along `axis` and its index. The first of equal elements wins and takes the whole
    /// gradient.
    ///
    /// # Errors
    ///
    /// As [`Self::amax`].
    #[track_caller]
    pub fn max_dim(&self, axis: isize, keepdim: bool) -> Result<(Self, Self)> {
        self.pick(axis, keepdim, self.argmax(axis, true)?)
    }

    /// Returns the smallest element along `axis` and its index; otherwise as [`Self::max_dim`].
    ///
    /// # Errors
    ///
    /// As [`Self::amax`].
    #[track_caller]
    pub fn min_dim(&self, axis: isize, keepdim: bool) -> Result<(Self, Self)> {
        self.pick(axis, keepdim, self.argmin(axis, true)?)
    }

    #[track_caller]
    fn pick(&self, axis: isize, keepdim: bool, index: Self) -> Result<(Self, Self)> {
        let values = self.gather(axis, &index)?;
        if keepdim {
            Ok((values, index))
        } else {
            Ok((values.squeeze(axis)?, index.squeeze(axis)?))
        }
    }

    /// Returns the index of the largest element along `axis` as `i64`; the first of equal ones. The result carries no
    /// graph.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] if the axis is empty; [`Error::DTypeUnsupported`] for truth
    /// values.
    #[track_caller]
    pub fn argmax(&self, axis: isize, keepdim: bool) -> Result<Self> {
        self.arg_extreme("argmax", End::Max, axis, keepdim)
    }

    /// Returns the index of the smallest element along `axis`; otherwise as [`Self::argmax`].
    ///
    /// # Errors
    ///
    /// As [`Self::argmax`].
    #[track_caller]
    pub fn argmin(&self, axis: isize, keepdim: bool) -> Result<Self> {
        self.arg_extreme("argmin", End::Min, axis, keepdim)
    }

    #[track_caller]
    fn arg_extreme(&self, op: &'static str, end: End, axis: isize, keepdim: bool) -> Result<Self> {
        let axis = self.shape().axis(op, axis)?;
        let mask = AxisMask::one(self.rank(), axis);
        not_empty(op, self, mask)?;
        let wide;
        let x = match self.dtype() {
            crate::DType::Bool => return Err(Error::dtype(op, self.dtype(), "a number")),
            d if d.is_half() => {
                wide = self.cast(crate::DType::F32);
                &wide
            }
            _ => self,
        };
        let shape = mask.reduce(x.shape(), keepdim);
        Ok(number_type!(x.dtype(), T => {
            let index = |row: &[T]| match end {
                End::Max => arg(row, |a, b| a > b),
                End::Min => arg(row, |a, b| a < b),
            };
            Self::own(reduce::lines(x.typed::<T>(), axis, index), shape)
        }))
    }
}
