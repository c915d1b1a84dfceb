//! The kernels: one file per operator, all in integers, all bit-equal to the reference arithmetic.
//!
//! A kernel sees the arena as one slice, because the plan may place an output so that it runs into
//! the memory of an input that dies at the same operator. Such kernels read everything one output
//! pixel depends on, compute the pixel in scratch memory, and only then store it.
//! Ranges were proven when the model was parsed. A kernel still asks for its slices with `get`,
//! once per row or pixel, and gives up with `None` instead of panicking.

pub mod fixed;

mod add;
mod argmax;
mod bilinear;
mod binary;
mod conv;
mod dense;
mod depthwise;
mod l2norm;
mod lstm;
pub(crate) mod mem;
mod minmax;
mod moves;
mod mul;
mod output;
pub(crate) mod place;
mod pool;
mod prelu;
mod quantize;
mod reduce;
mod resize;
mod softmax;
mod table;
mod transpose_conv;
mod window;

pub(crate) use binary::second;
pub(crate) use mem::Mem;
pub(crate) use output::{Channels, Output, Scales, all_right};
#[cfg(feature = "pre")]
pub(crate) use quantize::round_half_away;
pub(crate) use window::Window;

#[cfg(feature = "single-round")]
use crate::model::record::OP_ONCE;
use crate::model::{
    Model, OpCode,
    record::{OpRecord, TensorRecord},
};

/// One operator about to run: its record, its tensors and the memory it works on.
pub(crate) struct Task<'m, 'w> {
    pub(crate) model: Model<'m>,
    pub(crate) op: OpRecord,
    /// First input.
    pub(crate) x: TensorRecord,
    /// Output.
    pub(crate) y: TensorRecord,
    /// The activations.
    pub(crate) mem: &'w mut Mem<'w>,
    /// Working memory, at least what the model's check found necessary.
    pub(crate) scratch: &'w mut [i8],
}

impl<'m, 'w> Task<'m, 'w> {
    /// Collects what operator `index` works on.
    // In place: the records are longer than it takes to read them.
    #[inline(always)]
    pub(crate) fn new(
        model: &Model<'m>,
        index: u16,
        mem: &'w mut Mem<'w>,
        scratch: &'w mut [i8],
    ) -> Option<Self> {
        let op = model.op_record(index)?;
        #[cfg(feature = "single-round")]
        let op = {
            let once = if model.rounds_once() { OP_ONCE } else { 0 };
            OpRecord { flags: op.flags | once, ..op }
        };
        let x = model.tensor_record(op.inputs[0])?;
        let y = model.tensor_record(op.output)?;
        Some(Self { model: *model, op, x, y, mem, scratch })
    }

    /// Returns `x · m · 2^(s − 31)`, rounded as the model was made for.
    #[inline]
    pub(crate) const fn rescale(&self, x: i32, m: i32, s: i32) -> i32 {
        #[cfg(feature = "single-round")]
        if self.op.has(OP_ONCE) {
            return fixed::requant_once(x, m, s);
        }
        fixed::requant(x, m, s)
    }

    /// Returns `len` bytes of the operator's weights.
    pub(crate) fn weights(&self, len: usize) -> Option<&'m [i8]> {
        let bytes = crate::bytes::slice(self.model.bytes(), self.op.weights as usize, len)?;
        Some(bytemuck::must_cast_slice(bytes))
    }

    /// Returns `len` bytes of the operator's weights and up to `more` that happen to lie behind them.
    pub(crate) fn weights_and(&self, len: usize, more: usize) -> Option<&'m [i8]> {
        let at = self.op.weights as usize;
        let left = self.model.len().saturating_sub(at).saturating_sub(len);
        self.weights(len.checked_add(more.min(left))?)
    }

    /// Returns word `i` of the operator's parameters.
    pub(crate) fn word(&self, i: usize) -> Option<i32> {
        let at = (self.op.params as usize).checked_add(i.checked_mul(4)?)?;
        crate::bytes::i32_at(self.model.bytes(), at)
    }
}

/// Runs operator `index` of a model with the plain kernels; `None` if a record does not fit the
/// memory.
pub(crate) fn run<'w>(
    model: &Model<'_>,
    index: u16,
    mem: &'w mut Mem<'w>,
    scratch: &'w mut [i8],
) -> Option<()> {
    run_plain(&mut Task::new(model, index, mem, scratch)?)
}

/// Runs an operator with the plain kernels.
pub(crate) fn run_plain(task: &mut Task<'_, '_>) -> Option<()> {
    match OpCode::from_code(task.op.code)? {
        OpCode::Conv2d => conv::run(task),
        OpCode::DepthwiseConv2d => depthwise::run(task),
        OpCode::FullyConnected => dense::run(task),
        code => run_other(task, code),
    }
}

/// Runs operator `index` of a model of the core set with the plain kernels; `None` if a record does not
/// fit the memory.
pub(crate) fn run_core<'w>(
    model: &Model<'_>,
    index: u16,
    mem: &'w mut Mem<'w>,
    scratch: &'w mut [i8],
) -> Option<()> {
    let mut task = Task::new(model, index, mem, scratch)?;
    match OpCode::from_code(task.op.code)? {
        OpCode::Conv2d => conv::run(&mut task),
        OpCode::DepthwiseConv2d => depthwise::run(&mut task),
        OpCode::FullyConnected => dense::run(&mut task),
        code => run_other_core(&mut task, code),
    }
}

/// Runs an operator of the core set that has no faster form.
pub(crate) fn run_other_core(task: &mut Task<'_, '_>, code: OpCode) -> Option<()> {
    match code {
        OpCode::AveragePool2d => pool::average(task),
        OpCode::Softmax => softmax::run(task),
        OpCode::Add => add::add(task),
        _ => None,
    }
}

/// Runs an operator that has no faster form.
pub(crate) fn run_other(task: &mut Task<'_, '_>, code: OpCode) -> Option<()> {
    match code {
        OpCode::TransposeConv => transpose_conv::run(task),
        OpCode::MaxPool2d => pool::max(task),
        OpCode::AveragePool2d | OpCode::Softmax | OpCode::Add => run_other_core(task, code),
        OpCode::Sub => add::sub(task),
        OpCode::Mul => mul::run(task),
        OpCode::Maximum => minmax::max(task),
        OpCode::Minimum => minmax::min(task),
        OpCode::Logistic
        | OpCode::Tanh
        | OpCode::HardSwish
        | OpCode::LeakyRelu
        | OpCode::Relu => table::run(task),
        OpCode::Relu6 => minmax::clamp(task),
        OpCode::Quantize => quantize::quantize(task),
        OpCode::Dequantize => quantize::dequantize(task),
        OpCode::Mean => reduce::mean(task),
        OpCode::Sum => reduce::sum(task),
        OpCode::Concatenation
        | OpCode::Pad
        | OpCode::PadV2
        | OpCode::Transpose
        | OpCode::StridedSlice
        | OpCode::Split
        | OpCode::Pack => moves::run(task),
        OpCode::ResizeNearestNeighbor => resize::run(task),
        OpCode::ResizeBilinear => bilinear::run(task),
        OpCode::Prelu => prelu::run(task),
        OpCode::ArgMax => argmax::run(task),
        OpCode::L2Normalization => l2norm::run(task),
        OpCode::UnidirectionalSequenceLstm => lstm::run(task),
        // Their callers have run them already.
        OpCode::Conv2d | OpCode::DepthwiseConv2d | OpCode::FullyConnected => None,
    }
}
