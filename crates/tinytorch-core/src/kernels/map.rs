//! Elementwise loops over one, two or three strided operands.

use super::{
    nd::Nd,
    par::{self, BLOCK, GRAIN},
    recycle::buffer,
    simd::{self, Loop},
};
use crate::nostd::prelude::*;
use crate::tensor::View;

/// A value that can be computed on any thread.
pub(crate) trait Value: Copy + Default + Send + Sync + 'static {}
impl<T: Copy + Default + Send + Sync + 'static> Value for T {}

/// A function of one element. Closures are such functions; one that is more than a few instructions long is a type of
/// its own with `#[inline(always)]`, since a closure of that size would be called, and a loop of calls has no vectors.
pub(crate) trait Of1<A>: Sync {
    /// What it returns.
    type Out;

    /// Returns the function of `x`.
    fn of(&self, x: A) -> Self::Out;
}

impl<A, R, F: Fn(A) -> R + Sync> Of1<A> for F {
    type Out = R;

    #[inline(always)]
    fn of(&self, x: A) -> R {
        self(x)
    }
}

/// As [`Of1`], of two elements.
pub(crate) trait Of2<A, B>: Sync {
    /// What it returns.
    type Out;

    /// Returns the function of `x` and `y`.
    fn of(&self, x: A, y: B) -> Self::Out;
}

impl<A, B, R, F: Fn(A, B) -> R + Sync> Of2<A, B> for F {
    type Out = R;

    #[inline(always)]
    fn of(&self, x: A, y: B) -> R {
        self(x, y)
    }
}

/// Returns `f(x)` for each element, in row-major order.
pub(crate) fn map1<A: Value, R: Value>(x: View<'_, A>, f: impl Fn(A) -> R + Sync) -> Vec<R> {
    apply1(x, &f)
}

/// As [`map1`], for functions that are more than a few instructions.
pub(crate) fn apply1<A: Value, R: Value>(x: View<'_, A>, f: &impl Of1<A, Out = R>) -> Vec<R> {
    let n = x.numel();
    if let Some(x) = x.as_slice() {
        if n < GRAIN {
            return simd::run(Collect1 { x, f });
        }
        let mut out = buffer(n);
        par::blocks(&mut out, BLOCK, true, |at, out| {
            simd::run(Lanes1 { out, x: &x[at..], step: 1, f });
        });
        return out;
    }
    let mut out = buffer(n);
    rows(&Nd::new(x.shape, [x.strides]), &mut out, |[o], [step], out| {
        simd::run(Lanes1 { out, x: &x.data[o..], step, f });
    });
    out
}

/// Returns the elements in row-major order.
pub(crate) fn copied<T: Value>(x: View<'_, T>) -> Vec<T> {
    map1(x, |x| x)
}

/// Returns `f(a, b)` for each pair of elements; `a` and `b` have one shape.
pub(crate) fn map2<A: Value, B: Value, R: Value>(
    a: View<'_, A>,
    b: View<'_, B>,
    f: impl Fn(A, B) -> R + Sync,
) -> Vec<R> {
    apply2(a, b, &f)
}

/// As [`map2`], for functions that are more than a few instructions.
pub(crate) fn apply2<A: Value, B: Value, R: Value>(
    a: View<'_, A>,
    b: View<'_, B>,
    f: &impl Of2<A, B, Out = R>,
) -> Vec<R> {
    debug_assert_eq!(a.shape, b.shape);
    let n = a.numel();
    if let (Some(a), Some(b)) = (a.as_slice(), b.as_slice()) {
        if n < GRAIN {
            return simd::run(Collect2 { a, b, f });
        }
        let mut out = buffer(n);
        par::blocks(&mut out, BLOCK, true, |at, out| {
            simd::run(Lanes2 { out, a: (&a[at..], 1), b: (&b[at..], 1), f });
        });
        return out;
    }
    let mut out = buffer(n);
    rows(&Nd::new(a.shape, [a.strides, b.strides]), &mut out, |[i, j], [p, q], out| {
        simd::run(Lanes2 { out, a: (&a.data[i..], p), b: (&b.data[j..], q), f });
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

impl<A: Value, R: Value, F: Of1<A, Out = R>> Loop for Collect1<'_, A, F> {
    type Out = Vec<R>;

    #[inline(always)]
    fn run(self) -> Vec<R> {
        let mut out = vec![R::default(); self.x.len()];
        for (o, &x) in out.iter_mut().zip(self.x) {
            *o = self.f.of(x);
        }
        out
    }
}

/// `f` of each pair of elements, as a new vector.
struct Collect2<'a, A, B, F> {
    a: &'a [A],
    b: &'a [B],
    f: &'a F,
}

impl<A: Value, B: Value, R: Value, F: Of2<A, B, Out = R>> Loop for Collect2<'_, A, B, F> {
    type Out = Vec<R>;

    #[inline(always)]
    fn run(self) -> Vec<R> {
        let mut out = vec![R::default(); self.a.len()];
        for ((o, &a), &b) in out.iter_mut().zip(self.a).zip(self.b) {
            *o = self.f.of(a, b);
        }
        out
    }
}

/// `f` of every `step`-th element.
struct Lanes1<'a, A, R, F> {
    out: &'a mut [R],
    x: &'a [A],
    step: usize,
    f: &'a F,
}

impl<A: Value, R: Value, F: Of1<A, Out = R>> Loop for Lanes1<'_, A, R, F> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { out, x, step, f } = self;
        match step {
            1 => {
                for (o, &x) in out.iter_mut().zip(x) {
                    *o = f.of(x);
                }
            }
            0 => out.fill(f.of(x[0])),
            _ => {
                for (o, &x) in out.iter_mut().zip(x.iter().step_by(step)) {
                    *o = f.of(x);
                }
            }
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

impl<A: Value, B: Value, R: Value, F: Of2<A, B, Out = R>> Loop for Lanes2<'_, A, B, R, F> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { out, a: (a, p), b: (b, q), f } = self;
        match (p, q) {
            (1, 1) => {
                for ((o, &a), &b) in out.iter_mut().zip(a).zip(b) {
                    *o = f.of(a, b);
                }
            }
            (1, 0) => {
                let b = b[0];
                for (o, &a) in out.iter_mut().zip(a) {
                    *o = f.of(a, b);
                }
            }
            (0, 1) => {
                let a = a[0];
                for (o, &b) in out.iter_mut().zip(b) {
                    *o = f.of(a, b);
                }
            }
            _ => {
                for (n, o) in out.iter_mut().enumerate() {
                    *o = f.of(a[n * p], b[n * q]);
                }
            }
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
