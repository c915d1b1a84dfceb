//! The fixed-size records of a container: layout, decoding and encoding.
//!
//! Offsets are those of the format description; every multi-byte field is little endian.

use crate::dtype::DType;

/// Size of the header in bytes.
pub(crate) const HEADER: u32 = 64;
/// Size of a tensor record in bytes.
pub(crate) const TENSOR: u32 = 24;
/// Size of an operator record in bytes.
pub(crate) const OPERATOR: u32 = 48;
/// Alignment of every section.
pub(crate) const ALIGN: u32 = 16;
/// "No tensor" in an operator's input list.
pub(crate) const NONE: u16 = 0xFFFF;

/// Header flag: the model was made for requantization in one step.
pub(crate) const MODEL_ONCE: u32 = 1;
/// Header flag: some outputs run into the memory of an input that dies at the same operator.
///
/// Bit 1 (packed weights) is reserved for kernels that no build has.
pub(crate) const MODEL_OVERLAP: u32 = 1 << 2;

/// Header flag: the activations are split over two memories.
pub(crate) const MODEL_REGIONS: u32 = 1 << 3;
/// Header flag: inputs keep their bytes through a run.
pub(crate) const MODEL_PINNED: u32 = 1 << 4;
/// Unit in which the header gives the length of the first memory.
pub(crate) const REGION_BLOCK: u32 = 256;

/// Tensor flag: the data lies in the weights section.
pub(crate) const TENSOR_CONSTANT: u8 = 1;
/// Tensor flag: an input of the graph.
pub(crate) const TENSOR_INPUT: u8 = 1 << 1;
/// Tensor flag: an output of the graph.
pub(crate) const TENSOR_OUTPUT: u8 = 1 << 2;
/// Tensor flag: another shape of the tensor before it.
pub(crate) const TENSOR_ALIAS: u8 = 1 << 3;

/// Tensor flag: keeps its value from run to run.
pub(crate) const TENSOR_VARIABLE: u8 = 1 << 4;

/// Operator flag: one multiplier and shift for all channels.
pub(crate) const OP_UNIFORM: u8 = 1;
/// Operator flag: fill the output with `aux[0]` before copying.
pub(crate) const OP_FILL: u8 = 1 << 1;
/// Operator flag: writes a part of its output; the next operator may write the rest.
pub(crate) const OP_PARTIAL: u8 = 1 << 2;

/// Operator flag: time is the first dimension of a sequence, the batch the second.
pub(crate) const OP_TIME_MAJOR: u8 = 1 << 3;

/// Operator flag: requantize in one step. Never in a file: every operator of a [`MODEL_ONCE`] model gets it when it runs.
#[cfg(feature = "single-round")]
pub(crate) const OP_ONCE: u8 = 1 << 7;

/// Parameter words of an LSTM before its biases: four pairs of multiplier and shift for `W·x` and
/// `R·h` of every gate, then those of `f·c`, `i·g` and `o·tanh(c)`, the clip of the cell (0 = none),
/// and factor and shift of the cell's tanh.
pub(crate) const LSTM_HEAD: u16 = 25;
/// Bytes of an LSTM's table behind its weights.
pub(crate) const LSTM_TABLE: usize = 512;
/// Bytes of a row or column of RESIZE_BILINEAR.
pub(crate) const BILINEAR_ENTRY: usize = 6;

/// A tensor record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TensorRecord {
    /// Position in the arena, or in the file for a constant.
    pub(crate) at: u32,
    /// Length in bytes.
    pub(crate) len: u32,
    /// Dimensions, padded in front with ones.
    pub(crate) dims: [u16; 4],
    pub(crate) scale: f32,
    pub(crate) zero: i16,
    /// Type byte; see [`DType`].
    pub(crate) ty: u8,
    pub(crate) flags: u8,
}

impl TensorRecord {
    pub(crate) const fn decode(b: &[u8; TENSOR as usize]) -> Self {
        Self {
            at: u32::from_le_bytes([b[0], b[1], b[2], b[3]]),
            len: u32::from_le_bytes([b[4], b[5], b[6], b[7]]),
            dims: [
                u16::from_le_bytes([b[8], b[9]]),
                u16::from_le_bytes([b[10], b[11]]),
                u16::from_le_bytes([b[12], b[13]]),
                u16::from_le_bytes([b[14], b[15]]),
            ],
            scale: f32::from_le_bytes([b[16], b[17], b[18], b[19]]),
            zero: i16::from_le_bytes([b[20], b[21]]),
            ty: b[22],
            flags: b[23],
        }
    }

    #[cfg(feature = "convert")]
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.at.to_le_bytes());
        out.extend_from_slice(&self.len.to_le_bytes());
        for d in self.dims {
            out.extend_from_slice(&d.to_le_bytes());
        }
        out.extend_from_slice(&self.scale.to_le_bytes());
        out.extend_from_slice(&self.zero.to_le_bytes());
        out.extend_from_slice(&[self.ty, self.flags]);
    }

    pub(crate) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Returns the element type; `int8` for a byte that the check of the model refuses.
    pub(crate) const fn dtype(&self) -> DType {
        match DType::from_code(self.ty) {
            Some(dtype) => dtype,
            None => DType::I8,
        }
    }

    /// Returns the number of elements; below `2^64` for any four dimensions.
    pub(crate) const fn elements(&self) -> u64 {
        let [a, b, c, d] = self.dims;
        (a as u64).wrapping_mul(b as u64).wrapping_mul(c as u64).wrapping_mul(d as u64)
    }
}

/// An operator record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpRecord {
    pub(crate) code: u8,
    pub(crate) flags: u8,
    pub(crate) inputs: [u16; 3],
    pub(crate) output: u16,
    /// Offset of the weights or of a table, from the start of the file; 0 if there are none.
    pub(crate) weights: u32,
    /// Offset of the parameters, from the start of the file; 0 if there are none.
    pub(crate) params: u32,
    /// Output channels, or words, at `params`.
    pub(crate) n_params: u16,
    pub(crate) clamp: [i8; 2],
    pub(crate) in_zero: i16,
    pub(crate) out_zero: i16,
    /// Height and width; the same for the next three.
    pub(crate) kernel: [u8; 2],
    pub(crate) stride: [u8; 2],
    pub(crate) dilation: [u8; 2],
    /// Rows above and columns to the left.
    pub(crate) pad: [u8; 2],
    pub(crate) multiplier: u8,
    pub(crate) axis: u8,
    pub(crate) aux: [i32; 2],
}

impl OpRecord {
    pub(crate) const fn decode(b: &[u8; OPERATOR as usize]) -> Self {
        Self {
            code: b[0],
            flags: b[1],
            inputs: [
                u16::from_le_bytes([b[2], b[3]]),
                u16::from_le_bytes([b[4], b[5]]),
                u16::from_le_bytes([b[6], b[7]]),
            ],
            output: u16::from_le_bytes([b[8], b[9]]),
            weights: u32::from_le_bytes([b[12], b[13], b[14], b[15]]),
            params: u32::from_le_bytes([b[16], b[17], b[18], b[19]]),
            n_params: u16::from_le_bytes([b[20], b[21]]),
            clamp: [i8::from_le_bytes([b[22]]), i8::from_le_bytes([b[23]])],
            in_zero: i16::from_le_bytes([b[24], b[25]]),
            out_zero: i16::from_le_bytes([b[26], b[27]]),
            kernel: [b[28], b[29]],
            stride: [b[30], b[31]],
            dilation: [b[32], b[33]],
            pad: [b[34], b[35]],
            multiplier: b[36],
            axis: b[37],
            aux: [
                i32::from_le_bytes([b[40], b[41], b[42], b[43]]),
                i32::from_le_bytes([b[44], b[45], b[46], b[47]]),
            ],
        }
    }

    #[cfg(feature = "convert")]
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.code, self.flags]);
        for i in self.inputs {
            out.extend_from_slice(&i.to_le_bytes());
        }
        out.extend_from_slice(&self.output.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.weights.to_le_bytes());
        out.extend_from_slice(&self.params.to_le_bytes());
        out.extend_from_slice(&self.n_params.to_le_bytes());
        for c in self.clamp {
            out.extend_from_slice(&c.to_le_bytes());
        }
        out.extend_from_slice(&self.in_zero.to_le_bytes());
        out.extend_from_slice(&self.out_zero.to_le_bytes());
        for pair in [self.kernel, self.stride, self.dilation, self.pad] {
            out.extend_from_slice(&pair);
        }
        out.extend_from_slice(&[self.multiplier, self.axis, 0, 0]);
        for a in self.aux {
            out.extend_from_slice(&a.to_le_bytes());
        }
    }

    pub(crate) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

#[cfg(all(test, feature = "convert"))]
mod tests {
    use super::*;

    #[test]
    fn records_round_trip_at_their_documented_sizes() {
        let tensor = TensorRecord {
            at: 0x0102_0304,
            len: 77,
            dims: [1, 2, 3, 65_535],
            scale: 0.125,
            zero: -128,
            ty: 1,
            flags: 5,
        };
        let mut bytes = Vec::new();
        tensor.encode(&mut bytes);
        assert_eq!(TensorRecord::decode(bytes.first_chunk().unwrap()), tensor);
        assert_eq!(bytes.len(), TENSOR as usize);

        let op = OpRecord {
            code: 3,
            flags: 1,
            inputs: [4, NONE, 5],
            output: 6,
            weights: 0x1234_5678,
            params: 0x0bad_cafe,
            n_params: 999,
            clamp: [-128, 127],
            in_zero: -5,
            out_zero: 300,
            kernel: [1, 2],
            stride: [3, 4],
            dilation: [5, 6],
            pad: [7, 8],
            multiplier: 9,
            axis: 10,
            aux: [-11, 12],
        };
        bytes.clear();
        op.encode(&mut bytes);
        assert_eq!(OpRecord::decode(bytes.first_chunk().unwrap()), op);
        assert_eq!(bytes.len(), OPERATOR as usize);
        assert_eq!(bytes[12..16], [0x78, 0x56, 0x34, 0x12], "weights start at byte 12");
    }
}
