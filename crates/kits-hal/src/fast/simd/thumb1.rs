//! Cortex-M0 and M0+: loops that use the high registers, which compilers leave alone.
//!
//! The text of a loop is a macro, one instruction a line; `unsafe` is only what ties it to slices.
//! Of the low registers, which are all that most instructions reach, `r6` and `r7` cannot be operands.

#![expect(unsafe_code, reason = "sums in the high registers")]

pub(super) use super::twin::{high_mul_small, nine, rows_two, shift_right};
use core::{arch::asm, ptr::without_provenance};

/// Sets four high registers to 0.
macro_rules! clear {
    ($zero:literal) => {
        concat!(
            "movs ", $zero, ", #0\n",
            "mov r8, ", $zero, "\n",
            "mov r9, ", $zero, "\n",
            "mov r10, ", $zero, "\n",
            "mov r11, ", $zero, "\n",
        )
    };
}

/// Returns the four high registers.
macro_rules! take {
    () => {
        concat!(
            "mov r0, r8\n",
            "mov r1, r9\n",
            "mov r2, r10\n",
            "mov r3, r11\n",
        )
    };
}

/// One output after the other. `r5`: bias; `r6`: sums; `r7`: from a bias to its multiplier; `r8`: end of the outputs; `r9`: zero point,
/// doubled, and 1; `r10`: the output; `r11`: from an output to its shift; `r12`: 2^14.
macro_rules! bytes {
    () => {
        concat!(
            "push {{r6, r7}}\n",
            "ldmia r0!, {{r1, r2, r3, r4, r5, r6, r7}}\n",
            "mov r8, r1\n",
            "mov r9, r3\n",
            "mov r10, r4\n",
            "mov r11, r2\n",
            "movs r4, #1\n",
            "lsls r4, r4, #14\n",
            "mov r12, r4\n",
            "2:\n",
            "ldr r0, [r6]\n",
            "ldr r1, [r5]\n",
            "adds r0, r0, r1\n",
            "adds r1, r0, r0\n", // too large for the short way
            "bvs 4f\n",
            "ldr r1, [r5, r7]\n",
            "adds r5, #4\n",
            "adds r6, #4\n",
            "sxth r2, r0\n", // al
            "subs r0, r0, r2\n",
            "asrs r0, r0, #16\n", // ah
            "lsrs r3, r1, #16\n", // mh
            "uxth r1, r1\n",      // ml
            "mov r4, r2\n",
            "muls r4, r3, r4\n",
            "muls r2, r1, r2\n",
            "asrs r2, r2, #16\n",
            "adds r4, r4, r2\n",
            "muls r1, r0, r1\n",
            "adds r4, r4, r1\n",
            "muls r0, r3, r0\n",
            "add r4, r12\n",
            "asrs r4, r4, #15\n",
            "lsls r0, r0, #1\n",
            "adds r0, r0, r4\n", // the product
            "asrs r1, r0, #31\n",
            "adds r0, r0, r1\n",
            "mov r1, r10\n",
            "mov r3, r11\n",
            "ldrsb r2, [r1, r3]\n",
            "mvns r2, r2\n",
            "bmi 4f\n", // not a shift to the right
            "asrs r0, r2\n",
            "add r0, r9\n",
            "asrs r0, r0, #1\n",
            "sxtb r2, r0\n",
            "cmp r2, r0\n",
            "bne 5f\n",
            "3:\n",
            "strb r2, [r1]\n",
            "adds r1, #1\n",
            "mov r10, r1\n",
            "cmp r1, r8\n",
            "bne 2b\n",
            "b 4f\n",
            "5:\n", // not a byte: the nearest one
            "asrs r2, r0, #31\n",
            "movs r0, #127\n",
            "eors r2, r0\n",
            "b 3b\n",
            "4:\n",
            "mov r0, r10\n",
            "pop {{r6, r7}}\n",
        )
    };
}

/// Four sums over taps, whose addresses are at `r0`. `r1`: the tap's row; `r2`: position in both; `r12`: distance of the rows; `lr`: end
/// of the addresses.
macro_rules! columns {
    () => {
        concat!(
            "mov r12, r4\n",
            "mov lr, r5\n",
            clear!("r4"),
            "2:\n",
            "ldr r3, [r0]\n",
            ".irp sum, r8, r9, r10, r11\n",
            "ldrsb r4, [r3, r2]\n",
            "ldrsb r5, [r1, r2]\n",
            "muls r5, r4, r5\n",
            "add \\sum, r5\n",
            "adds r2, #1\n",
            ".endr\n",
            "subs r2, #4\n",
            "add r1, r12\n",
            "adds r0, #4\n",
            "cmp r0, lr\n",
            "bne 2b\n",
            take!(),
        )
    };
}

/// Multiplies an element of a row with the one in `r6`, and adds the product to a sum.
macro_rules! product {
    ($row:literal => $sum:literal) => {
        concat!(
            "ldrsb r7, [", $row, ", r5]\n",
            "muls r7, r6, r7\n",
            "add ", $sum, ", r7\n",
        )
    };
}

/// Four dot products. `r0`, `r1` to `r4`: ends of the vector and of the rows; `r5`: position before them.
macro_rules! rows {
    () => {
        concat!(
            "push {{r6, r7}}\n",
            clear!("r6"),
            "2:\n",
            ".rept 4\n",
            "ldrsb r6, [r0, r5]\n",
            product!("r1" => "r8"),
            product!("r2" => "r9"),
            product!("r3" => "r10"),
            product!("r4" => "r11"),
            "adds r5, #1\n",
            ".endr\n",
            "bne 2b\n",
            take!(),
            "pop {{r6, r7}}\n",
        )
    };
}

/// Some forty instructions for an output. With `a = 2^16·ah + al` and `m = 2^16·mh + ml`, where only `ml` is not signed,
/// `(a·m + 2^30) >> 31` is `2·ah·mh + ((ah·ml + al·mh + (al·ml >> 16) + 2^14) >> 15)`, and for `|a| <= 2^30` no sum in it leaves the word.
#[inline(always)]
#[rustfmt::skip]
pub(super) fn bytes(
    sums: &[i32],
    [bias, multipliers]: [&[[u8; 4]]; 2],
    shifts: &[u8],
    zero: i32,
    out: &mut [i8],
) -> usize {
    let (bias, multipliers) = (bias.as_ptr().cast::<i8>(), multipliers.as_ptr().addr());
    let apart = |addr: usize, from: usize| without_provenance::<i8>(addr.wrapping_sub(from));
    let from = out.as_mut_ptr_range();
    let behind = apart(shifts.as_ptr().addr(), from.start.addr());
    let twice = without_provenance(zero.wrapping_mul(2).wrapping_add(1).cast_unsigned() as usize);
    let to_multipliers = apart(multipliers, bias.addr());
    let all = [from.end.cast_const(), behind, twice, from.start, bias, sums.as_ptr().cast(), to_multipliers, shifts.as_ptr().cast()];
    let end: usize;
    // SAFETY: reads and writes the elements of all five slices in order until `out`, which is not empty, ends; the caller compared the
    // lengths and looked whether all words are aligned. The two registers that operands cannot name are saved on the stack.
    unsafe { asm!(bytes!(), inout("r0") all.as_ptr() => end, out("r1") _, out("r2") _, out("r3") _, out("r4") _, out("r5") _,
        out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _); }
    end.wrapping_sub(from.start.addr())
}

/// Six and a half instructions for each product.
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
        // SAFETY: a reference to an array is its address: the loop reads one of each tap, then four bytes of that array and of the
        // tap's row of `w` from `at` on, which is at most `N - 4`. There is at least one tap, and the caller measured `w`.
        unsafe { asm!(columns!(), inout("r0") taps.start => *a, inout("r1") w.as_ptr() => *b, inout("r2") at => *c, out("r3") *d, inout("r4") stride => _,
            inout("r5") taps.end => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _, options(pure, readonly, nostack)); }
        at = at.wrapping_add(4);
    }
    Some(())
}

/// Three and a half instructions for each product.
#[inline(never)]
#[rustfmt::skip]
pub(super) fn rows(x: &[[i8; 4]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
    let x = x.as_flattened();
    let n = x.len();
    let mut end = w.as_ptr().wrapping_add(n);
    for [a, b, c, d] in sums {
        let row = |k: usize| end.wrapping_add(stride.wrapping_mul(k));
        let (p, q, r, s): (i32, i32, i32, i32);
        // SAFETY: the index runs from `-n` to -1 before the ends of `x` and of four rows of `w`, all inside the slices that the caller
        // measured; `n` is a multiple of four and not 0. The two registers that operands cannot name are saved on the stack.
        unsafe { asm!(rows!(), inout("r0") x.as_ptr().wrapping_add(n) => p, inout("r1") row(0) => q, inout("r2") row(1) => r, inout("r3") row(2) => s,
            inout("r4") row(3) => _, inout("r5") n.wrapping_neg() => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, options(pure, readonly)); }
        (*a, *b) = (a.wrapping_add(p), b.wrapping_add(q));
        (*c, *d) = (c.wrapping_add(r), d.wrapping_add(s));
        end = row(4);
    }
    Some(())
}
