//! Elementwise loops over one, two or three strided operands.

use super::{
    nd::Nd,
    par::{self, BLOCK, GRAIN},
    recycle::buffer,
    simd::{self, Loop},
};
use crate::tensor::View;

/// A value that can be computed on any thread.
pub(crate) trait Value: Copy + Default + Send + Sync + 'static {}
impl<T: Copy + Default + Send + Sync + 'static> Value for T {}

/// Returns `f(x)` for each element, in row-major order.
pub(crate) fn map1<A: Value, R: Value>(x: View<'_, A>, f: impl Fn(A) -> R + Sync) -> Vec<R> {
    let n = x.numel();
    if let Some(x) = x.as_slice() {
        if n < GRAIN {
            return simd::run(Collect1 { x, f: &f });
        }
        let mut out = buffer(n);
        par::blocks(&mut out, BLOCK, true, |at, out| {
            simd::run(Lanes1 { out, x: &x[at..], step: 1, f: &f });
        });
        return out;
    }
    let mut out = buffer(n);
    rows(&Nd::new(x.shape, [x.strides]), &mut out, |[o], [step], out| {
        simd::run(Lanes1 { out, x: &x.data[o..], step, f: &f });
    });
    out
}

/// Returns `f(a, b)` for each pair of elements; `a` and `b` have one shape.
pub(crate) fn map2<A: Value, B: Value, R: Value>(
    a: View<'_, A>,
    b: View<'_, B>,
    f: impl Fn(A, B) -> R + Sync,
) -> Vec<R> {
    debug_assert_eq!(a.shape, b.shape);
    let n = a.numel();
    if let (Some(a), Some(b)) = (a.as_slice(), b.as_slice()) {
        if n < GRAIN {
            return simd::run(Collect2 { a, b, f: &f });
        }
        let mut out = buffer(n);
        par::blocks(&mut out, BLOCK, true, |at, out| {
            simd::run(Lanes2 { out, a: (&a[at..], 1), b: (&b[at..], 1), f: &f });
        });
        return out;
    }
    let mut out = buffer(n);
    rows(&Nd::new(a.shape, [a.strides, b.strides]), &mut out, |[i, j], [p, q], out| {
        simd::run(Lanes2 { out, a: (&a.data[i..], p), b: (&b.data[j..], q), f: &f });
    });
    out
}

/// Returns `f(a, b, c)` for each triple of elements; the operands have one shape.
pub(crate) fn map3<A: Value, B: Value, C: Value, R: Value>(
    a: View<'_, A>,
    b: View<'_, B>,
    c: View<'_, C>,
    f: impl Fn(A, B, C) -> R + Sync,
) -> Vec<R> {
    debug_assert!(a.shape == b.shape && b.shape == c.shape);
    let mut out = buffer(a.numel());
    rows(
        &Nd::new(a.shape, [a.strides, b.strides, c.strides]),
        &mut out,
        |[i, j, k], [p, q, r], out| {
            let (a, b, c) = (&a.data[i..], &b.data[j..], &c.data[k..]);
            if [p, q, r] == [1; 3] {
                out.iter_mut().zip(a).zip(b).zip(c).for_each(|(((o, &a), &b), &c)| *o = f(a, b, c));
            } else {
                out.iter_mut().enumerate().for_each(|(n, o)| *o = f(a[n * p], b[n * q], c[n * r]));
            }
        },
    );
    out
}

/// Calls `f(offsets, steps, part)` for each row of the index space, or for pieces of long rows.
fn rows<const N: usize, R: Send>(
    nd: &Nd<N>,
    out: &mut [R],
    f: impl Fn([usize; N], [usize; N], &mut [R]) + Sync,
) {
    if out.is_empty() {
        return;
    }
    let (inner, steps) = (nd.inner(), nd.steps());
    let parallel = out.len() >= GRAIN;
    let block = if inner >= BLOCK { inner } else { BLOCK / inner * inner };
    par::blocks(out, block, parallel, |at, part| {
        for (row, part) in part.chunks_mut(inner).enumerate() {
            f(nd.offsets(at / inner + row), steps, part);
        }
    });
}

/// `f` of each element, as a new vector.
struct Collect1<'a, A, F> {
    x: &'a [A],
    f: &'a F,
}

impl<A: Value, R: Value, F: Fn(A) -> R> Loop for Collect1<'_, A, F> {
    type Out = Vec<R>;

    #[inline(always)]
    fn run(self) -> Vec<R> {
        self.x.iter().map(|&x| (self.f)(x)).collect()
    }
}

/// `f` of each pair of elements, as a new vector.
struct Collect2<'a, A, B, F> {
    a: &'a [A],
    b: &'a [B],
    f: &'a F,
}

impl<A: Value, B: Value, R: Value, F: Fn(A, B) -> R> Loop for Collect2<'_, A, B, F> {
    type Out = Vec<R>;

    #[inline(always)]
    fn run(self) -> Vec<R> {
        self.a.iter().zip(self.b).map(|(&a, &b)| (self.f)(a, b)).collect()
    }
}

/// `f` of every `step`-th element.
struct Lanes1<'a, A, R, F> {
    out: &'a mut [R],
    x: &'a [A],
    step: usize,
    f: &'a F,
}

impl<A: Value, R: Value, F: Fn(A) -> R> Loop for Lanes1<'_, A, R, F> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { out, x, step, f } = self;
        match step {
            1 => out.iter_mut().zip(x).for_each(|(o, &x)| *o = f(x)),
            0 => out.fill(f(x[0])),
            _ => out.iter_mut().zip(x.iter().step_by(step)).for_each(|(o, &x)| *o = f(x)),
        }
    }
}

/// `f` of pairs of elements, each operand with its own step.
struct Lanes2<'a, A, B, R, F> {
    out: &'a mut [R],
    a: (&'a [A], usize),
    b: (&'a [B], usize),
    f: &'a F,
}

impl<A: Value, B: Value, R: Value, F: Fn(A, B) -> R> Loop for Lanes2<'_, A, B, R, F> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { out, a: (a, p), b: (b, q), f } = self;
        match (p, q) {
            (1, 1) => out.iter_mut().zip(a).zip(b).for_each(|((o, &a), &b)| *o = f(a, b)),
            (1, 0) => {
                let b = b[0];
                out.iter_mut().zip(a).for_each(|(o, &a)| *o = f(a, b));
            }
            (0, 1) => {
                let a = a[0];
                out.iter_mut().zip(b).for_each(|(o, &b)| *o = f(a, b));
            }
            _ => out.iter_mut().enumerate().for_each(|(n, o)| *o = f(a[n * p], b[n * q])),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stride_pattern_equals_the_definition() {
        let data: Vec<i64> = (0..60_000).collect();
        let shapes_and_strides: [(&[usize], &[usize]); 7] = [
            (&[], &[]),
            (&[7], &[1]),
            (&[7], &[3]),
            (&[5, 7], &[0, 1]),
            (&[5, 7], &[1, 5]),
            (&[3, 1, 4], &[20, 9, 2]),
            (&[0, 4], &[4, 1]),
        ];
        for (shape, strides) in shapes_and_strides {
            let v = View { data: &data, shape, strides };
            let want: Vec<i64> = v.iter().map(|x| 2 * x + 1).collect();
            assert_eq!(map1(v, |x| 2 * x + 1), want);
            assert_eq!(v.to_vec(), v.iter().collect::<Vec<_>>());
            let full = &crate::slots::tensor::row_major_strides(shape)[..shape.len()];
            let w = View { data: &data, shape, strides: full };
            let want: Vec<i64> = v.iter().zip(w.iter()).map(|(a, b)| a - 3 * b).collect();
            assert_eq!(map2(v, w, |a, b| a - 3 * b), want);
            let want: Vec<i64> = v.iter().zip(w.iter()).map(|(a, b)| a - 3 * b + 5 * a).collect();
            assert_eq!(map3(v, w, v, |a, b, c| a - 3 * b + 5 * c), want);
        }
    }

    #[test]
    fn large_operands_take_the_block_path() {
        let n = 3 * GRAIN + 17;
        let data: Vec<i32> = (0..n as i32).collect();
        let v = View { data: &data, shape: &[n], strides: &[1] };
        assert!(map1(v, |x| x + 1).iter().zip(&data).all(|(a, b)| *a == b + 1));
        let t = View { data: &data, shape: &[300, 600], strides: &[1, 300] };
        assert!(map2(t, t, |a, b| a + b).iter().zip(t.iter()).all(|(a, b)| *a == 2 * b));
    }
}
