//! Cortex-M4 and M7: loops on pairs of half-words.
//!
//! The text of a loop is a macro, one instruction a line; `unsafe` is only what ties it to slices.

#![expect(unsafe_code, reason = "instructions on pairs of half-words")]

pub(super) use super::twin::{bytes, list, listed};
use super::{Nine, SECTION};
use core::arch::asm;

/// Splits the four bytes of a word: elements 0 and 2, and elements 1 and 3, which may stay in the word's register.
macro_rules! halves {
    ($word:literal => $even:literal, $odd:literal) => {
        concat!(
            "sxtb16 ", $even, ", ", $word, "\n",
            "sxtb16 ", $odd, ", ", $word, ", ror #8\n",
        )
    };
}

/// Multiplies a word of a row with the elements in `e` and `o`, and adds the products to a sum.
macro_rules! row {
    ($at:literal, $sum:literal) => {
        concat!(
            "ldr {r}, ", $at, "\n",
            "sxtb16 {t}, {r}\n",
            "smlad ", $sum, ", {e}, {t}, ", $sum, "\n",
            "sxtb16 {t}, {r}, ror #8\n",
            "smlad ", $sum, ", {o}, {t}, ", $sum, "\n",
        )
    };
}

/// Multiplies a word of a vector with those of two rows, split into `e` and `o`, `q` and `p`.
macro_rules! vector {
    ($at:literal, $first:literal, $second:literal) => {
        concat!(
            "ldr r7, ", $at, "\n",
            halves!("r7" => "{z}", "r7"),
            "smlad ", $first, ", {z}, {e}, ", $first, "\n",
            "smlad ", $second, ", {z}, {q}, ", $second, "\n",
            "smlad ", $first, ", r7, {o}, ", $first, "\n",
            "smlad ", $second, ", r7, {p}, ", $second, "\n",
        )
    };
}

/// Multiplies a word of a tap with the word of the tap's row at `w`, element by element.
macro_rules! tap {
    ($at:literal) => {
        concat!(
            "ldr {x}, [{p}], #4\n",
            "ldr {r}, [{w}]\n",
            "ldr {x}, ", $at, "\n",
            "add {w}, {s}\n",
            "sxtb16 {t}, {x}\n",
            "sxtb16 {u}, {r}\n",
            "smlabb {a}, {t}, {u}, {a}\n",
            "smlatt {c}, {t}, {u}, {c}\n",
            "sxtb16 {t}, {x}, ror #8\n",
            "sxtb16 {u}, {r}, ror #8\n",
            "smlabb {b}, {t}, {u}, {b}\n",
            "smlatt {d}, {t}, {u}, {d}\n",
        )
    };
}

/// Four dot products, two words at a time. `w` and `v` run along the first and the third row.
macro_rules! rows {
    () => {
        concat!(
            "2:\n",
            ".rept 2\n",
            "ldr {o}, [{x}], #4\n",
            halves!("{o}" => "{e}", "{o}"),
            row!("[{w}, {s}]", "{b}"),
            row!("[{w}], #4", "{a}"),
            row!("[{v}, {s}]", "{d}"),
            row!("[{v}], #4", "{c}"),
            ".endr\n",
            "cmp {x}, {z}\n",
            "bne 2b\n",
        )
    };
}

/// Dot products of two vectors with two rows at a time, two words at a time. There are fewer registers than needed: what the inner
/// loop leaves alone is on the stack, and so is `r7`, which holds the frame on these targets and is no operand.
macro_rules! rows_two {
    () => {
        concat!(
            "sub sp, #24\n",
            "str r7, [sp]\n",
            "str {x}, [sp, #4]\n",
            "str {z}, [sp, #8]\n",
            "str {o}, [sp, #12]\n",
            "str {p}, [sp, #16]\n",
            "str {q}, [sp, #20]\n",
            "3:\n",
            "ldr {o}, [sp, #12]\n",
            "ldrd {a}, {b}, [{o}]\n",
            "ldrd {c}, {d}, [{o}, #{far}]\n",
            "ldr {x}, [sp, #4]\n",
            "2:\n",
            ".rept 2\n",
            "ldr {p}, [{w}, {s}]\n",
            "ldr {o}, [{w}], #4\n",
            halves!("{p}" => "{q}", "{p}"),
            halves!("{o}" => "{e}", "{o}"),
            vector!("[{x}, {y}]", "{c}", "{d}"),
            vector!("[{x}], #4", "{a}", "{b}"),
            ".endr\n",
            "ldr {z}, [sp, #8]\n",
            "cmp {x}, {z}\n",
            "bne 2b\n",
            "ldr {o}, [sp, #12]\n",
            "ldrd {p}, {q}, [sp, #16]\n",
            "strd {c}, {d}, [{o}, #{far}]\n",
            "strd {a}, {b}, [{o}], #8\n",
            "str {o}, [sp, #12]\n",
            "add {w}, {q}\n", // two rows on, and back to their begin
            "cmp {o}, {p}\n",
            "bne 3b\n",
            "ldr r7, [sp]\n",
            "add sp, #24\n",
        )
    };
}

/// Four sums over taps, whose addresses are at `p`.
macro_rules! columns {
    () => {
        concat!(
            "2:\n",
            tap!("[{x}, {k}]"),
            "cmp {p}, {z}\n",
            "bne 2b\n",
        )
    };
}

/// Four sums at a time over nine taps, whose positions are at `p`. On the stack: where the sums go and end, `p`, and `w`.
macro_rules! nine {
    () => {
        concat!(
            "sub sp, #16\n",
            "str {a}, [sp]\n",
            "str {b}, [sp, #4]\n",
            "str {p}, [sp, #8]\n",
            "3:\n",
            "movs {a}, #0\n",
            "movs {b}, #0\n",
            "movs {c}, #0\n",
            "movs {d}, #0\n",
            "str {w}, [sp, #12]\n",
            "2:\n",
            ".rept 3\n",
            tap!("[{i}, {x}]"),
            ".endr\n",
            "cmp {p}, {z}\n",
            "bne 2b\n",
            "ldrd {x}, {r}, [sp]\n",
            "ldrd {p}, {w}, [sp, #8]\n",
            "adds {i}, #4\n",
            "adds {w}, #4\n",
            "strd {a}, {b}, [{x}]\n",
            "strd {c}, {d}, [{x}, #8]\n",
            "adds {x}, #16\n",
            "str {x}, [sp]\n",
            "cmp {x}, {r}\n",
            "bne 3b\n",
            "add sp, #16\n",
        )
    };
}

/// Five instructions for four products, and one for a word of `x`. Its thirteen registers are all there are.
#[inline(never)]
#[rustfmt::skip]
pub(super) fn rows(x: &[[i8; 8]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
    let x = x.as_flattened().as_ptr_range();
    let mut w = w.as_ptr();
    for [a, b, c, d] in sums {
        let v = w.wrapping_add(stride.wrapping_mul(2));
        // SAFETY: the loop reads words from `x.start` to `x.end`, which is not empty, and as many bytes from `w` and the three rows
        // behind it, all inside the slice that the caller measured. These cores load words from any address.
        unsafe { asm!(rows!(), x = inout(reg) x.start => _, z = in(reg) x.end, w = inout(reg) w => _, v = inout(reg) v => _, s = in(reg) stride,
            a = inout(reg) *a, b = inout(reg) *b, c = inout(reg) *c, d = inout(reg) *d, e = out(reg) _, o = out(reg) _, r = out(reg) _, t = out(reg) _,
            options(pure, readonly, nostack)); }
        w = w.wrapping_add(stride.wrapping_mul(4));
    }
    Some(())
}

/// Twenty instructions for sixteen products.
#[inline(never)]
#[rustfmt::skip]
pub(super) fn rows_two(
    [x, y]: [&[[i8; 8]]; 2],
    w: &[i8],
    stride: usize,
    n: usize,
    sums: &mut [[i32; SECTION]; 2],
) -> Option<()> {
    let (x, y) = (x.as_flattened().as_ptr_range(), y.as_flattened().as_ptr());
    let apart = y.addr().wrapping_sub(x.start.addr());
    let len = x.end.addr().wrapping_sub(x.start.addr());
    let on = stride.wrapping_mul(2).wrapping_sub(len);
    let sums = sums.as_flattened_mut().as_mut_ptr();
    // SAFETY: the inner loop reads words from `x.start` to `x.end`, which is not empty, and as many bytes from `y`, which is as long,
    // from `w` and from the row behind it, all inside the slice that the caller measured; these cores load words from any address. The
    // outer one adds to two sums of each array, from the first to the `n`th: `n` is even, not 0, and at most `SECTION`.
    unsafe { asm!(rows_two!(), x = inout(reg) x.start => _, z = inout(reg) x.end => _, y = in(reg) apart, w = inout(reg) w.as_ptr() => _, s = in(reg) stride,
        a = out(reg) _, b = out(reg) _, c = out(reg) _, d = out(reg) _, e = out(reg) _, o = inout(reg) sums => _, p = inout(reg) sums.wrapping_add(n) => _,
        q = inout(reg) on => _, far = const SECTION * 4); }
    Some(())
}

/// Fourteen instructions for four products of a tap.
#[inline(never)]
#[rustfmt::skip]
pub(super) fn columns<const N: usize>(
    taps: &[&[i8; N]],
    w: &[i8],
    stride: usize,
    sums: &mut [[i32; 4]],
) -> Option<()> {
    let taps = taps.as_ptr_range();
    let mut at = 0_usize;
    for [a, b, c, d] in sums {
        let w = w.as_ptr().wrapping_add(at);
        // SAFETY: a reference to an array is its address: the loop reads one of each tap, then a word of that array and of the row of
        // `w` at `at`, which is at most `N - 4`. There is at least one tap, and the caller measured `w`.
        unsafe { asm!(columns!(), p = inout(reg) taps.start => _, z = in(reg) taps.end, k = in(reg) at, w = inout(reg) w => _, s = in(reg) stride,
            a = inout(reg) 0 => *a, b = inout(reg) 0 => *b, c = inout(reg) 0 => *c, d = inout(reg) 0 => *d, x = out(reg) _, r = out(reg) _, t = out(reg) _,
            u = out(reg) _, options(pure, readonly, nostack)); }
        at = at.wrapping_add(4);
    }
    Some(())
}

/// Twelve instructions for four products, without those of the loops.
#[inline(never)]
#[rustfmt::skip]
pub(super) fn nine(
    x: &[i8],
    taps: &Nine,
    w: &[i8],
    stride: usize,
    sums: &mut [[i32; 4]],
) -> Option<()> {
    let sums = sums.as_flattened_mut().as_mut_ptr_range();
    let at = taps.at.as_ptr_range();
    // SAFETY: the inner loop reads a word of `x` at each of nine places and a word of each of nine rows of `w`, the outer one moves all of
    // them on by a word for each four sums: as far as the caller measured both. There is at least one sum.
    unsafe { asm!(nine!(), p = inout(reg) at.start => _, z = in(reg) at.end, i = inout(reg) x.as_ptr() => _, w = inout(reg) w.as_ptr() => _, s = in(reg) stride,
        a = inout(reg) sums.start => _, b = inout(reg) sums.end => _, c = out(reg) _, d = out(reg) _, x = out(reg) _, r = out(reg) _, t = out(reg) _, u = out(reg) _); }
    Some(())
}

/// Doubles the factor, so that the upper word of the product, rounded, is the result.
#[inline(always)]
#[rustfmt::skip]
pub(super) fn high_mul_small(a: i32, b: i32) -> i32 {
    let high;
    // SAFETY: reads two registers and writes one.
    unsafe { asm!("smmulr {}, {}, {}", lateout(reg) high, in(reg) a.wrapping_add(a), in(reg) b, options(pure, nomem, nostack, preserves_flags)) };
    high
}

/// The shift is the low byte of `n`, and from 32 on only the sign is left.
#[inline(always)]
#[rustfmt::skip]
pub(super) fn shift_right(v: i32, n: u32) -> i32 {
    let shifted;
    // SAFETY: reads two registers and writes one.
    unsafe { asm!("asr {}, {}, {}", lateout(reg) shifted, in(reg) v, in(reg) n, options(pure, nomem, nostack, preserves_flags)) };
    shifted
}
