//! Conversion between element types.

use crate::{
    DType, Result, Tensor,
    autograd::{Grads, Op, Saved},
};

/// Conversion to another element type.
#[derive(Debug, Clone, Copy)]
struct Cast {
    from: DType,
    to: DType,
}

impl Op for Cast {
    fn name(&self) -> &'static str {
        "to_dtype"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        Ok(inputs[0].cast(self.to))
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.to_dtype(self.from)?].into())
    }
}

impl Tensor {
    /// Returns the elements converted to another type; the tensor itself if it has that type.
    ///
    /// Floats become integers by truncation toward zero with saturation; anything but 0 becomes true. Between floats
    /// the gradient passes; integers and truth values carry none.
    ///
    /// # Errors
    ///
    /// None today; the result type leaves room for element types that do not convert.
    #[track_caller]
    pub fn to_dtype(&self, dtype: DType) -> Result<Self> {
        if dtype == self.dtype() {
            return Ok(self.clone());
        }
        Self::apply(Cast { from: self.dtype(), to: dtype }, &[self])
    }

    /// Runs a chain of operations on the elements widened to `f32` and rounds the result back once.
    #[track_caller]
    pub(crate) fn in_f32(&self, f: impl FnOnce(&Self) -> Result<Self>) -> Result<Self> {
        f(&self.to_dtype(DType::F32)?)?.to_dtype(self.dtype())
    }
}
