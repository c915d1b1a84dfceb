//! Reading tensors back.

use super::{DType, Element, Tensor, create::each_type};
use crate::nostd::prelude::*;
use crate::{Error, Result};

impl Tensor {
    /// Returns the elements in row-major order.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeMismatch`] if `T` is not the element type; convert with `to_dtype` first.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        self.check_type::<T>("to_vec")?;
        Ok(self.typed::<T>().to_vec())
    }

    /// Returns the elements as one slice if they are contiguous, without copying.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeMismatch`] if `T` is not the element type; [`Error::InvalidArgument`] for a strided view,
    /// which [`Self::contiguous`] turns into a copy that has a slice.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.check_type::<T>("as_slice")?;
        let text = || format!("a view of shape {} with strides {:?}", self.shape(), self.strides());
        self.typed::<T>()
            .as_slice()
            .ok_or_else(|| Error::argument("as_slice", "self", text(), "contiguous"))
    }

    /// Returns the only element of a tensor that has one.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeMismatch`] if `T` is not the element type; [`Error::InvalidArgument`] unless there is exactly one
    /// element.
    pub fn item<T: Element>(&self) -> Result<T> {
        self.check_type::<T>("item")?;
        match self.numel() {
            1 => Ok(self.typed::<T>().data[0]),
            n => Err(Error::argument(
                "item",
                "self",
                format!("{n} elements, shape {}", self.shape()),
                "one element",
            )),
        }
    }

    /// Returns the only element converted to `f64`, whatever the element type.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`] unless there is exactly one element.
    pub fn to_f64(&self) -> Result<f64> {
        each_type!(self.dtype(), T => self.item::<T>().map(Element::to_f64))
    }

    /// Returns the elements converted to `T`, in row-major order, whatever the element type.
    ///
    /// Floats become integers by truncation toward zero, with saturation.
    #[must_use]
    pub fn to_vec_as<T: Element>(&self) -> Vec<T> {
        if self.dtype() == T::DTYPE {
            return self.typed::<T>().to_vec();
        }
        each_type!(self.dtype(), S => convert::<S, T>(self))
    }

    /// Returns the elements in another type, without a graph.
    pub(crate) fn cast(&self, dtype: DType) -> Self {
        if dtype == self.dtype() {
            return self.detach();
        }
        each_type!(dtype, T => Self::own(self.to_vec_as::<T>(), *self.shape()))
    }

    fn check_type<T: Element>(&self, op: &'static str) -> Result<()> {
        if self.dtype() == T::DTYPE {
            Ok(())
        } else {
            Err(Error::DTypeMismatch { op, lhs: self.dtype(), rhs: T::DTYPE })
        }
    }
}

fn convert<S: Element, T: Element>(x: &Tensor) -> Vec<T> {
    let x = x.typed::<S>();
    let exact = S::DTYPE.is_int() || T::DTYPE.is_int() || S::DTYPE == DType::Bool;
    // Doubles hold every value of the other types; only 64-bit integers have to go through integers.
    if exact && T::DTYPE != DType::Bool {
        crate::kernels::map::map1(x, |v| T::from_i64(v.to_i64()))
    } else {
        crate::kernels::map::map1(x, |v| T::from_f64(v.to_f64()))
    }
}
