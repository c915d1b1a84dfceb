//! The operators `+ - * /` and unary `-` on references.
//!
//! They panic where the methods return an error, with the same text: use the methods in code that must not panic.

use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::{Result, Tensor};

#[track_caller]
fn unwrap(result: Result<Tensor>) -> Tensor {
    match result {
        Ok(t) => t,
        Err(e) => panic!("{e}"),
    }
}

macro_rules! operators {
    ($($Trait:ident, $method:ident, $with_scalar:ident, $from_scalar:expr);* $(;)?) => {$(
        impl $Trait<&Tensor> for &Tensor {
            type Output = Tensor;

            /// # Panics
            ///
            /// Where the method of the same name returns an error.
            #[track_caller]
            fn $method(self, rhs: &Tensor) -> Tensor {
                unwrap(Tensor::$method(self, rhs))
            }
        }

        impl $Trait<f64> for &Tensor {
            type Output = Tensor;

            /// # Panics
            ///
            /// Where the method for a number returns an error.
            #[track_caller]
            fn $method(self, rhs: f64) -> Tensor {
                unwrap(self.$with_scalar(rhs))
            }
        }

        impl $Trait<&Tensor> for f64 {
            type Output = Tensor;

            /// # Panics
            ///
            /// Where the method for a number returns an error.
            #[track_caller]
            fn $method(self, rhs: &Tensor) -> Tensor {
                unwrap($from_scalar(rhs, self))
            }
        }
    )*};
}

operators! {
    Add, add, add_scalar, Tensor::add_scalar;
    Sub, sub, sub_scalar, Tensor::rsub_scalar;
    Mul, mul, mul_scalar, Tensor::mul_scalar;
    Div, div, div_scalar, Tensor::rdiv_scalar;
}

impl Neg for &Tensor {
    type Output = Tensor;

    /// # Panics
    ///
    /// Where [`Tensor::neg`] returns an error.
    #[track_caller]
    fn neg(self) -> Tensor {
        unwrap(Tensor::neg(self))
    }
}
