//! Module 15: quantization.

use crate::nostd::prelude::*;
use crate::{
    Result,
    quant::{PackedWeights, Requantize},
    slots::quant as slot,
};

#[cfg(feature = "course")]
use crate::course::{
    m15::{hook, slot as student},
    wrong,
};

/// Scale and zero point of a range.
pub(crate) fn quant_params(min: f64, max: f64) -> Result<(f64, i32)> {
    #[cfg(feature = "course")]
    if let Some((scale, zero)) = hook::quant_params(min, max)? {
        let usable = scale.is_finite() && scale > 0.0 && (slot::QMIN..=slot::QMAX).contains(&zero);
        return if usable {
            Ok((scale, zero))
        } else {
            let detail = format!(
                "returned scale {scale} and zero point {zero}: a positive, finite scale and a code are needed"
            );
            Err(wrong(student::quant_params, detail))
        };
    }
    slot::quant_params(min, max)
}

/// The codes of some numbers.
pub(crate) fn quantize<T: Copy + Into<f64>>(x: &[T], scale: f64, zero: i32) -> Result<Vec<i8>> {
    #[cfg(feature = "course")]
    if crate::course::is_active() {
        let narrow: Vec<f32> = x.iter().map(|&v| v.into() as f32).collect();
        let exact = |(x, n): (&T, &f32)| {
            let x: f64 = (*x).into();
            x == f64::from(*n) || x.is_nan()
        };
        if !x.iter().zip(&narrow).all(exact) {
            crate::course::by_reference(student::quantize);
        } else if let Some(out) = hook::quantize(&narrow, scale, zero)? {
            return sized(student::quantize, out, x.len());
        }
    }
    Ok(slot::quantize(x, scale, zero))
}

/// The real numbers of some codes.
pub(crate) fn dequantize(q: &[i8], scale: f64, zero: i32) -> Result<Vec<f64>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::dequantize(q, scale, zero)? {
        let out = sized(student::dequantize, out, q.len())?;
        return Ok(out.into_iter().map(f64::from).collect());
    }
    Ok(slot::dequantize(q, scale, zero))
}

/// The range of all numbers so far.
pub(crate) fn calibrate(range: Option<(f32, f32)>, values: &[f32]) -> Result<Option<(f32, f32)>> {
    #[cfg(feature = "course")]
    if let Some(out) = hook::calibrate(range, values)? {
        return Ok(out);
    }
    Ok(slot::calibrate(range, values))
}

/// A linear layer on the codes of any number of samples `x`, with weights and bias as they are and as they were packed.
pub(crate) fn qlinear_rows(
    x: &[i8],
    (w, b): (&[i8], &[i32]),
    (packed, bias): (&PackedWeights, &[i32]),
    rq: &Requantize,
    y: &mut [i8],
) -> Result<()> {
    #[cfg(feature = "course")]
    if crate::course::is_active() && !w.is_empty() {
        let (n_in, n_out) = (w.len() / b.len().max(1), b.len());
        for (x, y) in x.chunks_exact(n_in.max(1)).zip(y.chunks_exact_mut(n_out.max(1))) {
            match hook::qlinear_forward(x, w, b, rq)? {
                Some(out) => y.copy_from_slice(&sized(student::qlinear_forward, out, n_out)?),
                None => slot::qlinear_forward(x, w, b, rq, y),
            }
        }
        return Ok(());
    }
    let _ = (w, b);
    packed.forward(x, bias, rq, y, true);
    Ok(())
}

/// The bytes of some tensors, each a number of elements and the bytes of one.
pub(crate) fn model_bytes(tensors: impl IntoIterator<Item = (usize, usize)>) -> usize {
    #[cfg(feature = "course")]
    if crate::course::is_active() {
        let tensors: Vec<_> = tensors.into_iter().collect();
        return match hook::model_bytes(&tensors) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => slot::model_bytes(tensors),
            // Counting cannot fail, so the error waits for the next operation that can.
            Err(error) => {
                crate::course::defer(error);
                slot::model_bytes(tensors)
            }
        };
    }
    slot::model_bytes(tensors)
}

/// Refuses a result of another length.
#[cfg(feature = "course")]
fn sized<T>(slot: &'static crate::course::Slot, out: Vec<T>, len: usize) -> Result<Vec<T>> {
    if out.len() == len {
        return Ok(out);
    }
    Err(wrong(slot, format!("returned {} numbers, {len} are needed", out.len())))
}
