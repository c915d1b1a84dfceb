//! The network between the file that was read and the container that is written.
//!
//! Tensors and operators are already those of the device; what is missing is their place in memory.

use crate::{
    dtype::DType,
    model::{
        OpCode,
        record::{NONE, OpRecord},
    },
};

/// Number of a tensor in [`Net::tensors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TensorId(pub(crate) usize);

/// A network ready to be placed in memory.
#[derive(Debug, Default)]
pub(crate) struct Net {
    pub(crate) tensors: Vec<NetTensor>,
    pub(crate) ops: Vec<NetOp>,
    pub(crate) inputs: Vec<TensorId>,
    pub(crate) outputs: Vec<TensorId>,
    /// Made for requantization in one step.
    pub(crate) once: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct NetTensor {
    pub(crate) dims: [u16; 4],
    pub(crate) dtype: DType,
    pub(crate) scale: f32,
    pub(crate) zero: i32,
    /// The bytes of a constant.
    pub(crate) constant: Option<Vec<u8>>,
    /// The tensor whose memory this one shows in another shape.
    pub(crate) alias_of: Option<TensorId>,
    /// Keeps its value from run to run.
    pub(crate) state: bool,
    /// Number of the tensor in the file it came from.
    pub(crate) source: u32,
    pub(crate) name: String,
}

impl NetTensor {
    pub(crate) fn bytes(&self) -> u64 {
        self.dims.iter().map(|&d| u64::from(d)).product::<u64>() * u64::from(self.dtype.bytes())
    }
}

/// An operator of the device, with its weights and parameters still loose.
#[derive(Debug, Clone)]
pub(crate) struct NetOp {
    /// Everything but tensor numbers and offsets.
    pub(crate) record: OpRecord,
    pub(crate) inputs: Vec<TensorId>,
    pub(crate) output: TensorId,
    pub(crate) weights: Vec<u8>,
    pub(crate) params: Vec<u8>,
    /// Operators of the file that this one stands for.
    pub(crate) sources: Vec<u32>,
}

impl NetOp {
    pub(crate) fn code(&self) -> OpCode {
        OpCode::from_code(self.record.code).unwrap_or(OpCode::Add)
    }
}

impl Net {
    /// Returns the tensor that owns the memory of `id`.
    pub(crate) fn root(&self, id: TensorId) -> TensorId {
        self.tensors[id.0].alias_of.unwrap_or(id)
    }

    pub(crate) fn tensor(&self, id: TensorId) -> &NetTensor {
        &self.tensors[id.0]
    }

    pub(crate) fn add(&mut self, tensor: NetTensor) -> TensorId {
        self.tensors.push(tensor);
        TensorId(self.tensors.len() - 1)
    }

    /// Adds another shape of `of`.
    pub(crate) fn alias(&mut self, of: TensorId, mut tensor: NetTensor) -> TensorId {
        tensor.alias_of = Some(self.root(of));
        tensor.constant.clone_from(&self.tensors[self.root(of).0].constant);
        self.add(tensor)
    }
}

/// Returns a record of `code` with neutral options: full clamp, windows of one tap.
pub(crate) fn blank(code: OpCode) -> OpRecord {
    OpRecord {
        code: code.code(),
        flags: 0,
        inputs: [NONE; 3],
        output: NONE,
        weights: 0,
        params: 0,
        n_params: 0,
        clamp: [i8::MIN, i8::MAX],
        in_zero: 0,
        out_zero: 0,
        kernel: [1, 1],
        stride: [1, 1],
        dilation: [1, 1],
        pad: [0, 0],
        multiplier: 1,
        axis: 0,
        aux: [0, 0],
    }
}
