//! Diagonals.

use crate::{
    Error, Result, Shape, Tensor,
    autograd::{Grads, Op, Saved},
    tensor::{Element, Layout, each_type, position},
};

/// The elements with equal positions on two axes, as a view.
#[derive(Debug, Clone, Copy)]
struct Diagonal {
    /// The axis that stays.
    first: usize,
    /// The axis that goes.
    second: usize,
}

impl Op for Diagonal {
    fn name(&self) -> &'static str {
        "diagonal"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        Ok(inputs[0].with_layout(inputs[0].layout().diagonal(self.first, self.second)))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let dx = saved
            .input_shape(0)
            .map(|&full| Tensor::apply(OnDiagonal { at: *self, full }, &[grad]));
        Ok([dx.transpose()?].into())
    }
}

/// The adjoint: the elements on the diagonal among zeros.
#[derive(Debug, Clone, Copy)]
struct OnDiagonal {
    at: Diagonal,
    full: Shape,
}

impl Op for OnDiagonal {
    fn name(&self) -> &'static str {
        "on_diagonal"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let places = Layout::contiguous(self.full).diagonal(self.at.first, self.at.second);
        Ok(each_type!(inputs[0].dtype(), T => {
            let mut out = vec![<T as Element>::from_i64(0); self.full.numel()];
            for (n, v) in inputs[0].typed::<T>().iter().enumerate() {
                out[position(n, &places.shape, places.strides())] = v;
            }
            Tensor::own(out, self.full)
        }))
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([Tensor::apply(self.at, &[grad])?].into())
    }
}

impl Tensor {
    /// Returns a view of the elements with equal positions on two axes; the diagonal takes the place of the first.
    ///
    /// # Errors
    ///
    /// [`Error::AxisOutOfRange`]; [`Error::InvalidArgument`] for one axis named twice, or axes of different sizes.
    #[track_caller]
    pub fn diagonal(&self, first: isize, second: isize) -> Result<Self> {
        let (a, b) =
            (self.shape().axis("diagonal", first)?, self.shape().axis("diagonal", second)?);
        if a == b || self.dims()[a] != self.dims()[b] {
            let got = format!("{first} and {second} of shape {}", self.shape());
            return Err(Error::argument("diagonal", "axes", got, "two different axes of one size"));
        }
        Self::apply(Diagonal { first: a, second: b }, &[self])
    }
}
