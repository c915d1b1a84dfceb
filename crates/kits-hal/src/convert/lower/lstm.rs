//! UNIDIRECTIONAL_SEQUENCE_LSTM with `int8` weights and activations and an `int16` cell.
//!
//! The plain layer only: four gates of their own, no peepholes, no projection, no layer
//! normalization, tanh for candidate and cell. Everything else is refused.

use super::weights::{Weights, bias};
use crate::{
    convert::{
        builtin::FileType,
        error::ImportError,
        importer::{Importer, Node, number},
        net::{NetOp, TensorId, blank},
    },
    fixed::encode,
    model::{
        OpCode,
        record::{LSTM_HEAD, OP_TIME_MAJOR},
    },
};

type Result<T> = core::result::Result<T, ImportError>;

/// Input weights, recurrent weights and bias of the gates, in the order of the container:
/// forget, input, candidate, output.
const GATES: [[usize; 3]; 4] = [[2, 6, 13], [1, 5, 12], [3, 7, 14], [4, 8, 15]];
/// Peepholes, projection and layer normalization.
const ABSENT: [usize; 9] = [9, 10, 11, 16, 17, 20, 21, 22, 23];
const HIDDEN: usize = 18;
const CELL: usize = 19;
/// The number of tanh in the schema's list of activation functions.
const TANH: u8 = 4;

/// The scale of a gate before its curve, 2^-12, and after it, 2^-15.
const BEFORE: f64 = 1.0 / 4096.0;
const AFTER: f64 = 1.0 / 32768.0;

/// Returns the input weights of every gate, for the check that they are constant.
pub(super) fn is_weight(i: usize) -> bool {
    GATES.iter().flatten().any(|&w| w == i)
}

pub(super) fn lower(im: &mut Importer<'_>, node: &Node<'_>) -> Result<()> {
    let (x, y) = (node.input(0)?, node.output(0)?);
    let (hidden, cell) = (node.input(HIDDEN)?, node.input(CELL)?);
    if ABSENT.iter().any(|&i| node.optional(i).is_some()) || node.get(0, 0_u8)? != TANH {
        return Err(node.option());
    }
    let input = im.read_activation(x)?;
    im.int8(y)?;
    let time_major = node.get(3, false)?;
    let (from, to) = (im.dims(x)?, im.dims(y)?);
    let [units, inputs] = [to[3], from[3]].map(usize::from);
    let ranks = [x, y].map(|t| im.graph.tensors[t].shape.len());
    if ranks != [3, 3] || from[..3] != to[..3] {
        return Err(node.shape());
    }
    let batch = usize::from(if time_major { from[2] } else { from[1] });
    let h = state(im, node, hidden, FileType::I8, batch * units)?;
    let c = state(im, node, cell, FileType::I16, batch * units)?;
    // The state is copied to the output as it is.
    im.same_quantization(hidden, y)?;
    let ((s_in, z_in), (s_h, z_h)) = (im.quantization(x)?, im.quantization(hidden)?);
    let power = power_of_two(im, cell)?;
    let s_cell = f64::from(im.quantization(cell)?.0);

    let (mut weights, mut words, mut biases) = (Vec::new(), Vec::new(), Vec::new());
    for [from_input, from_state, b] in GATES {
        let bias = bias(im, node, Some(node.input(b)?), units)?;
        let nothing = vec![0; units];
        for (t, scale, zero, width, bias) in [
            (node.input(from_input)?, s_in, z_in, inputs, &bias),
            (node.input(from_state)?, s_h, z_h, units, &nothing),
        ] {
            let w = Weights::read(im, t, 2, 0)?.symmetric(t)?;
            if w.shape[2..] != [units, width] || w.scales.len() != 1 {
                return Err(node.shape());
            }
            // The product of two scales is defined as an f32, as for a dense layer.
            words.extend(factor(f64::from(scale * w.scale(0)) / BEFORE, 30, y)?);
            for (bias, row) in bias.iter().zip(w.data.chunks_exact(width)) {
                let sum: i64 = row.iter().map(|&w| i64::from(w)).sum();
                let folded = bias - i64::from(zero) * sum;
                biases.push(
                    i32::try_from(folded)
                        .map_err(|_| ImportError::AccumulatorOverflow { op: node.index })?,
                );
            }
            weights.extend(w.bytes());
        }
    }
    // Products of two 16-bit numbers: one bit of the word is left.
    for real in [AFTER * s_cell / s_cell, AFTER * AFTER / s_cell, AFTER * AFTER / f64::from(s_h)] {
        words.extend(factor(real, 0, y)?);
    }
    words.push(clip(node.get(1, 0.0_f32)?, s_cell));
    // A cell of Q3.12 is walked in thirds; coarser ones in multiples, finer ones in fractions.
    let finer = power + 12;
    words.extend(if finer >= 0 { [3 << finer, 0] } else { [3, -finer] });
    words.extend(biases);
    weights.extend(sigmoid_table().iter().flat_map(|v| v.to_le_bytes()));

    let output = im.define_int8(y)?;
    let mut record = blank(OpCode::UnidirectionalSequenceLstm);
    record.flags |= if time_major { OP_TIME_MAJOR } else { 0 };
    record.in_zero = i16::try_from(z_in).unwrap_or(0);
    record.out_zero = i16::try_from(z_h).unwrap_or(0);
    record.n_params = u16::try_from(words.len()).map_err(|_| node.shape())?;
    debug_assert_eq!(words.len(), usize::from(LSTM_HEAD) + 8 * units, "the layout of the words");
    im.emit(NetOp {
        record,
        inputs: vec![input, h, c],
        output,
        weights,
        params: words.iter().flat_map(|w: &i32| w.to_le_bytes()).collect(),
        sources: vec![node.index],
    });
    Ok(())
}

/// Adds a tensor that keeps its value from run to run.
fn state(
    im: &mut Importer<'_>,
    node: &Node<'_>,
    t: usize,
    ty: FileType,
    elements: usize,
) -> Result<TensorId> {
    let tensor = &im.graph.tensors[t];
    if tensor.ty != ty {
        return Err(ImportError::UnsupportedType { tensor: number(t), ty: tensor.ty });
    }
    if !tensor.variable || tensor.data.is_some() {
        return Err(ImportError::BadOrder { op: node.index });
    }
    im.quantization(t)?;
    let length: u64 = im.dims(t)?.iter().map(|&d| u64::from(d)).product();
    if length != elements as u64 {
        return Err(node.shape());
    }
    im.define_state(t)
}

/// Returns the exponent of a scale that is a power of two, as the cell's must be.
fn power_of_two(im: &Importer<'_>, t: usize) -> Result<i32> {
    let (scale, zero) = im.quantization(t)?;
    let bits = f64::from(scale).to_bits();
    let exponent = i32::try_from(bits >> 52).unwrap_or(0) - 1023; // the scale is positive
    let mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    // The reference lets the binary logarithm be off by a thousandth: a factor of 1.00069.
    let power = if mantissa < 1.000_69 {
        Some(exponent)
    } else {
        (mantissa > 2.0 / 1.000_69).then_some(exponent + 1)
    };
    // Beyond these the curve's argument leaves 32 bits, or is always 0.
    power
        .filter(|p| (-31..=2).contains(p) && zero == 0)
        .ok_or(ImportError::BadQuantization { tensor: number(t) })
}

fn factor(real: f64, most: i32, y: usize) -> Result<[i32; 2]> {
    let (m, s) = encode(real);
    if real.is_finite() && s <= most {
        Ok([m, s])
    } else {
        Err(ImportError::BadQuantization { tensor: number(y) })
    }
}

/// Returns the clip of the cell in its own units; 0 for none.
#[expect(clippy::cast_possible_truncation, reason = "limited to 16 bits")]
fn clip(real: f32, scale: f64) -> i32 {
    if real > 0.0 { (f64::from(real) / scale).min(32767.0) as i32 } else { 0 }
}

/// Entries of the reference table that lie one above the nearest number to `2^16·sigmoid(k/24)`.
///
/// Source: the table `sigmoid_table_uint16` of TensorFlow Lite's kernels.
const ABOVE: [u8; 44] = [
    4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39, 40, 41,
    43, 44, 45, 46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135, 255,
];

/// `exp(-1/24)`.
const STEP: f64 = 0.959_189_457_109_138_2;

/// Returns `sigmoid(k/24)` for `k` from 0 to 255 in Q0.16, as the reference has it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 2^15 and 2^16 − 1"
)]
fn sigmoid_table() -> [u16; 256] {
    let mut power = 1.0_f64; // exp(-k/24)
    core::array::from_fn(|k| {
        let nearest = (65_536.0 / (1.0 + power)).round() as u32;
        power *= STEP;
        let above = u32::from(ABOVE.iter().any(|&a| usize::from(a) == k));
        u16::try_from(nearest + above).unwrap_or(u16::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_published_one() {
        let table = sigmoid_table();
        let bytes: Vec<u8> = table.iter().flat_map(|v| v.to_le_bytes()).collect();
        // Checksum and first entries of the published numbers.
        assert_eq!(crate::crc32(&bytes), 0xB84F_6AB4);
        assert_eq!(table[..5], [32_768, 33_451, 34_133, 34_813, 35_493]);
        assert_eq!(table.iter().map(|&v| u32::from(v)).sum::<u32>(), 15_670_629);
    }

    #[test]
    fn a_clip_is_cut_to_the_cell() {
        assert_eq!(clip(10.0, 1.0 / 4096.0), 32_767);
        assert_eq!(clip(1.5, 1.0 / 4096.0), 6_144);
        assert_eq!(clip(0.0, 1.0), 0);
    }
}
