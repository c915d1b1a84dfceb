//! From an accumulator to an output byte: requantize, add the zero point, clamp.

use super::fixed::requant;
use crate::{
    bytes,
    model::{
        Model,
        record::{OP_UNIFORM, OpRecord},
    },
};

/// Zero point and clamp of an output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    zero: i32,
    low: i32,
    high: i32,
}

impl Output {
    pub(crate) fn of(op: &OpRecord) -> Self {
        let [low, high] = op.clamp;
        Self { zero: op.out_zero.into(), low: low.into(), high: high.into() }
    }

    /// Returns `clamp(requant(acc, m, s) + zero)`.
    #[inline]
    pub(crate) fn requantize(self, acc: i32, m: i32, s: i32) -> i8 {
        self.offset(requant(acc, m, s))
    }

    /// Returns `clamp(value + zero)`.
    #[inline]
    pub(crate) fn offset(self, value: i32) -> i8 {
        self.clamp(value.wrapping_add(self.zero))
    }

    /// Returns `clamp(value)`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "both limits are bytes")]
    pub(crate) fn clamp(self, value: i32) -> i8 {
        value.max(self.low).min(self.high) as i8
    }
}

/// Folded bias, multiplier and shift of every output channel, as they lie in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channels<'a> {
    bias: &'a [u8],
    multiplier: &'a [u8],
    shift: &'a [u8],
    /// One multiplier and shift serve all channels.
    uniform: bool,
}

impl<'a> Channels<'a> {
    /// Finds the three arrays of an operator.
    pub(crate) fn of(model: &Model<'a>, op: &OpRecord) -> Option<Self> {
        let uniform = op.has(OP_UNIFORM);
        let n = usize::from(op.n_params);
        let pairs = if uniform { 1 } else { n };
        let at = op.params as usize;
        let words = n.checked_mul(4)?;
        let pair_words = pairs.checked_mul(4)?;
        let multiplier_at = at.checked_add(words)?;
        let shift_at = multiplier_at.checked_add(pair_words)?;
        Some(Self {
            bias: bytes::slice(model.bytes(), at, words)?,
            multiplier: bytes::slice(model.bytes(), multiplier_at, pair_words)?,
            shift: bytes::slice(model.bytes(), shift_at, pairs)?,
            uniform,
        })
    }

    /// Returns bias, multiplier and shift of the channels `c..c + 4`.
    #[inline]
    pub(crate) fn four(&self, c: usize) -> Option<[(i32, i32, i32); 4]> {
        let word = |b: &[u8; 16], i: usize| -> Option<i32> {
            let (words, _) = b.as_chunks::<4>();
            words.get(i).map(|w| i32::from_le_bytes(*w))
        };
        let at = c.checked_mul(4)?;
        let biases = bytes::chunk::<16>(self.bias, at)?;
        let (multipliers, shifts) = if self.uniform {
            let (m, s) = (*bytes::chunk::<4>(self.multiplier, 0)?, *self.shift.first()?);
            let m = i32::from_le_bytes(m);
            ([m; 4], [s; 4])
        } else {
            let m = bytes::chunk::<16>(self.multiplier, at)?;
            ([word(m, 0)?, word(m, 1)?, word(m, 2)?, word(m, 3)?], *bytes::chunk(self.shift, c)?)
        };
        let [p, q, r, s] = multipliers;
        let [a, b, c, d] = shifts.map(|s| i32::from(s.cast_signed()));
        Some([
            (word(biases, 0)?, p, a),
            (word(biases, 1)?, q, b),
            (word(biases, 2)?, r, c),
            (word(biases, 3)?, s, d),
        ])
    }

    /// Returns bias, multiplier and shift of channel `c`.
    #[inline]
    pub(crate) fn at(&self, c: usize) -> Option<(i32, i32, i32)> {
        let pair = if self.uniform { 0 } else { c };
        let bias = bytes::i32_at(self.bias, c.checked_mul(4)?)?;
        let multiplier = bytes::i32_at(self.multiplier, pair.checked_mul(4)?)?;
        let shift = self.shift.get(pair)?.cast_signed();
        Some((bias, multiplier, shift.into()))
    }
}
