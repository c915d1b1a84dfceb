//! From the operators of a file to those of the device, one file per family.

mod alias;
mod binary;
mod clamp;
mod conv;
mod dense;
mod lstm;
mod moves;
mod pad;
mod pool;
mod quantize;
mod rare;
mod reduce;
mod resize;
mod softmax;
mod tables;
mod weights;

pub(super) use pad::Padded;

use super::{
    error::ImportError,
    importer::{Importer, Node},
    schema::Operator,
};
use crate::model::OpCode;

/// Operators of a file that vanish: another shape of the same bytes.
const RESHAPE: i32 = 22;
const SQUEEZE: i32 = 43;
const EXPAND_DIMS: i32 = 70;

fn code(code: i32) -> Option<OpCode> {
    u8::try_from(code).ok().and_then(OpCode::from_code)
}

/// Returns `true` if an operator of this code can be translated.
pub(super) fn is_supported(builtin: i32) -> bool {
    matches!(builtin, RESHAPE | SQUEEZE | EXPAND_DIMS) || code(builtin).is_some()
}

/// Returns `true` if tensor `t` of an operator is a weight, which is reported as such when it is
/// not constant.
pub(super) fn must_be_constant(operator: &Operator<'_>, t: usize) -> bool {
    let is_weight = |i: usize| match code(operator.code) {
        Some(OpCode::Conv2d | OpCode::DepthwiseConv2d | OpCode::FullyConnected) => i > 0,
        Some(OpCode::UnidirectionalSequenceLstm) => lstm::is_weight(i),
        _ => false,
    };
    operator.inputs.iter().enumerate().any(|(i, &input)| input == Some(t) && is_weight(i))
}

/// Translates one operator.
pub(super) fn lower(im: &mut Importer<'_>, node: &Node<'_>) -> Result<(), ImportError> {
    if matches!(node.code, RESHAPE | SQUEEZE | EXPAND_DIMS) {
        return alias::lower(im, node);
    }
    let Some(code) = code(node.code) else { return Err(node.option()) };
    match code {
        OpCode::Conv2d => conv::conv(im, node),
        OpCode::DepthwiseConv2d => conv::depthwise(im, node),
        OpCode::TransposeConv => conv::transpose(im, node),
        OpCode::FullyConnected => dense::lower(im, node),
        OpCode::AveragePool2d | OpCode::MaxPool2d => pool::lower(im, node, code),
        OpCode::Softmax => softmax::lower(im, node),
        OpCode::Add | OpCode::Sub | OpCode::Mul | OpCode::Maximum | OpCode::Minimum => {
            binary::lower(im, node, code)
        }
        OpCode::Relu | OpCode::Relu6 => clamp::lower(im, node, code),
        OpCode::Logistic | OpCode::Tanh | OpCode::HardSwish | OpCode::LeakyRelu => {
            tables::lower(im, node, code)
        }
        OpCode::Quantize => quantize::quantize(im, node),
        OpCode::Dequantize => quantize::dequantize(im, node),
        OpCode::Mean | OpCode::Sum => reduce::lower(im, node, code),
        OpCode::Pad | OpCode::PadV2 => pad::lower(im, node, code),
        OpCode::Concatenation => moves::concatenation(im, node),
        OpCode::Pack => moves::pack(im, node),
        OpCode::Split => moves::split(im, node),
        OpCode::Transpose => moves::transpose(im, node),
        OpCode::StridedSlice => moves::strided_slice(im, node),
        OpCode::ResizeNearestNeighbor => resize::lower(im, node),
        OpCode::ResizeBilinear => rare::resize_bilinear(im, node),
        OpCode::Prelu => rare::prelu(im, node),
        OpCode::ArgMax => rare::arg_max(im, node),
        OpCode::L2Normalization => rare::l2_normalization(im, node),
        OpCode::UnidirectionalSequenceLstm => lstm::lower(im, node),
    }
}
