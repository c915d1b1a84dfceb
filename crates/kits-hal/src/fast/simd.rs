//! Inline assembly for the cores whose instructions or registers stable Rust cannot reach: the only `unsafe` code of the crate.
//!
//! Cortex-M4 and M7 multiply pairs of half-words (`smlad`), for which there are no stable intrinsics; on Cortex-M0 compilers
//! leave the high registers unused, and sums do not fit into the others. Two loops and two instructions are written out.
//! Every function has a twin in plain Rust, which is what all other targets use, and which tests hold against the definition;
//! on the emulated cores the instructions are held against the plain kernels.

use super::{dot, rescale};

/// Elements that [`rows`] takes at once.
pub(super) const GROUP: usize = if cfg!(kits_thumb1) { 2 } else { 8 };

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
    use core::arch::asm;

    /// Five instructions for four products, and one for a word of `x`. Its thirteen registers are all there are.
    #[inline(never)]
    pub(super) fn rows(x: &[[i8; 8]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
        let x = x.as_flattened().as_ptr_range();
        let mut w = w.as_ptr();
        for [a, b, c, d] in sums {
            // SAFETY: the loop reads words from `x.start` to `x.end`, which is not empty, and as many bytes from `w` and the three rows
            // behind it, all inside the slice that the caller measured. These cores load words from any address.
            unsafe {
                asm!(
                    "2:", ".rept 2", "ldr {o}, [{x}], #4", "ldr {r}, [{w}, {s}]", "sxtb16 {e}, {o}", "sxtb16 {o}, {o}, ror #8",
                    "sxtb16 {t}, {r}", "smlad {b}, {e}, {t}, {b}", "sxtb16 {t}, {r}, ror #8", "smlad {b}, {o}, {t}, {b}", "ldr {r}, [{w}], #4",
                    "sxtb16 {t}, {r}", "smlad {a}, {e}, {t}, {a}", "sxtb16 {t}, {r}, ror #8", "smlad {a}, {o}, {t}, {a}", "ldr {r}, [{v}, {s}]",
                    "sxtb16 {t}, {r}", "smlad {d}, {e}, {t}, {d}", "sxtb16 {t}, {r}, ror #8", "smlad {d}, {o}, {t}, {d}", "ldr {r}, [{v}], #4",
                    "sxtb16 {t}, {r}", "smlad {c}, {e}, {t}, {c}", "sxtb16 {t}, {r}, ror #8", "smlad {c}, {o}, {t}, {c}", ".endr", "cmp {x}, {z}", "bne 2b",
                    x = inout(reg) x.start => _, z = in(reg) x.end, w = inout(reg) w => _, v = inout(reg) w.wrapping_add(stride.wrapping_mul(2)) => _,
                    s = in(reg) stride, a = inout(reg) *a, b = inout(reg) *b, c = inout(reg) *c, d = inout(reg) *d,
                    e = out(reg) _, o = out(reg) _, r = out(reg) _, t = out(reg) _, options(pure, readonly, nostack)
                );
            }
            w = w.wrapping_add(stride.wrapping_mul(4));
        }
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
            unsafe {
                asm!(
                    "2:", "ldr {x}, [{p}], #4", "ldr {r}, [{w}]", "ldr {x}, [{x}, {k}]", "add {w}, {s}",
                    "sxtb16 {t}, {x}", "sxtb16 {u}, {r}", "smlabb {a}, {t}, {u}, {a}", "smlatt {c}, {t}, {u}, {c}",
                    "sxtb16 {t}, {x}, ror #8", "sxtb16 {u}, {r}, ror #8", "smlabb {b}, {t}, {u}, {b}", "smlatt {d}, {t}, {u}, {d}",
                    "cmp {p}, {z}", "bne 2b",
                    p = inout(reg) taps.start => _, z = in(reg) taps.end, k = in(reg) at, w = inout(reg) w.as_ptr().wrapping_add(at) => _, s = in(reg) stride,
                    a = inout(reg) 0 => *a, b = inout(reg) 0 => *b, c = inout(reg) 0 => *c, d = inout(reg) 0 => *d,
                    x = out(reg) _, r = out(reg) _, t = out(reg) _, u = out(reg) _, options(pure, readonly, nostack)
                );
            }
            at = at.wrapping_add(4);
        }
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
    pub(super) use super::twin::{high_mul_small, shift_right};

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
            unsafe {
                core::arch::asm!(
                    "mov r12, r4", "mov lr, r5", "movs r4, #0", "mov r8, r4", "mov r9, r4", "mov r10, r4", "mov r11, r4", "2:", "ldr r3, [r0]",
                    "ldrsb r4, [r3, r2]", "ldrsb r5, [r1, r2]", "muls r5, r4, r5", "add r8, r5", "adds r2, #1",
                    "ldrsb r4, [r3, r2]", "ldrsb r5, [r1, r2]", "muls r5, r4, r5", "add r9, r5", "adds r2, #1",
                    "ldrsb r4, [r3, r2]", "ldrsb r5, [r1, r2]", "muls r5, r4, r5", "add r10, r5", "adds r2, #1",
                    "ldrsb r4, [r3, r2]", "ldrsb r5, [r1, r2]", "muls r5, r4, r5", "add r11, r5", "subs r2, #3", "add r1, r12", "adds r0, #4", "cmp r0, lr",
                    "bne 2b", "mov r0, r8", "mov r1, r9", "mov r2, r10", "mov r3, r11",
                    inout("r0") taps.start => *a, inout("r1") w.as_ptr() => *b, inout("r2") at => *c, out("r3") *d, inout("r4") stride => _,
                    inout("r5") taps.end => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _, options(pure, readonly, nostack)
                );
            }
            at = at.wrapping_add(4);
        }
        Some(())
    }

    /// Three and a half instructions for each product.
    #[inline(never)]
    pub(super) fn rows(x: &[[i8; 2]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
        let x = x.as_flattened();
        let n = x.len();
        let mut end = w.as_ptr().wrapping_add(n);
        for [a, b, c, d] in sums {
            let row = |k: usize| end.wrapping_add(stride.wrapping_mul(k));
            let (p, q, r, s): (i32, i32, i32, i32);
            // SAFETY: the index runs from `-n` to -1 before the ends of `x` and of four rows of `w`, all inside the slices that the caller
            // measured; `n` is even and not 0. The two registers that operands cannot name are saved on the stack.
            unsafe {
                core::arch::asm!(
                    "push {{r6, r7}}", "movs r6, #0", "mov r8, r6", "mov r9, r6", "mov r10, r6", "mov r11, r6", "2:", ".rept 2",
                    "ldrsb r6, [r0, r5]", "ldrsb r7, [r1, r5]", "muls r7, r6, r7", "add r8, r7", "ldrsb r7, [r2, r5]", "muls r7, r6, r7", "add r9, r7",
                    "ldrsb r7, [r3, r5]", "muls r7, r6, r7", "add r10, r7", "ldrsb r7, [r4, r5]", "muls r7, r6, r7", "add r11, r7", "adds r5, #1", ".endr",
                    "bne 2b", "mov r0, r8", "mov r1, r9", "mov r2, r10", "mov r3, r11", "pop {{r6, r7}}",
                    inout("r0") x.as_ptr().wrapping_add(n) => p, inout("r1") row(0) => q, inout("r2") row(1) => r, inout("r3") row(2) => s,
                    inout("r4") row(3) => _, inout("r5") n.wrapping_neg() => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, options(pure, readonly)
                );
            }
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
    use super::{GROUP, dot, rescale};

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
