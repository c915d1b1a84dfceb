//! From the sums of neighboring channels to their output bytes.

use crate::{
    fast::{
        finish::SECTION,
        simd::mve::{self, Part},
    },
    ops::{Channels, Output, Scales, Task},
};

/// What turns the sums of an operator into bytes.
#[derive(Debug, Clone)]
pub(super) struct Outputs<'m> {
    bias: &'m [[u8; 4]],
    /// Multipliers and shifts, one for each channel, unless all have the same.
    each: Option<(&'m [[u8; 4]], &'m [u8])>,
    /// Those of a section of channels with the same.
    one: ([[u8; 4]; SECTION], [u8; SECTION]),
    limits: [i32; 3],
    /// Some channel shifts left.
    left: bool,
}

impl<'m> Outputs<'m> {
    pub(super) fn of(task: &Task<'m, '_>) -> Option<Self> {
        let all = Channels::of(&task.model, &task.op)?.part(0, task.op.n_params.into())?;
        let (each, m, s) = match all.scale {
            Scales::Each(m, s) => (Some((m, s)), 0, 0),
            Scales::One(m, s) => (None, m, s),
        };
        let one = ([m.to_le_bytes(); SECTION], [s.to_le_bytes()[0]; SECTION]);
        let largest = |s: &[u8]| s.iter().fold(i8::MIN, |a, b| a.max(b.cast_signed()));
        let left = each.map_or(s, |(_, s)| largest(s).into()) > 0;
        let limits = Output::of(&task.op).limits();
        Some(Self { bias: all.bias, each, one, limits, left })
    }

    /// Writes the outputs of channels `first..`, at most a section, for their sums of products, and leaves zeros there.
    #[inline]
    pub(super) fn write(&self, first: usize, sums: &mut [i32], out: &mut [i8]) -> Option<()> {
        let end = first.checked_add(out.len())?;
        let (m, s) = match self.each {
            Some((m, s)) => (m.get(first..end)?, s.get(first..end)?),
            None => (self.one.0.get(..out.len())?, self.one.1.get(..out.len())?),
        };
        let part = (self.bias.get(first..end)?, m, s);
        if self.left {
            return shifted_left(sums, part, self.limits, out);
        }
        mve::bytes(sums, part, self.limits, out)
    }
}

/// As [`mve::bytes`] for channels of which some shift left.
#[inline(never)]
fn shifted_left(
    sums: &mut [i32],
    (bias, m, shift): Part<'_>,
    limits: [i32; 3],
    out: &mut [i8],
) -> Option<()> {
    let mut right = [0_u8; SECTION];
    let right = right.get_mut(..out.len())?;
    let to = sums.iter_mut().zip(&mut *right).zip(bias.iter().zip(shift));
    for ((sum, right), (bias, s)) in to {
        let (bias, s) = (i32::from_le_bytes(*bias), s.cast_signed());
        let n = u32::from(s.max(0).cast_unsigned());
        // The bias is added once more.
        *sum = sum.wrapping_add(bias).checked_shl(n).unwrap_or(0).wrapping_sub(bias);
        *right = s.min(0).cast_unsigned();
    }
    mve::bytes(sums, (bias, m, right), limits, out)
}
