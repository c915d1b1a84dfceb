//! The rules of each operator: types, shapes, options, and the ranges of its weights.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "products of at most three u8 or u16 fields in u64 or i64"
)]

use super::{
    Model, OpCode,
    check::{Header, ok, some},
    geometry::axis_fits,
    record::{self, NONE, OpRecord, TensorRecord},
};
use crate::{dtype::DType, error::LoadError};

/// The operator under check, with its first input and its output.
pub(super) struct Subject<'m, 'a> {
    pub(super) model: &'m Model<'a>,
    pub(super) header: &'m Header,
    pub(super) index: u16,
    pub(super) op: &'m OpRecord,
    pub(super) x: TensorRecord,
    pub(super) y: TensorRecord,
}

/// Checks one operator. Its tensor numbers are known to be in range or absent.
///
/// `CORE` refuses operators outside the core set, so that their rules need not be linked.
pub(super) const fn check<const CORE: bool>(
    model: &Model<'_>,
    header: &Header,
    index: u16,
    op: &OpRecord,
) -> Result<(), LoadError> {
    let code = some!(
        OpCode::from_code(op.code),
        LoadError::UnsupportedOp { op: index, code: op.code }
    );
    let x = some!(
        model.tensor_record(op.inputs[0]),
        LoadError::BadIndex { op: index, index: op.inputs[0] }
    );
    let y = some!(
        model.tensor_record(op.output),
        LoadError::BadIndex { op: index, index: op.output }
    );
    let sequence = matches!(code, OpCode::UnidirectionalSequenceLstm);
    let known = if sequence { record::OP_TIME_MAJOR } else { 7 };
    if op.clamp[0] > op.clamp[1] || op.flags & !known != 0 {
        return Err(LoadError::BadOption { op: index });
    }
    let s = Subject { model, header, index, op, x, y };
    // Only element-wise operators take a constant as first operand.
    let elementwise = matches!(
        code,
        OpCode::Add | OpCode::Sub | OpCode::Mul | OpCode::Maximum | OpCode::Minimum
    );
    if x.has(record::TENSOR_CONSTANT) && !elementwise {
        return Err(s.order());
    }
    match code {
        OpCode::Conv2d => s.conv(),
        OpCode::DepthwiseConv2d => s.depthwise(),
        OpCode::FullyConnected => s.dense(),
        OpCode::AveragePool2d => s.pool(),
        OpCode::Softmax => s.softmax(),
        OpCode::Add => s.binary(6),
        _ if CORE => Err(LoadError::UnsupportedOp { op: index, code: op.code }),
        OpCode::TransposeConv => s.transpose_conv(),
        OpCode::MaxPool2d => s.pool(),
        OpCode::Sub => s.binary(6),
        OpCode::Mul | OpCode::Maximum | OpCode::Minimum => s.binary(0),
        OpCode::Logistic
        | OpCode::Tanh
        | OpCode::HardSwish
        | OpCode::LeakyRelu
        | OpCode::Relu => s.table(),
        OpCode::Relu6 => s.same_shape_bytes(),
        OpCode::Quantize => s.quantize(),
        OpCode::Dequantize => s.dequantize(),
        OpCode::Mean | OpCode::Sum => s.reduce(),
        OpCode::Concatenation
        | OpCode::Pad
        | OpCode::PadV2
        | OpCode::Transpose
        | OpCode::StridedSlice
        | OpCode::Split
        | OpCode::Pack => s.moves(),
        OpCode::ResizeNearestNeighbor => s.resize(),
        OpCode::ResizeBilinear => s.bilinear(),
        OpCode::Prelu => s.prelu(),
        OpCode::ArgMax => s.arg_max(),
        OpCode::L2Normalization => s.l2_normalization(),
        OpCode::UnidirectionalSequenceLstm => s.lstm(),
    }
}

impl Subject<'_, '_> {
    pub(super) const fn option(&self) -> LoadError {
        LoadError::BadOption { op: self.index }
    }

    pub(super) const fn shape(&self) -> LoadError {
        LoadError::ShapeMismatch { op: self.index }
    }

    pub(super) const fn order(&self) -> LoadError {
        LoadError::BadOrder { op: self.index }
    }

    /// Requires `int8` in and out, and a whole output.
    pub(super) const fn int8(&self) -> Result<(), LoadError> {
        if !matches!(self.x.dtype(), DType::I8) {
            return Err(LoadError::UnsupportedType { tensor: self.op.inputs[0], ty: self.x.ty });
        }
        if !matches!(self.y.dtype(), DType::I8) {
            return Err(LoadError::UnsupportedType { tensor: self.op.output, ty: self.y.ty });
        }
        Ok(())
    }

    /// Requires that the record repeats the zero points of its tensors.
    pub(super) const fn zeros(&self) -> Result<(), LoadError> {
        if self.op.in_zero != self.x.zero || self.op.out_zero != self.y.zero {
            return Err(self.option());
        }
        Ok(())
    }

    /// Requires weights of `len` bytes inside their section.
    pub(super) const fn weights(&self, len: u64) -> Result<(), LoadError> {
        if self.header.in_weights(self.op.weights, len) { Ok(()) } else { Err(self.option()) }
    }

    /// Requires one bias and multiplier per output channel inside the parameters section.
    const fn channels(&self) -> Result<(), LoadError> {
        let n = self.op.n_params as u64;
        if self.op.n_params != self.y.dims[3] {
            return Err(self.option());
        }
        let len = if self.op.has(record::OP_UNIFORM) { 4 * n + 5 } else { 9 * n };
        if self.header.in_params(self.op.params, len) { Ok(()) } else { Err(self.option()) }
    }

    /// Requires that the windows fit height and width.
    const fn windows(&self, x: &TensorRecord, y: &TensorRecord) -> Result<(), LoadError> {
        let o = self.op;
        if o.kernel[0] == 0
            || o.kernel[1] == 0
            || o.stride[0] == 0
            || o.stride[1] == 0
            || o.dilation[0] == 0
            || o.dilation[1] == 0
        {
            return Err(self.option());
        }
        let rows =
            axis_fits(x.dims[1], y.dims[1], o.kernel[0], o.stride[0], o.dilation[0], o.pad[0]);
        let columns =
            axis_fits(x.dims[2], y.dims[2], o.kernel[1], o.stride[1], o.dilation[1], o.pad[1]);
        if x.dims[0] == y.dims[0] && rows && columns { Ok(()) } else { Err(self.shape()) }
    }

    const fn taps(&self) -> u64 {
        self.op.kernel[0] as u64 * self.op.kernel[1] as u64
    }

    const fn conv(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        ok!(self.zeros());
        ok!(self.windows(&self.x, &self.y));
        let (c_in, c_out) = (self.x.dims[3], self.y.dims[3]);
        let c_filter = self.op.aux[0];
        if c_filter <= 0 || c_filter > c_in as i32 {
            return Err(self.option());
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and the u16 channel count"
        )]
        let c_filter = c_filter as u16;
        let (groups, rest) = match (c_in.checked_div(c_filter), c_in.checked_rem(c_filter)) {
            (Some(groups), Some(rest)) => (groups, rest),
            _ => return Err(self.option()),
        };
        if rest != 0 || !matches!(c_out.checked_rem(groups), Some(0)) {
            return Err(self.shape());
        }
        ok!(self.weights(self.taps() * c_filter as u64 * c_out as u64));
        self.channels()
    }

    const fn depthwise(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        ok!(self.zeros());
        ok!(self.windows(&self.x, &self.y));
        let (c_in, c_out) = (self.x.dims[3], self.y.dims[3]);
        if self.op.multiplier == 0 {
            return Err(self.option());
        }
        if c_in as u32 * self.op.multiplier as u32 != c_out as u32 {
            return Err(self.shape());
        }
        ok!(self.weights(self.taps() * c_out as u64));
        self.channels()
    }

    const fn transpose_conv(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        ok!(self.zeros());
        if self.op.dilation[0] != 1 || self.op.dilation[1] != 1 {
            return Err(self.option());
        }
        // The forward convolution it reverses reads `y` and writes `x`.
        ok!(self.windows(&self.y, &self.x));
        ok!(self.weights(self.taps() * self.x.dims[3] as u64 * self.y.dims[3] as u64));
        self.channels()
    }

    const fn dense(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        ok!(self.zeros());
        // The elements of an `int8` tensor are its bytes, so that 32 bits are enough to divide.
        let c_out = self.y.dims[3] as u32;
        let rows = match self.y.len.checked_div(c_out) {
            Some(rows) => rows,
            None => return Err(self.shape()),
        };
        let (c_in, rest) = match (self.x.len.checked_div(rows), self.x.len.checked_rem(rows)) {
            (Some(c_in), Some(rest)) => (c_in, rest),
            _ => return Err(self.shape()),
        };
        if rest != 0 || c_in == 0 {
            return Err(self.shape());
        }
        if self.op.aux[0] < -128 || self.op.aux[0] > 127 {
            return Err(self.option());
        }
        ok!(self.weights(c_in as u64 * c_out as u64));
        self.channels()
    }

    const fn pool(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        if self.op.dilation[0] != 1 || self.op.dilation[1] != 1 {
            return Err(self.option());
        }
        ok!(self.windows(&self.x, &self.y));
        if self.x.dims[3] == self.y.dims[3] { Ok(()) } else { Err(self.shape()) }
    }

    /// Requires equal shapes.
    pub(super) const fn same_shape(&self) -> Result<(), LoadError> {
        let (a, b) = (self.x.dims, self.y.dims);
        if a[0] == b[0] && a[1] == b[1] && a[2] == b[2] && a[3] == b[3] {
            Ok(())
        } else {
            Err(self.shape())
        }
    }

    const fn same_shape_bytes(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        self.same_shape()
    }

    const fn softmax(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        ok!(self.same_shape());
        if self.op.axis > 31 || self.op.aux[0] < 0 || self.op.aux[1] > 0 {
            return Err(self.option());
        }
        Ok(())
    }

    pub(super) const fn binary(&self, words: u16) -> Result<(), LoadError> {
        ok!(self.int8());
        let other = self.op.inputs[1];
        let b = some!(
            self.model.tensor_record(other),
            LoadError::BadIndex { op: self.index, index: other }
        );
        if !matches!(b.dtype(), DType::I8) {
            return Err(LoadError::UnsupportedType { tensor: other, ty: b.ty });
        }
        ok!(self.zeros());
        let mut i = 0;
        while i < 4 {
            #[expect(clippy::indexing_slicing, reason = "four dimensions, i < 4")]
            let (p, q, r) = (self.x.dims[i], b.dims[i], self.y.dims[i]);
            let widest = if p > q { p } else { q };
            if r != widest || (p != r && p != 1) || (q != r && q != 1) {
                return Err(self.shape());
            }
            i += 1;
        }
        if self.op.n_params != words
            || (words > 0 && !self.header.in_params(self.op.params, 4 * words as u64))
        {
            return Err(self.option());
        }
        Ok(())
    }

    const fn table(&self) -> Result<(), LoadError> {
        if self.x.dtype().bytes() != 1 {
            return Err(LoadError::UnsupportedType { tensor: self.op.inputs[0], ty: self.x.ty });
        }
        if self.y.dtype().bytes() != 1 {
            return Err(LoadError::UnsupportedType { tensor: self.op.output, ty: self.y.ty });
        }
        ok!(self.same_shape());
        self.weights(256)
    }

    const fn quantize(&self) -> Result<(), LoadError> {
        if self.x.dtype().bytes() == 1 && self.y.dtype().bytes() == 1 {
            return self.table();
        }
        if matches!(self.y.dtype(), DType::F32) {
            return Err(LoadError::UnsupportedType { tensor: self.op.output, ty: self.y.ty });
        }
        if matches!(self.x.dtype(), DType::F32) && self.y.scale <= 0.0 {
            return Err(LoadError::BadQuantization { tensor: self.op.output });
        }
        self.same_shape()
    }

    const fn dequantize(&self) -> Result<(), LoadError> {
        if matches!(self.x.dtype(), DType::F32) {
            return Err(LoadError::UnsupportedType { tensor: self.op.inputs[0], ty: self.x.ty });
        }
        if !matches!(self.y.dtype(), DType::F32) {
            return Err(LoadError::UnsupportedType { tensor: self.op.output, ty: self.y.ty });
        }
        self.same_shape()
    }

    const fn reduce(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        ok!(self.zeros());
        if self.op.axis > 15 {
            return Err(self.option());
        }
        let mut reduced = 1_u64;
        let mut i = 0;
        while i < 4 {
            #[expect(clippy::indexing_slicing, reason = "four dimensions, i < 4")]
            let (p, r) = (self.x.dims[i], self.y.dims[i]);
            if self.op.axis >> i & 1 == 1 {
                reduced = reduced.saturating_mul(p as u64);
                if r != 1 {
                    return Err(self.shape());
                }
            } else if p != r {
                return Err(self.shape());
            }
            i += 1;
        }
        // A sum of n bytes minus n zero points must fit in i32.
        if reduced >= 1 << 23 { Err(LoadError::AccumulatorOverflow { op: self.index }) } else { Ok(()) }
    }

    /// A copy described by 14 words: 4 extents, 4 input strides, 4 output strides, 2 offsets.
    const fn moves(&self) -> Result<(), LoadError> {
        if self.x.dtype().bytes() != 1 || self.x.ty != self.y.ty {
            return Err(LoadError::UnsupportedType { tensor: self.op.output, ty: self.y.ty });
        }
        if self.op.n_params != 14 || !self.header.in_params(self.op.params, 56) {
            return Err(self.option());
        }
        if self.op.aux[0] < -128 || self.op.aux[0] > 255 {
            return Err(self.option());
        }
        ok!(self.move_range(4, 12, self.x.len));
        self.move_range(8, 13, self.y.len)
    }

    /// Word `i` of the parameters.
    const fn word(&self, i: usize) -> i32 {
        let at = (self.op.params as usize).saturating_add(i.saturating_mul(4));
        match crate::bytes::i32_at(self.model.bytes(), at) {
            Some(word) => word,
            None => 0,
        }
    }

    /// Requires that a copy's smallest and largest address lie in `0..len`.
    const fn move_range(&self, strides: usize, offset: usize, len: u32) -> Result<(), LoadError> {
        let mut low = self.word(offset) as i64;
        let mut high = low;
        let mut i = 0;
        while i < 4 {
            let extent = self.word(i);
            if extent < 1 || extent > u16::MAX as i32 {
                return Err(self.option());
            }
            let reach = (extent as i64 - 1) * self.word(strides.saturating_add(i)) as i64;
            if reach < 0 {
                low = low.saturating_add(reach);
            } else {
                high = high.saturating_add(reach);
            }
            i += 1;
        }
        if low < 0 || high >= len as i64 { Err(self.shape()) } else { Ok(()) }
    }

    const fn resize(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        if self.x.dims[0] != self.y.dims[0] || self.x.dims[3] != self.y.dims[3] {
            return Err(self.shape());
        }
        ok!(self.weights(2 * (self.y.dims[1] as u64 + self.y.dims[2] as u64)));
        // The tables are a few hundred entries: read them, so that the kernel need not clamp.
        let (rows, columns) = (self.y.dims[1] as usize, self.y.dims[2] as usize);
        let mut i = 0;
        while i < rows + columns {
            let limit = if i < rows { self.x.dims[1] } else { self.x.dims[2] };
            match crate::bytes::u16_at(self.model.bytes(), self.op.weights as usize + 2 * i) {
                Some(source) if source < limit => {}
                _ => return Err(self.option()),
            }
            i += 1;
        }
        Ok(())
    }
}

/// Returns the tensor number of an operator's input `k`, if it has one.
pub(super) const fn input(op: &OpRecord, k: usize) -> Option<u16> {
    let index = match k {
        0 => op.inputs[0],
        1 => op.inputs[1],
        _ => op.inputs[2],
    };
    if index == NONE { None } else { Some(index) }
}
