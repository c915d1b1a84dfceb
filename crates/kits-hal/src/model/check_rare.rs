//! The rules of operators that few models have: sequences, arg max, bilinear resizing, L2 norm.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "products of at most three u8 or u16 fields in u64 or usize"
)]

use super::{
    check::{ok, some},
    check_op::Subject,
    record::{self, BILINEAR_ENTRY, LSTM_HEAD, LSTM_TABLE, OP_TIME_MAJOR},
};
use crate::{dtype::DType, error::LoadError};

impl Subject<'_, '_> {
    /// A slope per element, broadcast to the shape of the input.
    pub(super) const fn prelu(&self) -> Result<(), LoadError> {
        ok!(self.binary(4));
        self.same_shape()
    }

    pub(super) const fn l2_normalization(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        ok!(self.zeros());
        ok!(self.same_shape());
        // A sum of squares of differences of bytes must fit in i32.
        if self.y.dims[3] as u64 * 255 * 255 > i32::MAX as u64 {
            return Err(LoadError::AccumulatorOverflow { op: self.index });
        }
        Ok(())
    }

    pub(super) const fn arg_max(&self) -> Result<(), LoadError> {
        if !matches!(self.x.dtype(), DType::I8) {
            return Err(LoadError::UnsupportedType { tensor: self.op.inputs[0], ty: self.x.ty });
        }
        if !matches!(self.y.dtype(), DType::I32) {
            return Err(LoadError::UnsupportedType { tensor: self.op.output, ty: self.y.ty });
        }
        let n = match self.op.axis {
            0 => self.x.dims[0],
            1 => self.x.dims[1],
            2 => self.x.dims[2],
            3 => self.x.dims[3],
            _ => return Err(self.option()),
        };
        if self.y.elements().saturating_mul(n as u64) != self.x.elements() {
            return Err(self.shape());
        }
        Ok(())
    }

    pub(super) const fn bilinear(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        if self.x.dims[0] != self.y.dims[0] || self.x.dims[3] != self.y.dims[3] {
            return Err(self.shape());
        }
        let (rows, columns) = (self.y.dims[1] as usize, self.y.dims[2] as usize);
        ok!(self.weights((BILINEAR_ENTRY * (rows + columns)) as u64));
        let mut i = 0;
        while i < rows + columns {
            let limit = if i < rows { self.x.dims[1] } else { self.x.dims[2] };
            let at = self.op.weights as usize + BILINEAR_ENTRY * i;
            let before = some!(crate::bytes::u16_at(self.model.bytes(), at), self.option());
            let after = some!(crate::bytes::u16_at(self.model.bytes(), at + 2), self.option());
            if before >= limit || after >= limit {
                return Err(self.option());
            }
            i += 1;
        }
        Ok(())
    }

    pub(super) const fn lstm(&self) -> Result<(), LoadError> {
        ok!(self.int8());
        ok!(self.zeros());
        let (x, y) = (self.x.dims, self.y.dims);
        if x[0] != 1 || y[0] != 1 || x[1] != y[1] || x[2] != y[2] {
            return Err(self.shape());
        }
        let batch = if self.op.has(OP_TIME_MAJOR) { x[2] } else { x[1] };
        let units = y[3] as u64;
        let states = batch as u64 * units;
        ok!(self.state(self.op.inputs[1], DType::I8, states));
        ok!(self.state(self.op.inputs[2], DType::I16, states));
        let words = LSTM_HEAD as u64 + 8 * units;
        if self.op.n_params as u64 != words || !self.header.in_params(self.op.params, 4 * words) {
            return Err(self.option());
        }
        self.weights(4 * units * (x[3] as u64 + units) + LSTM_TABLE as u64)
    }

    /// Requires that an input is a state of this type and length.
    const fn state(&self, index: u16, dtype: DType, elements: u64) -> Result<(), LoadError> {
        let t = some!(
            self.model.tensor_record(index),
            LoadError::BadIndex { op: self.index, index }
        );
        if t.ty != dtype.code() {
            return Err(LoadError::UnsupportedType { tensor: index, ty: t.ty });
        }
        if !t.has(record::TENSOR_VARIABLE) {
            return Err(self.order());
        }
        if t.elements() != elements { Err(self.shape()) } else { Ok(()) }
    }
}
