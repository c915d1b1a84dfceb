//! PAD and PADV2: folded into the convolution that reads them, or a copy into a filled tensor.

use super::moves::{Copy, emit, read_bytes, row_major, same_kind};
use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node, number},
        net::blank,
    },
    model::{OpCode, record::OP_FILL},
};

/// A pad that its only reader, a convolution without padding of its own, takes over.
#[derive(Debug, Clone, Copy)]
pub(in crate::convert) struct Padded {
    /// The tensor before the pad.
    pub(in crate::convert) source: usize,
    /// Rows above and columns to the left.
    pub(in crate::convert) before: [u8; 2],
    /// The pad's operator.
    pub(in crate::convert) op: u32,
}

pub(super) fn lower(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    code: OpCode,
) -> Result<(), ImportError> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let amounts = im.integers(node.input(1)?)?;
    let (dims, out) = (im.dims(x)?, im.dims(y)?);
    let shape = im.graph.tensors[x].shape.len();
    if shape > 4 || amounts.len() != 2 * shape || amounts.iter().any(|&a| a < 0) {
        return Err(node.option());
    }
    let mut before = [0_i32; 4];
    let mut after = [0_i32; 4];
    for (i, pair) in amounts.chunks_exact(2).enumerate() {
        before[4 - shape + i] = pair[0];
        after[4 - shape + i] = pair[1];
    }
    let fits = (0..4).all(|i| {
        i64::from(dims[i]) + i64::from(before[i]) + i64::from(after[i]) == i64::from(out[i])
    });
    if !fits || im.rank(x) != im.rank(y) {
        return Err(node.shape());
    }
    same_kind(im, x, y)?;
    let zero = im.describe(y)?.zero;
    let value = match (code, node.optional(2)) {
        (OpCode::PadV2, Some(t)) => constant_byte(im, t)?,
        _ => zero,
    };
    if value == zero
        && im.int8(x).is_ok()
        && let Some(padded) = foldable(im, node, x, y, before, after)
    {
        im.padded.insert(y, padded);
        return Ok(());
    }
    let input = read_bytes(im, x)?;
    let output = im.define(y)?;
    let to = row_major(out);
    let mut record = blank(code);
    record.flags |= OP_FILL;
    record.aux[0] = value;
    let to_first = (0..4).map(|i| i64::from(before[i]) * to[i]).sum();
    emit(im, node, record, input, output, &Copy { to, to_first, ..Copy::of(dims) })
}

/// Returns the value of a constant of one byte.
fn constant_byte(im: &Importer<'_>, t: usize) -> Result<i32, ImportError> {
    im.int8(t)?;
    match im.graph.tensors[t].data.as_deref() {
        Some([value]) => Ok(value.cast_signed().into()),
        Some(data) => {
            Err(ImportError::BufferSize { tensor: number(t), need: 1, have: data.len() as u64 })
        }
        None => Err(ImportError::NonConstantWeights { tensor: number(t) }),
    }
}

/// Decides whether the only reader of a pad can take it over: a convolution with VALID padding
/// whose window is larger than the pad on every side.
fn foldable(
    im: &Importer<'_>,
    node: &Node<'_>,
    x: usize,
    y: usize,
    before: [i32; 4],
    after: [i32; 4],
) -> Option<Padded> {
    if im.readers[y] != 1 || before[0] + after[0] + before[3] + after[3] != 0 {
        return None;
    }
    im.quantization(x).ok()?;
    let reader = im
        .live()
        .into_iter()
        .find(|&op| im.graph.operators[op].inputs.first() == Some(&Some(y)))?;
    let reader = im.node(reader);
    let (width, height) = match super::code(reader.code)? {
        OpCode::Conv2d => (4, 5),
        OpCode::DepthwiseConv2d => (5, 6),
        _ => return None,
    };
    if reader.get(0, 0_u8).ok()? != 1 {
        return None;
    }
    let kernel = im.dims(reader.optional(1)?).ok()?;
    let dilation = [reader.positive(height, 1).ok()?, reader.positive(width, 1).ok()?];
    let mut first = [0_u8; 2];
    for i in 0..2 {
        let window = (i32::from(kernel[i + 1]) - 1) * i32::from(dilation[i]) + 1;
        if before[i + 1] >= window || after[i + 1] >= window {
            return None;
        }
        first[i] = u8::try_from(before[i + 1]).ok()?;
    }
    Some(Padded { source: x, before: first, op: node.index })
}
