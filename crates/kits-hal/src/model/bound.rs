//! The bound on every sum of products, read from the weights.
//!
//! With `Σ|w|·255 + |bias| < 2^31` no order of summation can leave `i32`, so a kernel may add in
//! the order that suits the machine; with a left shift `l` of the multiplier the limit is
//! `2^(31 − l)`.

use super::{
    Model, OpCode,
    record::{LSTM_HEAD, OpRecord},
};
use crate::{error::LoadError, ops::Channels};

/// Checks every operator that sums products.
pub(super) fn check(model: &Model<'_>) -> Result<(), LoadError> {
    for index in 0..model.n_operators() {
        let Some(op) = model.op_record(index) else { continue };
        let fine = if op.code == OpCode::UnidirectionalSequenceLstm.code() {
            gates_stay_in_range(model, &op)
        } else {
            sums_stay_in_range(model, &op)
        };
        if !fine.unwrap_or(true) {
            return Err(LoadError::AccumulatorOverflow { op: index });
        }
    }
    Ok(())
}

/// Returns whether all channels keep the bound; `None` for an operator without weights.
fn sums_stay_in_range(model: &Model<'_>, op: &OpRecord) -> Option<bool> {
    let y = model.tensor_record(op.output)?;
    let x = model.tensor_record(op.inputs[0])?;
    let channels = usize::from(y.dims[3]);
    let taps = usize::from(op.kernel[0]).saturating_mul(usize::from(op.kernel[1]));
    let c_in = usize::from(x.dims[3]);
    // Weights of one channel: contiguous, or every `channels`-th for a depthwise convolution.
    let (per_channel, stride) = match OpCode::from_code(op.code)? {
        OpCode::Conv2d => {
            (taps.saturating_mul(usize::try_from(op.aux[0]).ok()?), 1)
        }
        OpCode::TransposeConv => (taps.saturating_mul(c_in), 1),
        OpCode::DepthwiseConv2d => (taps, channels),
        OpCode::FullyConnected => {
            // Both are `int8`: their elements are their bytes.
            let rows = y.len.checked_div(u32::from(y.dims[3]))?;
            (usize::try_from(x.len.checked_div(rows)?).ok()?, 1)
        }
        _ => return None,
    };
    let parameters = Channels::of(model, op)?;
    let weights = crate::bytes::slice(
        model.bytes(),
        op.weights as usize,
        per_channel.saturating_mul(channels),
    )?;
    for channel in 0..channels {
        let start = if stride == 1 { channel.saturating_mul(per_channel) } else { channel };
        let sum: u64 = weights
            .get(start..)?
            .iter()
            .step_by(stride.max(1)) // a checked output has channels, but the compiler cannot know
            .take(per_channel)
            .map(|&w| u64::from(w.cast_signed().unsigned_abs()))
            .sum();
        let (bias, _, shift) = parameters.at(channel)?;
        // An asymmetric weight adds its zero point to every tap.
        let skew = if op.code == OpCode::FullyConnected.code() {
            u64::from(op.aux[0].unsigned_abs()).saturating_mul(per_channel as u64)
        } else {
            0
        };
        let limit = 1_u64 << 31_u32.saturating_sub(u32::try_from(shift.max(0)).ok()?.min(31));
        let reach = sum
            .saturating_add(skew)
            .saturating_mul(255)
            .saturating_add(u64::from(bias.unsigned_abs()));
        if reach >= limit {
            return Some(false);
        }
    }
    Some(true)
}

/// Returns whether both sums of every gate of an LSTM keep the bound.
fn gates_stay_in_range(model: &Model<'_>, op: &OpRecord) -> Option<bool> {
    let y = model.tensor_record(op.output)?;
    let x = model.tensor_record(op.inputs[0])?;
    let (inputs, units) = (usize::from(x.dims[3]), usize::from(y.dims[3]));
    let word = |i: usize| -> Option<i32> {
        crate::bytes::i32_at(model.bytes(), (op.params as usize).checked_add(i.checked_mul(4)?)?)
    };
    let mut at = op.weights as usize;
    for part in 0..8_usize {
        // Input, then recurrent weights of one gate after the other.
        let len = if part.is_multiple_of(2) { inputs } else { units };
        let shift = word(part.saturating_mul(2).saturating_add(1))?;
        let limit = 1_u64 << 31_u32.saturating_sub(u32::try_from(shift.max(0)).ok()?.min(31));
        for unit in 0..units {
            let row = crate::bytes::slice(model.bytes(), at, len)?;
            let sum: u64 = row.iter().map(|&w| u64::from(w.cast_signed().unsigned_abs())).sum();
            let bias = usize::from(LSTM_HEAD)
                .saturating_add(part.saturating_mul(units))
                .saturating_add(unit);
            let reach =
                sum.saturating_mul(255).saturating_add(u64::from(word(bias)?.unsigned_abs()));
            if reach >= limit {
                return Some(false);
            }
            at = at.saturating_add(len);
        }
    }
    Some(true)
}
