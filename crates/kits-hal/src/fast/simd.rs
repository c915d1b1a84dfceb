//! Inline assembly for the cores whose instructions or registers stable Rust cannot reach: the only `unsafe` code of the crate.
//!
//! Cortex-M4 and M7 multiply pairs of half-words (`smlad`), for which there are no stable intrinsics; on Cortex-M0 compilers
//! leave the high registers unused, and sums do not fit into the others. A few loops and two instructions are written out.
//! Every function has a twin in plain Rust, which is what all other targets use, and which tests hold against the definition;
//! on the emulated cores the instructions are held against the plain kernels.

use super::{
    dot,
    finish::{SECTION, words},
    rescale,
};

#[cfg_attr(not(test), allow(dead_code, reason = "each build uses one form of several"))]
pub(super) mod mve;

/// Elements that [`rows`] takes at once.
pub(super) const GROUP: usize = if cfg!(kits_thumb1) { 4 } else { 8 };

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
    let needed = stride.checked_mul(last)?.checked_add(x.as_flattened().len())?;
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
        let needed = stride.checked_mul(taps.len().wrapping_sub(1))?.checked_add(N)?;
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
}

impl Nine {
    pub(super) fn new(at: [usize; 9]) -> Self {
        let last = at.iter().fold(0, |last: usize, &at| last.max(at));
        Self { at, last }
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
    let w = w.get(..stride.checked_mul(8)?.checked_add(n)?)?;
    imp::nine(x.get(first..)?, taps, w, stride, fours)
}

/// Writes the first outputs for their sums, bias and multipliers, and shifts, and returns how many: all of an even number, unless a
/// sum with its bias is not in `-2^30..2^30` or a shift is not to the right.
///
/// `None` if the processor cannot read the words where they are.
#[inline]
pub(super) fn bytes(
    sums: &[i32],
    [bias, multipliers]: [&[[u8; 4]]; 2],
    shifts: &[u8],
    zero: i32,
    out: &mut [i8],
) -> Option<usize> {
    let n = out.len() & !1;
    let (sums, shifts, out) = (sums.get(..n)?, shifts.get(..n)?, out.get_mut(..n)?);
    let (bias, multipliers) = (bias.get(..n)?, multipliers.get(..n)?);
    if cfg!(kits_thumb1) {
        let _: [&[i32]; 2] = [words(bias)?, words(multipliers)?];
    }
    Some(if n == 0 { 0 } else { imp::bytes(sums, [bias, multipliers], shifts, zero, out) })
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

#[cfg(kits_dsp)]
#[expect(unsafe_code, reason = "instructions on pairs of half-words")]
mod imp {
    pub(super) use super::twin::bytes;
    use super::{Nine, SECTION};
    use core::arch::asm;

    /// Five instructions for four products, and one for a word of `x`. Its thirteen registers are all there are.
    #[inline(never)]
    pub(super) fn rows(x: &[[i8; 8]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
        let x = x.as_flattened().as_ptr_range();
        let mut w = w.as_ptr();
        for [a, b, c, d] in sums {
            // SAFETY: the loop reads words from `x.start` to `x.end`, which is not empty, and as many bytes from `w` and the three rows
            // behind it, all inside the slice that the caller measured. These cores load words from any address.
            unsafe { asm!(
                "2:", ".rept 2", "ldr {o}, [{x}], #4", "ldr {r}, [{w}, {s}]", "sxtb16 {e}, {o}", "sxtb16 {o}, {o}, ror #8", "sxtb16 {t}, {r}", "smlad {b}, {e}, {t}, {b}",
                "sxtb16 {t}, {r}, ror #8", "smlad {b}, {o}, {t}, {b}", "ldr {r}, [{w}], #4", "sxtb16 {t}, {r}", "smlad {a}, {e}, {t}, {a}", "sxtb16 {t}, {r}, ror #8", "smlad {a}, {o}, {t}, {a}",
                "ldr {r}, [{v}, {s}]", "sxtb16 {t}, {r}", "smlad {d}, {e}, {t}, {d}", "sxtb16 {t}, {r}, ror #8", "smlad {d}, {o}, {t}, {d}", "ldr {r}, [{v}], #4", "sxtb16 {t}, {r}",
                "smlad {c}, {e}, {t}, {c}", "sxtb16 {t}, {r}, ror #8", "smlad {c}, {o}, {t}, {c}", ".endr", "cmp {x}, {z}", "bne 2b", x = inout(reg) x.start => _, z = in(reg) x.end,
                w = inout(reg) w => _, v = inout(reg) w.wrapping_add(stride.wrapping_mul(2)) => _, s = in(reg) stride, a = inout(reg) *a, b = inout(reg) *b, c = inout(reg) *c, d = inout(reg) *d,
                e = out(reg) _, o = out(reg) _, r = out(reg) _, t = out(reg) _, options(pure, readonly, nostack)
            ) };
            w = w.wrapping_add(stride.wrapping_mul(4));
        }
        Some(())
    }

    /// Twenty instructions for sixteen products. There are fewer registers than needed: what the inner loop leaves alone is on the stack,
    /// and so is `r7`, which holds the frame on these targets and is no operand.
    #[inline(never)]
    pub(super) fn rows_two([x, y]: [&[[i8; 8]]; 2], w: &[i8], stride: usize, n: usize, sums: &mut [[i32; SECTION]; 2]) -> Option<()> {
        let (x, y) = (x.as_flattened().as_ptr_range(), y.as_flattened().as_ptr());
        let len = x.end.addr().wrapping_sub(x.start.addr());
        let sums = sums.as_flattened_mut().as_mut_ptr();
        // SAFETY: the inner loop reads words from `x.start` to `x.end`, which is not empty, and as many bytes from `y`, which is as long,
        // from `w` and from the row behind it, all inside the slice that the caller measured; these cores load words from any address. The
        // outer one adds to two sums of each array, from the first to the `n`th: `n` is even, not 0, and at most `SECTION`.
        unsafe { asm!(
            "sub sp, #24", "str r7, [sp]", "str {x}, [sp, #4]", "str {z}, [sp, #8]", "str {o}, [sp, #12]", "str {p}, [sp, #16]", "str {q}, [sp, #20]", "3:", "ldr {o}, [sp, #12]",
            "ldrd {a}, {b}, [{o}]", "ldrd {c}, {d}, [{o}, #{far}]", "ldr {x}, [sp, #4]", "2:", ".rept 2", "ldr {p}, [{w}, {s}]", "ldr {o}, [{w}], #4", "sxtb16 {q}, {p}", "sxtb16 {p}, {p}, ror #8",
            "sxtb16 {e}, {o}", "sxtb16 {o}, {o}, ror #8", "ldr r7, [{x}, {y}]", "sxtb16 {z}, r7", "sxtb16 r7, r7, ror #8", "smlad {c}, {z}, {e}, {c}", "smlad {d}, {z}, {q}, {d}",
            "smlad {c}, r7, {o}, {c}", "smlad {d}, r7, {p}, {d}", "ldr r7, [{x}], #4", "sxtb16 {z}, r7", "sxtb16 r7, r7, ror #8", "smlad {a}, {z}, {e}, {a}", "smlad {b}, {z}, {q}, {b}",
            "smlad {a}, r7, {o}, {a}", "smlad {b}, r7, {p}, {b}", ".endr", "ldr {z}, [sp, #8]", "cmp {x}, {z}", "bne 2b", "ldr {o}, [sp, #12]", "ldrd {p}, {q}, [sp, #16]",
            "strd {c}, {d}, [{o}, #{far}]", "strd {a}, {b}, [{o}], #8", "str {o}, [sp, #12]", "add {w}, {q}", "cmp {o}, {p}", "bne 3b", "ldr r7, [sp]", "add sp, #24", x = inout(reg) x.start => _,
            z = inout(reg) x.end => _, y = in(reg) y.addr().wrapping_sub(x.start.addr()), w = inout(reg) w.as_ptr() => _, s = in(reg) stride, a = out(reg) _, b = out(reg) _, c = out(reg) _,
            d = out(reg) _, e = out(reg) _, o = inout(reg) sums => _, p = inout(reg) sums.wrapping_add(n) => _, q = inout(reg) stride.wrapping_mul(2).wrapping_sub(len) => _,
            far = const SECTION * 4
        ) };
        Some(())
    }

    /// Fourteen instructions for four products of a tap.
    #[inline(never)]
    pub(super) fn columns<const N: usize>(taps: &[&[i8; N]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
        let taps = taps.as_ptr_range();
        let mut at = 0_usize;
        for [a, b, c, d] in sums {
            // SAFETY: a reference to an array is its address: the loop reads one of each tap, then a word of that array and of the row of
            // `w` at `at`, which is at most `N - 4`. There is at least one tap, and the caller measured `w`.
            unsafe { asm!(
                "2:", "ldr {x}, [{p}], #4", "ldr {r}, [{w}]", "ldr {x}, [{x}, {k}]", "add {w}, {s}", "sxtb16 {t}, {x}", "sxtb16 {u}, {r}", "smlabb {a}, {t}, {u}, {a}", "smlatt {c}, {t}, {u}, {c}",
                "sxtb16 {t}, {x}, ror #8", "sxtb16 {u}, {r}, ror #8", "smlabb {b}, {t}, {u}, {b}", "smlatt {d}, {t}, {u}, {d}", "cmp {p}, {z}", "bne 2b", p = inout(reg) taps.start => _,
                z = in(reg) taps.end, k = in(reg) at, w = inout(reg) w.as_ptr().wrapping_add(at) => _, s = in(reg) stride, a = inout(reg) 0 => *a, b = inout(reg) 0 => *b, c = inout(reg) 0 => *c,
                d = inout(reg) 0 => *d, x = out(reg) _, r = out(reg) _, t = out(reg) _, u = out(reg) _, options(pure, readonly, nostack)
            ) };
            at = at.wrapping_add(4);
        }
        Some(())
    }

    /// Twelve instructions for four products, without those of the loops.
    #[inline(never)]
    pub(super) fn nine(x: &[i8], taps: &Nine, w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
        let sums = sums.as_flattened_mut().as_mut_ptr_range();
        let at = taps.at.as_ptr_range();
        // SAFETY: the inner loop reads a word of `x` at each of nine places and a word of each of nine rows of `w`, the outer one moves all of
        // them on by a word for each four sums: as far as the caller measured both. There is at least one sum.
        unsafe { asm!(
            "sub sp, #16", "str {a}, [sp]", "str {b}, [sp, #4]", "str {p}, [sp, #8]", "3:", "movs {a}, #0", "movs {b}, #0", "movs {c}, #0", "movs {d}, #0", "str {w}, [sp, #12]", "2:", ".rept 3",
            "ldr {x}, [{p}], #4", "ldr {r}, [{w}]", "ldr {x}, [{i}, {x}]", "add {w}, {s}", "sxtb16 {t}, {x}", "sxtb16 {u}, {r}", "smlabb {a}, {t}, {u}, {a}", "smlatt {c}, {t}, {u}, {c}",
            "sxtb16 {t}, {x}, ror #8", "sxtb16 {u}, {r}, ror #8", "smlabb {b}, {t}, {u}, {b}", "smlatt {d}, {t}, {u}, {d}", ".endr", "cmp {p}, {z}", "bne 2b", "ldrd {x}, {r}, [sp]",
            "ldrd {p}, {w}, [sp, #8]", "adds {i}, #4", "adds {w}, #4", "strd {a}, {b}, [{x}]", "strd {c}, {d}, [{x}, #8]", "adds {x}, #16", "str {x}, [sp]", "cmp {x}, {r}", "bne 3b",
            "add sp, #16", p = inout(reg) at.start => _, z = in(reg) at.end, i = inout(reg) x.as_ptr() => _, w = inout(reg) w.as_ptr() => _, s = in(reg) stride, a = inout(reg) sums.start => _,
            b = inout(reg) sums.end => _, c = out(reg) _, d = out(reg) _, x = out(reg) _, r = out(reg) _, t = out(reg) _, u = out(reg) _
        ) };
        Some(())
    }

    /// Doubles the factor, so that the upper word of the product, rounded, is the result.
    #[inline(always)]
    pub(super) fn high_mul_small(a: i32, b: i32) -> i32 {
        let high;
        // SAFETY: reads two registers and writes one.
        unsafe { asm!("smmulr {}, {}, {}", lateout(reg) high, in(reg) a.wrapping_add(a), in(reg) b, options(pure, nomem, nostack, preserves_flags)) };
        high
    }

    #[inline(always)]
    pub(super) fn shift_right(v: i32, n: u32) -> i32 {
        let shifted;
        // SAFETY: reads two registers and writes one; the shift is the low byte of `n`, and from 32 on only the sign is left.
        unsafe { asm!("asr {}, {}, {}", lateout(reg) shifted, in(reg) v, in(reg) n, options(pure, nomem, nostack, preserves_flags)) };
        shifted
    }
}

#[cfg(kits_thumb1)]
#[expect(unsafe_code, reason = "sums in the high registers")]
mod imp {
    use core::arch::asm;

    pub(super) use super::twin::{high_mul_small, nine, rows_two, shift_right};

    /// Some forty instructions for an output. With `a = 2^16·ah + al` and `m = 2^16·mh + ml`, where only `ml` is not signed, `(a·m + 2^30) >> 31` is
    /// `2·ah·mh + ((ah·ml + al·mh + (al·ml >> 16) + 2^14) >> 15)`, and for `|a| <= 2^30` no sum in it leaves the word.
    #[inline(always)]
    pub(super) fn bytes(sums: &[i32], [bias, multipliers]: [&[[u8; 4]]; 2], shifts: &[u8], zero: i32, out: &mut [i8]) -> usize {
        let (bias, multipliers) = (bias.as_ptr().cast::<i8>(), multipliers.as_ptr().addr());
        let apart = |addr: usize, from: usize| core::ptr::without_provenance::<i8>(addr.wrapping_sub(from));
        let from = out.as_mut_ptr_range();
        let behind = apart(shifts.as_ptr().addr(), from.start.addr());
        let twice = core::ptr::without_provenance(zero.wrapping_mul(2).wrapping_add(1).cast_unsigned() as usize);
        let all = [from.end.cast_const(), behind, twice, from.start, bias, sums.as_ptr().cast(), apart(multipliers, bias.addr()), shifts.as_ptr().cast()];
        let end: usize;
        // SAFETY: reads and writes the elements of all five slices in order until `out`, which is not empty, ends; the caller compared the
        // lengths and looked whether all words are aligned. The two registers that operands cannot name are saved on the stack.
        unsafe { asm!(
            "push {{r6, r7}}", "ldmia r0!, {{r1, r2, r3, r4, r5, r6, r7}}", "mov r8, r1", "mov r9, r3", "mov r10, r4", "mov r11, r2", "movs r4, #1", "lsls r4, r4, #14", "mov r12, r4", "2:",
            "ldr r0, [r6]", "ldr r1, [r5]", "adds r0, r0, r1", "adds r1, r0, r0", "bvs 4f", "ldr r1, [r5, r7]", "adds r5, #4", "adds r6, #4", "sxth r2, r0", "subs r0, r0, r2", "asrs r0, r0, #16",
            "lsrs r3, r1, #16", "uxth r1, r1", "mov r4, r2", "muls r4, r3, r4", "muls r2, r1, r2", "asrs r2, r2, #16", "adds r4, r4, r2", "muls r1, r0, r1", "adds r4, r4, r1", "muls r0, r3, r0",
            "add r4, r12", "asrs r4, r4, #15", "lsls r0, r0, #1", "adds r0, r0, r4", "asrs r1, r0, #31", "adds r0, r0, r1", "mov r1, r10", "mov r3, r11", "ldrsb r2, [r1, r3]", "mvns r2, r2",
            "bmi 4f", "asrs r0, r2", "add r0, r9", "asrs r0, r0, #1", "sxtb r2, r0", "cmp r2, r0", "bne 5f", "3:", "strb r2, [r1]", "adds r1, #1", "mov r10, r1", "cmp r1, r8", "bne 2b", "b 4f",
            "5:", "asrs r2, r0, #31", "movs r0, #127", "eors r2, r0", "b 3b", "4:", "mov r0, r10", "pop {{r6, r7}}", inout("r0") all.as_ptr() => end, out("r1") _, out("r2") _, out("r3") _,
            out("r4") _, out("r5") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _
        ) };
        end.wrapping_sub(from.start.addr())
    }

    /// Six and a half instructions for each product.
    #[inline(never)]
    pub(super) fn columns<const N: usize>(
        taps: &[&[i8; N]],
        w: &[i8],
        stride: usize,
        sums: &mut [[i32; 4]],
    ) -> Option<()> {
        let taps = taps.as_ptr_range();
        let mut at = 0_usize;
        for [a, b, c, d] in sums {
            // SAFETY: a reference to an array is its address: the loop reads one of each tap, then four bytes of that array and of the
            // tap's row of `w` from `at` on, which is at most `N - 4`. There is at least one tap, and the caller measured `w`.
            unsafe { asm!(
                "mov r12, r4", "mov lr, r5", "movs r4, #0", "mov r8, r4", "mov r9, r4", "mov r10, r4", "mov r11, r4", "2:", "ldr r3, [r0]", ".irp sum, r8, r9, r10, r11", "ldrsb r4, [r3, r2]",
                "ldrsb r5, [r1, r2]", "muls r5, r4, r5", "add \\sum, r5", "adds r2, #1", ".endr", "subs r2, #4", "add r1, r12", "adds r0, #4", "cmp r0, lr", "bne 2b", "mov r0, r8", "mov r1, r9",
                "mov r2, r10", "mov r3, r11", inout("r0") taps.start => *a, inout("r1") w.as_ptr() => *b, inout("r2") at => *c, out("r3") *d, inout("r4") stride => _, inout("r5") taps.end => _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _, options(pure, readonly, nostack)
            ) };
            at = at.wrapping_add(4);
        }
        Some(())
    }

    /// Three and a half instructions for each product.
    #[inline(never)]
    pub(super) fn rows(x: &[[i8; 4]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
        let x = x.as_flattened();
        let n = x.len();
        let mut end = w.as_ptr().wrapping_add(n);
        for [a, b, c, d] in sums {
            let row = |k: usize| end.wrapping_add(stride.wrapping_mul(k));
            let (p, q, r, s): (i32, i32, i32, i32);
            // SAFETY: the index runs from `-n` to -1 before the ends of `x` and of four rows of `w`, all inside the slices that the caller
            // measured; `n` is a multiple of four and not 0. The two registers that operands cannot name are saved on the stack.
            unsafe { asm!(
                "push {{r6, r7}}", "movs r6, #0", "mov r8, r6", "mov r9, r6", "mov r10, r6", "mov r11, r6", "2:", ".rept 4", "ldrsb r6, [r0, r5]", "ldrsb r7, [r1, r5]", "muls r7, r6, r7",
                "add r8, r7", "ldrsb r7, [r2, r5]", "muls r7, r6, r7", "add r9, r7", "ldrsb r7, [r3, r5]", "muls r7, r6, r7", "add r10, r7", "ldrsb r7, [r4, r5]", "muls r7, r6, r7", "add r11, r7",
                "adds r5, #1", ".endr", "bne 2b", "mov r0, r8", "mov r1, r9", "mov r2, r10", "mov r3, r11", "pop {{r6, r7}}", inout("r0") x.as_ptr().wrapping_add(n) => p, inout("r1") row(0) => q,
                inout("r2") row(1) => r, inout("r3") row(2) => s, inout("r4") row(3) => _, inout("r5") n.wrapping_neg() => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _,
                options(pure, readonly)
            ) };
            (*a, *b) = (a.wrapping_add(p), b.wrapping_add(q));
            (*c, *d) = (c.wrapping_add(r), d.wrapping_add(s));
            end = row(4);
        }
        Some(())
    }
}

#[cfg(not(any(kits_dsp, kits_thumb1)))]
use twin as imp;

/// The same in plain Rust.
#[cfg_attr(
    any(kits_dsp, kits_thumb1),
    allow(dead_code, reason = "what the assembly of this target stands for")
)]
mod twin {
    use super::{GROUP, Nine, SECTION, dot, rescale};

    pub(super) fn rows(
        x: &[[i8; GROUP]],
        w: &[i8],
        stride: usize,
        sums: &mut [[i32; 4]],
    ) -> Option<()> {
        let (x, mut at) = (x.as_flattened(), 0_usize);
        for sum in sums.as_flattened_mut() {
            *sum = sum.wrapping_add(dot::plain(x, w.get(at..)?));
            at = at.wrapping_add(stride);
        }
        Some(())
    }

    pub(super) fn bytes(
        sums: &[i32],
        [bias, multipliers]: [&[[u8; 4]]; 2],
        shifts: &[u8],
        zero: i32,
        out: &mut [i8],
    ) -> usize {
        let words = bias.iter().zip(multipliers).zip(shifts);
        for (i, ((out, sum), ((bias, m), s))) in out.iter_mut().zip(sums).zip(words).enumerate() {
            let acc = sum.wrapping_add(i32::from_le_bytes(*bias));
            if acc.checked_add(acc).is_none() || *s < 0x80 {
                return i;
            }
            let high = high_mul_small(acc, i32::from_le_bytes(*m));
            let half = shift_right(high.wrapping_add(high >> 31), u32::from(!s)).wrapping_add(1);
            let value = (half >> 1).wrapping_add(zero).clamp(-128, 127);
            *out = value.to_le_bytes()[0].cast_signed();
        }
        out.len()
    }

    pub(super) fn nine(
        x: &[i8],
        taps: &Nine,
        w: &[i8],
        stride: usize,
        sums: &mut [[i32; 4]],
    ) -> Option<()> {
        // Slower than other ways: only tests call it.
        for (k, sum) in sums.as_flattened_mut().iter_mut().enumerate() {
            *sum = 0;
            for (t, at) in taps.at.iter().enumerate() {
                let x: i32 = (*x.get(at.checked_add(k)?)?).into();
                let w: i32 = (*w.get(t.checked_mul(stride)?.checked_add(k)?)?).into();
                *sum = sum.wrapping_add(x.wrapping_mul(w));
            }
        }
        Some(())
    }

    pub(super) fn rows_two(
        x: [&[[i8; GROUP]]; 2],
        w: &[i8],
        stride: usize,
        n: usize,
        sums: &mut [[i32; SECTION]; 2],
    ) -> Option<()> {
        for (x, sums) in x.into_iter().zip(sums) {
            let x = x.as_flattened();
            let mut at = 0_usize;
            for sum in sums.get_mut(..n)? {
                *sum = sum.wrapping_add(dot::plain(x, w.get(at..)?));
                at = at.wrapping_add(stride);
            }
        }
        Some(())
    }

    #[inline(always)]
    pub(super) fn high_mul_small(a: i32, b: i32) -> i32 {
        rescale::high_mul_wide(a, b)
    }

    #[inline(always)]
    pub(super) fn shift_right(v: i32, n: u32) -> i32 {
        v >> n.min(31)
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "indices of a test")]
mod tests {
    use super::*;

    fn ramp(n: usize, step: usize) -> Vec<i8> {
        (0..n).map(|i| (i * step + 77).to_le_bytes()[0].cast_signed()).collect()
    }

    fn product(x: i8, w: i8) -> i32 {
        i32::from(x) * i32::from(w)
    }

    #[test]
    fn rows_agree_with_the_definition() {
        for groups in 0..9 {
            for channels in [0, 4, 8] {
                for stride in [1, 3, 4, 7, 40] {
                    let n = groups * GROUP;
                    let x = ramp(n, 37);
                    let w = ramp(stride * channels + n, 203);
                    let mut sums = vec![[7; 4]; channels / 4];
                    rows(x.as_chunks().0, &w, stride, &mut sums).expect("long enough");
                    for (k, &sum) in sums.as_flattened().iter().enumerate() {
                        let expected: i32 =
                            (0..n).map(|i| product(x[i], w[k * stride + i])).sum();
                        assert_eq!(sum, 7 + expected, "{groups} groups, row {k}, stride {stride}");
                    }
                    if n > 0 && channels > 0 {
                        let short = &w[..stride * (channels - 1) + n - 1];
                        assert!(rows(x.as_chunks().0, short, stride, &mut sums).is_none());
                    }
                }
            }
        }
    }

    #[test]
    fn two_vectors_agree_with_the_definition() {
        for groups in 0..5 {
            for n in [0, 2, 4, SECTION] {
                for stride in [1, 4, 40] {
                    let len = groups * GROUP;
                    let (x, y) = (ramp(len, 37), ramp(len + GROUP, 51));
                    let w = ramp(stride * n + len, 203);
                    let mut sums = [[7; SECTION]; 2];
                    let both = [x.as_chunks().0, y.as_chunks().0];
                    rows_two(both, &w, stride, n, &mut sums).expect("long enough");
                    for (x, sums) in [&x, &y].into_iter().zip(sums) {
                        for (k, &sum) in sums.iter().enumerate() {
                            let all = if k < n { len } else { 0 };
                            let expected: i32 =
                                (0..all).map(|i| product(x[i], w[k * stride + i])).sum();
                            assert_eq!(sum, 7 + expected, "{len} elements, row {k} of {n}");
                        }
                    }
                    if len > 0 && n > 0 {
                        let short = &w[..stride * (n - 1) + len - 1];
                        assert!(rows_two(both, short, stride, n, &mut sums).is_none());
                        let long = ramp(stride * n + stride + len, 203);
                        assert!(rows_two(both, &long, stride, n + 1, &mut sums).is_none(), "odd");
                    }
                }
            }
        }
    }

    #[test]
    fn nine_taps_agree_with_the_definition() {
        let x = ramp(300, 91);
        let at = [0, 8, 16, 100, 108, 116, 200, 208, 216];
        let taps = Nine::new(at);
        for n in [4, 8, 32] {
            for first in [0, 3, 40] {
                let stride = n + 1;
                let w = ramp(stride * 8 + n, 203);
                let mut sums = vec![-3; n]; // must not count
                nine(&x, &taps, first, &w, stride, &mut sums).expect("long enough");
                for (k, &sum) in sums.iter().enumerate() {
                    let expected: i32 = at
                        .iter()
                        .enumerate()
                        .map(|(t, at)| product(x[first + at + k], w[t * stride + k]))
                        .sum();
                    assert_eq!(sum, expected, "column {k} of {n} from {first}");
                }
                let short = &x[..216 + first + n - 1];
                assert!(nine(short, &taps, first, &w, stride, &mut sums).is_none());
                assert!(nine(&x, &taps, first, &w[1..], stride, &mut sums).is_none());
                assert!(nine(&x, &taps, first, &w, stride, &mut sums[1..]).is_none());
            }
        }
        let outside = Nine::new([usize::MAX; 9]);
        assert!(nine(&x, &outside, 1, &ramp(99, 1), 8, &mut [0; 4]).is_none());
    }

    #[test]
    fn bytes_agree_with_the_definition_up_to_what_they_leave() {
        let shifts = [0xff, 0xfe, 0xf8, 0xf4, 0xe1, 0x80, 0xf8, 0xf8];
        let sums = [0, 1, -1, 300_000, -70_000, (1 << 30) - 1, -(1 << 30), 12_345];
        let bias = [0, 5, -5, 40_000, -1, 0, 0, -999].map(|v: i32| v.to_le_bytes());
        let multipliers: [i32; 8] =
            [1 << 30, i32::MAX, 0x5a82_799a, 1 << 30, 0x4000_ffff, i32::MAX, i32::MAX, 0x7fff_8000];
        let m = multipliers.map(i32::to_le_bytes);
        for zero in [-128, -3, 0, 127] {
            let mut out = [99; 9];
            let n = bytes(&sums, [&bias, &m], &shifts, zero, &mut out[..8]).expect("aligned");
            assert_eq!((n, out[8]), (8, 99));
            for (i, &byte) in out[..8].iter().enumerate() {
                let acc = sums[i] + i32::from_le_bytes(bias[i]);
                let shift = i32::from(shifts[i].cast_signed());
                let value = crate::fixed::requant(acc, multipliers[i], shift) + zero;
                assert_eq!(i32::from(byte), value.clamp(-128, 127), "output {i}, zero {zero}");
            }
        }
        let mut out = [0; 8];
        let mut large = sums;
        large[3] = 1 << 30;
        assert_eq!(bytes(&large, [&bias, &m], &shifts, 0, &mut out), Some(3));
        let mut left = shifts;
        left[5] = 0;
        assert_eq!(bytes(&sums, [&bias, &m], &left, 0, &mut out), Some(5));
        assert_eq!(bytes(&sums[1..], [&bias, &m], &shifts, 0, &mut out), None);
    }

    #[test]
    fn columns_agree_with_the_definition() {
        let x = ramp(500, 91);
        for taps in 0..12 {
            for stride in [1, 8, 9, 30] {
                let w = ramp(stride * taps + 8, 203);
                let inputs: Vec<&[i8; 8]> =
                    (0..taps).map(|t| x[t * 17..].first_chunk().expect("long enough")).collect();
                let mut sums = [-3; 8]; // must not count
                columns(&inputs, &w, stride, &mut sums).expect("long enough");
                for (k, &sum) in sums.iter().enumerate() {
                    let expected: i32 =
                        (0..taps).map(|t| product(inputs[t][k], w[t * stride + k])).sum();
                    assert_eq!(sum, expected, "{taps} taps, column {k}, stride {stride}");
                }
                if taps > 0 {
                    let short = &w[..stride * (taps - 1) + 7];
                    assert!(columns(&inputs, short, stride, &mut sums).is_none());
                }
            }
        }
    }

    #[test]
    fn long_shifts_leave_the_sign() {
        for v in [i32::MIN, -5, -1, 0, 1, 5, i32::MAX] {
            for n in 0..256 {
                let expected = i64::from(v) >> n.min(63);
                assert_eq!(i64::from(shift_right(v, n)), expected, "{v} >> {n}");
            }
        }
    }
}
