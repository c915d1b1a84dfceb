//! Reshape, permute, transpose, squeeze, unsqueeze, flatten, contiguous.

use crate::nostd::prelude::*;
use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    kernels::map,
    ops::{IntoAxes, IntoSizes},
    tensor::each_type,
};

/// The same elements in the same order under another shape.
#[derive(Debug, Clone, Copy)]
pub struct Reshape(
    /// The new shape.
    pub Shape,
);

impl Op for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        Ok(match x.layout().reshape(&self.0) {
            Some(layout) => x.with_layout(layout),
            None => each_type!(x.dtype(), T => Tensor::own(x.typed::<T>().to_vec(), self.0)),
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dx = saved.input_shape(0).map(|s| grad.reshape(s)).transpose()?;
        Ok([dx].into())
    }
}

/// The axes in another order, as a view.
#[derive(Debug, Clone)]
pub struct Permute(
    /// Axis `a` of the result is axis `order[a]` of the input.
    pub Vec<usize>,
);

impl Op for Permute {
    fn name(&self) -> &'static str {
        "permute"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        dispatch::permute_axes(inputs[0].shape(), inputs[0].strides(), &self.0)?;
        Ok(inputs[0].with_layout(inputs[0].layout().permute(&self.0)))
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        let mut inverse = vec![0; self.0.len()];
        self.0.iter().enumerate().for_each(|(to, &from)| inverse[from] = to);
        Ok([Tensor::apply(Self(inverse), &[grad])?].into())
    }
}

/// Two axes swapped, as a view.
#[derive(Debug, Clone, Copy)]
pub struct Transpose(
    /// One axis.
    pub usize,
    /// The other axis.
    pub usize,
);

impl Op for Transpose {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        for axis in [self.0, self.1] {
            x.shape().axis("transpose", axis as isize)?;
        }
        Ok(x.with_layout(x.layout().swap(self.0, self.1)))
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([Tensor::apply(*self, &[grad])?].into())
    }
}

/// A copy in row-major order.
#[derive(Debug, Clone, Copy)]
struct Contiguous;

impl Op for Contiguous {
    fn name(&self) -> &'static str {
        "contiguous"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        Ok(each_type!(x.dtype(), T => Tensor::own(map::copied(x.typed::<T>()), *x.shape())))
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.clone()].into())
    }
}

impl Tensor {
    /// Returns the same elements under another shape. One size may be -1: it follows from the others. A view if the
    /// layout allows it, otherwise a copy.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if the numbers of elements differ; [`Error::InvalidArgument`] for more than one -1.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::{DType, Tensor};
    ///
    /// let x = Tensor::arange(0.0, 6.0, 1.0, DType::F32)?;
    /// let y = x.reshape([2, -1])?;
    /// assert_eq!(y.dims(), [2, 3]);
    /// assert!(y.shares_memory(&x));
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    #[track_caller]
    pub fn reshape(&self, shape: impl IntoSizes) -> Result<Self> {
        let shape = dispatch::reshape_infer(self.shape(), &shape.into_sizes()?)?;
        if shape == *self.shape() {
            return Ok(self.clone());
        }
        Self::apply(Reshape(shape), &[self])
    }

    /// Returns the axes `start` to `end`, both included, merged into one.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] if `start` lies behind `end`.
    #[track_caller]
    pub fn flatten(&self, start: isize, end: isize) -> Result<Self> {
        if self.rank() == 0 {
            return self.reshape([1]);
        }
        let (s, e) = (self.shape().axis("flatten", start)?, self.shape().axis("flatten", end)?);
        if s > e {
            return Err(Error::argument(
                "flatten",
                "axes",
                format!("{start} to {end}"),
                "in order",
            ));
        }
        let mut dims = self.dims()[..s].to_vec();
        dims.push(self.dims()[s..=e].iter().product());
        dims.extend_from_slice(&self.dims()[e + 1..]);
        self.reshape(&dims)
    }

    /// Returns a view with the axes in another order: axis `a` of the result is axis `order[a]`.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] unless every axis is named once.
    #[track_caller]
    pub fn permute(&self, order: &[isize]) -> Result<Self> {
        let order =
            order.iter().map(|&a| self.shape().axis("permute", a)).collect::<Result<Vec<_>>>()?;
        Self::apply(Permute(order), &[self])
    }

    /// Returns a view with two axes swapped.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`].
    #[track_caller]
    pub fn transpose(&self, a: isize, b: isize) -> Result<Self> {
        let (a, b) = (self.shape().axis("transpose", a)?, self.shape().axis("transpose", b)?);
        if a == b {
            return Ok(self.clone());
        }
        Self::apply(Transpose(a, b), &[self])
    }

    /// Returns a view with the last two axes swapped: the matrix transpose. A vector or scalar returns itself.
    ///
    /// # Errors
    ///
    /// None; the result type is that of the other views.
    #[track_caller]
    pub fn t(&self) -> Result<Self> {
        if self.rank() < 2 {
            return Ok(self.clone());
        }
        self.transpose(-2, -1)
    }

    /// Returns a view without axis `axis` if its size is 1; otherwise the tensor itself.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`].
    #[track_caller]
    pub fn squeeze(&self, axis: isize) -> Result<Self> {
        let axis = self.shape().axis("squeeze", axis)?;
        if self.dims()[axis] != 1 {
            return Ok(self.clone());
        }
        Self::apply(Reshape(self.shape().remove(axis)), &[self])
    }

    /// Returns a view with a new axis of size 1 at position `axis` of the result; -1 is the last.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] at the largest rank.
    #[track_caller]
    pub fn unsqueeze(&self, axis: isize) -> Result<Self> {
        let rank = self.rank() as isize;
        let at = if axis < 0 { axis.saturating_add(rank + 1) } else { axis };
        if !(0..=rank).contains(&at) {
            return Err(Error::AxisOutOfRange { op: "unsqueeze", axis, rank: self.rank() + 1 });
        }
        Self::apply(Reshape(self.shape().insert(at as usize, 1)?), &[self])
    }

    /// Returns the elements in row-major order: the tensor itself if they lie so, otherwise a copy.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "copying elements cannot fail")]
    #[track_caller]
    pub fn contiguous(&self) -> Self {
        if self.is_contiguous() {
            return self.clone();
        }
        let copied = Self::apply(Contiguous, &[self]);
        // A student's strides can be wrong: the next operation that may fail says so.
        #[cfg(feature = "course")]
        let copied = copied.or_else(|error| {
            crate::course::defer(error);
            Ok::<_, Error>(self.clone())
        });
        copied.expect("copying elements cannot fail")
    }

    /// Returns the elements with the order reversed along `axes`.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`], or [`Error::InvalidArgument`] for an axis named twice.
    #[track_caller]
    pub fn flip(&self, axes: impl IntoAxes) -> Result<Self> {
        let axes = axes.into_axes("flip", self.shape())?;
        let mut out = self.clone();
        for (axis, _) in axes.as_slice().iter().enumerate().filter(|(_, m)| **m) {
            let n = self.dims()[axis] as i64;
            let reversed = Self::from_vec((0..n).rev().collect(), [n as usize])?;
            out = out.index_select(axis as isize, &reversed)?;
        }
        Ok(out)
    }
}
