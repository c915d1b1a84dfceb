//! The Rust types that tensors are made of.

use core::{
    fmt::{Debug, Display},
    ops::{Add, AddAssign, Div, Mul, Neg, Sub},
};

use half::{bf16, f16};

use super::{DType, storage::Buffer};
use crate::nostd::{Float, prelude::*};

/// A type of tensor elements: `f32`, `f64`, `f16`, `bf16`, `i64`, `i32`, `u8`, `i8` or `bool`.
///
/// The set is closed: each type corresponds to one [`DType`].
pub trait Element:
    sealed::Stored + Copy + Default + PartialEq + PartialOrd + Debug + Display + Send + Sync + 'static
{
    /// The run-time name of the type.
    const DTYPE: DType;

    /// Converts from a double: integers truncate and saturate, `bool` is true unless zero.
    fn from_f64(x: f64) -> Self;

    /// Converts to a double; 64-bit integers beyond 2^53 round.
    fn to_f64(self) -> f64;

    /// Converts from an integer; narrower integers saturate, floats round.
    fn from_i64(x: i64) -> Self;

    /// Converts to an integer: floats truncate toward zero and saturate.
    fn to_i64(self) -> i64;
}

/// Types with exact or wrapping arithmetic: every [`Element`] except `bool` and the 16-bit floats.
///
/// Integers wrap around on overflow, as the machine does.
pub trait Number: Element {
    /// The neutral element of addition.
    const ZERO: Self;
    /// The neutral element of multiplication.
    const ONE: Self;
    /// `self + rhs`
    #[must_use]
    fn plus(self, rhs: Self) -> Self;
    /// `self - rhs`
    #[must_use]
    fn minus(self, rhs: Self) -> Self;
    /// `self · rhs`
    #[must_use]
    fn times(self, rhs: Self) -> Self;
}

/// The two types in which real arithmetic is done: `f32` and `f64`.
///
/// The functions are those of the standard library under the same names; in single precision `exp`, `tanh`, `sigmoid` and
/// `erf` are our own, within 3 units of the last place and the same bits on every machine.
pub trait Real:
    Number
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// Positive infinity.
    const INFINITY: Self;
    /// Not a number.
    const NAN: Self;
    /// Rounds a double to this type.
    fn lit(x: f64) -> Self;
    /// `e^x`
    #[must_use]
    fn exp(self) -> Self;
    /// `e^x` of `x ≤ 0`; for `f32` numbers below the least normal one are 0. `FUSED` allows products and sums to round once.
    #[must_use]
    #[doc(hidden)]
    fn exp_down<const FUSED: bool>(self) -> Self;
    /// `e^x - 1`, exact near zero.
    #[must_use]
    fn exp_m1(self) -> Self;
    /// Natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// `ln(1 + x)`, exact near zero.
    #[must_use]
    fn ln_1p(self) -> Self;
    /// Square root.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Sine of an angle in radians.
    #[must_use]
    fn sin(self) -> Self;
    /// Cosine of an angle in radians.
    #[must_use]
    fn cos(self) -> Self;
    /// Hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// `1 / (1 + e^-x)`, never overflowing.
    #[must_use]
    fn sigmoid(self) -> Self;
    /// Error function `2/√π ∫₀ˣ e^(-t²) dt`.
    #[must_use]
    fn erf(self) -> Self;
    /// `self` to the power `n`.
    #[must_use]
    fn powf(self, n: Self) -> Self;
    /// `self · a + b`, rounded once.
    #[must_use]
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// Absolute value.
    #[must_use]
    fn abs(self) -> Self;
    /// The larger one; NaN if either is NaN.
    #[must_use]
    fn max_nan(self, rhs: Self) -> Self;
    /// The smaller one; NaN if either is NaN.
    #[must_use]
    fn min_nan(self, rhs: Self) -> Self;
    /// Rounds to the nearest integer, halves to the even one.
    #[must_use]
    fn round_even(self) -> Self;
    /// Largest integer not above the value.
    #[must_use]
    fn floor(self) -> Self;
    /// Smallest integer not below the value.
    #[must_use]
    fn ceil(self) -> Self;
    /// True for NaN.
    fn is_nan(self) -> bool;
    /// True unless infinite or NaN.
    fn is_finite(self) -> bool;
}

pub(crate) mod sealed {
    use super::Buffer;
    use crate::nostd::prelude::*;

    /// Access to the storage of one element type.
    pub trait Stored: Sized {
        fn wrap(data: Vec<Self>) -> Buffer;
        fn slice(buffer: &Buffer) -> Option<&[Self]>;
        fn slice_mut(buffer: &mut Buffer) -> Option<&mut [Self]>;

        /// The elements, if they are `f32`: what a student's slot reads.
        #[cfg(feature = "course")]
        fn f32s(_: &[Self]) -> Option<&[f32]> {
            None
        }

        /// As [`Self::f32s`], to be changed in place.
        #[cfg(feature = "course")]
        fn f32s_mut(_: &mut [Self]) -> Option<&mut [f32]> {
            None
        }

        /// The elements that a student's slot returned, if this type is `f32`.
        #[cfg(feature = "course")]
        fn of_f32s(_: Vec<f32>) -> Option<Vec<Self>> {
            None
        }
    }
}

macro_rules! stored {
    ($($T:ty => $variant:ident $({$($own:item)*})?),*) => {$(
        impl sealed::Stored for $T {
            $($($own)*)?

            fn wrap(data: Vec<Self>) -> Buffer {
                Buffer::$variant(data)
            }

            #[inline]
            fn slice(buffer: &Buffer) -> Option<&[Self]> {
                match buffer {
                    Buffer::$variant(v) => Some(v),
                    _ => None,
                }
            }

            #[inline]
            fn slice_mut(buffer: &mut Buffer) -> Option<&mut [Self]> {
                match buffer {
                    Buffer::$variant(v) => Some(v),
                    _ => None,
                }
            }
        }
    )*};
}

stored!(f32 => F32 {
    #[cfg(feature = "course")]
    fn f32s(data: &[Self]) -> Option<&[f32]> {
        Some(data)
    }

    #[cfg(feature = "course")]
    fn f32s_mut(data: &mut [Self]) -> Option<&mut [f32]> {
        Some(data)
    }

    #[cfg(feature = "course")]
    fn of_f32s(data: Vec<f32>) -> Option<Vec<Self>> {
        Some(data)
    }
}, f64 => F64, f16 => F16, bf16 => BF16, i64 => I64, i32 => I32, u8 => U8, i8 => I8, bool => Bool);

macro_rules! element_numeric {
    ($($T:ty => $variant:ident),*) => {$(
        impl Element for $T {
            const DTYPE: DType = DType::$variant;

            #[inline]
            fn from_f64(x: f64) -> Self {
                x as Self
            }

            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }

            #[inline]
            fn from_i64(x: i64) -> Self {
                x.clamp(Self::MIN as i64, Self::MAX as i64) as Self
            }

            #[inline]
            fn to_i64(self) -> i64 {
                self as i64
            }
        }
    )*};
}

macro_rules! element_float {
    ($($T:ident),*) => {$(
        impl Element for $T {
            const DTYPE: DType = if core::mem::size_of::<$T>() == 4 { DType::F32 } else { DType::F64 };

            #[inline]
            fn from_f64(x: f64) -> Self {
                x as Self
            }

            #[inline]
            fn to_f64(self) -> f64 {
                self as f64
            }

            #[inline]
            fn from_i64(x: i64) -> Self {
                x as Self
            }

            #[inline]
            fn to_i64(self) -> i64 {
                self as i64
            }
        }
    )*};
}

element_float!(f32, f64);
element_numeric!(i64 => I64, i32 => I32, u8 => U8, i8 => I8);

macro_rules! element_half {
    ($($T:ident => $variant:ident),*) => {$(
        impl Element for $T {
            const DTYPE: DType = DType::$variant;

            #[inline]
            fn from_f64(x: f64) -> Self {
                Self::from_f64(x)
            }

            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline]
            fn from_i64(x: i64) -> Self {
                Self::from_f64(x as f64)
            }

            #[inline]
            fn to_i64(self) -> i64 {
                f64::from(self) as i64
            }
        }
    )*};
}

element_half!(f16 => F16, bf16 => BF16);

impl Element for bool {
    const DTYPE: DType = DType::Bool;

    #[inline]
    fn from_f64(x: f64) -> Self {
        x != 0.0
    }

    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(u8::from(self))
    }

    #[inline]
    fn from_i64(x: i64) -> Self {
        x != 0
    }

    #[inline]
    fn to_i64(self) -> i64 {
        i64::from(self)
    }
}

macro_rules! number_int {
    ($($T:ident),*) => {$(
        impl Number for $T {
            const ZERO: Self = 0;
            const ONE: Self = 1;

            #[inline]
            fn plus(self, rhs: Self) -> Self {
                self.wrapping_add(rhs)
            }

            #[inline]
            fn minus(self, rhs: Self) -> Self {
                self.wrapping_sub(rhs)
            }

            #[inline]
            fn times(self, rhs: Self) -> Self {
                self.wrapping_mul(rhs)
            }
        }
    )*};
}

number_int!(i64, i32, u8, i8);

macro_rules! forward {
    ($T:ident: $($name:ident),*) => {$(
        #[inline]
        fn $name(self) -> Self {
            Float::$name(self)
        }
    )*};
}

macro_rules! real {
    ($($T:ident),*) => {$(
        impl Number for $T {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline]
            fn plus(self, rhs: Self) -> Self {
                self + rhs
            }

            #[inline]
            fn minus(self, rhs: Self) -> Self {
                self - rhs
            }

            #[inline]
            fn times(self, rhs: Self) -> Self {
                self * rhs
            }
        }

        impl Real for $T {
            const INFINITY: Self = <$T>::INFINITY;
            const NAN: Self = <$T>::NAN;

            #[inline]
            fn lit(x: f64) -> Self {
                x as Self
            }

            forward!($T: exp_m1, ln, ln_1p, sqrt, sin, cos, abs, floor, ceil);

            #[inline(always)]
            fn exp(self) -> Self {
                fast::$T::exp(self)
            }

            #[inline(always)]
            fn exp_down<const FUSED: bool>(self) -> Self {
                fast::$T::exp_down::<FUSED>(self)
            }

            #[inline(always)]
            fn tanh(self) -> Self {
                fast::$T::tanh(self)
            }

            #[inline(always)]
            fn sigmoid(self) -> Self {
                fast::$T::sigmoid(self)
            }

            #[inline(always)]
            fn erf(self) -> Self {
                fast::$T::erf(self)
            }

            #[inline(always)]
            fn mul_add(self, a: Self, b: Self) -> Self {
                Float::mul_add(self, a, b)
            }

            #[inline]
            fn powf(self, n: Self) -> Self {
                Float::powf(self, n)
            }

            #[inline(always)]
            fn max_nan(self, rhs: Self) -> Self {
                if self > rhs || self.is_nan() { self } else { rhs }
            }

            #[inline(always)]
            fn min_nan(self, rhs: Self) -> Self {
                if self < rhs || self.is_nan() { self } else { rhs }
            }

            #[inline]
            fn round_even(self) -> Self {
                self.round_ties_even()
            }

            #[inline]
            fn is_nan(self) -> bool {
                <$T>::is_nan(self)
            }

            #[inline]
            fn is_finite(self) -> bool {
                <$T>::is_finite(self)
            }
        }
    )*};
}

real!(f32, f64);

/// Where the functions come from that loops spend their time in.
mod fast {
    pub(super) use crate::kernels::real32 as f32;

    pub(super) mod f64 {
        pub(in super::super) use crate::kernels::erf::erf;
        #[cfg(not(feature = "std"))]
        use crate::nostd::Float;

        #[inline]
        pub(in super::super) fn exp(x: f64) -> f64 {
            x.exp()
        }

        #[inline]
        pub(in super::super) fn exp_down<const FUSED: bool>(x: f64) -> f64 {
            x.exp()
        }

        #[inline]
        pub(in super::super) fn tanh(x: f64) -> f64 {
            x.tanh()
        }

        /// In two branches by sign: the exponential never overflows.
        #[inline]
        pub(in super::super) fn sigmoid(x: f64) -> f64 {
            let e = (-x.abs()).exp();
            if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
        }
    }
}
