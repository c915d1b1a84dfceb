//! The positions and codes of the TFLite schema (version 3) that this crate writes.
//!
//! Numbers are facts of the published schema: a field's slot is its place in the table's declaration.

/// Version of the schema.
pub(super) const VERSION: u32 = 3;
/// File identifier at byte 4.
pub(super) const IDENTIFIER: [u8; 4] = *b"TFL3";
/// Buffers start at multiples of this.
pub(super) const BUFFER_ALIGN: usize = 16;

/// Slots of `Model`.
pub(super) mod model {
    pub(crate) const VERSION: usize = 0;
    pub(crate) const OPERATOR_CODES: usize = 1;
    pub(crate) const SUBGRAPHS: usize = 2;
    pub(crate) const DESCRIPTION: usize = 3;
    pub(crate) const BUFFERS: usize = 4;
}

/// Slots of `OperatorCode`.
pub(super) mod operator_code {
    pub(crate) const DEPRECATED_BUILTIN: usize = 0;
    pub(crate) const VERSION: usize = 2;
    pub(crate) const BUILTIN: usize = 3;
}

/// Slots of `SubGraph`.
pub(super) mod subgraph {
    pub(crate) const TENSORS: usize = 0;
    pub(crate) const INPUTS: usize = 1;
    pub(crate) const OUTPUTS: usize = 2;
    pub(crate) const OPERATORS: usize = 3;
    pub(crate) const NAME: usize = 4;
}

/// Slots of `Tensor`.
pub(super) mod tensor {
    pub(crate) const SHAPE: usize = 0;
    pub(crate) const TYPE: usize = 1;
    pub(crate) const BUFFER: usize = 2;
    pub(crate) const NAME: usize = 3;
    pub(crate) const QUANTIZATION: usize = 4;
}

/// Slots of `QuantizationParameters`.
pub(super) mod quantization {
    pub(crate) const SCALE: usize = 2;
    pub(crate) const ZERO_POINT: usize = 3;
    pub(crate) const DIMENSION: usize = 6;
}

/// Slots of `Operator`.
pub(super) mod operator {
    pub(crate) const OPCODE_INDEX: usize = 0;
    pub(crate) const INPUTS: usize = 1;
    pub(crate) const OUTPUTS: usize = 2;
    pub(crate) const OPTIONS_TYPE: usize = 3;
    pub(crate) const OPTIONS: usize = 4;
}

/// Slot of `Buffer`.
pub(super) const BUFFER_DATA: usize = 0;

/// Element types.
pub(super) mod tensor_type {
    pub(crate) const INT32: u8 = 2;
    pub(crate) const INT8: u8 = 9;
}

/// Slots of `Conv2DOptions`; dilations are left at their default of 1.
pub(super) mod conv_options {
    pub(crate) const PADDING: usize = 0;
    pub(crate) const STRIDE_W: usize = 1;
    pub(crate) const STRIDE_H: usize = 2;
    pub(crate) const ACTIVATION: usize = 3;
}

/// Slots of `DepthwiseConv2DOptions`; dilations are left at their default of 1.
pub(super) mod depthwise_options {
    pub(crate) const PADDING: usize = 0;
    pub(crate) const STRIDE_W: usize = 1;
    pub(crate) const STRIDE_H: usize = 2;
    pub(crate) const MULTIPLIER: usize = 3;
    pub(crate) const ACTIVATION: usize = 4;
}

/// Slots of `Pool2DOptions`.
pub(super) mod pool_options {
    pub(crate) const PADDING: usize = 0;
    pub(crate) const STRIDE_W: usize = 1;
    pub(crate) const STRIDE_H: usize = 2;
    pub(crate) const FILTER_W: usize = 3;
    pub(crate) const FILTER_H: usize = 4;
    pub(crate) const ACTIVATION: usize = 5;
}

/// Slot of the activation in `AddOptions`.
pub(super) const ADD_ACTIVATION: usize = 0;
/// Slot of the activation in `FullyConnectedOptions`.
pub(super) const DENSE_ACTIVATION: usize = 0;
/// Slot of the factor before the exponential in `SoftmaxOptions`.
pub(super) const SOFTMAX_BETA: usize = 0;
/// Slot of the new shape in `ReshapeOptions`.
pub(super) const RESHAPE_SHAPE: usize = 0;

/// An operator of the schema: its code, the version that eight-bit tensors need, its options' union tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Builtin {
    pub(crate) code: u8,
    pub(crate) version: i32,
    pub(crate) options: u8,
}

pub(super) const ADD: Builtin = Builtin { code: 0, version: 2, options: 11 };
pub(super) const AVERAGE_POOL_2D: Builtin = Builtin { code: 1, version: 2, options: 5 };
pub(super) const CONV_2D: Builtin = Builtin { code: 3, version: 3, options: 1 };
pub(super) const DEPTHWISE_CONV_2D: Builtin = Builtin { code: 4, version: 3, options: 2 };
pub(super) const FULLY_CONNECTED: Builtin = Builtin { code: 9, version: 4, options: 8 };
pub(super) const MAX_POOL_2D: Builtin = Builtin { code: 17, version: 2, options: 5 };
pub(super) const RESHAPE: Builtin = Builtin { code: 22, version: 1, options: 17 };
pub(super) const SOFTMAX: Builtin = Builtin { code: 25, version: 2, options: 9 };
pub(super) const PAD: Builtin = Builtin { code: 34, version: 2, options: 22 };
pub(super) const MEAN: Builtin = Builtin { code: 40, version: 2, options: 27 };
