//! What the shapes of an operator imply: windows that fit, operations, scratch.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "sums and products of u8 and u16 fields in i64 and u64"
)]

use super::{Model, OpCode, record::OpRecord};

/// Returns `true` if windows of `k` taps cover an axis of `input` elements in `output` steps.
///
/// Every window then overlaps the axis (with dilation perhaps between two taps), and no further
/// window would fit: with `eff = (k − 1)·dilation + 1` and `after = (output − 1)·stride + eff − pad − input`,
/// `pad < eff` and `−stride < after < eff`.
pub(super) const fn axis_fits(
    input: u16,
    output: u16,
    k: u8,
    stride: u8,
    dilation: u8,
    pad: u8,
) -> bool {
    if k == 0 || stride == 0 || dilation == 0 || output == 0 {
        return false;
    }
    let eff = (k as i64 - 1) * dilation as i64 + 1;
    let after = (output as i64 - 1) * stride as i64 + eff - pad as i64 - input as i64;
    (pad as i64) < eff && after < eff && after > -(stride as i64)
}

/// Returns the multiply-accumulates of an operator; 0 for those without weights.
pub(super) const fn macs(model: &Model<'_>, op: &OpRecord) -> u64 {
    let (x, y) = match (model.tensor_record(op.inputs[0]), model.tensor_record(op.output)) {
        (Some(x), Some(y)) => (x, y),
        _ => return 0,
    };
    let taps = op.kernel[0] as u64 * op.kernel[1] as u64;
    let [_, _, _, c_out] = y.dims;
    match OpCode::from_code(op.code) {
        Some(OpCode::Conv2d) => {
            y.elements().saturating_mul(taps).saturating_mul(op.aux[0].unsigned_abs() as u64)
        }
        Some(OpCode::DepthwiseConv2d) => y.elements().saturating_mul(taps),
        Some(OpCode::TransposeConv) => {
            x.elements().saturating_mul(taps).saturating_mul(c_out as u64)
        }
        Some(OpCode::FullyConnected) => x.elements().saturating_mul(c_out as u64),
        // Four gates of every unit see the input and the state at every step.
        Some(OpCode::UnidirectionalSequenceLstm) => {
            let seen = x.dims[3] as u64 + c_out as u64;
            y.elements().saturating_mul(4).saturating_mul(seen)
        }
        _ => 0,
    }
}

/// Copied windows are filled up with zeros to a multiple of it.
pub(crate) const GROUP: usize = 8;

/// A window of this length is copied into scratch memory instead of being read in rows.
const GATHERED: u64 = 64;
/// A longer one too, if window and pixel are at most this part of the activations beside the scratch memory.
const PART: u64 = 24;

impl OpRecord {
    /// Returns the bytes of one filter of a CONV_2D.
    const fn filter_len(&self) -> u64 {
        self.kernel[0] as u64 * self.kernel[1] as u64 * self.aux[0].unsigned_abs() as u64
    }

    /// Returns `true` if a CONV_2D copies each window into scratch memory: one that is short beside all activations of the
    /// model, or one whose bytes do not lie in rows because columns are skipped or channels are grouped.
    pub(crate) const fn gathers(&self, c_in: usize, arena: u32) -> bool {
        let pointwise = self.kernel[0] == 1 && self.kernel[1] == 1;
        let grouped = self.aux[0].unsigned_abs() as usize != c_in;
        let len = self.filter_len();
        let short = len <= GATHERED || (len + self.n_params as u64) * PART <= arena as u64;
        let scattered = self.dilation[1] != 1 || short;
        grouped || (scattered && !pointwise)
    }
}

/// Returns the scratch bytes of an operator's kernel: one output pixel where pixels are computed
/// before they are stored, and a window where it is copied. `None` if a tensor is missing.
pub(crate) const fn scratch_bytes(model: &Model<'_>, op: &OpRecord) -> Option<u64> {
    let (x, y) = match (model.tensor_record(op.inputs[0]), model.tensor_record(op.output)) {
        (Some(x), Some(y)) => (x, y),
        _ => return None,
    };
    let pixel = y.dims[3] as u64;
    Some(match OpCode::from_code(op.code) {
        Some(OpCode::Conv2d) => {
            pixel + if op.gathers(x.dims[3] as usize, model.first_bytes()) {
                op.filter_len().next_multiple_of(GROUP as u64)
            } else {
                0
            }
        }
        Some(
            OpCode::DepthwiseConv2d
            | OpCode::TransposeConv
            | OpCode::AveragePool2d
            | OpCode::MaxPool2d
            // The new hidden state, while the units still read the old one.
            | OpCode::UnidirectionalSequenceLstm,
        ) => pixel,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::axis_fits;

    /// Walks the windows one by one: the definition of "fits".
    fn walk(input: i64, output: i64, k: i64, stride: i64, dilation: i64, pad: i64) -> bool {
        let touches = |o: i64| (0..k).any(|t| (0..input).contains(&(o * stride - pad + t * dilation)));
        let last = (output - 1) * stride - pad + (k - 1) * dilation;
        (0..output).all(touches)
            && pad < (k - 1) * dilation + 1
            && last - (input - 1) < (k - 1) * dilation + 1
            && last + stride > input - 1
    }

    #[test]
    fn agrees_with_walking_the_windows_without_dilation() {
        for input in 1..8_u8 {
            for output in 1..8_u8 {
                for k in 1..5_u8 {
                    for stride in 1..4_u8 {
                        for pad in 0..5_u8 {
                            let fits =
                                axis_fits(input.into(), output.into(), k, stride, 1, pad);
                            let walked = walk(
                                input.into(),
                                output.into(),
                                k.into(),
                                stride.into(),
                                1,
                                pad.into(),
                            );
                            assert_eq!(fits, walked, "{input} {output} {k} {stride} {pad}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_fits_without_taps_or_steps() {
        assert!(!axis_fits(4, 4, 0, 1, 1, 0));
        assert!(!axis_fits(4, 4, 1, 0, 1, 0));
        assert!(!axis_fits(4, 4, 1, 1, 0, 0));
        assert!(!axis_fits(4, 0, 1, 1, 1, 0));
    }
}
