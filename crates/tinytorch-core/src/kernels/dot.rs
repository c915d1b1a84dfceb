//! Inner products of a row as it is stored with a row to compute with.

use half::{bf16, f16};

use super::simd::MulAdd;
use crate::tensor::Real;

/// Elements of one vector of the widest kind.
pub(crate) const STEP: usize = 16;

/// An element as it is stored, widened to `T` when it is read.
pub(crate) trait Stored<T>: Copy + Send + Sync {
    /// Returns its number, or its code where the row has a scale.
    fn wide(self) -> T;
}

impl<T: Real> Stored<T> for T {
    #[inline(always)]
    fn wide(self) -> T {
        self
    }
}

impl Stored<f32> for bf16 {
    #[inline(always)]
    fn wide(self) -> f32 {
        // The upper half of a float, so that a vector of them is widened by one shift.
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }
}

impl Stored<f32> for f16 {
    #[inline(always)]
    fn wide(self) -> f32 {
        self.to_f32()
    }
}

impl Stored<f32> for i8 {
    #[inline(always)]
    fn wide(self) -> f32 {
        f32::from(self)
    }
}

/// Returns `Σ rowₖ·xₖ`: 64 sums side by side over whole vectors, then the rest in order.
#[inline(always)]
pub(crate) fn dot<M: MulAdd, T: Real, E: Stored<T>>(row: &[E], x: &[T]) -> T {
    let [mut a, mut b, mut c, mut d] = [[T::ZERO; STEP]; 4];
    let (rows, row_rest) = row.as_chunks::<{ 4 * STEP }>();
    let (xs, x_rest) = x.as_chunks::<{ 4 * STEP }>();
    for (row, x) in rows.iter().zip(xs) {
        let (row, x) = (row.as_chunks::<STEP>().0, x.as_chunks::<STEP>().0);
        a = joined::<M, T, E>(a, &row[0], &x[0]);
        b = joined::<M, T, E>(b, &row[1], &x[1]);
        c = joined::<M, T, E>(c, &row[2], &x[2]);
        d = joined::<M, T, E>(d, &row[3], &x[3]);
    }
    finished::<M, T, E>([a, b, c, d], row_rest, x_rest)
}

/// As [`dot`] for two rows, with the same bits.
#[inline(always)]
fn two<M: MulAdd, T: Real, E: Stored<T>>([r, s]: [&[E]; 2], x: &[T]) -> [T; 2] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = [[T::ZERO; STEP]; 8];
    let (rs, r_rest) = r.as_chunks::<{ 4 * STEP }>();
    let (ss, s_rest) = s.as_chunks::<{ 4 * STEP }>();
    let (xs, x_rest) = x.as_chunks::<{ 4 * STEP }>();
    for ((r, s), x) in rs.iter().zip(ss).zip(xs) {
        let x = x.as_chunks::<STEP>().0;
        let (r, s) = (r.as_chunks::<STEP>().0, s.as_chunks::<STEP>().0);
        a = joined::<M, T, E>(a, &r[0], &x[0]);
        b = joined::<M, T, E>(b, &r[1], &x[1]);
        c = joined::<M, T, E>(c, &r[2], &x[2]);
        d = joined::<M, T, E>(d, &r[3], &x[3]);
        e = joined::<M, T, E>(e, &s[0], &x[0]);
        f = joined::<M, T, E>(f, &s[1], &x[1]);
        g = joined::<M, T, E>(g, &s[2], &x[2]);
        h = joined::<M, T, E>(h, &s[3], &x[3]);
    }
    [
        finished::<M, T, E>([a, b, c, d], r_rest, x_rest),
        finished::<M, T, E>([e, f, g, h], s_rest, x_rest),
    ]
}

/// Adds what is left of a row to its 64 sums, and these up.
#[inline(always)]
fn finished<M: MulAdd, T: Real, E: Stored<T>>(
    [mut a, b, c, d]: [[T; STEP]; 4],
    row_rest: &[E],
    x_rest: &[T],
) -> T {
    let (rows, row_rest) = row_rest.as_chunks::<STEP>();
    let (xs, x_rest) = x_rest.as_chunks::<STEP>();
    for (row, x) in rows.iter().zip(xs) {
        a = joined::<M, T, E>(a, row, x);
    }
    let mut lanes = a;
    for l in 0..STEP {
        lanes[l] = (a[l] + b[l]) + (c[l] + d[l]);
    }
    // The compiler must not see that the lanes are added up: for that it would cut the vectors of the loop into pairs.
    let mut sum = total(&core::hint::black_box(lanes));
    for (&w, &x) in row_rest.iter().zip(x_rest) {
        sum = M::mul_add(w.wide(), x, sum);
    }
    sum
}

/// Writes the products of `n` rows of `k` elements, `stride` apart, with `m` rows of `x` to `out: [n, m]`.
///
/// Each row is read once from its beginning to its end, and two of them that lie far apart at a time: memory is read ahead in
/// two streams, and where one waits for its next page the other goes on.
#[inline(always)]
pub(crate) fn rows<M: MulAdd, T: Real, E: Stored<T>>(
    (w, w_stride): (&[E], usize),
    (x, x_stride): (&[T], usize),
    [m, k]: [usize; 2],
    out: &mut [T],
) {
    let row = |j: usize| &w[j * w_stride..][..k];
    let x = |i: usize| &x[i * x_stride..][..k];
    let n = out.len() / m;
    let (near, far) = out.split_at_mut(n / 2 * m);
    for (j, near) in near.chunks_mut(m).enumerate() {
        let rows = [row(j), row(n / 2 + j)];
        let far = &mut far[j * m..][..m];
        for i in 0..m {
            [near[i], far[i]] = two::<M, T, E>(rows, x(i));
        }
    }
    if n % 2 == 1 {
        for (i, out) in far[n / 2 * m..].iter_mut().enumerate() {
            *out = dot::<M, T, E>(row(n - 1), x(i));
        }
    }
}

/// `sum + w·x`, element by element.
#[inline(always)]
pub(crate) fn joined<M: MulAdd, T: Real, E: Stored<T>>(
    sum: [T; STEP],
    w: &[E; STEP],
    x: &[T; STEP],
) -> [T; STEP] {
    let mut out = sum;
    for i in 0..STEP {
        out[i] = M::mul_add(w[i].wide(), x[i], sum[i]);
    }
    out
}

/// The sum of all lanes.
#[inline(always)]
pub(crate) fn total<T: Real>(lanes: &[T; STEP]) -> T {
    let mut lanes = *lanes;
    let mut width = STEP;
    while width > 1 {
        width /= 2;
        for l in 0..width {
            lanes[l] += lanes[l + width];
        }
    }
    lanes[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::simd::{Fused, run_fused};
    use crate::nostd::prelude::*;

    struct Dot<'a, T, E>(&'a [E], &'a [T]);

    impl<T: Real, E: Stored<T>> Fused for Dot<'_, T, E> {
        type Out = T;

        #[inline(always)]
        fn run<M: MulAdd>(self) -> T {
            dot::<M, T, E>(self.0, self.1)
        }
    }

    struct Rows<'a>(&'a [f32], &'a [f32], usize, &'a mut [f32]);

    impl Fused for Rows<'_> {
        type Out = ();

        #[inline(always)]
        fn run<M: MulAdd>(self) {
            rows::<M, f32, f32>((self.0, self.2 + 1), (self.1, self.2 + 2), [2, self.2], self.3);
        }
    }

    #[test]
    fn rows_in_company_have_the_bits_of_one_alone() {
        for k in [1, 15, 16, 63, 64, 65, 100, 200] {
            for n in 1..6 {
                let wave = |n: usize, step: f32| -> Vec<f32> {
                    (0..n).map(|i| (i as f32 * step).sin()).collect()
                };
                let (w, x) = (wave(n * (k + 1), 0.37), wave(2 * (k + 2), 0.53));
                let mut out = vec![0.0; n * 2];
                run_fused(Rows(&w, &x, k, &mut out));
                for (at, got) in out.into_iter().enumerate() {
                    let (row, x) = (&w[at / 2 * (k + 1)..][..k], &x[at % 2 * (k + 2)..][..k]);
                    assert_eq!(got.to_bits(), run_fused(Dot(row, x)).to_bits(), "{k} {n} {at}");
                }
            }
        }
    }

    /// Whole numbers: every order of addition is exact, so each way of storing them gives the plain sum.
    #[test]
    fn every_length_gives_the_plain_sum() {
        for k in 0..200 {
            let codes: Vec<i8> = (0..k).map(|i| (i * 37 % 23) as i8 - 11).collect();
            let x: Vec<f32> = (0..k).map(|i| (i * 29 % 19) as f32 - 9.0).collect();
            let want: f32 = codes.iter().zip(&x).map(|(&w, x)| f32::from(w) * x).sum();
            let floats: Vec<f32> = codes.iter().map(|&c| f32::from(c)).collect();
            let halves: Vec<f16> = floats.iter().map(|&v| f16::from_f32(v)).collect();
            let brains: Vec<bf16> = floats.iter().map(|&v| bf16::from_f32(v)).collect();
            assert_eq!(run_fused(Dot(&floats, &x)), want);
            assert_eq!(run_fused(Dot(&halves, &x)), want);
            assert_eq!(run_fused(Dot(&brains, &x)), want);
            assert_eq!(run_fused(Dot(&codes, &x)), want);
            let doubles =
                [&floats, &x].map(|v| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
            assert_eq!(run_fused(Dot(&doubles[0], &doubles[1])), f64::from(want));
        }
    }
}
