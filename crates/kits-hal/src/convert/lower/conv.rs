//! CONV_2D, DEPTHWISE_CONV_2D and TRANSPOSE_CONV.

use super::{
    clamp::fused,
    weights::{Weights, bias, pack},
};
use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node},
        net::{NetOp, blank},
    },
    model::{OpCode, record::OpRecord},
};

type Result<T> = core::result::Result<T, ImportError>;

/// Output length and leading pad of one axis. `padding` is 0 for SAME and 1 for VALID.
pub(super) fn axis(
    node: &Node<'_>,
    padding: u8,
    input: usize,
    (taps, stride, dilation): (u8, u8, u8),
) -> Result<(usize, u8)> {
    let eff = (usize::from(taps) - 1) * usize::from(dilation) + 1;
    let stride = usize::from(stride);
    match padding {
        0 => {
            let output = input.div_ceil(stride);
            let total = ((output - 1) * stride + eff).saturating_sub(input);
            Ok((output, u8::try_from(total / 2).map_err(|_| node.option())?))
        }
        1 => Ok(((input + stride).saturating_sub(eff) / stride, 0)),
        _ => Err(node.option()),
    }
}

/// Fills kernel, stride, dilation and padding of a record and checks the output's shape.
fn windows(
    im: &Importer<'_>,
    node: &Node<'_>,
    record: &mut OpRecord,
    x: usize,
    y: usize,
    [dilation_w, dilation_h]: [usize; 2],
) -> Result<()> {
    record.stride = [node.positive(2, 0)?, node.positive(1, 0)?];
    record.dilation = [node.positive(dilation_h, 1)?, node.positive(dilation_w, 1)?];
    let padding = node.get(0, 0_u8)?;
    let (x_dims, y_dims) = (im.image(x)?, im.image(y)?);
    if x_dims[0] != y_dims[0] {
        return Err(node.shape());
    }
    let padded = im.padded.get(&x);
    for i in 0..2 {
        let options = (record.kernel[i], record.stride[i], record.dilation[i]);
        // The shape in the file includes a pad that was folded.
        let (output, before) = axis(node, padding, usize::from(x_dims[i + 1]), options)?;
        if output != usize::from(y_dims[i + 1]) {
            return Err(node.shape());
        }
        record.pad[i] = padded.map_or(before, |p| p.before[i]);
    }
    Ok(())
}

fn kernel(node: &Node<'_>, shape: [usize; 4]) -> Result<[u8; 2]> {
    let side = |n: usize| u8::try_from(n).map_err(|_| node.option());
    Ok([side(shape[1])?, side(shape[2])?])
}

pub(super) fn conv(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, w, y) = (node.input(0)?, node.input(1)?, node.output(0)?);
    let source = im.padded.get(&x).map_or(x, |p| p.source);
    let input = im.read_activation(source)?;
    let weights = Weights::read(im, w, 4, 0)?.symmetric(w)?;
    let [c_out, _, _, c_filter] = weights.shape;
    let biases = bias(im, node, node.optional(2), c_out)?;
    let mut record = blank(OpCode::Conv2d);
    record.kernel = kernel(node, weights.shape)?;
    windows(im, node, &mut record, x, y, [4, 5])?;
    let c_in = usize::from(im.dims(x)?[3]);
    let groups = if c_in.is_multiple_of(c_filter) { c_in / c_filter } else { 0 };
    if groups == 0 || !c_out.is_multiple_of(groups) || usize::from(im.dims(y)?[3]) != c_out {
        return Err(node.shape());
    }
    record.aux[0] = i32::try_from(c_filter).map_err(|_| node.shape())?;
    let sums: Vec<i64> = weights.data.chunks_exact(weights.data.len() / c_out).map(sum).collect();
    finish(im, node, record, (input, source, y), &weights, &fold(im, source, &biases, &sums)?, 3)
}

pub(super) fn depthwise(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, w, y) = (node.input(0)?, node.input(1)?, node.output(0)?);
    let source = im.padded.get(&x).map_or(x, |p| p.source);
    let input = im.read_activation(source)?;
    let mut weights = Weights::read(im, w, 4, 3)?.symmetric(w)?;
    let [one, _, _, c_out] = weights.shape;
    let biases = bias(im, node, node.optional(2), c_out)?;
    let mut record = blank(OpCode::DepthwiseConv2d);
    record.kernel = kernel(node, weights.shape)?;
    windows(im, node, &mut record, x, y, [5, 6])?;
    let c_in = usize::from(im.dims(x)?[3]);
    if one != 1 || !c_out.is_multiple_of(c_in) || usize::from(im.dims(y)?[3]) != c_out {
        return Err(node.shape());
    }
    record.multiplier = u8::try_from(c_out / c_in).map_err(|_| node.option())?;
    let mut sums = vec![0_i64; c_out];
    for tap in weights.data.chunks_exact(c_out) {
        for (sum, &w) in sums.iter_mut().zip(tap) {
            *sum += i64::from(w);
        }
    }
    if c_in == 1 {
        // All channels read the same window, as those of a CONV_2D do: its kernels read the window once for all of them.
        let plain = OpRecord { aux: [1, 0], ..blank(OpCode::Conv2d) };
        record = OpRecord {
            kernel: record.kernel,
            stride: record.stride,
            dilation: record.dilation,
            pad: record.pad,
            ..plain
        };
        weights.data =
            (0..c_out).flat_map(|c| weights.data.iter().skip(c).step_by(c_out).copied()).collect();
    }
    finish(im, node, record, (input, source, y), &weights, &fold(im, source, &biases, &sums)?, 4)
}

pub(super) fn transpose(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (shape, w, x, y) = (node.input(0)?, node.input(1)?, node.input(2)?, node.output(0)?);
    if im.integers(shape)? != im.graph.tensors[y].shape {
        return Err(node.shape());
    }
    let input = im.read_activation(x)?;
    let weights = Weights::read(im, w, 4, 0)?.symmetric(w)?;
    let [c_out, _, _, c_in] = weights.shape;
    let biases = bias(im, node, node.optional(3), c_out)?;
    let (x_dims, y_dims) = (im.image(x)?, im.image(y)?);
    if [x_dims[3], y_dims[3]].map(usize::from) != [c_in, c_out] || x_dims[0] != y_dims[0] {
        return Err(node.shape());
    }
    let mut record = blank(OpCode::TransposeConv);
    record.kernel = kernel(node, weights.shape)?;
    record.stride = [node.positive(2, 0)?, node.positive(1, 0)?];
    let padding = node.get(0, 0_u8)?;
    for i in 0..2 {
        // The padding of the forward convolution that goes from the output to the input.
        let options = (record.kernel[i], record.stride[i], 1);
        let (back, before) = axis(node, padding, usize::from(y_dims[i + 1]), options)?;
        if back != usize::from(x_dims[i + 1]) {
            return Err(node.shape());
        }
        record.pad[i] = before;
    }
    // Pixels outside add nothing here, so the zero point stays out of the bias.
    finish(im, node, record, (input, x, y), &weights, &biases, 3)
}

fn sum(filter: &[i8]) -> i64 {
    filter.iter().map(|&w| i64::from(w)).sum()
}

/// Returns `bias − z_in · Σ w` for every channel.
fn fold(im: &Importer<'_>, x: usize, biases: &[i64], sums: &[i64]) -> Result<Vec<i64>> {
    let (_, zero) = im.quantization(x)?;
    Ok(biases.iter().zip(sums).map(|(b, s)| b - i64::from(zero) * s).collect())
}

/// Adds multipliers, clamp and zero points, and the operator to the network.
fn finish(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    mut record: OpRecord,
    (input, x, y): (crate::convert::net::TensorId, usize, usize),
    weights: &Weights,
    biases: &[i64],
    activation: usize,
) -> Result<()> {
    let output = im.define_int8(y)?;
    let (s_in, z_in) = im.quantization(x)?;
    let (s_out, z_out) = im.quantization(y)?;
    record.clamp = fused(node, node.get(activation, 0_u8)?, (s_out, z_out))?;
    let real = |c| f64::from(s_in) * f64::from(weights.scale(c)) / f64::from(s_out);
    let params = pack(node, biases, (0..biases.len()).map(real), y)?;
    record.flags |= params.flags;
    record.n_params = u16::try_from(biases.len()).map_err(|_| node.shape())?;
    record.in_zero = i16::try_from(z_in).unwrap_or(0);
    record.out_zero = i16::try_from(z_out).unwrap_or(0);
    im.emit(NetOp {
        record,
        inputs: vec![input],
        output,
        weights: weights.bytes(),
        params: params.bytes,
        sources: im
            .padded
            .get(&node.input(0)?)
            .map_or_else(|| vec![node.index], |p| vec![p.op, node.index]),
    });
    Ok(())
}
