//! Operator codes of the container.
//!
//! The number is the one the same operator has in a `.tflite` file, so a record names what the
//! author of the model wrote; several codes may share a kernel.

/// An operator that this build can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[non_exhaustive]
pub enum OpCode {
    /// Element-wise sum with rescaling.
    Add = 0,
    /// Mean of a window.
    AveragePool2d = 1,
    /// One input of a concatenation, copied to its place.
    Concatenation = 2,
    /// Two-dimensional convolution, also in groups.
    Conv2d = 3,
    /// Convolution of each channel by itself.
    DepthwiseConv2d = 4,
    /// `int8` to `float32`.
    Dequantize = 6,
    /// Matrix-vector product per row.
    FullyConnected = 9,
    /// Rows divided by their length.
    L2Normalization = 11,
    /// Sigmoid, as a table of one byte.
    Logistic = 14,
    /// Largest value of a window.
    MaxPool2d = 17,
    /// Element-wise product with rescaling.
    Mul = 18,
    /// Rectifier with rescaling, as a table of one byte.
    Relu = 19,
    /// Clamp.
    Relu6 = 21,
    /// Change of size by mixing neighbors.
    ResizeBilinear = 23,
    /// Rows become probabilities.
    Softmax = 25,
    /// Hyperbolic tangent, as a table of one byte.
    Tanh = 28,
    /// Copy into a larger tensor with a border.
    Pad = 34,
    /// Copy with exchanged axes.
    Transpose = 39,
    /// Mean over axes.
    Mean = 40,
    /// Element-wise difference with rescaling.
    Sub = 41,
    /// Long short-term memory over a sequence, with a state that outlives the run.
    UnidirectionalSequenceLstm = 44,
    /// Copy of every n-th element of a range.
    StridedSlice = 45,
    /// One output of a split, copied from its place.
    Split = 49,
    /// Rectifier with a slope per channel.
    Prelu = 54,
    /// Element-wise maximum.
    Maximum = 55,
    /// Position of the largest element along an axis.
    ArgMax = 56,
    /// Element-wise minimum.
    Minimum = 57,
    /// Copy into a larger tensor with a border of a given value.
    PadV2 = 60,
    /// Transposed convolution.
    TransposeConv = 67,
    /// Sum over axes.
    Sum = 74,
    /// One input of a stack, copied to its place.
    Pack = 83,
    /// Enlargement by repetition.
    ResizeNearestNeighbor = 97,
    /// Rectifier with a slope, as a table of one byte.
    LeakyRelu = 98,
    /// Change of type or scale.
    Quantize = 114,
    /// `x · relu6(x + 3) / 6`, as a table of one byte.
    HardSwish = 117,
}

impl OpCode {
    /// Every operator, in the order of its code.
    pub const ALL: [Self; 35] = [
        Self::Add,
        Self::AveragePool2d,
        Self::Concatenation,
        Self::Conv2d,
        Self::DepthwiseConv2d,
        Self::Dequantize,
        Self::FullyConnected,
        Self::L2Normalization,
        Self::Logistic,
        Self::MaxPool2d,
        Self::Mul,
        Self::Relu,
        Self::Relu6,
        Self::ResizeBilinear,
        Self::Softmax,
        Self::Tanh,
        Self::Pad,
        Self::Transpose,
        Self::Mean,
        Self::Sub,
        Self::UnidirectionalSequenceLstm,
        Self::StridedSlice,
        Self::Split,
        Self::Prelu,
        Self::Maximum,
        Self::ArgMax,
        Self::Minimum,
        Self::PadV2,
        Self::TransposeConv,
        Self::Sum,
        Self::Pack,
        Self::ResizeNearestNeighbor,
        Self::LeakyRelu,
        Self::Quantize,
        Self::HardSwish,
    ];

    /// Returns the operator of a record's code byte.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Add,
            1 => Self::AveragePool2d,
            2 => Self::Concatenation,
            3 => Self::Conv2d,
            4 => Self::DepthwiseConv2d,
            6 => Self::Dequantize,
            9 => Self::FullyConnected,
            11 => Self::L2Normalization,
            14 => Self::Logistic,
            17 => Self::MaxPool2d,
            18 => Self::Mul,
            19 => Self::Relu,
            21 => Self::Relu6,
            23 => Self::ResizeBilinear,
            25 => Self::Softmax,
            28 => Self::Tanh,
            34 => Self::Pad,
            39 => Self::Transpose,
            40 => Self::Mean,
            41 => Self::Sub,
            44 => Self::UnidirectionalSequenceLstm,
            45 => Self::StridedSlice,
            49 => Self::Split,
            54 => Self::Prelu,
            55 => Self::Maximum,
            56 => Self::ArgMax,
            57 => Self::Minimum,
            60 => Self::PadV2,
            67 => Self::TransposeConv,
            74 => Self::Sum,
            83 => Self::Pack,
            97 => Self::ResizeNearestNeighbor,
            98 => Self::LeakyRelu,
            114 => Self::Quantize,
            117 => Self::HardSwish,
            _ => return None,
        })
    }

    /// Returns `true` for the operators of the core set, which suffice for most small classifiers:
    /// CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, AVERAGE_POOL_2D, SOFTMAX and ADD.
    ///
    /// RESHAPE, the seventh, needs no kernel: it is another view of the same bytes.
    #[must_use]
    pub const fn is_core(self) -> bool {
        matches!(
            self,
            Self::Add
                | Self::AveragePool2d
                | Self::Conv2d
                | Self::DepthwiseConv2d
                | Self::FullyConnected
                | Self::Softmax
        )
    }

    /// Returns the code byte.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Returns the name as `.tflite` tools print it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::AveragePool2d => "AVERAGE_POOL_2D",
            Self::Concatenation => "CONCATENATION",
            Self::Conv2d => "CONV_2D",
            Self::DepthwiseConv2d => "DEPTHWISE_CONV_2D",
            Self::Dequantize => "DEQUANTIZE",
            Self::FullyConnected => "FULLY_CONNECTED",
            Self::L2Normalization => "L2_NORMALIZATION",
            Self::Logistic => "LOGISTIC",
            Self::MaxPool2d => "MAX_POOL_2D",
            Self::Mul => "MUL",
            Self::Relu => "RELU",
            Self::Relu6 => "RELU6",
            Self::ResizeBilinear => "RESIZE_BILINEAR",
            Self::Softmax => "SOFTMAX",
            Self::Tanh => "TANH",
            Self::Pad => "PAD",
            Self::Transpose => "TRANSPOSE",
            Self::Mean => "MEAN",
            Self::Sub => "SUB",
            Self::UnidirectionalSequenceLstm => "UNIDIRECTIONAL_SEQUENCE_LSTM",
            Self::StridedSlice => "STRIDED_SLICE",
            Self::Split => "SPLIT",
            Self::Prelu => "PRELU",
            Self::Maximum => "MAXIMUM",
            Self::ArgMax => "ARG_MAX",
            Self::Minimum => "MINIMUM",
            Self::PadV2 => "PADV2",
            Self::TransposeConv => "TRANSPOSE_CONV",
            Self::Sum => "SUM",
            Self::Pack => "PACK",
            Self::ResizeNearestNeighbor => "RESIZE_NEAREST_NEIGHBOR",
            Self::LeakyRelu => "LEAKY_RELU",
            Self::Quantize => "QUANTIZE",
            Self::HardSwish => "HARD_SWISH",
        }
    }
}

impl core::fmt::Display for OpCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::OpCode;

    #[test]
    fn codes_round_trip() {
        let mut known = 0;
        for code in 0..=u8::MAX {
            if let Some(op) = OpCode::from_code(code) {
                assert_eq!(op.code(), code);
                assert_eq!(OpCode::ALL[known], op);
                known += 1;
            }
        }
        assert_eq!(known, OpCode::ALL.len());
    }
}
