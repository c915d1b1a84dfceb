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
    // Known when the crate is built.
    if !F::UNALIGNED && finish.output.is_open() {
        let [bias, multipliers, shifts] = finish.channels.raw();
        let words = |bytes| bytemuck::try_cast_slice(bytes).ok();
        if let (Some(bias), Some(multipliers)) = (words(bias), words(multipliers)) {
            return short::<F>(finish, [bias, multipliers], shifts, first, sums, out);
        }
    }
    long::<F>(finish, first, sums, out)
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

/// As [`write`] by loops that deal with most sums, and with the others one by one.
#[inline(always)]
fn short<F: Form>(
    finish: &Finish<'_>,
    [bias, m]: [&[i32]; 2],
    s: &[u8],
    first: usize,
    sums: &[i32],
    out: &mut [i8],
) -> Option<()> {
    let bias = bias.get(first..)?;
    if let (&[m], &[s]) = (m, s) {
        let all = ([m; SECTION], [s; SECTION]);
        return loops::<F>(finish, first, sums, [bias, &all.0], &all.1, out);
    }
    loops::<F>(finish, first, sums, [bias, m.get(first..)?], s.get(first..)?, out)
}

#[inline(never)]
fn loops<F: Form>(
    finish: &Finish<'_>,
    first: usize,
    sums: &[i32],
    words: [&[i32]; 2],
    shifts: &[u8],
    out: &mut [i8],
) -> Option<()> {
    let zero = finish.output.zero();
    let mut done = simd::bytes(sums, words, shifts, zero, out)?;
    while done < out.len() {
        // Where they stop, one output takes the long way.
        let next = done.wrapping_add(1);
        let (one, rest) = out.get_mut(done..)?.split_at_mut_checked(1)?;
        any::<F>(finish, first.wrapping_add(done), sums.get(done..next)?, one)?;
        let [bias, m] = words;
        let words = [bias.get(next..)?, m.get(next..)?];
        done = next.wrapping_add(simd::bytes(sums.get(next..)?, words, shifts.get(next..)?, zero, rest)?);
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
