//! How far an output may run into an input that dies at the same operator.
//!
//! Kernels compute one output pixel (all channels) before they store it, in row-major order. With
//! `written(p)` the end of pixel `p` in the output and `need(p)` the first byte of the input that
//! any later pixel reads, the input must start at least `d = max(0, max_p written(p) − need(p))`
//! bytes behind the start of the output.

use super::net::{Net, NetOp};
use crate::model::OpCode;

/// Larger images are not simulated; their buffers simply stay apart.
const MOST_PIXELS: u64 = 1 << 23;

/// Returns `d` for input `k` of an operator, or `None` if its kernel cannot share memory.
pub(super) fn distance(net: &Net, op: &NetOp, k: usize) -> Option<u32> {
    let (x, y) = (net.tensor(*op.inputs.get(k)?), net.tensor(op.output));
    let pixels: u64 = y.dims[..3].iter().map(|&d| u64::from(d)).product();
    if pixels > MOST_PIXELS {
        return None;
    }
    match op.code() {
        OpCode::Conv2d | OpCode::DepthwiseConv2d | OpCode::AveragePool2d | OpCode::MaxPool2d => {
            let r = &op.record;
            let first = |i: usize, o: u16| {
                first_tap(o, r.stride[i].into(), r.pad[i].into(), r.dilation[i].into())
            };
            Some(simulate(x.dims, y.dims, |row| first(0, row), |column| first(1, column)))
        }
        OpCode::TransposeConv => {
            let r = &op.record;
            // Input step o covers outputs o·stride − pad .. + taps: the first one that reaches.
            let first = |i: usize, o: u16| {
                let reach = i64::from(o) + i64::from(r.pad[i]) - i64::from(r.kernel[i]) + 1;
                u64::try_from(reach).unwrap_or(0).div_ceil(r.stride[i].into())
            };
            Some(simulate(x.dims, y.dims, |row| first(0, row), |column| first(1, column)))
        }
        OpCode::ResizeNearestNeighbor => {
            let table = |i: usize| {
                let entry = op.weights.get(2 * i..)?.first_chunk::<2>()?;
                Some(u64::from(u16::from_le_bytes(*entry)))
            };
            let rows = usize::from(y.dims[1]);
            let row = |o: u16| table(o.into()).unwrap_or(0);
            let column = |o: u16| table(rows + usize::from(o)).unwrap_or(0);
            let later = simulate(x.dims, y.dims, row, column);
            // This kernel copies in place, so a pixel's own source must not lie below it either.
            let own = own_distance(x.dims, y.dims, row, column);
            Some(later.max(own))
        }
        OpCode::Add | OpCode::Sub | OpCode::Mul | OpCode::Maximum | OpCode::Minimum => {
            let same = op.inputs.iter().all(|&i| net.tensor(i).dims == y.dims);
            same.then_some(0)
        }
        OpCode::Softmax
        | OpCode::Logistic
        | OpCode::Tanh
        | OpCode::HardSwish
        | OpCode::LeakyRelu
        | OpCode::Relu
        | OpCode::Relu6
        | OpCode::L2Normalization => Some(0),
        // Each element is read before it is written; the slopes are another matter.
        OpCode::Prelu => (k == 0).then_some(0),
        // Element by element, each read before it is written, the elements may differ in size.
        OpCode::Quantize | OpCode::Dequantize => {
            u32::try_from(y.bytes().saturating_sub(x.bytes())).ok()
        }
        OpCode::FullyConnected
        | OpCode::Mean
        | OpCode::Sum
        | OpCode::Concatenation
        | OpCode::Pad
        | OpCode::PadV2
        | OpCode::Transpose
        | OpCode::StridedSlice
        | OpCode::Split
        | OpCode::ArgMax
        | OpCode::ResizeBilinear
        | OpCode::UnidirectionalSequenceLstm
        | OpCode::Pack => None,
    }
}

/// Returns the first position inside the image that the window at step `o` reads.
fn first_tap(o: u16, stride: i64, pad: i64, dilation: i64) -> u64 {
    let start = i64::from(o) * stride - pad;
    let first =
        if start < 0 { start + (-start + dilation - 1) / dilation * dilation } else { start };
    u64::try_from(first).unwrap_or(0)
}

/// Walks the output pixels from the last to the first and keeps the largest `written − need`.
fn simulate(
    x: [u16; 4],
    y: [u16; 4],
    row: impl Fn(u16) -> u64,
    column: impl Fn(u16) -> u64,
) -> u32 {
    let [batch, x_rows, x_columns, c_in] = x.map(u64::from);
    let c_out = u64::from(y[3]);
    let rows: Vec<u64> = (0..y[1]).map(&row).collect();
    let columns: Vec<u64> = (0..y[2]).map(&column).collect();
    let mut need = batch * x_rows * x_columns * c_in;
    let mut written = u64::from(y[0]) * u64::from(y[1]) * u64::from(y[2]) * c_out;
    let mut d = 0;
    for b in (0..u64::from(y[0])).rev() {
        for &r in rows.iter().rev() {
            for &c in columns.iter().rev() {
                d = d.max(written.saturating_sub(need));
                let first = ((b * x_rows + r) * x_columns + c) * c_in;
                need = need.min(first);
                written -= c_out;
            }
        }
    }
    u32::try_from(d).unwrap_or(u32::MAX)
}

/// Returns the largest distance by which a pixel lies behind its own source.
fn own_distance(
    x: [u16; 4],
    y: [u16; 4],
    row: impl Fn(u16) -> u64,
    column: impl Fn(u16) -> u64,
) -> u32 {
    let [_, x_rows, x_columns, c] = x.map(u64::from);
    let mut d = 0;
    let mut start = 0_u64;
    for b in 0..u64::from(y[0]) {
        for r in 0..y[1] {
            for o in 0..y[2] {
                let source = ((b * x_rows + row(r)) * x_columns + column(o)) * c;
                d = d.max(start.saturating_sub(source));
                start += c;
            }
        }
    }
    u32::try_from(d).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointwise_convolution_that_widens_needs_the_difference() {
        // N·(C_out − C_in) with 6 pixels, 4 to 7 channels.
        let same = |o: u16| u64::from(o);
        assert_eq!(simulate([1, 2, 3, 4], [1, 2, 3, 7], same, same), 6 * 3);
        assert_eq!(simulate([1, 2, 3, 7], [1, 2, 3, 4], same, same), 0);
    }

    #[test]
    fn a_three_by_three_window_keeps_a_row_and_a_pixel() {
        // Pixel (r, c) is written before (r, c + 1), which reads from (r − 1, c).
        let first = |o: u16| first_tap(o, 1, 1, 1);
        let (rows, columns, channels) = (6, 5, 8);
        let shape = [1, rows, columns, channels];
        assert_eq!(simulate(shape, shape, first, first), u32::from((columns + 1) * channels));
    }

    #[test]
    fn doubling_reads_behind_what_it_writes() {
        let half = |o: u16| u64::from(o / 2);
        // Rows of 2 become rows of 4; all reads lag behind the writes.
        let d = simulate([1, 2, 2, 1], [1, 4, 4, 1], half, half);
        // After 12 bytes are written, row 3 still reads from byte 2; after 15, from byte 3.
        assert_eq!(d, 12);
        assert_eq!(own_distance([1, 2, 2, 1], [1, 4, 4, 1], half, half), 12);
    }

    #[test]
    fn windows_above_the_image_start_at_their_first_tap_inside() {
        assert_eq!(first_tap(0, 1, 3, 2), 1); // taps at -3, -1, 1
        assert_eq!(first_tap(0, 1, 2, 1), 0);
        assert_eq!(first_tap(3, 2, 1, 1), 5);
    }
}
