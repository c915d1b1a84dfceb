//! Which version of an operator's definition is known here.
//!
//! A converter raises the version when a definition gains an option, a type or a rank, and writes the least one that
//! covers all operators of that kind in the file. A larger number than ours may mean something that no check sees, so
//! it is refused; a smaller one is part of ours.
//!
//! Source: `GetBuiltinOperatorVersion` in TensorFlow Lite's `tools/versioning/op_version.cc`, and the list of this
//! crate's specification where it is wider.

use crate::model::OpCode;

/// Operators that a rewrite takes the place of, or that only rename bytes.
const RESHAPE: i32 = 22;
const SQUEEZE: i32 = 43;
const EXPAND_DIMS: i32 = 70;
const SHAPE: i32 = 77;

/// Returns the newest known version of a built-in operator; `None` if the operator itself is unknown.
pub(super) fn newest(builtin: i32) -> Option<i32> {
    if let Some(newest) = match builtin {
        RESHAPE | SHAPE => Some(1),
        SQUEEZE | EXPAND_DIMS => Some(2),
        _ => None,
    } {
        return Some(newest);
    }
    let code = u8::try_from(builtin).ok().and_then(OpCode::from_code)?;
    Some(match code {
        OpCode::UnidirectionalSequenceLstm => 1,
        OpCode::Add
        | OpCode::AveragePool2d
        | OpCode::MaxPool2d
        | OpCode::Softmax
        | OpCode::Mean
        | OpCode::Pad
        | OpCode::PadV2
        | OpCode::Quantize
        | OpCode::Pack
        | OpCode::Concatenation
        | OpCode::Transpose => 2,
        // 3: a split of `int32` data; resizing with either flag; scales of a product above 1.
        OpCode::DepthwiseConv2d
        | OpCode::Split
        | OpCode::Dequantize
        | OpCode::ResizeNearestNeighbor
        | OpCode::ResizeBilinear
        | OpCode::Mul
        | OpCode::Sub
        | OpCode::Maximum
        | OpCode::Minimum
        | OpCode::Relu
        | OpCode::Relu6
        | OpCode::LeakyRelu
        | OpCode::HardSwish
        | OpCode::Logistic
        | OpCode::Tanh
        | OpCode::Sum
        | OpCode::Prelu
        | OpCode::ArgMax
        | OpCode::L2Normalization => 3,
        // 4: a fused activation.
        OpCode::TransposeConv => 4,
        // 5: `keep_num_dims`; 6: no bias, and for convolutions groups.
        OpCode::FullyConnected | OpCode::Conv2d => 6,
        // 8: an end that counts from the beginning. What 6 brought, other masks, is refused as an option.
        OpCode::StridedSlice => 8,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_has_a_version_and_no_other_number_does() {
        for op in OpCode::ALL {
            assert!(newest(op.code().into()).is_some_and(|v| v >= 1), "{}", op.name());
        }
        assert_eq!(newest(77), Some(1));
        assert_eq!([newest(-1), newest(119), newest(300)], [None; 3]);
    }
}
