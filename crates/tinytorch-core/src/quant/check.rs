//! Whether a graph fits together: what an [`Engine`](super::Engine) must know before it runs one.

use super::fixed::Multiplier;
use super::graph::{FusedActivation, QData, QGraph, QOp, QTensor, TensorId, Window};
use super::join::AddScale;
use super::kernels::sum_fits;
use super::means::MeanScale;
use super::requantize::Requantize;
use crate::nostd::prelude::*;

/// What an operator needs besides its tensors.
#[derive(Debug, Clone)]
pub(super) enum Factors {
    /// Rescaling of sums of products.
    Weights(Requantize),
    /// Rescaling of a mean.
    Mean(MeanScale),
    /// Rescaling of a sum.
    Add(AddScale),
    /// Nothing: the codes stay what they are.
    None,
}

type Found<T> = Result<T, &'static str>;

/// Checks a tensor by itself.
pub(super) fn tensor(t: &QTensor) -> Found<()> {
    let stored = match &t.data {
        QData::Activation => t.numel(),
        QData::I8(v) => v.len(),
        QData::I32(v) => v.len(),
    };
    let q = &t.quant;
    if i32::try_from(t.numel()).is_err() {
        Err("of at most 2147483647 elements")
    } else if stored != t.numel() {
        Err("a constant with as many elements as its shape says")
    } else if q.scales.is_empty() || q.scales.len() != q.zero_points.len() {
        Err("given as many zero points as scales, at least one")
    } else if q.scales.len() > 1 && t.shape.get(q.axis) != Some(&q.scales.len()) {
        Err("given one scale for each index of its quantised axis")
    } else if !q.scales.iter().all(|s| s.is_finite() && *s > 0.0) {
        Err("given positive, finite scales")
    } else if !q.zero_points.iter().all(|z| (-128..=127).contains(z)) {
        Err("given zero points in -128 ..= 127")
    } else if matches!(t.data, QData::Activation)
        && (t.shape.first() != Some(&1) || q.scales.len() != 1)
    {
        Err("an activation of one sample with one scale")
    } else {
        Ok(())
    }
}

/// Checks an operator against its tensors.
pub(super) fn operator(graph: &QGraph, op: &QOp) -> Found<Factors> {
    let t = |id: TensorId| &graph.tensors[id];
    let out = t(op.output());
    let read = op.activations();
    if !matches!(out.data, QData::Activation)
        || !read.iter().all(|&id| matches!(t(id).data, QData::Activation))
    {
        return Err("reading and writing activations");
    }
    let input = t(read[0]);
    match op {
        QOp::FullyConnected { weight, bias, activation, .. } => {
            let [outs, ins] = *t(*weight).shape else { return Err("given a weight [out, in]") };
            if ins != input.numel() || out.numel() != outs {
                return Err("given a weight that fits its input and output");
            }
            factors(input, (t(*weight), 0), t(*bias), out, *activation)
        }
        QOp::Conv2d { weight, bias, window, activation, .. } => {
            let [outs, kh, kw, channels] = *t(*weight).shape else {
                return Err("given a weight [out, kh, kw, in]");
            };
            let oc = windows(input, out, window)?;
            if channels != image(input)?[2] || oc != outs || [kh, kw] != window.kernel {
                return Err("given a weight and a window that fit its input and output");
            }
            factors(input, (t(*weight), 0), t(*bias), out, *activation)
        }
        QOp::DepthwiseConv2d { weight, bias, window, activation, .. } => {
            let [1, kh, kw, outs] = *t(*weight).shape else {
                return Err("given a weight [1, kh, kw, out]");
            };
            let (oc, channels) = (windows(input, out, window)?, image(input)?[2]);
            let whole = channels > 0 && outs.is_multiple_of(channels);
            if !whole || oc != outs || [kh, kw] != window.kernel {
                return Err("given a weight and a window that fit its input and output");
            }
            factors(input, (t(*weight), 3), t(*bias), out, *activation)
        }
        QOp::MaxPool2d { window, .. } | QOp::AvgPool2d { window, .. } => {
            if windows(input, out, window)? != image(input)?[2] {
                return Err("given as many channels at its output as at its input");
            }
            // Means sum in 32 bits: 2²³ codes of at most 2⁷ stay below 2³¹.
            let area = window.kernel[0].saturating_mul(window.kernel[1]);
            if matches!(op, QOp::AvgPool2d { .. }) && area >= 1 << 23 {
                return Err("given a window of fewer than 8388608 cells");
            }
            same_quantisation(input, out)
        }
        QOp::Mean { .. } => {
            let [h, w, c] = image(input)?;
            if *out.shape != [1, c] {
                return Err("given an output [1, C]");
            }
            let scale = MeanScale::new(h * w, ends(input), ends(out));
            scale.map(Factors::Mean).ok_or("given a mean whose 32-bit sum cannot overflow")
        }
        QOp::Add { inputs, activation, .. } => {
            let right = t(inputs[1]);
            if input.shape != right.shape || input.shape != out.shape {
                return Err("given operands and an output of one shape");
            }
            let scale = AddScale::new(ends(input), ends(right), ends(out), *activation);
            scale
                .map(Factors::Add)
                .ok_or("given an output scale that is not far finer than its operands'")
        }
        QOp::Pad { before, after, .. } => {
            let ([h, w, c], size) = (image(input)?, image(out)?);
            let padded = |size: usize, axis: usize| {
                size.checked_add(before[axis]).and_then(|s| s.checked_add(after[axis]))
            };
            if [padded(h, 0), padded(w, 1), Some(c)] != size.map(Some) {
                return Err("given an output as large as its input and the border together");
            }
            same_quantisation(input, out)
        }
        QOp::Reshape { .. } if input.numel() != out.numel() => {
            Err("keeping the number of elements")
        }
        QOp::Reshape { .. } => same_quantisation(input, out),
        QOp::Softmax { .. } => {
            #[expect(clippy::float_cmp, reason = "the scale is exactly a power of two")]
            let scaled = out.quant.scales[0] == 1.0 / 256.0 && out.quant.zero_points[0] == -128;
            if scaled && input.shape == out.shape {
                Ok(Factors::None)
            } else {
                Err("keeping the shape and giving scale 1/256, zero point -128")
            }
        }
    }
}

/// [H, W, C] of an image.
fn image(t: &QTensor) -> Found<[usize; 3]> {
    let [_, h, w, c] = t.shape.as_slice().try_into().map_err(|_| "given images [1, H, W, C]")?;
    Ok([h, w, c])
}

/// Checks the size of an output and returns its channels.
fn windows(input: &QTensor, out: &QTensor, window: &Window) -> Found<usize> {
    let ([h, w, _], [oh, ow, channels]) = (image(input)?, image(out)?);
    if window.resolve([h, w]).is_some_and(|(size, _)| size == [oh, ow]) {
        return Ok(channels);
    }
    Err("given a window that fits its input and output")
}

fn same_quantisation(input: &QTensor, out: &QTensor) -> Found<Factors> {
    if input.quant == out.quant {
        Ok(Factors::None)
    } else {
        Err("given equal quantisation at input and output")
    }
}

/// Scale and zero point of an activation.
fn ends(t: &QTensor) -> (f32, i32) {
    (t.quant.scales[0], t.quant.zero_points[0])
}

/// The factors of a layer whose weights have their output channels along an axis, the first or the last.
fn factors(
    input: &QTensor,
    (weight, axis): (&QTensor, usize),
    bias: &QTensor,
    out: &QTensor,
    activation: FusedActivation,
) -> Found<Factors> {
    let (QData::I8(w), QData::I32(b)) = (&weight.data, &bias.data) else {
        return Err("given 8-bit weights and a 32-bit bias");
    };
    let channels = weight.shape[axis];
    let several = weight.quant.scales.len() > 1;
    if b.len() != channels
        || weight.quant.zero_points.iter().any(|&z| z != 0)
        || (several && weight.quant.axis != axis)
    {
        return Err(
            "given symmetric weights along the axis of its output channels and a bias for each of them",
        );
    }
    let rq = match *weight.quant.scales {
        [scale] if weight.shape.len() == 2 => {
            Requantize::shared(ends(input), scale, ends(out), activation, channels)
        }
        [scale] => Requantize::new(ends(input), &vec![scale; channels], ends(out), activation),
        ref scales => Requantize::new(ends(input), scales, ends(out), activation),
    };
    if rq.multipliers.iter().any(|m: &Multiplier| m.shift > 30) {
        return Err("given an output scale that is not far finer than the products");
    }
    // Rows of one channel each, wherever the channels lie.
    let fits = if axis == 0 {
        sum_fits(w, b, &rq.multipliers)
    } else {
        let turned: Vec<i8> =
            (0..channels).flat_map(|c| w.iter().skip(c).step_by(channels).copied()).collect();
        sum_fits(&turned, b, &rq.multipliers)
    };
    if !fits {
        return Err("given weights and a bias whose 32-bit sums cannot overflow");
    }
    Ok(Factors::Weights(rq))
}
