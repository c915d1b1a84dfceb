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
    /// Requantizes in one step.
    #[cfg(feature = "single-round")]
    once: bool,
}

impl Output {
    pub(crate) fn of(op: &OpRecord) -> Self {
        let [low, high] = op.clamp;
        Self {
            zero: op.out_zero.into(),
            low: low.into(),
            high: high.into(),
            #[cfg(feature = "single-round")]
            once: op.has(crate::model::record::OP_ONCE),
        }
    }

    /// Returns the zero point.
    pub(crate) const fn zero(self) -> i32 {
        self.zero
    }

    /// Returns `clamp(requant(acc, m, s) + zero)`, rounded as the model was made for.
    #[inline]
    pub(crate) fn requantize(self, acc: i32, m: i32, s: i32) -> i8 {
        #[cfg(feature = "single-round")]
        if self.once {
            return self.offset(super::fixed::requant_once(acc, m, s));
        }
        self.offset(requant(acc, m, s))
    }

    /// Returns `clamp(value + zero)`.
    #[inline]
    pub(crate) fn offset(self, value: i32) -> i8 {
        self.clamp(value.wrapping_add(self.zero))
    }

    /// Returns the zero point, the least and the largest output.
    pub(crate) const fn limits(self) -> [i32; 3] {
        [self.zero, self.low, self.high]
    }

    /// Returns `true` if the clamp lets every byte through.
    pub(crate) const fn is_open(self) -> bool {
        self.low == -128 && self.high == 127
    }

    /// As [`Output::offset`] if the clamp is open: limits that the compiler knows cost less.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "both limits are bytes")]
    pub(crate) fn offset_open(self, value: i32) -> i8 {
        value.wrapping_add(self.zero).clamp(-128, 127) as i8
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

/// The parameters of some neighboring channels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part<'a> {
    /// Little-endian words.
    pub(crate) bias: &'a [[u8; 4]],
    pub(crate) scale: Scales<'a>,
}

/// Multipliers and shifts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scales<'a> {
    /// The same for all channels.
    One(i32, i32),
    /// Little-endian words, and signed bytes.
    Each(&'a [[u8; 4]], &'a [u8]),
}

/// Returns `true` if all shifts, signed bytes, are to the right.
pub(crate) fn all_right(shift: &[u8]) -> bool {
    // The uppermost bit of all of them.
    let (fours, rest) = shift.as_chunks::<4>();
    let all = fours.iter().fold(u32::MAX, |all, s| all & u32::from_ne_bytes(*s));
    let all = all.to_ne_bytes().into_iter().chain(rest.iter().copied());
    all.fold(u8::MAX, |all, s| all & s) >= 0x80
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

    /// Returns bias, multipliers and shifts as they lie in the file.
    pub(crate) const fn raw(&self) -> [&'a [u8]; 3] {
        [self.bias, self.multiplier, self.shift]
    }

    /// Returns `true` if every channel shifts right.
    pub(crate) fn shift_right(&self) -> bool {
        all_right(self.shift)
    }

    /// Returns the parameters of the channels `c..c + n`.
    #[inline]
    pub(crate) fn part(&self, c: usize, n: usize) -> Option<Part<'a>> {
        let words = |bytes: &'a [u8]| {
            let (words, _) = bytes.as_chunks::<4>();
            words.get(c..c.checked_add(n)?)
        };
        let scale = if self.uniform {
            let m = bytes::i32_at(self.multiplier, 0)?;
            Scales::One(m, self.shift.first()?.cast_signed().into())
        } else {
            Scales::Each(words(self.multiplier)?, bytes::slice(self.shift, c, n)?)
        };
        Some(Part { bias: words(self.bias)?, scale })
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
