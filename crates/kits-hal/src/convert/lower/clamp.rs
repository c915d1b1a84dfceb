//! Fused activation functions, and RELU and RELU6 on their own.

use super::tables;
use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node},
        net::{NetOp, blank},
    },
    model::OpCode,
};

/// Returns the clamp of a fused activation function on a tensor with this quantization.
///
/// `q(v) = zero + round_half_away(v / scale)`; NONE leaves the whole range.
pub(super) fn fused(
    node: &Node<'_>,
    function: u8,
    (scale, zero): (f32, i32),
) -> Result<[i8; 2], ImportError> {
    let q = |v: f32| level(v, scale, zero);
    Ok(match function {
        0 => [i8::MIN, i8::MAX],
        1 => [q(0.0), i8::MAX],
        2 => [q(-1.0), q(1.0)],
        3 => [q(0.0), q(6.0)],
        _ => return Err(node.option()),
    })
}

/// Returns the quantized level of a real number, saturated.
#[expect(clippy::cast_possible_truncation, reason = "saturating casts of rounded values")]
fn level(v: f32, scale: f32, zero: i32) -> i8 {
    ((v / scale).round() as i32).saturating_add(zero).clamp(-128, 127) as i8
}

/// RELU rescales (a table); RELU6 only clamps. Both vanish into a producer of equal scale.
pub(super) fn lower(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    code: OpCode,
) -> Result<(), ImportError> {
    let (from, to) = (node.input(0)?, node.output(0)?);
    let x = im.read_activation(from)?;
    im.int8(to)?;
    let (x_scale, x_zero) = im.quantization(from)?;
    let out = im.quantization(to)?;
    if im.dims(from)? != im.dims(to)? {
        return Err(node.shape());
    }
    let low = level(0.0, x_scale, x_zero);
    let clamp =
        if code == OpCode::Relu6 { [low, level(6.0, x_scale, x_zero)] } else { [low, i8::MAX] };
    // Only exactly equal scales make the two steps one.
    let same = (x_scale, x_zero) == out;
    if same && im.readers[from] == 1 && fuse(im, node, from, to, clamp)? {
        return Ok(());
    }
    if code == OpCode::Relu {
        return tables::lower(im, node, code);
    }
    let output = im.define_int8(to)?;
    let mut record = blank(code);
    record.clamp = clamp;
    im.emit(NetOp {
        record,
        inputs: vec![x],
        output,
        weights: Vec::new(),
        params: Vec::new(),
        sources: vec![node.index],
    });
    Ok(())
}

/// Narrows the clamp of the operator that computes `from`, whose output then is `to`.
fn fuse(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    from: usize,
    to: usize,
    [low, high]: [i8; 2],
) -> Result<bool, ImportError> {
    let tensor = im.describe(to)?;
    let Some(x) = im.map[from] else { return Ok(false) };
    let Some(producer) = im.net.ops.last_mut().filter(|op| op.output == x) else {
        return Ok(false);
    };
    let clamps = matches!(
        producer.code(),
        OpCode::Conv2d
            | OpCode::DepthwiseConv2d
            | OpCode::TransposeConv
            | OpCode::FullyConnected
            | OpCode::Add
            | OpCode::Sub
            | OpCode::Mul
            | OpCode::AveragePool2d
            | OpCode::MaxPool2d
            | OpCode::Mean
            | OpCode::Sum
    );
    let [a, b] = producer.record.clamp;
    if !clamps || a.max(low) > b.min(high) {
        return Ok(false);
    }
    producer.record.clamp = [a.max(low), b.min(high)];
    producer.sources.push(node.index);
    im.net.tensors[x.0] = tensor;
    im.map[to] = Some(x);
    Ok(true)
}
