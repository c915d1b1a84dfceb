//! Exponentials, logarithms, roots, angles.

use super::{Keep, Pointwise, Unary};
use crate::{Result, Tensor, tensor::Real};

/// Declares functions: name, doc, what is kept, value, slope, slope as tensor operations.
macro_rules! functions {
    ($($(#[$doc:meta])* $Name:ident $name:ident $keep:ident: |$x:ident| $value:expr; |$k:ident| $slope:expr; |$t:ident| $tensor:expr;)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            pub(crate) struct $Name;

            impl Pointwise for $Name {
                const NAME: &'static str = stringify!($name);
                const KEEP: Keep = Keep::$keep;

                #[inline(always)]
                fn value<T: Real>(self, $x: T) -> T {
                    $value
                }

                #[inline(always)]
                fn slope<T: Real>(self, $k: T) -> T {
                    $slope
                }

                fn slope_tensor(self, $t: &Tensor) -> Result<Tensor> {
                    $tensor
                }
            }
        )*

        impl Tensor {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                ///
                /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
                #[track_caller]
                pub fn $name(&self) -> Result<Self> {
                    Self::apply(Unary($Name), &[self])
                }
            )*
        }
    };
}

functions! {
    /// Returns `e^x`.
    Exp exp Output: |x| x.exp(); |y| y; |y| Ok(y.clone());
    /// Returns `e^x - 1`, exact near zero.
    Expm1 expm1 Output: |x| x.exp_m1(); |y| y + T::ONE; |y| y.add_scalar(1.0);
    /// Returns the natural logarithm.
    Log log Input: |x| x.ln(); |x| T::ONE / x; |x| x.reciprocal();
    /// Returns `ln(1 + x)`, exact near zero.
    Log1p log1p Input: |x| x.ln_1p(); |x| T::ONE / (T::ONE + x); |x| x.add_scalar(1.0)?.reciprocal();
    /// Returns the square root.
    Sqrt sqrt Output: |x| x.sqrt(); |y| T::lit(0.5) / y; |y| y.rdiv_scalar(0.5);
    /// Returns `1/√x`.
    Rsqrt rsqrt Output: |x| T::ONE / x.sqrt(); |y| T::lit(-0.5) * y * y * y; |y| y.mul(y)?.mul(y)?.mul_scalar(-0.5);
    /// Returns `1/x`.
    Reciprocal reciprocal Output: |x| T::ONE / x; |y| -(y * y); |y| y.mul(y)?.neg();
    /// Returns `x²`.
    Square square Input: |x| x * x; |x| x + x; |x| x.mul_scalar(2.0);
    /// Returns the absolute value; its gradient at 0 is 0.
    Abs abs Input: |x| x.abs(); |x| sign(x); |x| Ok(x.detach().sign()?.detach());
    /// Returns -1, 0 or 1; NaN stays NaN. The gradient is 0 everywhere.
    Sign sign Nothing: |x| sign(x); |_k| T::ZERO; |k| k.zeros_like();
    /// Returns the sine of an angle in radians.
    Sin sin Input: |x| x.sin(); |x| x.cos(); |x| x.cos();
    /// Returns the cosine of an angle in radians.
    Cos cos Input: |x| x.cos(); |x| -x.sin(); |x| x.sin()?.neg();
    /// Returns the error function `2/√π ∫₀ˣ e^(-t²) dt`, used by the exact GELU.
    Erf erf Input: |x| x.erf(); |x| T::lit(core::f64::consts::FRAC_2_SQRT_PI) * (-(x * x)).exp(); |x| x.mul(x)?.neg()?.exp()?.mul_scalar(core::f64::consts::FRAC_2_SQRT_PI);
}

#[inline(always)]
fn sign<T: Real>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        -T::ONE
    } else {
        x + T::ZERO // 0 stays 0, NaN stays NaN
    }
}

/// Functions that are constant between jumps. They have no useful gradient, and say so when one is asked for.
macro_rules! steps {
    ($($(#[$doc:meta])* $Name:ident $name:ident $method:ident)*) => {
        $(
            #[derive(Debug, Clone, Copy)]
            struct $Name;

            impl crate::autograd::Op for $Name {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }

                fn forward(&self, inputs: &[&Tensor], _: &mut crate::autograd::Saved) -> Result<Tensor> {
                    crate::ops::support::on_floats(stringify!($name), inputs, |t| {
                        Ok(crate::ops::support::real_type!(t[0].dtype(), T => {
                            let out = crate::kernels::map::map1(t[0].typed::<T>(), Real::$method);
                            Tensor::own(out, *t[0].shape())
                        }))
                    })
                }
            }
        )*

        impl Tensor {
            $(
                $(#[$doc])*
                ///
                /// The operation has no derivative: a gradient through it is [`Error::NotDifferentiable`](crate::Error::NotDifferentiable).
                ///
                /// # Errors
                ///
                /// [`Error::DTypeUnsupported`](crate::Error::DTypeUnsupported) unless the elements are floats.
                #[track_caller]
                pub fn $name(&self) -> Result<Self> {
                    Self::apply($Name, &[self])
                }
            )*
        }
    };
}

steps! {
    /// Rounds to the nearest integer, halves to the even one.
    Round round round_even
    /// Returns the largest integer not above each element.
    Floor floor floor
    /// Returns the smallest integer not below each element.
    Ceil ceil ceil
}
