//! What a model tells about itself: memory, operations, tensors, operators.

use super::{Model, OpCode, check_op, geometry, record::OpRecord};
use crate::{bytes, dtype::DType};

/// The memory one run of a model needs, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Memory {
    /// Activations, as planned at conversion.
    pub arena: usize,
    /// Working memory of the largest operator, behind the activations.
    pub scratch: usize,
    /// The part of `arena` that [`Session::new2`](crate::Session::new2) takes from its second
    /// buffer; 0 if the model was planned for one.
    pub slow: usize,
    /// Alignment of the buffer for typed views: 1 when all inputs and outputs are bytes.
    pub align: usize,
    /// All inputs together.
    pub input: usize,
    /// All outputs together.
    pub output: usize,
}

impl Memory {
    /// Returns the length of the buffer a session needs: `arena + scratch`.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.arena.saturating_add(self.scratch)
    }

    /// Returns the length of the first of two buffers: what is not in the slow one, and the scratch.
    #[must_use]
    pub const fn fast(&self) -> usize {
        self.total().saturating_sub(self.slow)
    }
}

/// Shape, type and quantization of a tensor.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TensorInfo {
    /// Dimensions, padded in front with ones: batch, height, width, channels.
    pub dims: [u16; 4],
    /// Element type.
    pub dtype: DType,
    /// Length in bytes.
    pub bytes: u32,
    /// Real value of one step: `real = scale · (q − zero_point)`; 0 if not quantized.
    pub scale: f32,
    /// The integer that stands for 0.
    pub zero_point: i16,
}

impl TensorInfo {
    /// Returns the number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.checked_div(self.dtype.bytes()).unwrap_or(0) as usize
    }

    /// Returns `true` for a tensor without elements; no checked model has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }
}

/// What one operator does and moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OpInfo {
    /// Position in the order of execution.
    pub index: u16,
    /// The operator.
    pub code: OpCode,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Weights and tables read, in bytes.
    pub weight_bytes: u32,
    /// Biases, multipliers and other parameters read, in bytes.
    pub param_bytes: u32,
    /// Activations read, in bytes.
    pub input_bytes: u32,
    /// Activations written, in bytes.
    pub output_bytes: u32,
    /// Dimensions of the first input.
    pub input_dims: [u16; 4],
    /// Dimensions of the output.
    pub output_dims: [u16; 4],
}

impl OpInfo {
    /// Returns the name as `.tflite` tools print it, for example `CONV_2D`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.code.name()
    }

    /// Returns all bytes the operator reads or writes once: weights, parameters, activations.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        (self.weight_bytes as u64)
            .wrapping_add(self.param_bytes as u64)
            .wrapping_add(self.input_bytes as u64)
            .wrapping_add(self.output_bytes as u64)
    }
}

/// An iterator over the operators of a model, in the order of execution.
#[derive(Debug, Clone)]
pub struct Ops<'a> {
    model: Model<'a>,
    next: u16,
}

impl Iterator for Ops<'_> {
    type Item = OpInfo;

    fn next(&mut self) -> Option<OpInfo> {
        let info = self.model.op(self.next)?;
        self.next = self.next.saturating_add(1);
        Some(info)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.model.n_operators().saturating_sub(self.next));
        (left, Some(left))
    }
}

impl ExactSizeIterator for Ops<'_> {}

impl<'a> Model<'a> {
    /// Returns the memory one run needs.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let mut align = 1;
        let mut sum = |infos: &mut dyn Iterator<Item = TensorInfo>| {
            let mut bytes = 0_usize;
            for info in infos {
                align = align.max(info.dtype.bytes() as usize);
                bytes = bytes.saturating_add(info.bytes as usize);
            }
            bytes
        };
        let input = sum(&mut (0..self.n_inputs()).filter_map(|i| self.input(i)));
        let output = sum(&mut (0..self.n_outputs()).filter_map(|i| self.output(i)));
        Memory {
            arena: self.arena as usize,
            scratch: self.scratch as usize,
            slow: self.arena.saturating_sub(self.first_bytes()) as usize,
            align,
            input,
            output,
        }
    }

    /// Returns the multiply-accumulates of one run.
    #[must_use]
    pub fn macs(&self) -> u64 {
        bytes::u64_at(self.bytes(), 56).unwrap_or(0)
    }

    /// Returns the number of inputs.
    #[must_use]
    pub const fn n_inputs(&self) -> u16 {
        self.inputs as u16
    }

    /// Returns the number of outputs.
    #[must_use]
    pub const fn n_outputs(&self) -> u16 {
        self.outputs as u16
    }

    /// Returns input `i`, or `None` if there are fewer.
    #[must_use]
    pub fn input(&self, i: u16) -> Option<TensorInfo> {
        self.tensor(self.input_tensor(i)?)
    }

    /// Returns output `i`, or `None` if there are fewer.
    #[must_use]
    pub fn output(&self, i: u16) -> Option<TensorInfo> {
        self.tensor(self.output_tensor(i)?)
    }

    /// Returns tensor record `i`, or `None` if there are fewer.
    #[must_use]
    pub fn tensor(&self, i: u16) -> Option<TensorInfo> {
        let t = self.tensor_record(i)?;
        Some(TensorInfo {
            dims: t.dims,
            dtype: t.dtype(),
            bytes: t.len,
            scale: t.scale,
            zero_point: t.zero,
        })
    }

    /// Returns the operators in the order of execution.
    #[must_use]
    pub const fn ops(&self) -> Ops<'a> {
        Ops { model: *self, next: 0 }
    }

    /// Returns operator `i`, or `None` if there are fewer.
    #[must_use]
    pub fn op(&self, i: u16) -> Option<OpInfo> {
        let op = self.op_record(i)?;
        let code = OpCode::from_code(op.code)?;
        let y = self.tensor_record(op.output)?;
        let mut input_bytes = 0_u32;
        let mut weight_bytes = self.weight_bytes(code, &op);
        for k in 0..3 {
            if let Some(t) = check_op::input(&op, k).and_then(|t| self.tensor_record(t)) {
                let total =
                    if t.has(super::record::TENSOR_CONSTANT) { &mut weight_bytes } else { &mut input_bytes };
                *total = total.saturating_add(t.len);
            }
        }
        Some(OpInfo {
            index: i,
            code,
            macs: geometry::macs(self, &op),
            weight_bytes,
            param_bytes: param_bytes(code, &op),
            input_bytes,
            output_bytes: y.len,
            input_dims: self.tensor_record(op.inputs[0]).map_or([0; 4], |t| t.dims),
            output_dims: y.dims,
        })
    }

    /// Returns the bytes an operator reads from the weights section through its record.
    fn weight_bytes(&self, code: OpCode, op: &OpRecord) -> u32 {
        let dims = |t: u16| self.tensor_record(t).map_or([0; 4], |t| t.dims);
        let (x, y) = (dims(op.inputs[0]), dims(op.output));
        let taps = u32::from(op.kernel[0]).saturating_mul(u32::from(op.kernel[1]));
        let c_out = u32::from(y[3]);
        match code {
            OpCode::Conv2d => {
                taps.saturating_mul(op.aux[0].unsigned_abs()).saturating_mul(c_out)
            }
            OpCode::TransposeConv => {
                taps.saturating_mul(u32::from(x[3])).saturating_mul(c_out)
            }
            OpCode::DepthwiseConv2d => taps.saturating_mul(c_out),
            OpCode::FullyConnected => {
                let rows = y[..3].iter().fold(1_u32, |n, &d| n.saturating_mul(u32::from(d)));
                let elements = x.iter().fold(1_u32, |n, &d| n.saturating_mul(u32::from(d)));
                elements.checked_div(rows).unwrap_or(0).saturating_mul(c_out)
            }
            OpCode::ResizeNearestNeighbor => {
                u32::from(y[1]).saturating_add(u32::from(y[2])).saturating_mul(2)
            }
            OpCode::ResizeBilinear => {
                u32::from(y[1]).saturating_add(u32::from(y[2])).saturating_mul(6)
            }
            OpCode::UnidirectionalSequenceLstm => {
                let seen = u32::from(x[3]).saturating_add(c_out);
                c_out.saturating_mul(seen).saturating_mul(4).saturating_add(512)
            }
            _ if op.weights != 0 => 256,
            _ => 0,
        }
    }
}

/// Returns the bytes of an operator's parameters.
fn param_bytes(code: OpCode, op: &OpRecord) -> u32 {
    let n = u32::from(op.n_params);
    match code {
        OpCode::Conv2d
        | OpCode::DepthwiseConv2d
        | OpCode::TransposeConv
        | OpCode::FullyConnected => {
            if op.has(super::record::OP_UNIFORM) {
                n.saturating_mul(4).saturating_add(5)
            } else {
                n.saturating_mul(9)
            }
        }
        _ => n.saturating_mul(4),
    }
}
