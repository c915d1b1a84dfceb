//! Powers.

use crate::{
    Result, Tensor,
    autograd::{Grads, Op, Saved},
    kernels::map,
    ops::{
        broadcast::sum_to,
        support::{common_shape, on_floats, real_type, same_dtype},
    },
    tensor::Real,
};

/// `x^p` for a number `p`.
#[derive(Debug, Clone, Copy)]
struct PowScalar(f64);

impl Op for PowScalar {
    fn name(&self) -> &'static str {
        "pow_scalar"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep(inputs[0]);
        on_floats("pow_scalar", inputs, |t| {
            Ok(real_type!(t[0].dtype(), T => {
                let x = t[0].typed::<T>();
                let p = T::lit(self.0);
                let out = if self.0 == 2.0 { map::map1(x, |v| v * v) } else { map::map1(x, |v| v.powf(p)) };
                Tensor::own(out, *t[0].shape())
            }))
        })
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let x = saved.get(0)?;
        if self.0 == 0.0 {
            return Ok([grad.zeros_like()?].into()); // x⁰ is constant, also at 0
        }
        let slope = if self.0 == 2.0 {
            x.mul_scalar(2.0)?
        } else {
            x.pow_scalar(self.0 - 1.0)?.mul_scalar(self.0)?
        };
        Ok([grad.mul(&slope)?].into()) // p·x^(p-1)
    }
}

/// `a^b`
#[derive(Debug, Clone, Copy)]
struct Pow;

impl Op for Pow {
    fn name(&self) -> &'static str {
        "pow"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        same_dtype("pow", inputs[0], inputs[1])?;
        let shape = common_shape("pow", inputs[0].shape(), inputs[1].shape())?;
        let out = on_floats("pow", inputs, |t| {
            let (la, lb) = (t[0].layout().expand(&shape), t[1].layout().expand(&shape));
            Ok(real_type!(t[0].dtype(), T => {
                Tensor::own(map::map2(t[0].typed_as::<T>(&la), t[1].typed_as::<T>(&lb), T::powf), shape)
            }))
        })?;
        saved.keep(inputs[0]);
        saved.keep(inputs[1]);
        saved.keep_output(&out);
        Ok(out)
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let (a, b) = (saved.get(0)?, saved.get(1)?);
        let zero = Tensor::full((), 0.0, grad.dtype())?;
        let da = match saved.input_shape(0) {
            Some(s) => {
                // b·a^(b-1); where b = 0 the power is constant, also at a = 0 where a^(b-1) is infinite.
                let flat = b.detach().eq(&zero)?;
                let lower = a.pow(&b.sub_scalar(1.0)?.masked_fill(&flat, 0.0)?)?;
                Some(sum_to(&grad.mul(&b.mul(&lower)?)?, s)?)
            }
            None => None,
        };
        let db = match saved.input_shape(1) {
            Some(s) => {
                // a^b·ln a; at a = 0 the power does not change with b ≥ 0.
                let at_zero = a.detach().eq(&zero)?;
                let ln = a.masked_fill(&at_zero, 1.0)?.log()?;
                Some(sum_to(&grad.mul(&saved.get(2)?.mul(&ln)?)?, s)?)
            }
            None => None,
        };
        Ok([da, db].into())
    }
}

impl Tensor {
    /// Returns `self^p`. The gradient of `x⁰` is 0.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn pow_scalar(&self, p: f64) -> Result<Self> {
        Self::apply(PowScalar(p), &[self])
    }

    /// Returns `self^rhs`, element by element; the shapes broadcast.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch), [`Error::DTypeMismatch`](crate::Error::DTypeMismatch), or [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
    #[track_caller]
    pub fn pow(&self, rhs: &Self) -> Result<Self> {
        Self::apply(Pow, &[self, rhs])
    }
}
