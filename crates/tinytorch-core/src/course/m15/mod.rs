//! Module 15, Quantization: eight-bit codes, ranges, and a layer that needs no floats.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
pub use crate::quant::Requantize;
use crate::slots::quant as plain;

lesson! {
    /// From real numbers to eight bits and back, and what can be done in between.
    QuantLesson, m15, 15;

    /// Returns scale and zero point that spread the codes -128 ..= 127 over `min ..= max`, widened to contain 0: with lo = min(0, min)
    /// and hi = max(0, max), scale = (hi - lo)/255 and zero = round(-128 - lo/scale), half to even, as a code. A range of only 0 gives
    /// `(1.0, 0)`. Bounds that are not finite, or `min > max`, are an `Error::InvalidArgument`.
    core fn quant_params(min: f64, max: f64) -> (f64, i32),
        hint "255 steps lie between 256 codes; f64::round_ties_even rounds half to even",
        plain::quant_params(min, max);
    /// Returns the code of each element: `round(x / scale) + zero`, half to even, saturated at -128 and 127.
    core fn quantize(x: &[f32], scale: f64, zero: i32) -> Vec<i8>,
        hint "add the zero point first, then clamp, then narrow to i8",
        Ok(plain::quantize(x, scale, zero));
    /// Returns the real number that each code stands for: `scale · (q - zero)`.
    core fn dequantize(q: &[i8], scale: f64, zero: i32) -> Vec<f32>,
        hint "q - zero needs more than eight bits",
        Ok(plain::dequantize(q, scale, zero).into_iter().map(|v| v as f32).collect());
    /// Returns the smallest and the largest number of those seen so far, `range`, and of `values`, which are finite; `None` while
    /// there are none.
    core fn calibrate(range: Option<(f32, f32)>, values: &[f32]) -> Option<(f32, f32)>,
        hint "the first number ever seen is both ends",
        Ok(plain::calibrate(range, values));
    /// Returns the codes of a linear layer: for each row `o` of `w: [out, in]` the sum `Σᵢ w[o, i]·(x[i] - rq.input_zero) + b[o]` in
    /// 32 bits, made a code by `rq.code(sum, rq.multipliers[o])`.
    core fn qlinear_forward(x: &[i8], w: &[i8], b: &[i32], rq: &Requantize) -> Vec<i8>,
        hint "i32::from first; rows of w are x.len() long",
        {
            let mut y = vec![0; b.len()];
            plain::qlinear_forward(x, w, b, rq, &mut y);
            Ok(y)
        };
    /// Returns the bytes of tensors, each given as its number of elements and the bytes of one.
    core fn model_bytes(tensors: &[(usize, usize)]) -> usize,
        hint "a sum of products",
        Ok(plain::model_bytes(tensors.iter().copied()));
}

pub(super) const MODULE: Module = Module {
    number: 15,
    id: "m15",
    name: "Quantization",
    tier: "optimization",
    lesson: "QuantLesson",
    prerequisites: &[1, 3],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 5,
};
