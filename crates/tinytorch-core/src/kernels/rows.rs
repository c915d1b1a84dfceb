//! Softmax and its relatives: one pass per slice along an axis.

use super::{
    map::Value,
    par::{self, GRAIN},
    recycle::buffer,
    reduce::sum_of,
    simd::{self, Fused, Loop, MulAdd},
};
use crate::nostd::prelude::*;
use crate::tensor::{Real, View};

/// Elements of these functions cost some ten times an addition.
const HEAVY_GRAIN: usize = GRAIN / 8;

/// Returns `f(slice, out)` of each slice of `x` along `axis`.
pub(crate) fn each_slice<T: Value>(
    x: View<'_, T>,
    axis: usize,
    f: impl Fn(&[T], &mut [T]) + Sync,
) -> Vec<T> {
    let (len, inner) = extent(x.shape, axis);
    let x = x.to_contiguous();
    let mut out = buffer(x.len());
    if out.is_empty() {
        return out;
    }
    let parallel = out.len() >= HEAVY_GRAIN;
    let plane = len * inner;
    let block = (HEAVY_GRAIN / 2 / plane).max(1) * plane;
    par::blocks(&mut out, block, parallel, |at, part| {
        let x = &x[at..at + part.len()];
        if inner == 1 {
            for (row, x) in part.chunks_mut(len).zip(x.chunks(len)) {
                f(x, row);
            }
            return;
        }
        let mut lines = [(); 2].map(|()| vec![T::default(); len]);
        let [from, to] = &mut lines;
        for (x, plane) in x.chunks(plane).zip(part.chunks_mut(plane)) {
            for j in 0..inner {
                from.iter_mut().zip(x[j..].iter().step_by(inner)).for_each(|(l, &v)| *l = v);
                f(from, to);
                to.iter().zip(plane[j..].iter_mut().step_by(inner)).for_each(|(&l, v)| *v = l);
            }
        }
    });
    out
}

fn extent(shape: &[usize], axis: usize) -> (usize, usize) {
    (shape[axis], shape[axis + 1..].iter().product())
}

/// Elements compared side by side.
const LANES: usize = 64;

/// The largest element that is not NaN; negative infinity if there is none.
#[inline(always)]
pub(crate) fn max<T: Real>(row: &[T]) -> T {
    let larger = |a: T, b: T| if b > a { b } else { a };
    let mut lanes = [-T::INFINITY; LANES];
    let (chunks, rest) = row.as_chunks::<LANES>();
    for c in chunks {
        for i in 0..LANES {
            lanes[i] = larger(lanes[i], c[i]);
        }
    }
    let mut most = -T::INFINITY;
    for lane in lanes {
        most = larger(most, lane);
    }
    for &v in rest {
        most = larger(most, v);
    }
    most
}

/// What a row without a largest element becomes: NaN if it has one, else `nothing`.
#[cold]
fn without_largest<T: Real>(x: &[T], nothing: T) -> T {
    if x.iter().any(|v| v.is_nan()) { T::NAN } else { nothing }
}

/// Elements whose exponentials are added lane by lane before the sums of such pieces are added.
const PIECE: usize = 1 << 12;

/// `e^x` of `x ≤ 0`
#[inline(always)]
fn down<M: MulAdd, T: Real>(x: T) -> T {
    if M::FUSED { x.exp_down::<true>() } else { x.exp_down::<false>() }
}

/// Writes `e^(x - m)` of each element, none of which is above `m`, and returns the sum.
#[inline(always)]
fn exponentials<M: MulAdd, T: Real>(x: &[T], m: T, out: &mut [T]) -> T {
    let mut sum = T::ZERO;
    for (x, out) in x.chunks(PIECE).zip(out.chunks_mut(PIECE)) {
        let mut lanes = [T::ZERO; LANES];
        let ((x, x_rest), (out, out_rest)) = (x.as_chunks::<LANES>(), out.as_chunks_mut::<LANES>());
        for (x, out) in x.iter().zip(out) {
            for i in 0..LANES {
                out[i] = down::<M, T>(x[i] - m);
                lanes[i] += out[i];
            }
        }
        let mut width = LANES;
        while width > 1 {
            width /= 2;
            for i in 0..width {
                lanes[i] += lanes[i + width];
            }
        }
        sum += lanes[0];
        for (&x, out) in x_rest.iter().zip(out_rest) {
            *out = down::<M, T>(x - m);
            sum += *out;
        }
    }
    sum
}

pub(crate) fn softmax<T: Real>(x: View<'_, T>, axis: usize) -> Vec<T> {
    each_slice(x, axis, |x, out| simd::run_fused(Softmax { x, out }))
}

/// Softmax of one slice; zeros if nothing in it is above negative infinity.
struct Softmax<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Real> Fused for Softmax<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { x, out } = self;
        let m = max(x);
        if m == -T::INFINITY {
            return out.fill(without_largest(x, T::ZERO));
        }
        // NaN passes through the exponential into the sum, and from there into the whole row.
        // One division for the row: a vector of them takes as long as the exponentials.
        let share = T::ONE / exponentials::<M, T>(x, m, out);
        for o in out {
            *o = *o * share;
        }
    }
}

pub(crate) fn log_softmax<T: Real>(x: View<'_, T>, axis: usize) -> Vec<T> {
    each_slice(x, axis, |x, out| simd::run_fused(LogSoftmax { x, out }))
}

/// Logarithm of the softmax of one slice; a slice of negative infinities stays as it is.
struct LogSoftmax<'a, T> {
    x: &'a [T],
    out: &'a mut [T],
}

impl<T: Real> Fused for LogSoftmax<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<M: MulAdd>(self) {
        let Self { x, out } = self;
        let m = max(x);
        if m == -T::INFINITY {
            return out.fill(without_largest(x, m));
        }
        let log_sum = exponentials::<M, T>(x, m, out).ln();
        for (o, &v) in out.iter_mut().zip(x) {
            *o = v - m - log_sum;
        }
    }
}

/// Returns `y·(g - Σ g·y)` along the axis: the gradient of softmax from its result.
pub(crate) fn softmax_backward<T: Real>(grad: View<'_, T>, y: View<'_, T>, axis: usize) -> Vec<T> {
    let (len, inner) = extent(y.shape, axis);
    let (g, y) = (grad.to_contiguous(), y.to_contiguous());
    pairs(&g, &y, len, inner, |g, y, out| simd::run(SoftmaxBack { g, y, out }))
}

struct SoftmaxBack<'a, T> {
    g: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
}

impl<T: Real> Loop for SoftmaxBack<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { g, y, out } = self;
        for ((o, &g), &y) in out.iter_mut().zip(g).zip(y) {
            *o = g * y;
        }
        let dot = sum_of(out, &|v| v);
        for ((o, &g), &y) in out.iter_mut().zip(g).zip(y) {
            *o = y * (g - dot);
        }
    }
}

/// Returns `g - softmax·Σ g` along the axis: the gradient of log-softmax from its result.
pub(crate) fn log_softmax_backward<T: Real>(
    grad: View<'_, T>,
    y: View<'_, T>,
    axis: usize,
) -> Vec<T> {
    let (len, inner) = extent(y.shape, axis);
    let (g, y) = (grad.to_contiguous(), y.to_contiguous());
    pairs(&g, &y, len, inner, |g, y, out| simd::run(LogSoftmaxBack { g, y, out }))
}

struct LogSoftmaxBack<'a, T> {
    g: &'a [T],
    y: &'a [T],
    out: &'a mut [T],
}

impl<T: Real> Loop for LogSoftmaxBack<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { g, y, out } = self;
        let sum = sum_of(g, &|v| v);
        for ((o, &g), &y) in out.iter_mut().zip(g).zip(y) {
            *o = g - y.exp() * sum;
        }
    }
}

/// Calls `f(a, b, out)` for each pair of slices.
fn pairs<T: Real>(
    a: &[T],
    b: &[T],
    len: usize,
    inner: usize,
    f: impl Fn(&[T], &[T], &mut [T]) + Sync,
) -> Vec<T> {
    let mut out = buffer(a.len());
    if a.is_empty() {
        return out;
    }
    let parallel = a.len() >= HEAVY_GRAIN;
    let plane = len * inner;
    let block = (HEAVY_GRAIN / 2 / plane).max(1) * plane;
    par::blocks(&mut out, block, parallel, |at, part| {
        let (a, b) = (&a[at..at + part.len()], &b[at..at + part.len()]);
        if inner == 1 {
            let rows = a.chunks(len).zip(b.chunks(len)).zip(part.chunks_mut(len));
            rows.for_each(|((a, b), out)| f(a, b, out));
            return;
        }
        let mut lines = [(); 3].map(|()| vec![T::ZERO; len]);
        let [x, y, z] = &mut lines;
        for start in (0..part.len()).step_by(plane) {
            for j in start..start + inner {
                for k in 0..len {
                    (x[k], y[k]) = (a[j + k * inner], b[j + k * inner]);
                }
                f(x, y, z);
                z.iter().enumerate().for_each(|(k, &v)| part[j + k * inner] = v);
            }
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slots;

    #[test]
    fn slices_along_any_axis_agree_with_the_plain_form() {
        let data: Vec<f64> = (0..3 * 5 * 7).map(|i| f64::from(i * 29 % 17) * 0.5 - 4.0).collect();
        for (shape, strides) in [([3, 5, 7], [35, 7, 1]), ([7, 5, 3], [1, 7, 35])] {
            let v = View { data: &data, shape: &shape, strides: &strides };
            for axis in 0..3 {
                let close =
                    |a: Vec<f64>, b: Vec<f64>| a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-14);
                assert!(close(softmax(v, axis), slots::activations::softmax(v, axis)));
                assert!(close(log_softmax(v, axis), slots::losses::log_softmax(v, axis)));
            }
        }
    }

    #[test]
    fn large_inputs_give_the_same_rows() {
        let row: Vec<f32> = (0..100).map(|i| (i as f32 * 0.7).sin() * 5.0).collect();
        let many: Vec<f32> = row.iter().copied().cycle().take(100 * 1000).collect();
        let one = softmax(View { data: &row, shape: &[100], strides: &[1] }, 0);
        let all = softmax(View { data: &many, shape: &[1000, 100], strides: &[100, 1] }, 1);
        assert!(all.chunks(100).all(|r| r == one));
    }
}
