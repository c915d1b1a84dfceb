//! Choosing the Rust type of an operation at run time.

use crate::{DType, Error, Result, Tensor};

/// Evaluates `$body` with `$T` standing for `f32` or `f64`; the element type must be one of them.
macro_rules! real_type {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F64 => {
                type $T = f64;
                $body
            }
            _ => {
                type $T = f32;
                $body
            }
        }
    };
}
pub(crate) use real_type;

/// Evaluates `$body` with `$T` standing for the type of a number: `f32`, `f64`, or an integer.
macro_rules! number_type {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F64 => {
                type $T = f64;
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
            _ => {
                type $T = f32;
                $body
            }
        }
    };
}
pub(crate) use number_type;

/// Checks that all tensors have one element type.
pub(crate) fn same_dtype(op: &'static str, lhs: &Tensor, rhs: &Tensor) -> Result<()> {
    if lhs.dtype() == rhs.dtype() {
        Ok(())
    } else {
        Err(Error::DTypeMismatch { op, lhs: lhs.dtype(), rhs: rhs.dtype() })
    }
}

/// Runs `f` on floats: 16-bit ones are widened to `f32` before and the result is rounded back after.
///
/// All inputs have one element type.
pub(crate) fn on_floats(
    op: &'static str,
    inputs: &[&Tensor],
    f: impl FnOnce(&[&Tensor]) -> Result<Tensor>,
) -> Result<Tensor> {
    match inputs.first().map_or(DType::F32, |t| t.dtype()) {
        DType::F32 | DType::F64 => f(inputs),
        half @ (DType::F16 | DType::BF16) => {
            let wide: Vec<Tensor> = inputs.iter().map(|t| t.cast(DType::F32)).collect();
            let refs: Vec<&Tensor> = wide.iter().collect();
            Ok(f(&refs)?.cast(half))
        }
        other => Err(Error::dtype(op, other, "f32, f64, f16 or bf16")),
    }
}

/// As [`on_floats`], but integers pass as they are; only truth values are refused.
pub(crate) fn on_numbers(
    op: &'static str,
    inputs: &[&Tensor],
    f: impl FnOnce(&[&Tensor]) -> Result<Tensor>,
) -> Result<Tensor> {
    match inputs.first().map_or(DType::F32, |t| t.dtype()) {
        DType::Bool => Err(Error::dtype(op, DType::Bool, "a number")),
        d if d.is_int() => f(inputs),
        _ => on_floats(op, inputs, f),
    }
}
