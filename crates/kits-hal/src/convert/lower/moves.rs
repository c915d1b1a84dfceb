//! Operators that only move bytes, as strided copies: CONCATENATION, PACK, SPLIT, TRANSPOSE,
//! STRIDED_SLICE.

use crate::{
    convert::{
        error::ImportError,
        importer::{Importer, Node, number},
        net::{NetOp, TensorId, blank},
    },
    model::{
        OpCode,
        record::{OP_PARTIAL, OpRecord},
    },
};

type Result<T> = core::result::Result<T, ImportError>;

/// A strided copy: four extents, and the strides and the first element on both sides.
pub(super) struct Copy {
    pub(super) extents: [u16; 4],
    pub(super) from: [i64; 4],
    pub(super) to: [i64; 4],
    pub(super) from_first: i64,
    pub(super) to_first: i64,
}

impl Copy {
    /// A copy of a whole tensor of these dimensions into memory of the same shape.
    pub(super) fn of(dims: [u16; 4]) -> Self {
        let strides = row_major(dims);
        Self { extents: dims, from: strides, to: strides, from_first: 0, to_first: 0 }
    }

    fn words(&self, node: &Node<'_>) -> Result<Vec<u8>> {
        let extents = self.extents.iter().map(|&e| i64::from(e));
        let firsts = [self.from_first, self.to_first];
        extents
            .chain(self.from)
            .chain(self.to)
            .chain(firsts)
            .map(|w| i32::try_from(w).map(i32::to_le_bytes).map_err(|_| node.shape()))
            .collect::<Result<Vec<_>>>()
            .map(|words| words.concat())
    }
}

/// Returns the distance of neighbors along each dimension.
pub(super) fn row_major([_, b, c, d]: [u16; 4]) -> [i64; 4] {
    let [b, c, d] = [b, c, d].map(i64::from);
    [b * c * d, c * d, d, 1]
}

/// Adds a copy to the network.
pub(super) fn emit(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    mut record: OpRecord,
    input: TensorId,
    output: TensorId,
    copy: &Copy,
) -> Result<()> {
    record.n_params = 14;
    let params = copy.words(node)?;
    im.emit(NetOp {
        record,
        inputs: vec![input],
        output,
        weights: Vec::new(),
        params,
        sources: vec![node.index],
    });
    Ok(())
}

/// Reads a tensor of bytes that an operator computes.
pub(super) fn read_bytes(im: &mut Importer<'_>, t: usize) -> Result<TensorId> {
    let id = im.read(t)?;
    let tensor = im.net.tensor(id);
    if tensor.dtype.bytes() != 1 {
        let ty = im.graph.tensors[t].ty;
        return Err(ImportError::UnsupportedType { tensor: number(t), ty });
    }
    if tensor.constant.is_some() {
        return Err(ImportError::ConstantInput { tensor: number(t) });
    }
    Ok(id)
}

/// Requires equal type and quantization of two tensors; the second is blamed.
pub(super) fn same_kind(im: &Importer<'_>, a: usize, b: usize) -> Result<()> {
    let (ta, tb) = (&im.graph.tensors[a], &im.graph.tensors[b]);
    if ta.ty != tb.ty {
        return Err(ImportError::UnsupportedType { tensor: number(b), ty: tb.ty });
    }
    // Bytes may be moved without any quantization.
    if ta.scale.is_empty() && tb.scale.is_empty() { Ok(()) } else { im.same_quantization(a, b) }
}

fn partial(code: OpCode) -> OpRecord {
    let mut record = blank(code);
    record.flags |= OP_PARTIAL;
    record
}

pub(super) fn concatenation(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let y = node.output(0)?;
    let axis = im.axis(y, node.get(0, 0_i32)?).ok_or_else(|| node.option())?;
    if node.get(1, 0_u8)? != 0 {
        return Err(node.option());
    }
    let dims = im.dims(y)?;
    let to = row_major(dims);
    let mut parts = Vec::new();
    let mut first = 0_i64;
    for i in 0..node.inputs.len() {
        let x = node.input(i)?;
        let part = im.dims(x)?;
        let fits = im.rank(x) == im.rank(y) && (0..4).all(|d| d == axis || part[d] == dims[d]);
        if !fits {
            return Err(node.shape());
        }
        same_kind(im, x, y)?;
        let input = read_bytes(im, x)?;
        parts.push((input, Copy { to, to_first: first * to[axis], ..Copy::of(part) }));
        first += i64::from(part[axis]);
    }
    if parts.is_empty() || first != i64::from(dims[axis]) {
        return Err(node.shape());
    }
    let output = im.define(y)?;
    for (input, copy) in parts {
        emit(im, node, partial(OpCode::Concatenation), input, output, &copy)?;
    }
    Ok(())
}

pub(super) fn pack(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let y = node.output(0)?;
    let axis = im.axis(y, node.get(1, 0_i32)?).ok_or_else(|| node.option())?;
    let dims = im.dims(y)?;
    if usize::from(dims[axis]) != node.inputs.len() || im.graph.tensors[y].shape.len() > 4 {
        return Err(node.shape());
    }
    let to = row_major(dims);
    let mut slice = dims;
    slice[axis] = 1;
    let mut parts = Vec::new();
    for i in 0..node.inputs.len() {
        let x = node.input(i)?;
        let mut expected = im.graph.tensors[y].shape.clone();
        expected.remove(axis + expected.len() - 4);
        if im.graph.tensors[x].shape != expected {
            return Err(node.shape());
        }
        same_kind(im, x, y)?;
        let input = read_bytes(im, x)?;
        let at = i64::try_from(i).unwrap_or(0) * to[axis];
        parts.push((input, Copy { to, to_first: at, ..Copy::of(slice) }));
    }
    let output = im.define(y)?;
    for (input, copy) in parts {
        emit(im, node, partial(OpCode::Pack), input, output, &copy)?;
    }
    Ok(())
}

pub(super) fn split(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let x = node.input(1)?;
    let [axis] = im.integers(node.input(0)?)?[..] else { return Err(node.option()) };
    let axis = im.axis(x, axis).ok_or_else(|| node.option())?;
    let dims = im.dims(x)?;
    let n = node.outputs.len();
    if n == 0 || !usize::from(dims[axis]).is_multiple_of(n) {
        return Err(node.shape());
    }
    let mut part = dims;
    part[axis] = dims[axis] / u16::try_from(n).map_err(|_| node.option())?;
    let from = row_major(dims);
    let input = read_bytes(im, x)?;
    for (i, &y) in node.outputs.iter().enumerate() {
        if im.dims(y)? != part || im.rank(y) != im.rank(x) {
            return Err(node.shape());
        }
        same_kind(im, x, y)?;
        let output = im.define(y)?;
        let at = i64::try_from(i).unwrap_or(0) * i64::from(part[axis]) * from[axis];
        let copy = Copy { from, from_first: at, ..Copy::of(part) };
        emit(im, node, blank(OpCode::Split), input, output, &copy)?;
    }
    Ok(())
}

pub(super) fn transpose(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let order = im.integers(node.input(1)?)?;
    let (dims, out) = (im.dims(x)?, im.dims(y)?);
    if order.len() != im.graph.tensors[x].shape.len() || order.len() > 4 {
        return Err(node.option());
    }
    let lead = 4 - order.len();
    let strides = row_major(dims);
    let mut copy = Copy::of(out);
    let mut seen = [false; 4];
    for (i, (stride, &extent)) in copy.from.iter_mut().zip(&out).enumerate() {
        let source = match i.checked_sub(lead) {
            None => i,
            Some(k) => im.axis(x, order[k]).ok_or_else(|| node.option())?,
        };
        if core::mem::replace(&mut seen[source], true) {
            return Err(node.option());
        }
        if extent != dims[source] {
            return Err(node.shape());
        }
        *stride = strides[source];
    }
    same_kind(im, x, y)?;
    let input = read_bytes(im, x)?;
    let output = im.define(y)?;
    emit(im, node, blank(OpCode::Transpose), input, output, &copy)
}

pub(super) fn strided_slice(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let begin = im.integers(node.input(1)?)?;
    let end = im.integers(node.input(2)?)?;
    let step = im.integers(node.input(3)?)?;
    let shape = im.graph.tensors[x].shape.clone();
    let masks: [i32; 5] = [0, 1, 2, 3, 4].map(|i| node.get(i, 0).unwrap_or(-1));
    let [begin_mask, end_mask, ellipsis, new_axis, shrink] = masks;
    if ellipsis != 0 || new_axis != 0 || begin_mask < 0 || end_mask < 0 || shrink < 0 {
        return Err(node.option());
    }
    let relative = node.get(5, false)?;
    if [begin.len(), end.len(), step.len()] != [shape.len(); 3] || shape.len() > 4 {
        return Err(node.option());
    }
    let dims = im.dims(x)?;
    let lead = 4 - shape.len();
    let strides = row_major(dims);
    let mut copy = Copy::of([1; 4]);
    copy.from = strides;
    let mut kept = Vec::new();
    for (i, &len) in shape.iter().enumerate() {
        let bit = |mask: i32| mask >> i & 1 == 1;
        let end = if relative { begin[i].saturating_add(end[i]) } else { end[i] };
        let step = if bit(shrink) { 1 } else { step[i] };
        let wrap = |v: i32| if v < 0 { v.saturating_add(len) } else { v };
        let (start, count) = match step {
            0 => return Err(node.option()),
            1.. => {
                let start = if bit(begin_mask) { 0 } else { wrap(begin[i]).clamp(0, len) };
                let stop = if bit(end_mask) { len } else { wrap(end).clamp(0, len) };
                let stop = if bit(shrink) { start + 1 } else { stop };
                (start, (stop - start).max(0).div_ceil_signed(step))
            }
            _ => {
                let start =
                    if bit(begin_mask) { len - 1 } else { wrap(begin[i]).clamp(-1, len - 1) };
                let stop = if bit(end_mask) { -1 } else { wrap(end).clamp(-1, len - 1) };
                (start, (start - stop).max(0).div_ceil_signed(step.saturating_neg()))
            }
        };
        if count == 0 || start >= len {
            return Err(node.shape());
        }
        copy.extents[i + lead] = u16::try_from(count).map_err(|_| node.shape())?;
        copy.from_first += i64::from(start) * strides[i + lead];
        copy.from[i + lead] *= i64::from(step);
        if !bit(shrink) {
            kept.push(count);
        }
    }
    if kept != im.graph.tensors[y].shape {
        return Err(node.shape());
    }
    copy.to = row_major(copy.extents);
    same_kind(im, x, y)?;
    let input = read_bytes(im, x)?;
    let output = im.define(y)?;
    emit(im, node, blank(OpCode::StridedSlice), input, output, &copy)
}

/// Division of a non-negative number, rounded up.
trait DivCeil {
    fn div_ceil_signed(self, by: i32) -> i32;
}

impl DivCeil for i32 {
    fn div_ceil_signed(self, by: i32) -> i32 {
        self / by + Self::from(self % by != 0)
    }
}
