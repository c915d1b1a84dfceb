//! Inline assembly for the cores whose instructions or registers stable Rust cannot reach: the only `unsafe` code of the crate.
//!
//! Cortex-M4 and M7 multiply pairs of half-words (`smlad`), for which there are no stable intrinsics (`dsp`); on Cortex-M0 compilers
//! leave the high registers unused, and sums do not fit into the others (`thumb1`); on Cortex-M55 they find few of the vector loops
//! that its kernels are made of (`mve`). The text of each loop is a macro, one instruction a line; its `unsafe` block ties it to slices
//! that the functions here have measured.
//! Every function has a twin in plain Rust (`twin`), which is what all other targets use, and which tests hold against the definition;
//! on the emulated cores the instructions are held against the plain kernels.

#[cfg(kits_dsp)]
mod dsp;
#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
pub(super) mod list;
#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
pub(super) mod mve;
#[cfg(kits_thumb1)]
mod thumb1;
#[cfg_attr(
    any(kits_dsp, kits_thumb1),
    allow(dead_code, reason = "what the assembly of this target stands for")
)]
mod twin;

#[cfg(kits_dsp)]
use dsp as imp;
#[cfg(kits_thumb1)]
use thumb1 as imp;
#[cfg(not(any(kits_dsp, kits_thumb1)))]
use twin as imp;

use super::{dot, finish::SECTION, rescale};

/// Elements that [`rows`] takes at once.
pub(super) const GROUP: usize = if cfg!(kits_thumb1) { 4 } else { 8 };

/// Returns `a · b`, unless it leaves the word: processors that multiply only 32 bits take long to find out.
#[inline(always)]
pub(super) const fn times(a: usize, b: usize) -> Option<usize> {
    if (a | b) < 1 << 16 { Some(a.wrapping_mul(b)) } else { a.checked_mul(b) }
}

/// Adds to each sum the dot product of `x` with one of the rows of `w`, which begin `stride` apart; `None` if `w` is too short.
#[inline]
pub(super) fn rows(
    x: &[[i8; GROUP]],
    w: &[i8],
    stride: usize,
    sums: &mut [[i32; 4]],
) -> Option<()> {
    let last = sums.as_flattened().len().checked_sub(1);
    let (false, Some(last)) = (x.is_empty(), last) else { return Some(()) };
    let needed = times(stride, last)?.checked_add(x.as_flattened().len())?;
    imp::rows(x, w.get(..needed)?, stride, sums)
}

/// As [`rows`] for two vectors, each with an array of sums of its own, of which the first `n` count: an even number.
///
/// The second vector is at least as long as the first, and what it has more does not count.
#[inline]
pub(super) fn rows_two(
    x: [&[[i8; GROUP]]; 2],
    w: &[i8],
    stride: usize,
    n: usize,
    sums: &mut [[i32; SECTION]; 2],
) -> Option<()> {
    let [x, y] = x;
    let y = y.get(..x.len())?;
    if x.is_empty() || n == 0 {
        return Some(());
    }
    let needed = stride.checked_mul(n.wrapping_sub(1))?.checked_add(x.as_flattened().len())?;
    let w = w.get(..needed)?;
    if n.is_multiple_of(2) && n <= SECTION { imp::rows_two([x, y], w, stride, n, sums) } else { None }
}

/// Makes sum `k` the products of element `k` of each tap with element `k` of the tap's row of `w`; rows begin `stride` apart.
///
/// `None` if `w` is too short.
#[inline]
pub(super) fn columns<const N: usize>(
    taps: &[&[i8; N]],
    w: &[i8],
    stride: usize,
    sums: &mut [i32; N],
) -> Option<()> {
    #[cfg(any(kits_dsp, kits_thumb1))]
    if N.is_multiple_of(4) && !taps.is_empty() {
        let needed = times(stride, taps.len().wrapping_sub(1))?.checked_add(N)?;
        let w = w.get(..needed)?;
        return imp::columns(taps, w, stride, sums.as_chunks_mut::<4>().0);
    }
    dot::columns::<N, 4>(taps, w, stride, sums)
}

/// Positions of the nine taps of a window.
#[derive(Debug)]
pub(super) struct Nine {
    at: [usize; 9],
    last: usize,
    /// From a tap to the next, and from a row of three to the next, where these are the same everywhere.
    #[cfg_attr(not(kits_thumb1), allow(dead_code, reason = "for one kind of processor"))]
    regular: Option<[usize; 2]>,
}

impl Nine {
    #[inline]
    pub(super) fn new(at: [usize; 9]) -> Self {
        let last = at.iter().fold(0, |last: usize, &at| last.max(at));
        let [a, b, c, d, e, f, g, h, i] = at;
        let [step, pitch] = [b.wrapping_sub(a), d.wrapping_sub(a)];
        let on = |from: usize, by: usize, to: usize| from.checked_add(by) == Some(to);
        let regular = on(a, step, b)
            && on(b, step, c)
            && on(a, pitch, d)
            && on(d, step, e)
            && on(e, step, f)
            && on(d, pitch, g)
            && on(g, step, h)
            && on(h, step, i);
        Self { at, last, regular: regular.then_some([step, pitch]) }
    }

    pub(super) const fn positions(&self) -> &[usize; 9] {
        &self.at
    }
}

/// Makes sum `k` the products of the elements `k` of nine runs of `x` with element `k` of nine rows of `w`; rows begin `stride` apart,
/// runs at the taps, each moved by `first`.
///
/// `None` if `x` or `w` is too short, the number of sums is not a multiple of four, or the processor has no instructions for it.
#[inline]
pub(super) fn nine(
    x: &[i8],
    taps: &Nine,
    first: usize,
    w: &[i8],
    stride: usize,
    sums: &mut [i32],
) -> Option<()> {
    let (fours, []) = sums.as_chunks_mut::<4>() else { return None };
    let n = fours.as_flattened().len();
    if n > x.len().checked_sub(taps.last)?.checked_sub(first)? || n == 0 {
        return None;
    }
    let w = w.get(..times(stride, 8)?.checked_add(n)?)?;
    imp::nine(x.get(first..)?, taps, w, stride, fours)
}

/// Writes the first outputs for their sums, bias and multipliers (little-endian words), and shifts, and returns how many: all of them,
/// unless a sum with its bias is not in `-2^30..2^30` or a shift is not to the right.
///
/// `None` if a slice is shorter than `out`.
#[inline]
pub(super) fn bytes(
    sums: &[i32],
    [bias, multipliers]: [&[i32]; 2],
    shifts: &[u8],
    zero: i32,
    out: &mut [i8],
) -> Option<usize> {
    let n = out.len();
    let (sums, shifts) = (sums.get(..n)?, shifts.get(..n)?);
    let words = [bias.get(..n)?, multipliers.get(..n)?];
    Some(if n == 0 { 0 } else { imp::bytes(sums, words, shifts, zero, out) })
}

/// Returns `(a·b + 2^30) >> 31`, unless both are `i32::MIN`.
#[inline(always)]
pub(super) fn high_mul(a: i32, b: i32) -> i32 {
    match a.checked_add(a) {
        Some(_) => imp::high_mul_small(a, b),
        None => rescale::high_mul_wide(a, b),
    }
}

/// As [`high_mul`] for `-2^30 <= a < 2^30`.
#[inline(always)]
pub(super) fn high_mul_small(a: i32, b: i32) -> i32 {
    imp::high_mul_small(a, b)
}

/// Returns `v >> n`, which for 32 and more (up to 255) is the sign.
#[inline(always)]
pub(super) fn shift_right(v: i32, n: u32) -> i32 {
    imp::shift_right(v, n)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "indices of a test")]
mod tests;
