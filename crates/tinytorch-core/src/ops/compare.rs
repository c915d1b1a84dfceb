//! Comparisons and truth values. The results carry no graph.

use crate::{
    DType, Error, Result, Tensor,
    kernels::map,
    ops::support::{common_shape, number_type, same_dtype},
    tensor::Element,
};

/// Compares two tensors element by element; the shapes broadcast.
fn compare(
    op: &'static str,
    a: &Tensor,
    b: &Tensor,
    f: impl Fn(core::cmp::Ordering) -> bool + Copy + Sync,
    nan: bool,
) -> Result<Tensor> {
    same_dtype(op, a, b)?;
    let shape = common_shape(op, a.shape(), b.shape())?;
    let wide;
    let (a, b) = match a.dtype() {
        d if d.is_half() => {
            wide = (a.cast(DType::F32), b.cast(DType::F32));
            (&wide.0, &wide.1)
        }
        DType::Bool => {
            wide = (a.cast(DType::U8), b.cast(DType::U8));
            (&wide.0, &wide.1)
        }
        _ => (a, b),
    };
    let (la, lb) = (a.layout().expand(&shape), b.layout().expand(&shape));
    Ok(number_type!(a.dtype(), T => {
        let out = map::map2(a.typed_as::<T>(&la), b.typed_as::<T>(&lb), |x, y| x.partial_cmp(&y).map_or(nan, f));
        Tensor::own(out, shape)
    }))
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident $method:ident $nan:literal)*) => {
        impl Tensor {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                ///
                /// [`Error::ShapeMismatch`] if the shapes do not broadcast, [`Error::DTypeMismatch`] if the element types
                /// differ.
                pub fn $name(&self, rhs: &Self) -> Result<Self> {
                    compare(stringify!($name), self, rhs, core::cmp::Ordering::$method, $nan)
                }
            )*
        }
    };
}

comparisons! {
    /// Returns whether `self = rhs`, element by element. NaN equals nothing.
    eq is_eq false
    /// Returns whether `self ≠ rhs`, element by element. NaN differs from everything.
    ne is_ne true
    /// Returns whether `self < rhs`, element by element.
    lt is_lt false
    /// Returns whether `self ≤ rhs`, element by element.
    le is_le false
    /// Returns whether `self > rhs`, element by element.
    gt is_gt false
    /// Returns whether `self ≥ rhs`, element by element.
    ge is_ge false
}

fn truths(op: &'static str, x: &Tensor) -> Result<()> {
    if x.dtype() == DType::Bool { Ok(()) } else { Err(Error::dtype(op, x.dtype(), "bool")) }
}

fn logical(
    op: &'static str,
    a: &Tensor,
    b: &Tensor,
    f: impl Fn(bool, bool) -> bool + Sync,
) -> Result<Tensor> {
    truths(op, a)?;
    truths(op, b)?;
    let shape = common_shape(op, a.shape(), b.shape())?;
    let (la, lb) = (a.layout().expand(&shape), b.layout().expand(&shape));
    Ok(Tensor::own(map::map2(a.typed_as::<bool>(&la), b.typed_as::<bool>(&lb), f), shape))
}

impl Tensor {
    /// Returns whether both are true, element by element.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless both hold truth values; [`Error::ShapeMismatch`].
    #[track_caller]
    pub fn logical_and(&self, rhs: &Self) -> Result<Self> {
        logical("logical_and", self, rhs, |a, b| a && b)
    }

    /// Returns whether at least one is true, element by element.
    ///
    /// # Errors
    ///
    /// As [`Self::logical_and`].
    #[track_caller]
    pub fn logical_or(&self, rhs: &Self) -> Result<Self> {
        logical("logical_or", self, rhs, |a, b| a || b)
    }

    /// Returns the opposite truth values.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the elements are truth values.
    #[track_caller]
    pub fn logical_not(&self) -> Result<Self> {
        truths("logical_not", self)?;
        Ok(Self::own(map::map1(self.typed::<bool>(), |v| !v), *self.shape()))
    }

    /// Returns whether each element is neither infinite nor NaN.
    ///
    /// # Errors
    ///
    /// [`Error::DTypeUnsupported`] unless the elements are floats.
    #[track_caller]
    pub fn is_finite(&self) -> Result<Self> {
        if !self.dtype().is_float() {
            return Err(Error::dtype("is_finite", self.dtype(), "f32, f64, f16 or bf16"));
        }
        Ok(crate::tensor::each_type!(self.dtype(), T => {
            Self::own(map::map1(self.typed::<T>(), |v: T| Element::to_f64(v).is_finite()), *self.shape())
        }))
    }

    /// Returns whether all elements of both tensors are equal, shapes and element types included.
    #[must_use]
    pub fn same_values(&self, rhs: &Self) -> bool {
        self.shape() == rhs.shape()
            && self.dtype() == rhs.dtype()
            && crate::tensor::each_type!(self.dtype(), T => self.typed::<T>().to_contiguous() == rhs.typed::<T>().to_contiguous())
    }
}
