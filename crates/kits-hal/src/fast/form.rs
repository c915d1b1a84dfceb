//! The few inner loops that differ between processors, and which of them this build uses.
//!
//! All forms compile everywhere, so that tests on any host hold each of them against the plain kernels.

use super::{
    dot,
    finish::SECTION,
    rescale::{Steps, high_mul_halves, high_mul_wide},
    simd::{self, GROUP, Nine},
};
use crate::model;

// What the scratch memory of a model is made for.
const _: () = assert!(Native::GROUP <= model::GROUP);

/// The inner loops of one family of processors.
pub(super) trait Form: Steps {
    /// Elements that [`Form::rows`] likes to take at once; at most the model's.
    const GROUP: usize;
    /// A rare case costs less as a branch than computed along; vectors have no branches.
    const BRANCHES: bool;
    /// Words at any address cost as little as aligned ones.
    const UNALIGNED: bool;
    /// Has the vector loops of [`simd::mve`].
    const VECTORS: bool = false;
    /// Multiplies elements one by one, so that it pays to leave some out.
    const LISTS: bool = false;

    /// Adds to each sum the dot product of `x` with one of the rows of `w`, which begin `stride` apart; `None` if `w` is too
    /// short.
    fn rows(x: &[i8], w: &[i8], stride: usize, sums: &mut [i32]) -> Option<()>;

    /// Two neighboring pixels are worth computing together.
    const PAIRS: bool = false;

    /// As [`Form::rows`] for two vectors of one length, each with an array of sums of its own, of which the first `n` count.
    #[inline]
    fn rows_two(
        x: [&[i8]; 2],
        w: &[i8],
        stride: usize,
        n: usize,
        sums: &mut [[i32; SECTION]; 2],
    ) -> Option<()> {
        for (x, sums) in x.into_iter().zip(sums) {
            Self::rows(x, w, stride, sums.get_mut(..n)?)?;
        }
        Some(())
    }

    /// As [`simd::nine`]; `None` if the form has no such way.
    #[inline]
    fn nine(
        _x: &[i8],
        _taps: &Nine,
        _first: usize,
        _w: &[i8],
        _stride: usize,
        _sums: &mut [i32],
    ) -> Option<()> {
        None
    }

    /// Makes sum `k` the products of element `k` of each tap with element `k` of the tap's row of `w`; rows begin `stride`
    /// apart. `None` if `w` is too short.
    fn columns<const N: usize>(
        taps: &[&[i8; N]],
        w: &[i8],
        stride: usize,
        sums: &mut [i32; N],
    ) -> Option<()>;
}

/// Pairs of half-words: Cortex-M4 and M7.
#[derive(Debug)]
pub(super) struct Pairs;

impl Steps for Pairs {
    #[inline(always)]
    fn high_mul(a: i32, b: i32) -> i32 {
        simd::high_mul(a, b)
    }

    #[inline(always)]
    fn high_mul_small(a: i32, b: i32) -> i32 {
        simd::high_mul_small(a, b)
    }

    #[inline(always)]
    fn shift_right(v: i32, n: u32) -> i32 {
        simd::shift_right(v, n)
    }
}

impl Form for Pairs {
    const GROUP: usize = GROUP;
    const BRANCHES: bool = true;
    const UNALIGNED: bool = true;

    #[inline]
    fn rows(x: &[i8], w: &[i8], stride: usize, sums: &mut [i32]) -> Option<()> {
        by_groups(x, w, stride, sums)
    }

    const PAIRS: bool = true;

    #[inline]
    fn rows_two(
        x: [&[i8]; 2],
        w: &[i8],
        stride: usize,
        n: usize,
        sums: &mut [[i32; SECTION]; 2],
    ) -> Option<()> {
        two_by_groups(x, w, stride, n, sums)
    }

    #[inline]
    fn nine(
        x: &[i8],
        taps: &Nine,
        first: usize,
        w: &[i8],
        stride: usize,
        sums: &mut [i32],
    ) -> Option<()> {
        simd::nine(x, taps, first, w, stride, sums)
    }

    #[inline]
    fn columns<const N: usize>(
        taps: &[&[i8; N]],
        w: &[i8],
        stride: usize,
        sums: &mut [i32; N],
    ) -> Option<()> {
        simd::columns(taps, w, stride, sums)
    }
}

/// Leaves whole groups of four rows to the assembly and adds the rest.
fn by_groups(x: &[i8], w: &[i8], stride: usize, sums: &mut [i32]) -> Option<()> {
    let (groups, tail) = x.as_chunks::<GROUP>();
    let (fours, singles) = sums.as_chunks_mut::<4>();
    simd::rows(groups, w, stride, fours)?;
    let done = x.len().wrapping_sub(tail.len());
    if !tail.is_empty() {
        dot::rows(tail, w.get(done..)?, stride, fours.as_flattened_mut())?;
    }
    if singles.is_empty() {
        return Some(());
    }
    let first = fours.as_flattened().len().wrapping_mul(stride);
    dot::rows(x, w.get(first..)?, stride, singles)
}

/// Leaves whole groups of two rows to the assembly, for both vectors at once, and adds the rest.
fn two_by_groups(
    x: [&[i8]; 2],
    w: &[i8],
    stride: usize,
    n: usize,
    sums: &mut [[i32; SECTION]; 2],
) -> Option<()> {
    let [(groups, tail), (more_groups, more_tail)] = x.map(|x| x.as_chunks::<GROUP>());
    let done = groups.as_flattened().len();
    let even = n & !1;
    simd::rows_two([groups, more_groups], w, stride, even, sums)?;
    if tail.is_empty() && even == n {
        return Some(());
    }
    for ((x, tail), sums) in x.into_iter().zip([tail, more_tail]).zip(sums) {
        let (pairs, single) = sums.get_mut(..n)?.split_at_mut_checked(even)?;
        if !tail.is_empty() {
            dot::rows(tail, w.get(done..)?, stride, pairs)?;
        }
        if !single.is_empty() {
            dot::rows(x, w.get(even.wrapping_mul(stride)..)?, stride, single)?;
        }
    }
    Some(())
}

/// One element at a time: Cortex-M0+ and small RISC-V cores.
#[derive(Debug)]
pub(super) struct Single;

impl Steps for Single {
    #[inline(always)]
    fn high_mul(a: i32, b: i32) -> i32 {
        // RISC-V with multiplication has the upper word, ARMv6-M has not.
        if cfg!(any(target_arch = "riscv32", target_arch = "riscv64")) {
            high_mul_wide(a, b)
        } else {
            high_mul_halves(a, b)
        }
    }

    #[inline(always)]
    fn shift_right(v: i32, n: u32) -> i32 {
        v >> n.min(31)
    }
}

impl Form for Single {
    const GROUP: usize = if cfg!(kits_thumb1) { GROUP } else { 1 };
    const BRANCHES: bool = true;
    const UNALIGNED: bool = false;
    const LISTS: bool = true;

    #[inline]
    fn rows(x: &[i8], w: &[i8], stride: usize, sums: &mut [i32]) -> Option<()> {
        if cfg!(kits_thumb1) {
            return by_groups(x, w, stride, sums);
        }
        dot::rows(x, w, stride, sums)
    }

    #[inline]
    fn nine(
        x: &[i8],
        taps: &Nine,
        first: usize,
        w: &[i8],
        stride: usize,
        sums: &mut [i32],
    ) -> Option<()> {
        // Tests run what stands for the instructions of a processor.
        if cfg!(any(kits_thumb1, test)) { simd::nine(x, taps, first, w, stride, sums) } else { None }
    }

    #[inline]
    fn columns<const N: usize>(
        taps: &[&[i8; N]],
        w: &[i8],
        stride: usize,
        sums: &mut [i32; N],
    ) -> Option<()> {
        if cfg!(kits_thumb1) {
            return simd::columns(taps, w, stride, sums);
        }
        dot::columns::<N, 4>(taps, w, stride, sums)
    }
}

/// Vectors with sums across lanes in one instruction: Cortex-M55.
#[derive(Debug)]
pub(super) struct Across;

impl Steps for Across {
    #[inline(always)]
    fn high_mul(a: i32, b: i32) -> i32 {
        high_mul_halves(a, b)
    }

    #[inline(always)]
    fn shift_right(v: i32, n: u32) -> i32 {
        v >> n.min(31)
    }
}

impl Form for Across {
    const GROUP: usize = 1;
    const BRANCHES: bool = false;
    const UNALIGNED: bool = false;
    const VECTORS: bool = true;

    #[inline]
    fn rows(x: &[i8], w: &[i8], stride: usize, sums: &mut [i32]) -> Option<()> {
        simd::mve::multiply(x, w, stride, sums)
    }

    #[inline]
    fn columns<const N: usize>(
        taps: &[&[i8; N]],
        w: &[i8],
        stride: usize,
        sums: &mut [i32; N],
    ) -> Option<()> {
        dot::columns::<N, 16>(taps, w, stride, sums)
    }
}

/// Vectors with a sum per lane: desktop processors and the large Arm cores.
#[derive(Debug)]
pub(super) struct Lanes;

impl Steps for Lanes {
    #[inline(always)]
    fn high_mul(a: i32, b: i32) -> i32 {
        high_mul_wide(a, b)
    }

    #[inline(always)]
    fn shift_right(v: i32, n: u32) -> i32 {
        v >> n.min(31)
    }
}

impl Form for Lanes {
    const GROUP: usize = model::GROUP;
    const BRANCHES: bool = false;
    const UNALIGNED: bool = true;

    #[inline]
    fn rows(x: &[i8], w: &[i8], stride: usize, sums: &mut [i32]) -> Option<()> {
        let mut at = 0_usize;
        for sum in sums {
            *sum = sum.wrapping_add(dot::lanes(x, crate::ops::place::run(w, at, x.len())?));
            at = at.wrapping_add(stride);
        }
        Some(())
    }

    #[inline]
    fn columns<const N: usize>(
        taps: &[&[i8; N]],
        w: &[i8],
        stride: usize,
        sums: &mut [i32; N],
    ) -> Option<()> {
        dot::columns::<N, 16>(taps, w, stride, sums)
    }
}

/// The form of this build.
#[cfg(kits_dsp)]
pub(super) type Native = Pairs;
/// The form of this build.
#[cfg(kits_mve)]
pub(super) type Native = Across;
/// The form of this build.
#[cfg(all(
    not(kits_dsp),
    not(kits_mve),
    any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64")
))]
pub(super) type Native = Lanes;
/// The form of this build.
#[cfg(not(any(
    kits_dsp,
    kits_mve,
    target_arch = "x86_64",
    target_arch = "x86",
    target_arch = "aarch64"
)))]
pub(super) type Native = Single;
