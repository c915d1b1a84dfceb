//! Repeating a tensor along axes of size 1, and the adjoint: summing over them.

use crate::nostd::prelude::*;
use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch,
    ops::{AxisMask, IntoSizes},
};

/// Repeats axes of size 1, as a view with stride 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expand(Shape);

impl Op for Expand {
    fn name(&self) -> &'static str {
        "expand"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        Ok(inputs[0].with_layout(inputs[0].layout().expand(&self.0)))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let to = saved.input_shape(0).map(|s| dispatch::reduce_broadcast_grad(grad, s));
        Ok([to.transpose()?].into())
    }
}

/// Returns the sum of `x` over the axes along which `shape` was repeated to become the shape of `x`.
pub(crate) fn sum_to(x: &Tensor, shape: &Shape) -> Result<Tensor> {
    if x.shape() == shape {
        return Ok(x.clone());
    }
    #[cfg(feature = "course")]
    if let Some(out) = dispatch::reduced_by_student(x, shape)? {
        return Ok(out);
    }
    let lead = x.rank() - shape.rank();
    let axes: Vec<usize> =
        (0..x.rank()).filter(|&a| a < lead || (shape[a - lead] == 1 && x.dims()[a] != 1)).collect();
    let mask = crate::ops::IntoAxes::into_axes(&axes, "sum", x.shape())?;
    sum_and_reshape(x, mask, shape)
}

fn sum_and_reshape(x: &Tensor, mask: AxisMask, shape: &Shape) -> Result<Tensor> {
    x.sum(mask, true)?.reshape(shape)
}

impl Tensor {
    /// Returns a view in which axes of size 1 are repeated; -1 keeps a size, and new axes may stand in front.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if a size other than 1 would change.
    #[track_caller]
    pub fn expand(&self, shape: impl IntoSizes) -> Result<Self> {
        let wanted = shape.into_sizes()?;
        let lead = wanted.len() as isize - self.rank() as isize;
        let fits = |detail: String, dims: &[usize]| {
            Error::shapes(
                "expand",
                (self.shape(), dims),
                detail,
                "only axes of size 1 can be repeated, and new axes stand in front",
                "reshape first, or use repeat to copy whole blocks",
            )
        };
        let dims: Vec<usize> = wanted.iter().map(|&d| d.max(0) as usize).collect();
        if lead < 0 {
            return Err(fits("the new shape has fewer axes".into(), &dims));
        }
        let lead = lead as usize;
        let mut out = dims.clone();
        for (axis, &want) in wanted.iter().enumerate() {
            let have = if axis < lead { None } else { Some(self.dims()[axis - lead]) };
            out[axis] = match (have, want) {
                (Some(have), -1) => have,
                (None, -1) | (_, ..-1) => {
                    return Err(fits(format!("size {want} at axis {axis}"), &dims));
                }
                (None | Some(1), want) => want as usize,
                (Some(have), want) if have == want as usize => have,
                (Some(have), want) => {
                    return Err(fits(
                        format!("size {have} at axis {axis} cannot become {want}"),
                        &dims,
                    ));
                }
            };
        }
        self.expand_to(&Shape::new(&out)?)
    }

    /// As [`Self::expand`] for a shape that is known to fit.
    #[track_caller]
    pub(crate) fn expand_to(&self, shape: &Shape) -> Result<Self> {
        if shape == self.shape() {
            return Ok(self.clone());
        }
        Self::apply(Expand(*shape), &[self])
    }

    /// Returns a view of this tensor in the shape that it and `shape` broadcast to.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] unless the result has exactly `shape`.
    #[track_caller]
    pub fn broadcast_to(&self, shape: &Shape) -> Result<Self> {
        let out = dispatch::broadcast_shape("broadcast_to", self.shape(), shape)?;
        if out != *shape {
            return Err(Error::shapes(
                "broadcast_to",
                (self.shape(), shape),
                format!("the two broadcast to {out}"),
                "a tensor is repeated to a larger shape, never reduced",
                "swap the roles, or reduce the larger axis first",
            ));
        }
        self.expand_to(shape)
    }
}
