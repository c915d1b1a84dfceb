//! Dot products of bytes: of one vector with several rows, and element by element over several taps.

use crate::ops::place::run;

/// Elements of a block; compilers turn a block of products into a few vector instructions.
const LANES: usize = 16;

/// Returns `Σ w`.
#[inline]
pub(super) fn total(w: &[i8]) -> i32 {
    w.iter().fold(0, |sum: i32, &w| sum.wrapping_add(w.into()))
}

#[inline]
fn product(a: i8, b: i8) -> i32 {
    i32::from(a).wrapping_mul(i32::from(b))
}

/// Returns `Σ x·w` over the shorter length.
#[inline]
pub(super) fn plain(x: &[i8], w: &[i8]) -> i32 {
    x.iter().zip(w).fold(0, |sum: i32, (&x, &w)| sum.wrapping_add(product(x, w)))
}

/// As [`plain`], in sixteen partial sums, so that a block needs no sum across lanes.
#[inline]
pub(super) fn lanes(x: &[i8], w: &[i8]) -> i32 {
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (w_blocks, w_rest) = w.as_chunks::<LANES>();
    let mut sums = [0_i32; LANES];
    for (x, w) in x_blocks.iter().zip(w_blocks) {
        for ((sum, &x), &w) in sums.iter_mut().zip(x).zip(w) {
            *sum = sum.wrapping_add(product(x, w));
        }
    }
    sums.iter().fold(plain(x_rest, w_rest), |total, &sum| total.wrapping_add(sum))
}

/// Adds to each sum the dot product of `x` with one of the rows of `w`, which begin `stride` apart: four rows at a time, so that
/// every `x` is read once for all of them. `None` if `w` is too short.
#[inline(never)]
pub(super) fn rows(x: &[i8], w: &[i8], stride: usize, sums: &mut [i32]) -> Option<()> {
    let (fours, singles) = sums.as_chunks_mut::<4>();
    let mut at = 0_usize;
    for [p, q, r, s] in fours {
        let row = |k: usize| run(w, at.wrapping_add(stride.wrapping_mul(k)), x.len());
        let (a, b, c, d) = (row(0)?, row(1)?, row(2)?, row(3)?);
        for ((((&x, &a), &b), &c), &d) in x.iter().zip(a).zip(b).zip(c).zip(d) {
            *p = p.wrapping_add(product(x, a));
            *q = q.wrapping_add(product(x, b));
            *r = r.wrapping_add(product(x, c));
            *s = s.wrapping_add(product(x, d));
        }
        at = at.wrapping_add(stride.wrapping_mul(4));
    }
    for sum in singles {
        *sum = sum.wrapping_add(plain(x, run(w, at, x.len())?));
        at = at.wrapping_add(stride);
    }
    Some(())
}

/// Makes sum `k` the products of element `k` of each tap with element `k` of the tap's row of `w`; rows begin `stride` apart.
///
/// `B` sums at a time are held in registers. `None` if `w` is too short.
#[inline]
pub(super) fn columns<const N: usize, const B: usize>(
    taps: &[&[i8; N]],
    w: &[i8],
    stride: usize,
    sums: &mut [i32; N],
) -> Option<()> {
    let (blocks, rest) = sums.as_chunks_mut::<B>();
    let mut first = 0_usize;
    for block in blocks {
        block_of(taps, w, stride, first, block)?;
        first = first.wrapping_add(B);
    }
    // What is left of a large block still fills small vectors.
    let (fours, rest) = rest.as_chunks_mut::<4>();
    for block in fours {
        block_of(taps, w, stride, first, block)?;
        first = first.wrapping_add(4);
    }
    for sum in rest {
        block_of(taps, w, stride, first, core::array::from_mut(sum))?;
        first = first.wrapping_add(1);
    }
    Some(())
}

#[inline(always)]
fn block_of<const N: usize, const B: usize>(
    taps: &[&[i8; N]],
    w: &[i8],
    stride: usize,
    first: usize,
    block: &mut [i32; B],
) -> Option<()> {
    let mut sums = [0_i32; B];
    let mut at = first;
    for tap in taps {
        let x = tap.get(first..)?.first_chunk::<B>()?;
        let w = w.get(at..)?.first_chunk::<B>()?;
        for ((sum, &x), &w) in sums.iter_mut().zip(x).zip(w) {
            *sum = sum.wrapping_add(product(x, w));
        }
        at = at.wrapping_add(stride);
    }
    *block = sums;
    Some(())
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use crate::fast::finish::SECTION;
    use crate::fast::form::{Across, Form, Lanes, Pairs, Single};

    /// Lengths around every block boundary.
    const LENGTHS: [usize; 14] = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64];

    fn ramp(n: usize, step: usize) -> Vec<i8> {
        (0..n).map(|i| (i * step + 77).to_le_bytes()[0].cast_signed()).collect()
    }

    fn rows_of<F: Form>() {
        for n in LENGTHS {
            for channels in 0..10 {
                for stride in [n, n + 3] {
                    let x = ramp(n, 37);
                    let w = ramp(stride * channels + n, 203);
                    let mut sums = vec![5; channels];
                    F::rows(&x, &w, stride, &mut sums).expect("long enough");
                    for (k, sum) in sums.iter().enumerate() {
                        let expected: i32 =
                            (0..n).map(|i| product(x[i], w[k * stride + i])).sum();
                        assert_eq!(*sum, 5 + expected, "n = {n}, row {k} of {channels}");
                    }
                }
            }
        }
    }

    fn rows_of_two<F: Form>() {
        for n in LENGTHS {
            for channels in 0..10 {
                let [x, y] = [ramp(n, 37), ramp(n, 51)];
                let w = ramp((n + 1) * channels + n, 203);
                let mut sums = [[5; SECTION]; 2];
                F::rows_two([&x, &y], &w, n + 1, channels, &mut sums).expect("long enough");
                for (x, sums) in [x, y].iter().zip(sums) {
                    for (k, sum) in sums.iter().take(channels).enumerate() {
                        let expected: i32 =
                            (0..n).map(|i| product(x[i], w[k * (n + 1) + i])).sum();
                        assert_eq!(*sum, 5 + expected, "n = {n}, row {k} of {channels}");
                    }
                }
            }
        }
    }

    fn columns_of<F: Form, const N: usize>() {
        let x = ramp(600, 91);
        for taps in 0..11 {
            let w = ramp(taps * (N + 2) + N, 203);
            let inputs: Vec<&[i8; N]> =
                (0..taps).map(|t| x[t * 13..].first_chunk().expect("long enough")).collect();
            let mut sums = [9; N]; // must not count
            F::columns(&inputs, &w, N + 2, &mut sums).expect("long enough");
            for (k, sum) in sums.iter().enumerate() {
                let expected: i32 =
                    (0..taps).map(|t| product(inputs[t][k], w[t * (N + 2) + k])).sum();
                assert_eq!(*sum, expected, "{taps} taps, column {k} of {N}");
            }
        }
    }

    fn form<F: Form>() {
        rows_of::<F>();
        rows_of_two::<F>();
        columns_of::<F, 1>();
        columns_of::<F, 4>();
        columns_of::<F, 8>();
        columns_of::<F, 32>();
    }

    #[test]
    fn every_form_agrees_with_the_definition() {
        form::<Pairs>();
        form::<Single>();
        form::<Across>();
        form::<Lanes>();
        assert_eq!(total(&ramp(99, 37)), ramp(99, 37).iter().map(|&v| i32::from(v)).sum::<i32>());
    }

    #[test]
    fn the_extremes_do_not_overflow_a_lane() {
        let low = vec![i8::MIN; 1000];
        assert_eq!(lanes(&low, &low), 16_384_000);
        let mut sums = [0; 4];
        rows(&low, &low, 0, &mut sums).expect("long enough");
        assert_eq!(sums, [16_384_000; 4]);
    }
}
