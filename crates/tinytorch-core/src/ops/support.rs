//! Choosing the Rust type of an operation at run time.

use crate::nostd::prelude::*;
use crate::{DType, Error, Result, Shape, Tensor, dispatch};

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

/// Results with fewer elements are made without asking whether there is memory for them.
pub(crate) const SMALL: usize = if cfg!(feature = "std") { 1 << 24 } else { 1 << 8 };

/// Refuses a result that the memory of this machine cannot hold, before anything is computed for it.
pub(crate) fn check_room(op: &'static str, dims: &[usize]) -> Result<()> {
    Shape::new(dims)?;
    // An empty axis does not excuse the others: tables are made along each of them.
    let n: usize = dims.iter().map(|&d| d.max(1)).product();
    if n <= SMALL {
        return Ok(());
    }
    // Without std memory counts, and arrays of doubles are rare.
    let widest = if cfg!(feature = "std") { size_of::<f64>() } else { size_of::<f32>() };
    let bytes = n.saturating_mul(widest);
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| {
        let got = format!("of shape {dims:?}, up to {bytes} bytes");
        Error::argument(op, "result", got, "small enough for the memory of this machine")
    })
}

/// Returns the common shape of two operands of an elementwise operation, if a result of that shape fits into memory.
pub(crate) fn common_shape(op: &'static str, a: &Shape, b: &Shape) -> Result<Shape> {
    let shape = dispatch::broadcast_shape(op, a, b)?;
    check_room(op, &shape)?;
    Ok(shape)
}

/// As [`check_room`], for operands that look larger than their memory: what is computed from views that repeat elements,
/// or over an empty axis beside a long one, has room for each position.
fn check_wide(op: &'static str, inputs: &[&Tensor]) -> Result<()> {
    for t in inputs {
        let positions: usize = t.dims().iter().map(|&d| d.max(1)).product();
        if positions > SMALL && positions > t.storage().buffer.len() {
            check_room(op, &[positions])?;
        }
    }
    Ok(())
}

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
    check_wide(op, inputs)?;
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
    check_wide(op, inputs)?;
    match inputs.first().map_or(DType::F32, |t| t.dtype()) {
        DType::Bool => Err(Error::dtype(op, DType::Bool, "a number")),
        d if d.is_int() => f(inputs),
        _ => on_floats(op, inputs, f),
    }
}

/// Returns the index of the largest element of each row of `y`, [N, classes], the first one on ties.
pub(crate) fn classes(y: &Tensor) -> Result<Vec<usize>> {
    let &[_, n] = y.dims() else {
        return Err(Error::argument(
            "predict",
            "output",
            format_args!("of shape {}", y.shape()),
            "of shape [N, classes]",
        ));
    };
    let largest =
        |row: &[f64]| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
    Ok(y.to_vec_as::<f64>().chunks_exact(n.max(1)).map(largest).collect())
}
