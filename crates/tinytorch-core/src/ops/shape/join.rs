//! Joining tensors along an axis.

use crate::nostd::prelude::*;
use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    tensor::each_type,
};

/// Concatenation along an existing axis.
#[derive(Debug, Clone, Copy)]
struct Cat(usize);

impl Op for Cat {
    fn name(&self) -> &'static str {
        "cat"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        let shape = joined(inputs, self.0)?;
        let lengths: Vec<i64> = inputs.iter().map(|t| t.dims()[self.0] as i64).collect();
        saved.keep(&Tensor::from_vec(lengths, [inputs.len()])?);
        let inner: usize = shape[self.0 + 1..].iter().product();
        let outer: usize = shape[..self.0].iter().product();
        Ok(each_type!(inputs[0].dtype(), T => {
            let parts: Vec<_> = inputs.iter().map(|t| (t.typed::<T>().to_contiguous(), t.dims()[self.0] * inner)).collect();
            let mut out = Vec::with_capacity(shape.numel());
            for i in 0..outer {
                parts.iter().for_each(|(data, run)| out.extend_from_slice(&data[i * run..(i + 1) * run]));
            }
            Tensor::own(out, shape)
        }))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let lengths = saved.get(0)?.to_vec::<i64>()?;
        let mut start = 0;
        lengths
            .iter()
            .enumerate()
            .map(|(i, &len)| {
                let len = len as usize;
                start += len;
                saved
                    .input_shape(i)
                    .map(|_| grad.narrow(self.0 as isize, start - len, len))
                    .transpose()
            })
            .collect()
    }
}

/// Checks the parts and returns the joined shape.
fn joined(inputs: &[&Tensor], axis: usize) -> Result<Shape> {
    let first = inputs[0];
    let mut total = 0usize;
    for t in inputs {
        if t.dtype() != first.dtype() {
            return Err(Error::DTypeMismatch { op: "cat", lhs: first.dtype(), rhs: t.dtype() });
        }
        if t.rank() != first.rank() || t.shape().with(axis, 0) != first.shape().with(axis, 0) {
            return Err(Error::shapes(
                "cat",
                (first.shape(), t.shape()),
                format!("the shapes differ beyond axis {axis}"),
                "joined tensors have equal sizes on all axes but the one they are joined along",
                "reshape or slice the parts, or join along another axis",
            ));
        }
        total = total.saturating_add(t.dims()[axis]);
    }
    Shape::new(&first.shape().with(axis, total))
}

impl Tensor {
    /// Returns the tensors joined along an existing axis.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for an empty list; [`Error::AxisOutOfRange`]; [`Error::DTypeMismatch`];
    /// [`Error::ShapeMismatch`] if another axis differs.
    #[track_caller]
    pub fn cat(tensors: &[&Self], axis: isize) -> Result<Self> {
        let first = tensors
            .first()
            .ok_or_else(|| Error::argument("cat", "tensors", "empty", "a list of at least one"))?;
        let axis = first.shape().axis("cat", axis)?;
        Self::apply(Cat(axis), tensors)
    }

    /// Returns the tensors joined along a new axis at position `axis` of the result.
    ///
    /// # Errors
    ///
    /// As [`Self::cat`]; all shapes must be equal.
    #[track_caller]
    pub fn stack(tensors: &[&Self], axis: isize) -> Result<Self> {
        let first = tensors.first().ok_or_else(|| {
            Error::argument("stack", "tensors", "empty", "a list of at least one")
        })?;
        if let Some(t) = tensors.iter().find(|t| t.shape() != first.shape()) {
            return Err(Error::shapes(
                "stack",
                (first.shape(), t.shape()),
                "the shapes differ",
                "stacked tensors have one shape",
                "pad or crop the parts to one shape, or join them with cat",
            ));
        }
        let parts = tensors.iter().map(|t| t.unsqueeze(axis)).collect::<Result<Vec<_>>>()?;
        Self::cat(&parts.iter().collect::<Vec<_>>(), axis)
    }
}
