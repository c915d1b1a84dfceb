//! Choosing between elements by a mask.

use crate::{
    DType, Error, Result, Tensor,
    autograd::{Grads, Op, Saved},
    kernels::map,
    ops::{
        broadcast::sum_to,
        support::{common_shape, same_dtype},
    },
    tensor::{Element, each_type},
};

/// `a` where the condition holds, otherwise `b`.
struct Where(Tensor);

impl Op for Where {
    fn name(&self) -> &'static str {
        "where"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let (a, b) = (inputs[0], inputs[1]);
        same_dtype("where", a, b)?;
        let shape = common_shape("where", a.shape(), b.shape())?;
        let shape = common_shape("where", &shape, self.0.shape())?;
        let [lc, la, lb] = [&self.0, a, b].map(|t| t.layout().expand(&shape));
        Ok(each_type!(a.dtype(), T => {
            let c = self.0.typed_as::<bool>(&lc);
            Tensor::own(map::map3(c, a.typed_as::<T>(&la), b.typed_as::<T>(&lb), |c, a, b| if c { a } else { b }), shape)
        }))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        // Zeros by selection, not by multiplication: 0·∞ must not appear on the side that was not chosen.
        let da = match saved.input_shape(0) {
            Some(s) => Some(sum_to(&grad.masked_fill(&self.0.logical_not()?, 0.0)?, s)?),
            None => None,
        };
        let db = match saved.input_shape(1) {
            Some(s) => Some(sum_to(&grad.masked_fill(&self.0, 0.0)?, s)?),
            None => None,
        };
        Ok([da, db].into())
    }
}

/// A number where the mask holds, otherwise the element.
struct MaskedFill {
    mask: Tensor,
    value: f64,
}

impl Op for MaskedFill {
    fn name(&self) -> &'static str {
        "masked_fill"
    }

    fn flops(&self, _: &[&Tensor], _: &Tensor) -> Option<u64> {
        Some(0)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        let x = inputs[0];
        let shape = common_shape("masked_fill", x.shape(), self.mask.shape())?;
        let [lm, lx] = [&self.mask, x].map(|t| t.layout().expand(&shape));
        Ok(each_type!(x.dtype(), T => {
            let value = <T as Element>::from_f64(self.value);
            let m = self.mask.typed_as::<bool>(&lm);
            Tensor::own(map::map2(m, x.typed_as::<T>(&lx), |m, v| if m { value } else { v }), shape)
        }))
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let Some(shape) = saved.input_shape(0) else { return Ok([None].into()) };
        Ok([sum_to(&grad.masked_fill(&self.mask, 0.0)?, shape)?].into())
    }
}

fn check_mask(op: &'static str, mask: &Tensor) -> Result<()> {
    if mask.dtype() == DType::Bool {
        Ok(())
    } else {
        Err(Error::dtype(op, mask.dtype(), "bool, as comparisons give it"))
    }
}

impl Tensor {
    /// Returns `a` where this mask is true, otherwise `b`; the three shapes broadcast.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the mask holds truth values; [`Error::DTypeMismatch`] or
    /// [`Error::ShapeMismatch`] unless the operands fit.
    #[track_caller]
    pub fn select_where(&self, a: &Self, b: &Self) -> Result<Self> {
        check_mask("where", self)?;
        Self::apply(Where(self.clone()), &[a, b])
    }

    /// Returns this tensor with `value` where `mask` is true; the shapes broadcast. Filled places receive no gradient.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the mask holds truth values; [`Error::ShapeMismatch`].
    #[track_caller]
    pub fn masked_fill(&self, mask: &Self, value: f64) -> Result<Self> {
        check_mask("masked_fill", mask)?;
        Self::apply(MaskedFill { mask: mask.detach(), value }, &[self])
    }

    /// Returns the lower triangle of the last two axes: elements above diagonal `k` become 0. Diagonal 0 is the main
    /// one, positive ones lie above it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] for fewer than two axes.
    #[track_caller]
    pub fn tril(&self, k: isize) -> Result<Self> {
        let mask = self.triangle("tril", |i, j| j - i > k)?;
        self.masked_fill(&mask, 0.0)
    }

    /// Returns the upper triangle of the last two axes: elements below diagonal `k` become 0.
    ///
    /// # Errors
    ///
    /// As [`Self::tril`].
    #[track_caller]
    pub fn triu(&self, k: isize) -> Result<Self> {
        let mask = self.triangle("triu", |i, j| j - i < k)?;
        self.masked_fill(&mask, 0.0)
    }

    /// A mask over the last two axes.
    #[track_caller]
    fn triangle(&self, op: &'static str, f: impl Fn(isize, isize) -> bool) -> Result<Self> {
        let &[.., rows, cols] = self.dims() else {
            return Err(Error::argument(
                op,
                "self",
                format!("of rank {}", self.rank()),
                "of rank 2 or more",
            ));
        };
        let mask = (0..rows)
            .flat_map(|i| (0..cols).map(move |j| (i as isize, j as isize)))
            .map(|(i, j)| f(i, j));
        Self::from_vec(mask.collect(), [rows, cols])
    }
}
