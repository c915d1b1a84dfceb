//! Making tensors.

use half::{bf16, f16};

use super::{DType, Element, IntoShape, Shape, Tensor, storage::filled};
#[cfg(not(feature = "std"))]
use crate::nostd::Float;
use crate::nostd::prelude::*;
use crate::{Error, Result, rng::Rng};

/// Calls `$body` with `$T` standing for the Rust type of `$dtype`.
macro_rules! each_type {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::DType::F16 => {
                type $T = half::f16;
                $body
            }
            $crate::DType::BF16 => {
                type $T = half::bf16;
                $body
            }
            $crate::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::DType::I32 => {
                type $T = i32;
                $body
            }
            $crate::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::DType::I8 => {
                type $T = i8;
                $body
            }
            $crate::DType::Bool => {
                type $T = bool;
                $body
            }
        }
    };
}
pub(crate) use each_type;

impl Tensor {
    /// Returns a tensor that owns `data`, given in row-major order.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the number of elements does not fit the shape, or the shape is not valid.
    ///
    /// # Examples
    ///
    /// ```
    /// use tinytorch_core::Tensor;
    ///
    /// let x = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3])?;
    /// assert_eq!(x.sum(0, false)?.to_vec::<f32>()?, [5.0, 7.0, 9.0]);
    /// # Ok::<(), tinytorch_core::Error>(())
    /// ```
    pub fn from_vec<T: Element>(data: Vec<T>, shape: impl IntoShape) -> Result<Self> {
        let shape = shape.into_shape()?;
        if data.len() != shape.numel() {
            let need = format!("as long as shape {shape} asks: {} elements", shape.numel());
            return Err(Error::argument(
                "from_vec",
                "data",
                format!("{} elements long", data.len()),
                need,
            ));
        }
        let out = Self::own(data, shape);
        #[cfg(feature = "course")]
        crate::course::deferred()?;
        Ok(out)
    }

    /// Returns a tensor with a copy of `data`, given in row-major order.
    ///
    /// # Errors
    ///
    /// As [`Self::from_vec`].
    pub fn from_slice<T: Element>(data: &[T], shape: impl IntoShape) -> Result<Self> {
        Self::from_vec(data.to_vec(), shape)
    }

    /// Returns a tensor of rank 0.
    #[must_use]
    pub fn scalar<T: Element>(value: T) -> Self {
        Self::own(vec![value], Shape::clipped(&[]))
    }

    /// Returns a tensor filled with `value`, converted to `dtype`.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if the shape is not valid or the memory cannot be had.
    pub fn full(shape: impl IntoShape, value: f64, dtype: DType) -> Result<Self> {
        let shape = shape.into_shape()?;
        each_type!(dtype, T => Ok(Self::own(filled::<T>("full", shape.numel(), <T as Element>::from_f64(value))?, shape)))
    }

    /// Returns a tensor of zeros.
    ///
    /// # Errors
    ///
    /// As [`Self::full`].
    pub fn zeros(shape: impl IntoShape, dtype: DType) -> Result<Self> {
        Self::full(shape, 0.0, dtype)
    }

    /// Returns a tensor of ones.
    ///
    /// # Errors
    ///
    /// As [`Self::full`].
    pub fn ones(shape: impl IntoShape, dtype: DType) -> Result<Self> {
        Self::full(shape, 1.0, dtype)
    }

    /// Returns zeros in the shape and element type of this tensor.
    ///
    /// # Errors
    ///
    /// As [`Self::full`].
    pub fn zeros_like(&self) -> Result<Self> {
        Self::full(self.shape(), 0.0, self.dtype())
    }

    /// Returns ones in the shape and element type of this tensor.
    ///
    /// # Errors
    ///
    /// As [`Self::full`].
    pub fn ones_like(&self) -> Result<Self> {
        Self::full(self.shape(), 1.0, self.dtype())
    }

    /// Returns the `n` by `n` identity matrix.
    ///
    /// # Errors
    ///
    /// As [`Self::full`].
    pub fn eye(n: usize, dtype: DType) -> Result<Self> {
        let shape = [n, n].into_shape()?;
        each_type!(dtype, T => {
            let mut data = filled::<T>("eye", n * n, <T as Element>::from_i64(0))?;
            data.iter_mut().step_by(n + 1).for_each(|x| *x = <T as Element>::from_i64(1));
            Ok(Self::own(data, shape))
        })
    }

    /// Returns `start, start + step, ..` up to but not including `end`.
    ///
    /// Each element is `start + i·step`, computed in `f64` and converted, so that steps do not accumulate error.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if a value is not finite, `step` is 0 or points away from `end`.
    pub fn arange(start: f64, end: f64, step: f64, dtype: DType) -> Result<Self> {
        let text = || format!("{start} to {end} by {step}");
        let count = ((end - start) / step).ceil();
        if !(start.is_finite() && end.is_finite() && step.is_finite()) || step == 0.0 || count < 0.0
        {
            return Err(Error::argument(
                "arange",
                "range",
                text(),
                "finite, with a step other than 0 toward the end",
            ));
        }
        if count > 1e15 {
            return Err(Error::argument(
                "arange",
                "range",
                text(),
                "short enough for the memory of this machine",
            ));
        }
        let n = count as usize;
        let shape = n.into_shape()?;
        each_type!(dtype, T => {
            let mut data = filled::<T>("arange", n, <T as Element>::from_i64(0))?;
            data.iter_mut().enumerate().for_each(|(i, x)| *x = <T as Element>::from_f64(start + i as f64 * step));
            Ok(Self::own(data, shape))
        })
    }

    /// Returns `n` values evenly spaced from `start` to `end`, both included.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] if an end is not finite or the memory cannot be had.
    pub fn linspace(start: f64, end: f64, n: usize, dtype: DType) -> Result<Self> {
        if !(start.is_finite() && end.is_finite()) {
            return Err(Error::argument(
                "linspace",
                "range",
                format!("{start} to {end}"),
                "finite",
            ));
        }
        let shape = n.into_shape()?;
        let step = if n > 1 { (end - start) / (n - 1) as f64 } else { 0.0 };
        each_type!(dtype, T => {
            let mut data = filled::<T>("linspace", n, <T as Element>::from_i64(0))?;
            for (i, x) in data.iter_mut().enumerate() {
                // The last value is the end itself, not the end plus rounding.
                let v = if i + 1 == n && n > 1 { end } else { start + i as f64 * step };
                *x = <T as Element>::from_f64(v);
            }
            Ok(Self::own(data, shape))
        })
    }

    /// Returns values drawn evenly from `[0, 1)`, in row-major order from `rng`.
    ///
    /// # Errors
    ///
    /// As [`Self::full`]; [`Error::DTypeUnsupported`] for types other than floats.
    pub fn rand(shape: impl IntoShape, dtype: DType, rng: &mut Rng) -> Result<Self> {
        Self::draw("rand", shape, dtype, || rng.uniform())
    }

    /// Returns values drawn from the normal distribution with mean 0 and deviation 1, in row-major order from `rng`.
    ///
    /// # Errors
    ///
    /// As [`Self::full`]; [`Error::DTypeUnsupported`] for types other than floats.
    pub fn randn(shape: impl IntoShape, dtype: DType, rng: &mut Rng) -> Result<Self> {
        Self::draw("randn", shape, dtype, || rng.normal())
    }

    fn draw(
        op: &'static str,
        shape: impl IntoShape,
        dtype: DType,
        mut next: impl FnMut() -> f64,
    ) -> Result<Self> {
        let shape = shape.into_shape()?;
        if !dtype.is_float() {
            return Err(Error::dtype(op, dtype, "f32, f64, f16 or bf16"));
        }
        each_type!(dtype, T => {
            let mut data = filled::<T>(op, shape.numel(), <T as Element>::from_i64(0))?;
            data.iter_mut().for_each(|x| *x = <T as Element>::from_f64(next()));
            Ok(Self::own(data, shape))
        })
    }
}

/// Nested arrays become tensors of the rank of their nesting.
macro_rules! from_arrays {
    ($($T:ty),*) => {$(
        impl From<$T> for Tensor {
            fn from(x: $T) -> Self {
                Self::scalar(x)
            }
        }

        impl<const A: usize> From<[$T; A]> for Tensor {
            fn from(x: [$T; A]) -> Self {
                Self::own(x.to_vec(), Shape::clipped(&[A]))
            }
        }

        impl<const A: usize, const B: usize> From<[[$T; B]; A]> for Tensor {
            fn from(x: [[$T; B]; A]) -> Self {
                Self::own(x.as_flattened().to_vec(), Shape::clipped(&[A, B]))
            }
        }

        impl<const A: usize, const B: usize, const C: usize> From<[[[$T; C]; B]; A]> for Tensor {
            fn from(x: [[[$T; C]; B]; A]) -> Self {
                Self::own(x.as_flattened().as_flattened().to_vec(), Shape::clipped(&[A, B, C]))
            }
        }

        impl<const A: usize, const B: usize, const C: usize, const D: usize> From<[[[[$T; D]; C]; B]; A]> for Tensor {
            fn from(x: [[[[$T; D]; C]; B]; A]) -> Self {
                let data = x.as_flattened().as_flattened().as_flattened().to_vec();
                Self::own(data, Shape::clipped(&[A, B, C, D]))
            }
        }
    )*};
}

from_arrays!(f32, f64, f16, bf16, i64, i32, u8, i8, bool);
