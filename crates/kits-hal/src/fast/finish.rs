//! From the sums of neighboring channels to their output bytes.

use super::{
    form::Form,
    rescale::{requant, requant_straight, rounded},
    scalar,
};
use crate::ops::{Channels, Output, Scales, Task};

/// Channels whose sums are collected before they are turned into bytes: their sums take 128 bytes of stack.
pub(super) const SECTION: usize = 32;

/// What turns the sums of an operator into bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Finish<'m> {
    pub(super) channels: Channels<'m>,
    pub(super) output: Output,
    /// No multiplier is 1 or more, and the clamp is open: what nearly all layers are.
    pub(super) usual: bool,
}

impl<'m> Finish<'m> {
    pub(super) fn of(task: &Task<'m, '_>) -> Option<Self> {
        let channels = Channels::of(&task.model, &task.op)?;
        let output = Output::of(&task.op);
        Some(Self { channels, output, usual: output.is_open() && channels.shift_right() })
    }

    /// Writes the outputs of channels `first..` for their sums of products.
    #[inline]
    pub(super) fn write<F: Form>(&self, first: usize, sums: &[i32], out: &mut [i8]) -> Option<()> {
        if F::BRANCHES {
            return scalar::write::<F>(self, first, sums, out);
        }
        let n = out.len();
        let part = self.channels.part(first, n)?;
        let sums = sums.get(..n)?;
        let bytes = |word: &[u8; 4]| i32::from_le_bytes(*word);
        let aligned = |word: &i32| i32::from_le(*word);
        // Cores that read a word byte by byte unless it is aligned, and vectors.
        let bias = if F::UNALIGNED { None } else { words(part.bias) };
        match (part.scale, bias) {
            (Scales::One(m, s), None) => {
                let scales = core::iter::repeat((m, s));
                each::<F>(self, sums, part.bias.iter().map(bytes), scales, out);
            }
            (Scales::One(m, s), Some(bias)) => {
                let scales = core::iter::repeat((m, s));
                each::<F>(self, sums, bias.iter().map(aligned), scales, out);
            }
            (Scales::Each(m, s), bias) => {
                let s = s.get(..n)?.iter().map(|s| i32::from(s.cast_signed()));
                if let (Some(bias), Some(m)) = (bias, words(m)) {
                    let scales = m.iter().map(aligned).zip(s);
                    each::<F>(self, sums, bias.iter().map(aligned), scales, out);
                } else {
                    let scales = m.iter().map(bytes).zip(s);
                    each::<F>(self, sums, part.bias.iter().map(bytes), scales, out);
                }
            }
        }
        Some(())
    }
}

/// Returns the words in place, if they are aligned.
pub(super) fn words(bytes: &[[u8; 4]]) -> Option<&[i32]> {
    bytemuck::try_cast_slice(bytes).ok()
}

#[inline(always)]
fn each<F: Form>(
    finish: &Finish<'_>,
    sums: &[i32],
    bias: impl Iterator<Item = i32>,
    scales: impl Iterator<Item = (i32, i32)>,
    out: &mut [i8],
) {
    let items = out.iter_mut().zip(sums).zip(bias).zip(scales);
    let output = finish.output;
    if finish.usual {
        for (((out, sum), bias), (m, s)) in items {
            let high = F::high_mul(sum.wrapping_add(bias), m);
            *out = output.offset_open(rounded::<F>(high, (!s).cast_unsigned()));
        }
    } else {
        for (((out, sum), bias), scale) in items {
            *out = output.offset(scaled::<F>(sum.wrapping_add(bias), scale));
        }
    }
}

/// Returns `acc · m · 2^(s − 31)` with two roundings, the way the form does it.
#[inline(always)]
pub(super) fn scaled<F: Form>(acc: i32, (m, s): (i32, i32)) -> i32 {
    if F::BRANCHES { requant::<F>(acc, m, s) } else { requant_straight::<F>(acc, m, s) }
}
