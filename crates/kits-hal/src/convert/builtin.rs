//! Names of the operators and element types of the `.tflite` format, for messages.

use core::fmt;

/// The element type of a tensor in a `.tflite` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FileType(pub u8);

impl FileType {
    pub(super) const F32: Self = Self(0);
    pub(super) const I32: Self = Self(2);
    pub(super) const U8: Self = Self(3);
    pub(super) const I64: Self = Self(4);
    pub(super) const I16: Self = Self(7);
    pub(super) const I8: Self = Self(9);

    /// Returns the size of an element, if it has a fixed one that is known here.
    pub(super) const fn size(self) -> Option<u64> {
        Some(match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 => 2,
            Self::F32 | Self::I32 => 4,
            Self::I64 => 8,
            _ => return None,
        })
    }
}

impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 18] = [
            "FLOAT32",
            "FLOAT16",
            "INT32",
            "UINT8",
            "INT64",
            "STRING",
            "BOOL",
            "INT16",
            "COMPLEX64",
            "INT8",
            "FLOAT64",
            "COMPLEX128",
            "UINT64",
            "RESOURCE",
            "VARIANT",
            "UINT32",
            "UINT16",
            "INT4",
        ];
        match NAMES.get(usize::from(self.0)) {
            Some(name) => f.write_str(name),
            None => write!(f, "type {}", self.0),
        }
    }
}

/// The name of an operator in an error: `WHILE`, `custom:MyOp`, or its number.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct OpName {
    bytes: [u8; Self::LONGEST],
    len: u8,
}

impl OpName {
    const LONGEST: usize = 63;

    /// Stores a name, cut at 63 bytes.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut bytes = [0; Self::LONGEST];
        let mut len = name.len().min(Self::LONGEST);
        while !name.is_char_boundary(len) {
            len -= 1;
        }
        for (to, from) in bytes.iter_mut().zip(&name.as_bytes()[..len]) {
            *to = *from;
        }
        Self { bytes, len: u8::try_from(len).unwrap_or(0) }
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.bytes
            .get(..usize::from(self.len))
            .and_then(|b| core::str::from_utf8(b).ok())
            .unwrap_or("?")
    }
}

impl fmt::Debug for OpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for OpName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Returns the name of a built-in operator.
pub(super) fn name(code: i32) -> String {
    usize::try_from(code)
        .ok()
        .and_then(|code| NAMES.split_ascii_whitespace().nth(code))
        .map_or_else(|| format!("operator code {code}"), ToOwned::to_owned)
}

/// Built-in operators in the order of their codes.
const NAMES: &str = "
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6
RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL
CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND
SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST
PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN
TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW
ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK
REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR
LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS
WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
BATCH_MATMUL PLACEHOLDER CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE
READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM
MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX
UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OpCode;

    #[test]
    fn the_list_agrees_with_the_operators_this_crate_runs() {
        for op in OpCode::ALL {
            assert_eq!(name(op.code().into()), op.name());
        }
        assert_eq!(name(119), "WHILE");
        assert_eq!(name(-1), "operator code -1");
        assert_eq!(name(4000), "operator code 4000");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let long = "ä".repeat(40);
        assert_eq!(OpName::new(&long).as_str(), "ä".repeat(31));
        assert_eq!(OpName::new("custom:MyOp").to_string(), "custom:MyOp");
    }
}
