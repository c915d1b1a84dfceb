//! Eight-bit products of AArch64: `sdot`, which multiplies and adds four pairs of signed bytes in each of four lanes.
//!
//! The instruction is written as assembly: its intrinsic is not yet in stable Rust.
#![expect(
    unsafe_code,
    reason = "an instruction of newer processors may be run only after asking for it; vectors are read by pointer"
)]

use core::arch::{
    aarch64::{
        int8x16_t, int32x4_t, vdupq_n_s32, vld1q_s8, vld1q_s32, vreinterpretq_s8_s32, vst1q_s32,
    },
    asm,
};

use super::{DEPTH, Group, LANES, Tile, Words, rows};

/// The dot products of ARMv8.2.
#[derive(Clone, Copy)]
pub(super) struct Dot(());

impl Dot {
    /// `None` if the processor has them not, or if there is no operating system to ask.
    pub(super) fn new() -> Option<Self> {
        #[cfg(feature = "std")]
        let has = std::arch::is_aarch64_feature_detected!("dotprod");
        #[cfg(not(feature = "std"))]
        let has = cfg!(target_feature = "dotprod");
        has.then_some(Self(()))
    }
}

impl Tile for Dot {
    type Word = i32;

    const ROWS: usize = 4;
    const OFFSET: bool = false;

    fn word(four: [i8; DEPTH]) -> i32 {
        i32::from_le_bytes(four.map(i8::cast_unsigned))
    }

    fn add(self, a: Words<'_, i32>, panel: &[Group], sums: &mut [[i32; LANES]]) {
        // SAFETY: a value of this type exists only where the processor was found to have dot products.
        unsafe { dot(a, panel, sums) };
    }
}

#[target_feature(enable = "neon,dotprod")]
fn dot(a: Words<'_, i32>, panel: &[Group], sums: &mut [[i32; LANES]]) {
    rows!(dot_rows(a, panel, sums); 1 2 3 4);
}

/// `sum + x·w` in four lanes of four bytes.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn sdot(mut sum: int32x4_t, x: int8x16_t, w: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction reads and writes these registers alone, and the feature it needs is on in this function.
    unsafe {
        asm!(
            "sdot {sum:v}.4s, {x:v}.16b, {w:v}.16b",
            sum = inout(vreg) sum,
            x = in(vreg) x,
            w = in(vreg) w,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

#[inline]
#[target_feature(enable = "neon,dotprod")]
fn dot_rows<const R: usize>(a: Words<'_, i32>, panel: &[Group], sums: &mut [[i32; LANES]; R]) {
    let words: [&[i32]; R] = core::array::from_fn(|i| a.row(i, panel.len()));
    for part in (0..LANES).step_by(16) {
        let mut acc = [[vdupq_n_s32(0); 4]; R];
        for (acc, sums) in acc.iter_mut().zip(sums.iter()) {
            let (fours, _) = sums[part..part + 16].as_chunks::<4>();
            for (acc, from) in acc.iter_mut().zip(fours) {
                // SAFETY: four numbers are the 16 bytes that are read.
                *acc = unsafe { vld1q_s32(from.as_ptr()) };
            }
        }
        for (at, group) in panel.iter().enumerate() {
            let (fours, _) = group[part..part + 16].as_chunks::<4>();
            for i in 0..R {
                let x = vreinterpretq_s8_s32(vdupq_n_s32(words[i][at]));
                for (acc, from) in acc[i].iter_mut().zip(fours) {
                    // SAFETY: four rows of four bytes are the 16 that are read.
                    let w = unsafe { vld1q_s8(from.as_flattened().as_ptr()) };
                    *acc = sdot(*acc, x, w);
                }
            }
        }
        for (sums, acc) in sums.iter_mut().zip(acc) {
            let (fours, _) = sums[part..part + 16].as_chunks_mut::<4>();
            for (to, v) in fours.iter_mut().zip(acc) {
                // SAFETY: four numbers are the 16 bytes that are written.
                unsafe { vst1q_s32(to.as_mut_ptr(), v) };
            }
        }
    }
}
