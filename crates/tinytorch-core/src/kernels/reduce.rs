//! Reductions in fixed blocks.
//!
//! Sums are pairwise: runs of [`RUN`] elements are added in eight interleaved lanes, and the partial sums are
//! added as a balanced tree. The error grows with the logarithm of the length, and the order of additions depends
//! on the length alone.

use super::{
    map::{Of1, Value, copied},
    par::{self, GRAIN},
    simd::{self, Loop},
};
use crate::nostd::prelude::*;
use crate::tensor::{Number, View};

/// Elements added in one run before the tree takes over.
const RUN: usize = 128;
const LANES: usize = 8;

/// Returns the pairwise sum of `f(x)` over a slice.
///
/// Inlined into its caller, so that it is compiled for the caller's vectors.
#[inline(always)]
pub(crate) fn sum_of<A: Copy, R: Number>(x: &[A], f: &impl Of1<A, Out = R>) -> R {
    if x.len() <= RUN {
        return sum_run(x, f);
    }
    // The sums of whole runs wait in `open`, one for each level of a balanced tree: two of a level make one of the next.
    let mut open = [R::ZERO; usize::BITS as usize];
    for (done, run) in x.chunks(RUN).enumerate() {
        let (mut sum, mut level) = (sum_run(run, f), 0);
        while done >> level & 1 == 1 {
            sum = open[level].plus(sum);
            level += 1;
        }
        open[level] = sum;
    }
    let runs = x.len().div_ceil(RUN);
    let mut waiting = (0..usize::BITS as usize).filter(|level| runs >> level & 1 == 1);
    let first = waiting.next().map_or(R::ZERO, |level| open[level]);
    waiting.fold(first, |sum, level| open[level].plus(sum))
}

/// Adds one run in eight interleaved lanes.
#[inline(always)]
fn sum_run<A: Copy, R: Number>(x: &[A], f: &impl Of1<A, Out = R>) -> R {
    let mut lanes = [R::ZERO; LANES];
    let (chunks, rest) = x.as_chunks::<LANES>();
    for c in chunks {
        for (l, &v) in lanes.iter_mut().zip(c) {
            *l = l.plus(f.of(v));
        }
    }
    for (l, &v) in lanes.iter_mut().zip(rest) {
        *l = l.plus(f.of(v));
    }
    let [a, b, c, d, e, g, h, i] = lanes;
    a.plus(e).plus(c.plus(h)).plus(b.plus(g).plus(d.plus(i)))
}

/// A view brought into the form `[outer, len, inner]`, where `len` is what a reduction folds.
pub(crate) struct Grouped<'a, T: Clone> {
    pub(crate) data: alloc::borrow::Cow<'a, [T]>,
    pub(crate) outer: usize,
    pub(crate) len: usize,
    pub(crate) inner: usize,
}

/// Groups the axes marked in `reduced` into one. Copies only if the view is strided, or if kept and reduced axes
/// alternate.
pub(crate) fn group<'a, T: Value>(x: View<'a, T>, reduced: &[bool]) -> Grouped<'a, T> {
    let product = |keep: &dyn Fn(usize) -> bool| -> usize {
        x.shape.iter().enumerate().filter(|(a, _)| keep(*a)).map(|(_, &d)| d).product()
    };
    let len = product(&|a| reduced[a]);
    let first = reduced.iter().position(|&r| r);
    let last = reduced.iter().rposition(|&r| r);
    let adjacent = match (first, last) {
        (Some(f), Some(l)) => (f..=l).all(|a| reduced[a] || x.shape[a] == 1),
        _ => true,
    };
    if adjacent && x.is_contiguous() {
        let (f, l) = (first.unwrap_or(0), last.map_or(0, |l| l + 1));
        let outer = x.shape[..f].iter().product();
        let inner = x.shape[l..].iter().product();
        return Grouped { data: x.to_contiguous(), outer, len, inner };
    }
    // Kept axes first, reduced axes last.
    let order: Vec<usize> = (0..x.rank())
        .filter(|&a| !reduced[a])
        .chain((0..x.rank()).filter(|&a| reduced[a]))
        .collect();
    let shape: Vec<usize> = order.iter().map(|&a| x.shape[a]).collect();
    let strides: Vec<usize> = order.iter().map(|&a| x.strides[a]).collect();
    let data = copied(View { data: x.data, shape: &shape, strides: &strides });
    Grouped { data: data.into(), outer: product(&|a| !reduced[a]), len, inner: 1 }
}

/// Returns the sum of `f(x)` over the marked axes, in row-major order of the kept axes.
pub(crate) fn sum_axes<A: Value, R: Number>(
    x: View<'_, A>,
    reduced: &[bool],
    f: &impl Of1<A, Out = R>,
) -> Vec<R> {
    let g = group(x, reduced);
    let mut out = vec![R::ZERO; g.outer * g.inner];
    if g.data.is_empty() || out.is_empty() {
        return out;
    }
    let parallel = g.data.len() >= GRAIN;
    if g.inner == 1 {
        if g.outer == 1 && parallel {
            out[0] = sum_parallel(&g.data, f);
            return out;
        }
        let block = (GRAIN / 4 / g.len.max(1)).max(1);
        par::blocks(&mut out, block, parallel, |at, out| {
            for (row, o) in out.iter_mut().enumerate() {
                let start = (at + row) * g.len;
                *o = sum(&g.data[start..start + g.len], f);
            }
        });
        return out;
    }
    let (plane, inner) = (g.len * g.inner, g.inner);
    if parallel && g.outer == 1 {
        // Cut the columns, not the order of additions.
        par::blocks(&mut out, (inner / 8).clamp(16, 1024), true, |at, out| {
            sum_columns(&g.data[at..], inner, g.len, out, f);
        });
        return out;
    }
    par::blocks(&mut out, inner, parallel, |at, out| {
        sum_columns(&g.data[at / inner * plane..], inner, g.len, out, f);
    });
    out
}

/// Sums a long slice as the tree of [`sum_of`] does, with its lower branches on several threads.
fn sum_parallel<A: Value, R: Number>(x: &[A], f: &impl Of1<A, Out = R>) -> R {
    let mut branches = Vec::new();
    cut(x, &mut branches);
    let mut sums = vec![R::ZERO; branches.len()];
    par::blocks(&mut sums, 1, true, |i, sums| sums[0] = sum(branches[i], f));
    joined(x.len(), &mut sums.into_iter())
}

/// Where the tree of a sum of `n` elements parts, if both sides are long: after the first full tree, the largest power of two
/// of runs that leaves something over.
fn fork(n: usize) -> Option<usize> {
    (n >= GRAIN / 2).then(|| n.div_ceil(RUN).next_power_of_two() / 2 * RUN)
}

/// The branches of the tree over `x`, from left to right.
fn cut<'a, A>(x: &'a [A], branches: &mut Vec<&'a [A]>) {
    let Some(at) = fork(x.len()) else { return branches.push(x) };
    let (left, right) = x.split_at(at);
    cut(left, branches);
    cut(right, branches);
}

/// The sum of a tree over `n` elements, of the sums of its branches.
fn joined<R: Number>(n: usize, sums: &mut impl Iterator<Item = R>) -> R {
    let Some(at) = fork(n) else { return sums.next().unwrap_or(R::ZERO) };
    let left = joined(at, sums);
    left.plus(joined(n - at, sums))
}

/// [`sum_of`] compiled for the widest vectors.
fn sum<A: Copy, R: Number>(x: &[A], f: &impl Of1<A, Out = R>) -> R {
    simd::run(Sum { x, f })
}

struct Sum<'a, A, F> {
    x: &'a [A],
    f: &'a F,
}

impl<A: Copy, R: Number, F: Of1<A, Out = R>> Loop for Sum<'_, A, F> {
    type Out = R;

    #[inline(always)]
    fn run(self) -> R {
        sum_of(self.x, self.f)
    }
}

/// Adds `f` of each element of a row to `out`.
struct AddRow<'a, A, R, F> {
    out: &'a mut [R],
    x: &'a [A],
    f: &'a F,
}

impl<A: Copy, R: Number, F: Of1<A, Out = R>> Loop for AddRow<'_, A, R, F> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        for (o, &x) in self.out.iter_mut().zip(self.x) {
            *o = o.plus(self.f.of(x));
        }
    }
}

/// Adds `rows` rows of stride `stride` into `out`, pairwise over blocks of 16 rows.
fn sum_columns<A: Copy, R: Number>(
    x: &[A],
    stride: usize,
    rows: usize,
    out: &mut [R],
    f: &impl Of1<A, Out = R>,
) {
    if rows <= 16 {
        for row in 0..rows {
            let x = &x[row * stride..row * stride + out.len()];
            simd::run(AddRow { out: &mut *out, x, f });
        }
        return;
    }
    let half = rows.div_ceil(16).div_ceil(2) * 16;
    sum_columns(x, stride, half, out, f);
    let mut right = vec![R::ZERO; out.len()];
    sum_columns(&x[half * stride..], stride, rows - half, &mut right, f);
    simd::run(AddRow { out, x: &right, f: &|r| r });
}

/// Returns the fold `f(.. f(f(first, second), third) ..)` over the marked axes, which must not be empty.
pub(crate) fn fold_axes<T: Value>(
    x: View<'_, T>,
    reduced: &[bool],
    f: impl Fn(T, T) -> T + Sync,
) -> Vec<T> {
    let g = group(x, reduced);
    let mut out = vec![T::default(); g.outer * g.inner];
    let parallel = g.data.len() >= GRAIN;
    let block = (GRAIN / 4 / g.len.max(1)).max(1);
    par::blocks(&mut out, block, parallel, |at, out| {
        for (n, o) in out.iter_mut().enumerate() {
            let (i, j) = ((at + n) / g.inner, (at + n) % g.inner);
            let x = &g.data[i * g.len * g.inner + j..];
            let mut acc = x[0];
            for k in 1..g.len {
                acc = f(acc, x[k * g.inner]);
            }
            *o = acc;
        }
    });
    out
}

/// Calls `f(row)` for each line of `len` elements along the one marked axis, gathered side by side.
pub(crate) fn lines<T: Value, R: Value>(
    x: View<'_, T>,
    axis: usize,
    f: impl Fn(&[T]) -> R + Sync,
) -> Vec<R> {
    let mut reduced = [false; crate::tensor::MAX_RANK];
    reduced[axis] = true;
    let g = group(x, &reduced[..x.rank()]);
    let mut out = vec![R::default(); g.outer * g.inner];
    let parallel = g.data.len() >= GRAIN;
    let block = (GRAIN / 4 / g.len.max(1)).max(1);
    par::blocks(&mut out, block, parallel, |at, out| {
        let mut line = Vec::new();
        for (n, o) in out.iter_mut().enumerate() {
            let (i, j) = ((at + n) / g.inner, (at + n) % g.inner);
            let start = i * g.len * g.inner + j;
            *o = if g.inner == 1 {
                f(&g.data[start..start + g.len])
            } else {
                line.clear();
                line.extend((0..g.len).map(|k| g.data[start + k * g.inner]));
                f(&line)
            };
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots;

    fn ramp(n: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 37 % 101) as f64 - 50.0) * 0.125).collect()
    }

    #[test]
    fn sums_agree_with_the_plain_one() {
        // Multiples of 1/8 below 2^45: every order of addition is exact.
        let data = ramp(120_000);
        let cases: [(&[usize], &[usize], &[bool]); 10] = [
            (&[], &[], &[]),
            (&[1000], &[1], &[true]),
            (&[120_000], &[1], &[true]),
            (&[50, 40], &[40, 1], &[true, false]),
            (&[400, 300], &[300, 1], &[true, false]),
            (&[400, 300], &[300, 1], &[false, true]),
            (&[300, 400], &[1, 300], &[false, true]),
            (&[5, 6, 7], &[42, 7, 1], &[true, false, true]),
            (&[5, 6, 7], &[42, 7, 1], &[false, true, false]),
            (&[5, 0, 7], &[42, 7, 1], &[false, true, false]),
        ];
        for (shape, strides, reduced) in cases {
            let v = View { data: &data, shape, strides };
            let axes: Vec<usize> = (0..shape.len()).filter(|&a| reduced[a]).collect();
            assert_eq!(
                sum_axes(v, reduced, &|x| x),
                slots::tensor::reduce_sum(v, &axes),
                "{shape:?} {reduced:?}"
            );
        }
    }

    #[test]
    fn pairwise_error_stays_small() {
        // 2^22 times 0.1 in f32: left to right this loses two digits, pairwise only the last bits.
        let x = vec![0.1f32; 1 << 22];
        let exact = f64::from(0.1f32) * f64::from(1 << 22);
        let got = f64::from(sum_of(&x, &|v| v));
        // log2(2^22) roundings of half an ulp each at most.
        assert!((got - exact).abs() <= 22.0 * f64::from(f32::EPSILON) * exact, "{got} {exact}");
        for n in [1 << 22, (1 << 21) + 1, 3_000_001, 1_048_577 + 128 * 5] {
            assert_eq!(sum_parallel(&x[..n], &|v| v), sum_of(&x[..n], &|v| v), "{n}");
        }
    }
}
