//! Dot products of bytes, one and four at a time.

/// The machine multiplies vectors of bytes or half-words: long single products suit it.
///
/// Elsewhere four products at a time save loads of the common factor.
pub(super) const VECTORS: bool =
    cfg!(any(target_arch = "x86_64", target_arch = "x86", target_arch = "aarch64"));

/// Elements of a block; compilers turn a block of products into a few vector instructions.
const LANES: usize = 16;

/// Returns `Σ x·w` over the shorter length.
#[inline]
pub(super) fn dot(x: &[i8], w: &[i8]) -> i32 {
    if VECTORS { dot_lanes(x, w) } else { dot_plain(x, w) }
}

/// Returns `Σ x·w` for four factors `w` of the length of `x`; `None` if one is shorter.
#[inline]
pub(super) fn dot4(x: &[i8], w: [&[i8]; 4]) -> Option<[i32; 4]> {
    if VECTORS { Some(w.map(|w| dot_lanes(x, w))) } else { dot4_shared(x, w) }
}

/// Returns `Σ w`.
#[inline]
pub(super) fn total(w: &[i8]) -> i32 {
    w.iter().fold(0, |sum: i32, &w| sum.wrapping_add(w.into()))
}

#[inline]
fn product(a: i8, b: i8) -> i32 {
    i32::from(a).wrapping_mul(i32::from(b))
}

#[inline]
fn dot_plain(x: &[i8], w: &[i8]) -> i32 {
    x.iter().zip(w).fold(0, |sum: i32, (&x, &w)| sum.wrapping_add(product(x, w)))
}

/// Sixteen partial sums, so that a block needs no sum across lanes.
#[inline]
fn dot_lanes(x: &[i8], w: &[i8]) -> i32 {
    let (x_blocks, x_rest) = x.as_chunks::<LANES>();
    let (w_blocks, w_rest) = w.as_chunks::<LANES>();
    let mut sums = [0_i32; LANES];
    for (x, w) in x_blocks.iter().zip(w_blocks) {
        for ((sum, &x), &w) in sums.iter_mut().zip(x).zip(w) {
            *sum = sum.wrapping_add(product(x, w));
        }
    }
    sums.iter().fold(dot_plain(x_rest, w_rest), |total, &sum| total.wrapping_add(sum))
}

/// Reads every `x` once for four sums.
#[inline]
fn dot4_shared(x: &[i8], [a, b, c, d]: [&[i8]; 4]) -> Option<[i32; 4]> {
    let n = x.len();
    let (a, b, c, d) = (a.get(..n)?, b.get(..n)?, c.get(..n)?, d.get(..n)?);
    let (xs, x) = x.as_chunks::<4>();
    let ((a4, a), (b4, b)) = (a.as_chunks::<4>(), b.as_chunks::<4>());
    let ((c4, c), (d4, d)) = (c.as_chunks::<4>(), d.as_chunks::<4>());
    let mut sums = [0_i32; 4];
    for ((((x, a), b), c), d) in xs.iter().zip(a4).zip(b4).zip(c4).zip(d4) {
        sums = add4(sums, x, [a, b, c, d]);
    }
    Some(add4(sums, x, [a, b, c, d]))
}

/// Adds four dot products of short slices to four sums.
#[inline]
fn add4(mut sums: [i32; 4], x: &[i8], [a, b, c, d]: [&[i8]; 4]) -> [i32; 4] {
    for ((((&x, &a), &b), &c), &d) in x.iter().zip(a).zip(b).zip(c).zip(d) {
        let [p, q, r, s] = sums;
        sums = [
            p.wrapping_add(product(x, a)),
            q.wrapping_add(product(x, b)),
            r.wrapping_add(product(x, c)),
            s.wrapping_add(product(x, d)),
        ];
    }
    sums
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;

    /// Lengths around every block boundary.
    const LENGTHS: [usize; 14] = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 33, 64];

    fn ramp(n: usize, step: usize) -> Vec<i8> {
        (0..n).map(|i| (i * step + 77).to_le_bytes()[0].cast_signed()).collect()
    }

    #[test]
    fn every_form_agrees_with_the_definition() {
        for n in LENGTHS {
            let x = ramp(n, 37);
            let w = [ramp(n, 11), ramp(n, 203), ramp(n, 127), ramp(n, 1)];
            let expected: Vec<i32> = w
                .iter()
                .map(|w| (0..n).map(|i| i32::from(x[i]) * i32::from(w[i])).sum())
                .collect();
            let slices = [&w[0][..], &w[1], &w[2], &w[3]];
            assert_eq!(dot4(&x, slices).unwrap(), *expected, "n = {n}");
            assert_eq!(dot4_shared(&x, slices).unwrap(), *expected, "n = {n}");
            assert_eq!(dot_lanes(&x, &w[1]), expected[1], "n = {n}");
            assert_eq!(dot_plain(&x, &w[2]), expected[2], "n = {n}");
            assert_eq!(total(&x), x.iter().map(|&v| i32::from(v)).sum::<i32>());
        }
    }

    #[test]
    fn the_extremes_do_not_overflow_a_lane() {
        let low = vec![i8::MIN; 1000];
        assert_eq!(dot_lanes(&low, &low), 16_384_000);
        assert_eq!(dot4_shared(&low, [&low; 4]).unwrap(), [16_384_000; 4]);
    }
}
