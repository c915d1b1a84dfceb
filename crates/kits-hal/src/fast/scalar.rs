//! From sums to output bytes on processors without vectors: in loops for what nearly all layers are, channel by channel for the rest.

use super::{
    finish::{Finish, SECTION, scaled},
    form::Form,
    rescale::rounded,
    simd,
};
use crate::ops::{Output, Scales, all_right};

/// Writes the outputs of channels `first..` for their sums of products; at most [`SECTION`] of them.
#[inline(never)]
pub(super) fn write<F: Form>(
    finish: &Finish<'_>,
    first: usize,
    sums: &[i32],
    out: &mut [i8],
) -> Option<()> {
    if let Some(short) = Short::of::<F>(finish) {
        return short.write::<F>(finish, first, sums, out);
    }
    long::<F>(finish, first, sums, out)
}

/// A layer for which loops deal with most sums: its bias, multipliers (one for each channel, or one for all) and shifts.
#[derive(Clone, Copy)]
pub(super) struct Short<'m> {
    words: [&'m [i32]; 2],
    shifts: &'m [u8],
}

impl<'m> Short<'m> {
    /// Returns `None` where words do not lie aligned, for a clamp that is not open, and for processors that need none of this.
    #[inline]
    pub(super) fn of<F: Form>(finish: &Finish<'m>) -> Option<Self> {
        // Known when the crate is built.
        if F::UNALIGNED || !F::BRANCHES || !finish.output.is_open() {
            return None;
        }
        let [bias, multipliers, shifts] = finish.channels.raw();
        let words = |bytes| bytemuck::try_cast_slice(bytes).ok();
        Some(Self { words: [words(bias)?, words(multipliers)?], shifts })
    }

    /// As [`write`].
    #[inline]
    pub(super) fn write<F: Form>(
        &self,
        finish: &Finish<'_>,
        first: usize,
        sums: &[i32],
        out: &mut [i8],
    ) -> Option<()> {
        let [bias, m] = self.words;
        let bias = bias.get(first..)?;
        if let (&[m], &[s]) = (m, self.shifts) {
            return uniform::<F>(finish, first, sums, (bias, m, s), out);
        }
        loops::<F>(finish, first, sums, [bias, m.get(first..)?], self.shifts.get(first..)?, out)
    }
}

#[inline(never)]
fn uniform<F: Form>(
    finish: &Finish<'_>,
    first: usize,
    sums: &[i32],
    (bias, m, s): (&[i32], i32, u8),
    out: &mut [i8],
) -> Option<()> {
    let all = ([m; SECTION], [s; SECTION]);
    loops::<F>(finish, first, sums, [bias, &all.0], &all.1, out)
}

/// As [`write`] where there are no aligned words, or for any clamp.
#[inline]
fn long<F: Form>(
    finish: &Finish<'_>,
    first: usize,
    sums: &[i32],
    out: &mut [i8],
) -> Option<()> {
    let n = out.len();
    let sums = sums.get(..n)?;
    let output = finish.output;
    let part = finish.channels.part(first, n)?;
    match part.scale {
        Scales::One(m, s) if finish.usual => {
            let none = [(); SECTION];
            let none = none.get(..n)?;
            let right = right(s.to_le_bytes()[0]);
            each(out, sums, part.bias, none, none, |sum, bias, (), ()| {
                byte::<F>(output, sum, i32::from_le_bytes(bias), m, right)
            });
        }
        // A layer may have a few channels that shift left.
        Scales::Each(m, s) if finish.usual || output.is_open() && all_right(s) => {
            each(out, sums, part.bias, m, s, |sum, bias, m, s| {
                let [bias, m] = [bias, m].map(i32::from_le_bytes);
                byte::<F>(output, sum, bias, m, right(s))
            });
        }
        _ => any::<F>(finish, first, sums, out)?,
    }
    Some(())
}

#[inline]
fn loops<F: Form>(
    finish: &Finish<'_>,
    first: usize,
    sums: &[i32],
    words: [&[i32]; 2],
    shifts: &[u8],
    out: &mut [i8],
) -> Option<()> {
    let done = simd::bytes(sums, words, shifts, finish.output.zero(), out)?;
    if done == out.len() { Some(()) } else { rest::<F>(finish, (first, done), sums, words, shifts, out) }
}

/// Goes on where the loops stopped: one output takes the long way.
#[inline(never)]
fn rest<F: Form>(
    finish: &Finish<'_>,
    (first, mut done): (usize, usize),
    sums: &[i32],
    [bias, m]: [&[i32]; 2],
    shifts: &[u8],
    out: &mut [i8],
) -> Option<()> {
    while done < out.len() {
        let next = done.wrapping_add(1);
        let (one, rest) = out.get_mut(done..)?.split_at_mut_checked(1)?;
        any::<F>(finish, first.wrapping_add(done), sums.get(done..next)?, one)?;
        let (sums, shifts) = (sums.get(next..)?, shifts.get(next..)?);
        let words = [bias.get(next..)?, m.get(next..)?];
        done = next.wrapping_add(simd::bytes(sums, words, shifts, finish.output.zero(), rest)?);
    }
    Some(())
}

/// As [`write`] for any layer, each channel by itself.
#[inline(never)]
fn any<F: Form>(finish: &Finish<'_>, first: usize, sums: &[i32], out: &mut [i8]) -> Option<()> {
    for ((out, &sum), channel) in out.iter_mut().zip(sums).zip(first..) {
        let (bias, m, s) = finish.channels.at(channel)?;
        *out = finish.output.offset(scaled::<F>(sum.wrapping_add(bias), (m, s)));
    }
    Some(())
}

/// Returns the right shift that a negative shift stands for, less one.
#[inline(always)]
fn right(s: u8) -> u32 {
    u32::from(s) ^ 0xff
}

/// Returns one output of a usual layer.
#[inline(always)]
fn byte<F: Form>(output: Output, sum: i32, bias: i32, m: i32, right: u32) -> i8 {
    output.offset_open(rounded::<F>(F::high_mul(sum.wrapping_add(bias), m), right))
}

/// Computes each output from what lies beside it.
#[inline(always)]
fn each<B: Copy, M: Copy, S: Copy>(
    out: &mut [i8],
    sums: &[i32],
    bias: &[B],
    m: &[M],
    s: &[S],
    one: impl Fn(i32, B, M, S) -> i8,
) {
    for ((((out, &sum), &bias), &m), &s) in out.iter_mut().zip(sums).zip(bias).zip(m).zip(s) {
        *out = one(sum, bias, m, s);
    }
}
