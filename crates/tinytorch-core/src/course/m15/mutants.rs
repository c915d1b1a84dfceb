//! Seeded mistakes of module 15.

use super::{QuantLesson, Requantize, plain};
use crate::course::lesson::mutants;

/// The linear layer with other terms and another end.
fn layer(
    x: &[i8],
    w: &[i8],
    b: &[i32],
    term: impl Fn(i32, i32) -> i32,
    end: impl Fn(usize, i32) -> i8,
) -> Vec<i8> {
    let rows = w.chunks_exact(x.len().max(1)).take(b.len());
    rows.enumerate()
        .map(|(o, row)| {
            let terms = row.iter().zip(x).map(|(&w, &x)| term(i32::from(w), i32::from(x)));
            end(o, terms.fold(0, i32::wrapping_add))
        })
        .collect()
}

/// The codes before they are made to fit.
fn steps(x: &[f32], scale: f64, round: fn(f64) -> f64) -> impl Iterator<Item = f64> {
    x.iter().map(move |&x| round(f64::from(x) / scale))
}

mutants! {
    QuantLesson;
    fn quant_params(min: f64, max: f64) -> (f64, i32) {
        "does not widen the range to contain 0" => {
            let (scale, zero) = plain::quant_params(min, max)?;
            if max > min && (min > 0.0 || max < 0.0) {
                let scale = (max - min) / 255.0;
                (scale, (-128.0 - min / scale).round_ties_even().clamp(-128.0, 127.0) as i32)
            } else {
                (scale, zero)
            }
        },
        "counts 256 steps" => {
            let (scale, zero) = plain::quant_params(min, max)?;
            (if scale == 1.0 { scale } else { scale * 255.0 / 256.0 }, zero)
        },
        "puts the zero point at 0" => (plain::quant_params(min, max)?.0, 0),
        "counts codes from 0 to 255" => {
            let (scale, zero) = plain::quant_params(min, max)?;
            (scale, (zero + 128).min(127))
        },
        "truncates the zero point" => {
            let (scale, zero) = plain::quant_params(min, max)?;
            if min == 0.0 && max == 0.0 { (scale, zero) } else { (scale, (-128.0 - min.min(0.0) / scale).trunc() as i32) }
        },
        "rounds half away from zero" => {
            let (scale, zero) = plain::quant_params(min, max)?;
            if min == 0.0 && max == 0.0 { (scale, zero) } else { (scale, (-128.0 - min.min(0.0) / scale).round() as i32) }
        },
        "gives a range of only 0 a scale of 0" => {
            let (scale, zero) = plain::quant_params(min, max)?;
            if min == 0.0 && max == 0.0 { (0.0, -128) } else { (scale, zero) }
        },
        "takes any range" => plain::quant_params(min, max).unwrap_or((1.0, 0)),
    }
    fn quantize(x: &[f32], scale: f64, zero: i32) -> Vec<i8> {
        "truncates" => steps(x, scale, f64::trunc).map(|q| (q + f64::from(zero)).clamp(-128.0, 127.0) as i8).collect(),
        "rounds half away from zero" =>
            steps(x, scale, f64::round).map(|q| (q + f64::from(zero)).clamp(-128.0, 127.0) as i8).collect(),
        "forgets the zero point" => plain::quantize(x, scale, 0),
        "subtracts the zero point" => plain::quantize(x, scale, -zero),
        "wraps instead of saturating" =>
            steps(x, scale, f64::round_ties_even).map(|q| (q + f64::from(zero)) as i64 as i8).collect(),
        "saturates before it adds the zero point" => steps(x, scale, f64::round_ties_even)
            .map(|q| (q.clamp(-128.0, 127.0) as i8).saturating_add(zero as i8))
            .collect(),
        "multiplies by the scale" => plain::quantize(x, 1.0 / scale, zero),
        "leaves -128 out" => plain::quantize(x, scale, zero).into_iter().map(|q| q.max(-127)).collect(),
    }
    fn dequantize(q: &[i8], scale: f64, zero: i32) -> Vec<f32> {
        "forgets the zero point" => q.iter().map(|&q| (scale * f64::from(q)) as f32).collect(),
        "adds the zero point" => q.iter().map(|&q| (scale * f64::from(i32::from(q) + zero)) as f32).collect(),
        "subtracts the zero point after scaling" => q.iter().map(|&q| (scale * f64::from(q) - f64::from(zero)) as f32).collect(),
        "divides by the scale" => q.iter().map(|&q| (f64::from(i32::from(q) - zero) / scale) as f32).collect(),
        "subtracts in eight bits" => q.iter().map(|&q| (scale * f64::from(q.wrapping_sub(zero as i8))) as f32).collect(),
        "exchanges code and zero point" => q.iter().map(|&q| (scale * f64::from(zero - i32::from(q))) as f32).collect(),
    }
    fn calibrate(range: Option<(f32, f32)>, values: &[f32]) -> Option<(f32, f32)> {
        "forgets earlier batches" => plain::calibrate(None, values).or(range),
        "starts from 0" => plain::calibrate(range.or((!values.is_empty()).then_some((0.0, 0.0))), values),
        "makes the range symmetric" => plain::calibrate(range, values).map(|(lo, hi)| {
            let top = lo.abs().max(hi.abs());
            (-top, top)
        }),
        "averages old and new range" => match (range, plain::calibrate(None, values)) {
            (Some((a, b)), Some((c, d))) => Some(((a + c) / 2.0, (b + d) / 2.0)),
            (old, new) => old.or(new),
        },
        "never moves the lower end down" => plain::calibrate(range, values).map(|(lo, hi)| (range.map_or(lo, |r| r.0), hi)),
        "looks at the first value alone" => plain::calibrate(range, values.get(..1).unwrap_or(&[])),
        "takes an empty batch for a 0" => plain::calibrate(range, if values.is_empty() { &[0.0] } else { values }),
    }
    fn qlinear_forward(x: &[i8], w: &[i8], b: &[i32], rq: &Requantize) -> Vec<i8> {
        "ignores the zero point of the input" =>
            layer(x, w, b, |w, x| w * x, |o, sum| rq.code(sum.wrapping_add(b[o]), rq.multipliers[o])),
        "adds the zero point of the input" =>
            layer(x, w, b, |w, x| w * (x + rq.input_zero), |o, sum| rq.code(sum.wrapping_add(b[o]), rq.multipliers[o])),
        "forgets the bias" => layer(x, w, b, |w, x| w * (x - rq.input_zero), |o, sum| rq.code(sum, rq.multipliers[o])),
        "adds the bias after rescaling" => layer(x, w, b, |w, x| w * (x - rq.input_zero), |o, sum| {
            (i64::from(rq.code(sum, rq.multipliers[o])) + i64::from(b[o])).clamp(-128, 127) as i8
        }),
        "takes the multiplier of the first channel for all" => layer(x, w, b, |w, x| w * (x - rq.input_zero), |o, sum| {
            rq.code(sum.wrapping_add(b[o]), rq.multipliers[0])
        }),
        "sums in 16 bits" => layer(x, w, b, |w, x| w * (x - rq.input_zero), |o, sum| {
            rq.code(i32::from(sum as i16).wrapping_add(b[o]), rq.multipliers[o])
        }),
        "reads the columns of the weights" => {
            let turned: Vec<i8> =
                (0..w.len()).map(|at| w[at % x.len().max(1) * b.len() + at / x.len().max(1)]).collect();
            layer(x, &turned, b, |w, x| w * (x - rq.input_zero), |o, sum| rq.code(sum.wrapping_add(b[o]), rq.multipliers[o]))
        },
        "leaves out the clamp of the activation" => layer(x, w, b, |w, x| w * (x - rq.input_zero), |o, sum| {
            (rq.multipliers[o].apply(sum.wrapping_add(b[o])).saturating_add(rq.output_zero)).clamp(-128, 127) as i8
        }),
        "forgets the zero point of the output" => layer(x, w, b, |w, x| w * (x - rq.input_zero), |o, sum| {
            rq.multipliers[o].apply(sum.wrapping_add(b[o])).clamp(-128, 127) as i8
        }),
    }
    fn model_bytes(tensors: &[(usize, usize)]) -> usize {
        "counts elements" => tensors.iter().map(|t| t.0).sum(),
        "counts four bytes for each element" => tensors.iter().map(|t| 4 * t.0).sum(),
        "adds the two numbers" => tensors.iter().map(|t| t.0 + t.1).sum(),
        "counts bits" => 8 * plain::model_bytes(tensors.iter().copied()),
        "leaves out the first tensor" => plain::model_bytes(tensors.iter().skip(1).copied()),
        "counts the largest tensor alone" => tensors.iter().map(|t| t.0 * t.1).max().unwrap_or(0),
    }
}
