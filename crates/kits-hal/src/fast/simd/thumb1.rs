//! Cortex-M0 and M0+: loops that use the high registers, which compilers leave alone.
//!
//! The text of a loop is a macro, one instruction a line; `unsafe` is only what ties it to slices.
//! Of the low registers, which are all that most instructions reach, `r6` and `r7` cannot be operands.

#![expect(unsafe_code, reason = "sums in the high registers")]

pub(super) use super::twin::{high_mul_small, rows_two, shift_right};
use super::{Nine, list::Lines};
use core::arch::asm;

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

/// One output after the other. `r4`: the output; `r5`: bias; `r6`: sums; `r7`: from behind a bias to its multiplier; `r8`: end of the
/// outputs; `r9`: zero point, doubled, and 1; `r10`: saves `r4`; `r11`: from an output to its shift; `r12`: 2^14.
macro_rules! bytes {
    () => {
        concat!(
            "push {{r6, r7}}\n",
            "ldmia r2!, {{r6, r7}}\n",
            "mov r8, r6\n",
            "mov r9, r7\n",
            "mov r6, r0\n",
            "mov r7, r1\n",
            "mov r11, r3\n",
            "movs r0, #1\n",
            "lsls r0, r0, #14\n",
            "mov r12, r0\n",
            "2:\n",
            "ldmia r6!, {{r0}}\n",
            "ldmia r5!, {{r1}}\n",
            "adds r0, r0, r1\n", // a
            "ldr r1, [r5, r7]\n", // m
            "sxth r2, r0\n", // al
            "cmp r2, r0\n",
            "bne 6f\n",
            "lsrs r3, r1, #16\n", // mh
            "uxth r1, r1\n",      // ml
            "muls r1, r0, r1\n",
            "asrs r1, r1, #16\n",
            "muls r0, r3, r0\n",
            "adds r0, r0, r1\n",
            "add r0, r12\n",
            "asrs r0, r0, #15\n", // the product
            "7:\n",
            "asrs r1, r0, #31\n",
            "adds r0, r0, r1\n",
            "mov r1, r11\n",
            "ldrsb r2, [r4, r1]\n",
            "mvns r2, r2\n",
            "bmi 4f\n", // not a shift to the right
            "asrs r0, r2\n",
            "add r0, r9\n",
            "asrs r0, r0, #1\n",
            "sxtb r2, r0\n",
            "cmp r2, r0\n",
            "bne 5f\n",
            "strb r2, [r4]\n",
            "adds r4, #1\n",
            "cmp r4, r8\n",
            "bne 2b\n",
            "b 4f\n",
            "5:\n", // not a byte: the nearest one
            "asrs r2, r0, #31\n",
            "movs r0, #127\n",
            "eors r2, r0\n",
            "strb r2, [r4]\n",
            "adds r4, #1\n",
            "cmp r4, r8\n",
            "bne 2b\n",
            "b 4f\n",
            "6:\n",             // not a half-word
            "adds r3, r0, r0\n", // too large for this way, too
            "bvs 4f\n",
            "mov r10, r4\n",
            "subs r0, r0, r2\n",
            "asrs r0, r0, #16\n", // ah
            "lsrs r3, r1, #16\n",
            "uxth r1, r1\n",
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
            "adds r0, r0, r4\n",
            "mov r4, r10\n",
            "b 7b\n",
            "4:\n",
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

/// Multiplies the element of a row at `r5` with the one in `r6`, and adds the product to a sum.
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

/// Multiplies a tap with its weight and adds the product to `r5`.
macro_rules! tap {
    ($at:literal) => {
        concat!(
            "ldrsb r6, [r0, ", $at, "]\n",
            "ldrsb r7, [r1, ", $at, "]\n",
            "muls r6, r7, r6\n",
            "adds r5, r5, r6\n",
        )
    };
}

/// Three taps, `0`, `r2` and `r3` from the first.
macro_rules! three {
    () => {
        concat!(tap!("r4"), tap!("r2"), tap!("r3"))
    };
}

/// One sum over nine taps after the other. `r0`: the first tap; `r1`: its weight. From a row of three taps to the next, `r8` is added to
/// `r0` and `r9` to `r1`; from a sum to the next, `r10` and `r11`. `r12`: the sum; `lr`: end of the sums.
macro_rules! nine {
    () => {
        concat!(
            "push {{r6, r7}}\n",
            "ldmia r3!, {{r4, r5, r6, r7}}\n",
            "mov r8, r4\n",
            "mov r9, r5\n",
            "mov r10, r6\n",
            "mov r11, r7\n",
            "ldmia r3!, {{r4, r5}}\n",
            "mov r12, r4\n",
            "mov lr, r5\n",
            "lsls r3, r2, #1\n",
            "movs r4, #0\n",
            "2:\n",
            "movs r5, #0\n",
            three!(),
            "add r0, r8\n",
            "add r1, r9\n",
            three!(),
            "add r0, r8\n",
            "add r1, r9\n",
            three!(),
            "add r0, r10\n",
            "add r1, r11\n",
            "mov r6, r12\n",
            "stmia r6!, {{r5}}\n",
            "mov r12, r6\n",
            "cmp r6, lr\n",
            "bne 2b\n",
            "pop {{r6, r7}}\n",
        )
    };
}

/// Looks at elements line by line. `r0`: from a place to its element; `r1`: the place; `r3`: the list; `r4`: the zero; `r5`: place of the
/// end of the line. From a line to the next, `r8` is added to `r0`, `r9` to the place and `r10` to its end, the last of which is `r11`.
macro_rules! list {
    () => {
        concat!(
            "push {{r6, r7}}\n",
            "ldmia r2!, {{r4, r5, r6, r7}}\n",
            "mov r8, r4\n",
            "mov r9, r5\n",
            "mov r10, r6\n",
            "mov r11, r7\n",
            "ldmia r2!, {{r4, r5}}\n",
            "2:\n",
            "ldrsb r2, [r0, r1]\n",
            "subs r2, r2, r4\n",
            "beq 3f\n",
            "stmia r3!, {{r1, r2}}\n",
            "3:\n",
            "adds r1, #1\n",
            "cmp r1, r5\n",
            "bne 2b\n",
            "add r0, r8\n",
            "add r1, r9\n",
            "add r5, r10\n",
            "cmp r1, r11\n",
            "bne 2b\n",
            "pop {{r6, r7}}\n",
        )
    };
}

/// Four rows at a time, two entries at a time. `r0`: first row; `r1`: distance of the rows, then in `lr`; `r2`, `r3`: begin and end of
/// the sums; `r4`, `r5`: those of the list, the latter then in `r12`.
macro_rules! listed {
    () => {
        concat!(
            "push {{r6, r7}}\n",
            "push {{r2, r3, r4}}\n",
            "mov r12, r5\n",
            "mov lr, r1\n",
            "mov r1, r0\n",
            "3:\n",
            "ldr r0, [sp]\n",
            "ldmia r0!, {{r4, r5, r6, r7}}\n",
            "mov r8, r4\n",
            "mov r9, r5\n",
            "mov r10, r6\n",
            "mov r11, r7\n",
            "mov r5, lr\n",
            "adds r2, r1, r5\n",
            "adds r3, r2, r5\n",
            "adds r4, r3, r5\n",
            "ldr r0, [sp, #8]\n",
            "2:\n",
            ".rept 2\n",
            "ldmia r0!, {{r5, r6}}\n",
            product!("r1" => "r8"),
            product!("r2" => "r9"),
            product!("r3" => "r10"),
            product!("r4" => "r11"),
            ".endr\n",
            "cmp r0, r12\n",
            "bne 2b\n",
            "mov r5, lr\n",
            "adds r1, r4, r5\n",
            "ldr r0, [sp]\n",
            "mov r4, r8\n",
            "mov r5, r9\n",
            "mov r6, r10\n",
            "mov r7, r11\n",
            "stmia r0!, {{r4, r5, r6, r7}}\n",
            "str r0, [sp]\n",
            "ldr r2, [sp, #4]\n",
            "cmp r0, r2\n",
            "bne 3b\n",
            "add sp, #12\n",
            "pop {{r6, r7}}\n",
        )
    };
}

/// Six instructions for an element, seven for a listed one, five more for a line.
#[inline]
#[rustfmt::skip]
pub(super) fn list(x: &[i8], lines: Lines, zero: i32, to: &mut [[i32; 2]]) -> usize {
    let Lines { pitch, n, lines: count, first, apart } = lines;
    let from = to.as_mut_ptr();
    let last = first.wrapping_add(apart.wrapping_mul(count));
    let zero = zero.cast_unsigned() as usize;
    let more = [pitch.wrapping_sub(apart), apart.wrapping_sub(n), apart, last, zero, first.wrapping_add(n)];
    let behind: usize;
    // SAFETY: reads the elements of all lines, of which there is at least one and none is empty, and writes an entry for some of them; the
    // caller measured `x`, and `to` is as long as all lines. The two registers that operands cannot name are saved on the stack.
    unsafe { asm!(list!(), inout("r0") x.as_ptr().wrapping_sub(first) => _, inout("r1") first => _, inout("r2") more.as_ptr() => _,
        inout("r3") from => behind, out("r4") _, out("r5") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _); }
    behind.wrapping_sub(from.addr()) >> 3 // eight bytes each
}

/// Three and a half instructions for each product.
#[inline(never)]
#[rustfmt::skip]
pub(super) fn listed(list: &[[[i32; 2]; 2]], w: &[i8], stride: usize, sums: &mut [[i32; 4]]) {
    let (list, sums) = (list.as_ptr_range(), sums.as_mut_ptr_range());
    // SAFETY: reads a byte of every row at the place of each entry, all inside the slice that the caller measured with the largest place;
    // neither list nor sums are empty. The two registers that operands cannot name are saved on the stack.
    unsafe { asm!(listed!(), inout("r0") w.as_ptr() => _, inout("r1") stride => _, inout("r2") sums.start => _, inout("r3") sums.end => _,
        inout("r4") list.start => _, inout("r5") list.end => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _); }
}

/// Thirty instructions for an output, and twenty more where the sum is not a half-word. With `a = 2^16·ah + al` and `m = 2^16·mh + ml`,
/// where only `ml` is not signed, `(a·m + 2^30) >> 31` is `2·ah·mh + ((ah·ml + al·mh + (al·ml >> 16) + 2^14) >> 15)`, and for
/// `|a| <= 2^30` no sum in it leaves the word. For a half-word `a` the terms with `ah` are left out, and `al` is `a`.
#[inline(always)]
#[rustfmt::skip]
pub(super) fn bytes(sums: &[i32], [bias, multipliers]: [&[i32]; 2], shifts: &[u8], zero: i32, out: &mut [i8]) -> usize {
    let from = out.as_mut_ptr_range();
    let to_shift = shifts.as_ptr().addr().wrapping_sub(from.start.addr());
    let to_multiplier = multipliers.as_ptr().addr().wrapping_sub(bias.as_ptr().addr()).wrapping_sub(4);
    let more = [from.end.addr(), zero.wrapping_mul(2).wrapping_add(1).cast_unsigned() as usize];
    let end: *mut i8;
    // SAFETY: reads and writes the elements of all five slices in order until `out`, which is not empty, ends; the caller compared the
    // lengths. The two registers that operands cannot name are saved on the stack.
    unsafe { asm!(bytes!(), inout("r0") sums.as_ptr() => _, inout("r1") to_multiplier => _, inout("r2") more.as_ptr() => _, inout("r3") to_shift => _,
        inout("r4") from.start => end, inout("r5") bias.as_ptr() => _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _); }
    end.addr().wrapping_sub(from.start.addr())
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

/// Some five instructions for each product; `None` unless taps are as far apart as rows of weights.
#[inline]
#[rustfmt::skip]
pub(super) fn nine(x: &[i8], taps: &Nine, w: &[i8], stride: usize, sums: &mut [[i32; 4]]) -> Option<()> {
    let [step, pitch] = taps.regular?;
    if step != stride {
        return None;
    }
    let (x, sums) = (x.get(taps.at[0]..)?, sums.as_mut_ptr_range());
    let back = |by: usize| 1_usize.wrapping_sub(by.wrapping_mul(2));
    let on = step.wrapping_mul(3);
    let more = [pitch, on, back(pitch), back(on), sums.start.expose_provenance(), sums.end.addr()];
    // SAFETY: reads a byte at each of nine taps, which are where the positions say, and of nine rows of `w`, and all of them moved on by one
    // for each sum: as far as the caller measured both. The sums, of which there is at least one, are written in order. The two registers that operands cannot name are saved on the stack.
    unsafe { asm!(nine!(), inout("r0") x.as_ptr() => _, inout("r1") w.as_ptr() => _, inout("r2") step => _, inout("r3") more.as_ptr() => _, out("r4") _,
        out("r5") _, out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("lr") _); }
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
