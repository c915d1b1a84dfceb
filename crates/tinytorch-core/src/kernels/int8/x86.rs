//! Eight-bit products of x86-64: `vpdpbusd` of AVX-512 VNNI, and `vpmaddwd` of AVX2.
//!
//! `vpdpbusd` multiplies unsigned by signed bytes, so activations enter plus 128 and the sums start at what that adds too
//! much, turned around. It does not saturate: four products of 255 · 128 fit easily, and the sum wraps. AVX2 has an
//! instruction for bytes too, but that one saturates at 16 bits; here bytes are widened to 16 bits first, where the sum of
//! two products is exact.
#![expect(
    unsafe_code,
    reason = "functions for newer processors may be called only after asking for them; vectors are read by pointer"
)]

use core::arch::x86_64::{
    __m256i, __m512i, _mm_loadu_si128, _mm256_add_epi32, _mm256_cvtepi8_epi16, _mm256_madd_epi16,
    _mm256_set1_epi64x, _mm256_setzero_si256, _mm256_storeu_si256, _mm512_dpbusd_epi32,
    _mm512_loadu_si512, _mm512_set1_epi32, _mm512_storeu_si512,
};

use super::{DEPTH, Group, LANES, Tile, Words, rows};

/// AVX-512 with VNNI.
#[derive(Clone, Copy)]
pub(super) struct Vnni(());

impl Vnni {
    /// `None` if the processor has it not.
    pub(super) fn new() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni");
        has.then_some(Self(()))
    }
}

impl Tile for Vnni {
    type Word = i32;

    const ROWS: usize = 12;
    const OFFSET: bool = true;

    fn word(four: [i8; DEPTH]) -> i32 {
        i32::from_le_bytes(four.map(|x| x.cast_unsigned() ^ 0x80))
    }

    fn add(self, a: Words<'_, i32>, panel: &[Group], sums: &mut [[i32; LANES]]) {
        // SAFETY: a value of this type exists only where the processor was found to have AVX-512F and VNNI.
        unsafe { vnni(a, panel, sums) };
    }
}

#[target_feature(enable = "avx512f,avx512vnni")]
fn vnni(a: Words<'_, i32>, panel: &[Group], sums: &mut [[i32; LANES]]) {
    rows!(vnni_rows(a, panel, sums); 1 2 3 4 5 6 7 8 9 10 11 12);
}

/// Sixteen 32-bit or 64 eight-bit numbers, as one vector.
#[inline]
#[target_feature(enable = "avx512f")]
fn load512<T: Plain>(from: &[T; 16]) -> __m512i {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: sixteen elements of four bytes are the 64 that are read; no alignment is asked for.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

/// Elements without padding.
trait Plain {}

impl Plain for i32 {}

impl Plain for [i8; DEPTH] {}

#[inline]
#[target_feature(enable = "avx512f")]
fn store512(to: &mut [i32; 16], v: __m512i) {
    // SAFETY: sixteen numbers of four bytes are the 64 that are written; no alignment is asked for.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), v) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512vnni")]
fn vnni_rows<const R: usize>(a: Words<'_, i32>, panel: &[Group], sums: &mut [[i32; LANES]; R]) {
    let halves = |sums: &[i32; LANES]| {
        let (two, _) = sums.as_chunks::<16>();
        [load512(&two[0]), load512(&two[1])]
    };
    let mut acc: [[__m512i; 2]; R] = core::array::from_fn(|i| halves(&sums[i]));
    let words: [&[i32]; R] = core::array::from_fn(|i| a.row(i, panel.len()));
    for (at, group) in panel.iter().enumerate() {
        let (two, _) = group.as_chunks::<16>();
        let w = [load512(&two[0]), load512(&two[1])];
        for i in 0..R {
            let x = _mm512_set1_epi32(words[i][at]);
            acc[i][0] = _mm512_dpbusd_epi32(acc[i][0], x, w[0]);
            acc[i][1] = _mm512_dpbusd_epi32(acc[i][1], x, w[1]);
        }
    }
    for (sums, acc) in sums.iter_mut().zip(acc) {
        let (two, _) = sums.as_chunks_mut::<16>();
        store512(&mut two[0], acc[0]);
        store512(&mut two[1], acc[1]);
    }
}

/// AVX2.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// `None` if the processor has it not.
    pub(super) fn new() -> Option<Self> {
        is_x86_feature_detected!("avx2").then_some(Self(()))
    }
}

/// Rows of weights that four vectors of 256 bits hold two half sums of.
const PART: usize = 8;

impl Tile for Avx2 {
    type Word = i64;

    const ROWS: usize = 4;
    const OFFSET: bool = false;

    fn word(four: [i8; DEPTH]) -> i64 {
        let wide = four.map(|x| i16::from(x).to_le_bytes());
        let mut bytes = [0; 8];
        bytes.copy_from_slice(wide.as_flattened());
        i64::from_le_bytes(bytes)
    }

    fn add(self, a: Words<'_, i64>, panel: &[Group], sums: &mut [[i32; LANES]]) {
        // SAFETY: a value of this type exists only where the processor was found to have AVX2.
        unsafe { avx2(a, panel, sums) };
    }
}

#[target_feature(enable = "avx2")]
fn avx2(a: Words<'_, i64>, panel: &[Group], sums: &mut [[i32; LANES]]) {
    rows!(avx2_rows(a, panel, sums); 1 2 3 4);
}

/// Four rows of a group, each element widened to 16 bits.
#[inline]
#[target_feature(enable = "avx2")]
fn widened(from: &[[i8; DEPTH]; 4]) -> __m256i {
    // SAFETY: the four rows are the 16 bytes that are read; no alignment is asked for.
    _mm256_cvtepi8_epi16(unsafe { _mm_loadu_si128(from.as_ptr().cast()) })
}

#[inline]
#[target_feature(enable = "avx2")]
fn avx2_rows<const R: usize>(a: Words<'_, i64>, panel: &[Group], sums: &mut [[i32; LANES]; R]) {
    let words: [&[i64]; R] = core::array::from_fn(|i| a.row(i, panel.len()));
    for part in (0..LANES).step_by(PART) {
        // Each vector holds, for four rows of weights, the sums of the even and of the odd pairs.
        let mut acc = [[_mm256_setzero_si256(); 2]; R];
        for (at, group) in panel.iter().enumerate() {
            let (four, _) = group[part..part + PART].as_chunks::<4>();
            let w = [widened(&four[0]), widened(&four[1])];
            for i in 0..R {
                let x = _mm256_set1_epi64x(words[i][at]);
                acc[i][0] = _mm256_add_epi32(acc[i][0], _mm256_madd_epi16(x, w[0]));
                acc[i][1] = _mm256_add_epi32(acc[i][1], _mm256_madd_epi16(x, w[1]));
            }
        }
        for (sums, acc) in sums.iter_mut().zip(acc) {
            let mut pairs = [[0_i32; 8]; 2];
            for (to, v) in pairs.iter_mut().zip(acc) {
                // SAFETY: eight numbers of four bytes are the 32 that are written; no alignment is asked for.
                unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), v) };
            }
            let (pairs, _) = pairs.as_flattened().as_chunks::<2>();
            for (sum, [even, odd]) in sums[part..part + PART].iter_mut().zip(pairs) {
                *sum = sum.wrapping_add(*even).wrapping_add(*odd);
            }
        }
    }
}
