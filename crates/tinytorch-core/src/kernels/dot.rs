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
///
/// The row is read once from its beginning to its end, so that memory sees one stream.
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
    let (rows, row_rest) = row_rest.as_chunks::<STEP>();
    let (xs, x_rest) = x_rest.as_chunks::<STEP>();
    for (row, x) in rows.iter().zip(xs) {
        a = joined::<M, T, E>(a, row, x);
    }
    // The compiler must not see that the sums are added up: for that it would cut the vectors of the loop into pairs.
    let [a, b, c, d] = core::hint::black_box([a, b, c, d]);
    let mut lanes = a;
    for l in 0..STEP {
        lanes[l] = (a[l] + b[l]) + (c[l] + d[l]);
    }
    let mut sum = total(&lanes);
    for (&w, &x) in row_rest.iter().zip(x_rest) {
        sum = M::mul_add(w.wide(), x, sum);
    }
    sum
}

/// `sum + w·x`, element by element.
#[inline(always)]
fn joined<M: MulAdd, T: Real, E: Stored<T>>(
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
fn total<T: Real>(lanes: &[T; STEP]) -> T {
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
