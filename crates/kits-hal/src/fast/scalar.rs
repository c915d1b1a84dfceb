//! From sums to output bytes on processors without vectors.

use super::{
    finish::{Finish, SECTION, scaled, words},
    form::Form,
    rescale::rounded,
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
    let n = out.len();
    let sums = sums.get(..n)?;
    let output = finish.output;
    let part = finish.channels.part(first, n)?;
    // Cores that read a word byte by byte unless it is aligned.
    let aligned = if F::UNALIGNED { None } else { words(part.bias) };
    match part.scale {
        Scales::One(m, s) if finish.usual => {
            let none = [(); SECTION];
            let none = none.get(..n)?;
            let right = right(s.to_le_bytes()[0]);
            if let Some(bias) = aligned {
                each(out, sums, bias, none, none, |sum, bias, (), ()| {
                    byte::<F>(output, sum, i32::from_le(bias), m, right)
                });
            } else {
                each(out, sums, part.bias, none, none, |sum, bias, (), ()| {
                    byte::<F>(output, sum, i32::from_le_bytes(bias), m, right)
                });
            }
        }
        // A layer may have a few channels that shift left.
        Scales::Each(m, s) if F::UNALIGNED && (finish.usual || output.is_open() && all_right(s)) => {
            each(out, sums, part.bias, m, s, |sum, bias, m, s| {
                let [bias, m] = [bias, m].map(i32::from_le_bytes);
                byte::<F>(output, sum, bias, m, right(s))
            });
        }
        Scales::Each(m, s) if !F::UNALIGNED && output.is_open() => {
            let mut done = 0_usize;
            while done < n {
                let (sums, out) = (sums.get(done..)?, out.get_mut(done..)?);
                let (bias, m, s) = (part.bias.get(done..)?, m.get(done..)?, s.get(done..)?);
                let channel = first.wrapping_add(done);
                let Some(many) = F::bytes(sums, [bias, m], s, output.zero(), out) else {
                    if !finish.usual {
                        return any::<F>(finish, channel, sums, out);
                    }
                    if let (Some(bias), Some(m)) = (words(bias), words(m)) {
                        each(out, sums, bias, m, s, |sum, bias, m, s| {
                            byte::<F>(output, sum, i32::from_le(bias), i32::from_le(m), right(s))
                        });
                    } else {
                        each(out, sums, bias, m, s, |sum, bias, m, s| {
                            let [bias, m] = [bias, m].map(i32::from_le_bytes);
                            byte::<F>(output, sum, bias, m, right(s))
                        });
                    }
                    return Some(());
                };
                // Where the short way stops, one output takes the long one.
                if let (Some(sums), Some(out)) = (sums.get(many..), out.get_mut(many..)) {
                    let out = out.get_mut(..out.len().min(1))?;
                    any::<F>(finish, channel.wrapping_add(many), sums, out)?;
                }
                done = done.wrapping_add(many).wrapping_add(1);
            }
        }
        _ => any::<F>(finish, first, sums, out)?,
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
