//! Arithmetic of two tensors, and of a tensor and a number.

use crate::{
    Error, Result, Tensor,
    autograd::{Grads, Op, Saved},
    dispatch::{self, Arithmetic},
    kernels::map,
    ops::{
        broadcast::sum_to,
        support::{common_shape, number_type, on_floats, on_numbers, real_type, same_dtype},
    },
    tensor::{Element, Number},
};

/// `a + b`
#[derive(Debug, Clone, Copy)]
pub struct Add;
/// `a - b`
#[derive(Debug, Clone, Copy)]
pub struct Sub;
/// `a · b`
#[derive(Debug, Clone, Copy)]
pub struct Mul;
/// `a / b`
#[derive(Debug, Clone, Copy)]
pub struct Div;

/// Computes `a ∘ b` with broadcasting, without a graph.
fn binary(op: &'static str, kind: Arithmetic, a: &Tensor, b: &Tensor) -> Result<Tensor> {
    same_dtype(op, a, b)?;
    on_numbers(op, &[a, b], |t| {
        let (a, b) = (t[0], t[1]);
        let shape = if !cfg!(feature = "course") && a.shape() == b.shape() {
            *a.shape()
        } else {
            common_shape(op, a.shape(), b.shape())?
        };
        let (la, lb) = (a.layout().expand(&shape), b.layout().expand(&shape));
        if a.dtype().is_float() {
            return Ok(real_type!(a.dtype(), T => {
                Tensor::own(dispatch::elementwise_binary::<T>(kind, a.typed_as(&la), b.typed_as(&lb))?, shape)
            }));
        }
        number_type!(a.dtype(), T => {
            let (x, y) = (a.typed_as::<T>(&la), b.typed_as::<T>(&lb));
            let out = match kind {
                Arithmetic::Add => map::map2(x, y, T::plus),
                Arithmetic::Sub => map::map2(x, y, T::minus),
                Arithmetic::Mul => map::map2(x, y, T::times),
                Arithmetic::Div => return Err(Error::dtype(op, a.dtype(), "f32, f64, f16 or bf16")),
            };
            Ok(Tensor::own(out, shape))
        })
    })
}

impl Op for Add {
    fn name(&self) -> &'static str {
        "add"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        binary("add", Arithmetic::Add, inputs[0], inputs[1])
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok(dispatch::add_backward(grad, saved.input_shape(0), saved.input_shape(1))?.into()) // g, g
    }
}

impl Op for Sub {
    fn name(&self) -> &'static str {
        "sub"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        binary("sub", Arithmetic::Sub, inputs[0], inputs[1])
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let a = saved.input_shape(0).map(|s| sum_to(grad, s)).transpose()?; // g
        let b = saved.input_shape(1).map(|s| sum_to(grad, s)?.neg()).transpose()?; // -g
        Ok([a, b].into())
    }
}

impl Op for Mul {
    fn name(&self) -> &'static str {
        "mul"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep_if(saved.needs(1), inputs[0]);
        saved.keep_if(saved.needs(0), inputs[1]);
        binary("mul", Arithmetic::Mul, inputs[0], inputs[1])
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let a = saved.input_shape(0).map(|s| Ok::<_, Error>((s, saved.get(1)?))).transpose()?;
        let b = saved.input_shape(1).map(|s| Ok::<_, Error>((s, saved.get(0)?))).transpose()?;
        Ok(dispatch::mul_backward(grad, a, b)?.into()) // g·b, g·a
    }
}

impl Op for Div {
    fn name(&self) -> &'static str {
        "div"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], saved: &mut Saved) -> Result<Tensor> {
        saved.keep_if(saved.needs(1), inputs[0]);
        saved.keep_if(saved.needs_any(), inputs[1]);
        binary("div", Arithmetic::Div, inputs[0], inputs[1])
    }

    fn backward(&self, saved: &Saved, grad: &Tensor) -> Result<Grads> {
        let b = saved.get(1)?;
        let g = grad.div(b)?;
        let da = saved.input_shape(0).map(|s| sum_to(&g, s)).transpose()?; // g/b
        let db = match saved.input_shape(1) {
            Some(s) => Some(sum_to(&g.mul(&saved.get(0)?.div(b)?)?.neg()?, s)?), // -g·a/b²
            None => None,
        };
        Ok([da, db].into())
    }
}

/// `x + s`
#[derive(Debug, Clone, Copy)]
pub struct AddScalar(
    /// The number that is added.
    pub f64,
);
/// `x · s`
#[derive(Debug, Clone, Copy)]
pub struct MulScalar(
    /// The factor.
    pub f64,
);
/// `x / s`
#[derive(Debug, Clone, Copy)]
pub struct DivScalar(
    /// The divisor.
    pub f64,
);

/// Computes `f(x, s)` without a graph. Integers accept only whole numbers in their range.
macro_rules! with_scalar {
    ($op:literal, $x:expr, $s:expr, $f:ident) => {
        on_numbers($op, &[$x], |t| {
            let x = t[0];
            number_type!(x.dtype(), T => {
                let s = <T as Element>::from_f64($s);
                if !x.dtype().is_float() && s.to_f64() != $s {
                    let need = format!("a whole number in the range of {}", x.dtype());
                    return Err(Error::argument($op, "scalar", $s, need));
                }
                Ok(Tensor::own(map::map1(x.typed::<T>(), |v| v.$f(s)), *x.shape()))
            })
        })
    };
}

impl Op for AddScalar {
    fn name(&self) -> &'static str {
        "add_scalar"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        with_scalar!("add_scalar", inputs[0], self.0, plus)
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.clone()].into())
    }
}

impl Op for MulScalar {
    fn name(&self) -> &'static str {
        "mul_scalar"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        with_scalar!("mul_scalar", inputs[0], self.0, times)
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.mul_scalar(self.0)?].into())
    }
}

impl Op for DivScalar {
    fn name(&self) -> &'static str {
        "div_scalar"
    }

    fn flops(&self, _: &[&Tensor], out: &Tensor) -> Option<u64> {
        Some(out.numel() as u64)
    }

    fn forward(&self, inputs: &[&Tensor], _: &mut Saved) -> Result<Tensor> {
        on_floats("div_scalar", inputs, |t| {
            Ok(real_type!(t[0].dtype(), T => {
                let s = <T as Element>::from_f64(self.0);
                Tensor::own(map::map1(t[0].typed::<T>(), |v| v / s), *t[0].shape())
            }))
        })
    }

    fn backward(&self, _: &Saved, grad: &Tensor) -> Result<Grads> {
        Ok([grad.div_scalar(self.0)?].into())
    }
}

impl Tensor {
    /// Returns `self + rhs`; the shapes broadcast.
    ///
    /// # Errors
    ///
    /// [`Error::ShapeMismatch`] if the shapes do not broadcast, [`Error::DTypeMismatch`] if the element types differ,
    /// [`Error::DTypeUnsupported`] for truth values.
    #[track_caller]
    pub fn add(&self, rhs: &Self) -> Result<Self> {
        Self::apply(Add, &[self, rhs])
    }

    /// Returns `self - rhs`; the shapes broadcast.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    #[track_caller]
    pub fn sub(&self, rhs: &Self) -> Result<Self> {
        Self::apply(Sub, &[self, rhs])
    }

    /// Returns `self · rhs`, element by element; the shapes broadcast.
    ///
    /// # Errors
    ///
    /// As [`Self::add`].
    #[track_caller]
    pub fn mul(&self, rhs: &Self) -> Result<Self> {
        Self::apply(Mul, &[self, rhs])
    }

    /// Returns `self / rhs`, element by element; the shapes broadcast. `1/0` is infinite.
    ///
    /// # Errors
    ///
    /// As [`Self::add`]; [`Error::DTypeUnsupported`] for integers.
    #[track_caller]
    pub fn div(&self, rhs: &Self) -> Result<Self> {
        Self::apply(Div, &[self, rhs])
    }

    /// Returns `self + s`. The number takes the element type of the tensor.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if `s` is not whole and the elements are integers, [`Error::DTypeUnsupported`] for
    /// truth values.
    #[track_caller]
    pub fn add_scalar(&self, s: f64) -> Result<Self> {
        Self::apply(AddScalar(s), &[self])
    }

    /// Returns `self - s`.
    ///
    /// # Errors
    ///
    /// As [`Self::add_scalar`].
    #[track_caller]
    pub fn sub_scalar(&self, s: f64) -> Result<Self> {
        Self::apply(AddScalar(-s), &[self])
    }

    /// Returns `s - self`.
    ///
    /// # Errors
    ///
    /// As [`Self::add_scalar`].
    #[track_caller]
    pub fn rsub_scalar(&self, s: f64) -> Result<Self> {
        self.neg()?.add_scalar(s)
    }

    /// Returns `self · s`.
    ///
    /// # Errors
    ///
    /// As [`Self::add_scalar`].
    #[track_caller]
    pub fn mul_scalar(&self, s: f64) -> Result<Self> {
        Self::apply(MulScalar(s), &[self])
    }

    /// Returns `self / s`.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the elements are floats.
    #[track_caller]
    pub fn div_scalar(&self, s: f64) -> Result<Self> {
        Self::apply(DivScalar(s), &[self])
    }

    /// Returns `s / self`.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the elements are floats.
    #[track_caller]
    pub fn rdiv_scalar(&self, s: f64) -> Result<Self> {
        Self::full((), s, self.dtype())?.div(self)
    }

    /// Returns `-self`.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] for truth values; [`Error::InvalidArgument`] for unsigned integers.
    #[track_caller]
    pub fn neg(&self) -> Result<Self> {
        self.mul_scalar(-1.0)
    }
}
