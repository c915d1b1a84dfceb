//! Module 15, Quantization: eight-bit codes for real numbers, and products of codes.

use crate::nostd::prelude::*;
use crate::{Error, Result, quant::Requantize};

/// Smallest code of an 8-bit tensor.
pub const QMIN: i32 = -128;
/// Largest code of an 8-bit tensor.
pub const QMAX: i32 = 127;

/// Returns scale and zero point that spread −128 ..= 127 over `min ..= max`, widened to contain 0.
///
/// With lo = min(0, min) and hi = max(0, max): scale = (hi − lo)/255 and zero = round(−128 − lo/scale), half to even,
/// clipped to the codes. A range of only 0 gives scale 1, zero point 0.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if a bound is not finite, if `min > max`, or if the scale is 0 or infinite.
pub fn quant_params(min: f64, max: f64) -> Result<(f64, i32)> {
    if !(min.is_finite() && max.is_finite() && min <= max) {
        return Err(Error::argument(
            "quantize",
            "range",
            format_args!("{min} ..= {max}"),
            "finite and ordered",
        ));
    }
    let (lo, hi) = (min.min(0.0), max.max(0.0));
    if hi - lo == 0.0 {
        return Ok((1.0, 0));
    }
    let scale = (hi - lo) / f64::from(QMAX - QMIN);
    if !(scale.is_finite() && scale > 0.0) {
        let got = format_args!("{min} ..= {max}");
        return Err(Error::argument(
            "quantize",
            "range",
            got,
            "wide enough for 255 positive, finite steps",
        ));
    }
    let zero = libm::rint(f64::from(QMIN) - lo / scale).clamp(f64::from(QMIN), f64::from(QMAX));
    Ok((scale, zero as i32))
}

/// Returns the code of each element: `round(x / scale) + zero`, half to even, saturated at −128 and 127.
#[must_use]
pub fn quantize<T: Copy + Into<f64>>(x: &[T], scale: f64, zero: i32) -> Vec<i8> {
    let code = |x: f64| {
        (libm::rint(x / scale) + f64::from(zero)).clamp(f64::from(QMIN), f64::from(QMAX)) as i8
    };
    x.iter().map(|&x| code(x.into())).collect()
}

/// Returns the real number that each code stands for: `scale · (q − zero)`.
#[must_use]
pub fn dequantize(q: &[i8], scale: f64, zero: i32) -> Vec<f64> {
    q.iter().map(|&q| scale * (f64::from(q) - f64::from(zero))).collect()
}

/// Widens the range seen so far so that it covers `values`, which are finite.
#[must_use]
pub fn calibrate(range: Option<(f32, f32)>, values: &[f32]) -> Option<(f32, f32)> {
    values.iter().fold(range, |range, &v| {
        let (lo, hi) = range.unwrap_or((v, v));
        Some((lo.min(v), hi.max(v)))
    })
}

/// Linear layer on codes: `y[o] = Σᵢ w[o, i]·(x[i] − z) + b[o]`, rescaled to the codes of the output.
///
/// The sum is exact in 32 bits. `w` is [out, in] with `out = b.len()`; `y` has `out` elements.
pub fn qlinear_forward(x: &[i8], w: &[i8], b: &[i32], rq: &Requantize, y: &mut [i8]) {
    let channels = b.iter().zip(&rq.multipliers);
    for ((row, y), (b, m)) in w.chunks_exact(x.len().max(1)).zip(y).zip(channels) {
        let sum: i32 =
            row.iter().zip(x).map(|(&w, &x)| i32::from(w) * (i32::from(x) - rq.input_zero)).sum();
        *y = rq.code(sum + b, *m);
    }
}

/// Returns `out[i, j] = Σₖ a[i, k]·w[j, k]` for row-major `a: [m, k]` and `w: [n, k]`: the product of two eight-bit matrices with
/// 32-bit sums.
///
/// Sums wrap modulo 2³²; below `k = 131 072` none can, so that the result is exact.
#[must_use]
pub fn product(a: &[i8], w: &[i8], [m, k, n]: [usize; 3]) -> Vec<i32> {
    let mut out = vec![0_i32; m * n];
    for i in 0..m {
        for j in 0..n {
            for c in 0..k {
                let term = i32::from(a[i * k + c]) * i32::from(w[j * k + c]);
                out[i * n + j] = out[i * n + j].wrapping_add(term);
            }
        }
    }
    out
}

/// Returns the bytes of a model: for each of its tensors the number of elements and the bytes of one.
#[must_use]
pub fn model_bytes(tensors: impl IntoIterator<Item = (usize, usize)>) -> usize {
    tensors.into_iter().map(|(n, bytes)| n.saturating_mul(bytes)).fold(0, usize::saturating_add)
}
