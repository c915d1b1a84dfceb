//! Pooling over image planes.

use super::{
    par,
    recycle::{buffer, filled},
    simd::{self, Loop},
};
use crate::nostd::prelude::*;
use crate::{slots::conv::Window, tensor::Real};

/// Planes of images and how windows lie on them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planes {
    pub(crate) count: usize,
    pub(crate) size: [usize; 2],
    pub(crate) out: [usize; 2],
}

impl Planes {
    fn lens(&self) -> (usize, usize) {
        (self.size[0] * self.size[1], self.out[0] * self.out[1])
    }

    /// Planes that a thread takes at once: some thousand elements.
    fn group(&self) -> usize {
        (par::GRAIN / 16).div_ceil(self.lens().0.max(1))
    }

    fn parallel(&self) -> bool {
        self.count * self.size[0] * self.size[1] >= par::GRAIN
    }
}

/// Returns the largest element of each window and its place in the plane. The first of equal ones wins.
pub(crate) fn max<T: Real>(planes: &Planes, x: &[T], window: &Window) -> (Vec<T>, Vec<i64>) {
    let (in_len, out_len) = planes.lens();
    let mut values = buffer(planes.count * out_len);
    let mut places = buffer(planes.count * out_len);
    // Whole windows inside the plane need no tests for its edges. Places within a window are counted in 32 bits.
    let simple =
        window.padding == [0, 0] && window.dilation == [1, 1] && i32::try_from(in_len).is_ok();
    let group = planes.group();
    par::blocks2(
        (&mut values, group * out_len),
        (&mut places, group * out_len),
        planes.parallel(),
        |block, values, places| {
            let parts = values.chunks_mut(out_len.max(1)).zip(places.chunks_mut(out_len.max(1)));
            for (n, (values, places)) in parts.enumerate() {
                let n = block * group + n;
                let plane = &x[n * in_len..(n + 1) * in_len];
                match (simple, window.stride[1]) {
                    (true, 1) => {
                        simd::run(Inside::<T, 1> { planes, plane, window, values, places });
                    }
                    (true, 2) => {
                        simd::run(Inside::<T, 2> { planes, plane, window, values, places });
                    }
                    _ => max_of_plane(planes, plane, window, values, places),
                }
            }
        },
    );
    (values, places)
}

/// True if `new` takes the place of the largest element so far.
#[inline(always)]
fn wins<T: Real>(new: T, best: T) -> bool {
    // Without a branch, which would be guessed wrong every second time.
    (new > best) | (new.is_nan() & !best.is_nan())
}

/// The maxima of one plane, for any window.
fn max_of_plane<T: Real>(
    planes: &Planes,
    plane: &[T],
    window: &Window,
    values: &mut [T],
    places: &mut [i64],
) {
    let ([h, w], ow) = (planes.size, planes.out[1]);
    let Window { kernel: k, stride: s, padding: p, dilation: d } = *window;
    for (at, (value, place)) in values.iter_mut().zip(places).enumerate() {
        let (top, left) = (at / ow * s[0], at % ow * s[1]);
        let mut best: Option<(T, usize)> = None;
        for u in 0..k[0] {
            let Some(r) = (top + u * d[0]).checked_sub(p[0]).filter(|&r| r < h) else {
                continue;
            };
            for v in 0..k[1] {
                let Some(c) = (left + v * d[1]).checked_sub(p[1]).filter(|&c| c < w) else {
                    continue;
                };
                let candidate = plane[r * w + c];
                if best.is_none_or(|(b, _)| wins(candidate, b)) {
                    best = Some((candidate, r * w + c));
                }
            }
        }
        let (v, i) = best.unwrap_or((-T::INFINITY, 0));
        (*value, *place) = (v, i as i64);
    }
}

/// The maxima of one plane whose windows lie inside it, `S` columns apart: a row of results at a time.
struct Inside<'a, T, const S: usize> {
    planes: &'a Planes,
    plane: &'a [T],
    window: &'a Window,
    values: &'a mut [T],
    places: &'a mut [i64],
}

impl<T: Real, const S: usize> Loop for Inside<'_, T, S> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Self { planes, plane, window, values, places } = self;
        let (w, ow) = (planes.size[1], planes.out[1].max(1));
        let rows = values.chunks_exact_mut(ow).zip(places.chunks_exact_mut(ow));
        // How far the largest element of each window lies behind the first: as wide as a float, for vectors of both.
        let mut behind = vec![0i32; ow];
        for (i, (values, places)) in rows.enumerate() {
            let first = i * window.stride[0] * w;
            every::<T, S>(&plane[first..][..(ow - 1) * S + 1], values, |value, new| *value = new);
            behind.fill(0);
            for u in 0..window.kernel[0] {
                for v in usize::from(u == 0)..window.kernel[1] {
                    let from = &plane[first + u * w + v..][..(ow - 1) * S + 1];
                    let at = (u * w + v) as i32;
                    let keep = |best: &mut T, behind: &mut i32, new: T| {
                        let better = wins(new, *best);
                        *best = if better { new } else { *best };
                        *behind = if better { at } else { *behind };
                    };
                    let (from, last) = from.as_chunks::<S>();
                    for ((best, behind), new) in values.iter_mut().zip(&mut behind).zip(from) {
                        keep(best, behind, new[0]);
                    }
                    if let (Some(best), Some(behind), [new]) =
                        (values.last_mut(), behind.last_mut(), last)
                    {
                        keep(best, behind, *new);
                    }
                }
            }
            for (j, (place, &behind)) in places.iter_mut().zip(&behind).enumerate() {
                *place = (first + j * S) as i64 + i64::from(behind);
            }
        }
    }
}

/// Calls `f` with every `S`th element of `from` and the element of `to` it belongs to.
#[inline(always)]
fn every<T: Copy, const S: usize>(from: &[T], to: &mut [T], f: impl Fn(&mut T, T)) {
    let (from, last) = from.as_chunks::<S>();
    let (to, to_last) = to.split_at_mut(from.len());
    to.iter_mut().zip(from).for_each(|(to, chunk)| f(to, chunk[0]));
    to_last.iter_mut().zip(last).for_each(|(to, &v)| f(to, v));
}

/// Adds each gradient to the place its maximum came from.
pub(crate) fn max_backward<T: Real>(planes: &Planes, grad: &[T], places: &[i64]) -> Vec<T> {
    let (in_len, out_len) = planes.lens();
    let mut out = filled(planes.count * in_len, T::ZERO);
    par::blocks(&mut out, planes.group() * in_len, planes.parallel(), |at, group| {
        for (n, plane) in group.chunks_mut(in_len).enumerate() {
            let first = (at / in_len + n) * out_len;
            let part = first..first + out_len;
            for (&g, &i) in grad[part.clone()].iter().zip(&places[part]) {
                plane[i as usize] += g;
            }
        }
    });
    out
}

/// One axis of an average: which positions each output covers.
pub(crate) type Spans = Vec<core::ops::Range<usize>>;

/// The size of windows that all lie inside the axis, and the step between them, if they are of this kind.
fn regular(spans: &Spans) -> Option<(usize, usize)> {
    let first = spans.first().filter(|first| first.start == 0 && !first.is_empty())?;
    let (size, step) = (first.end, spans.get(1).map_or(first.end, |second| second.start));
    let fits = |(i, span): (usize, &core::ops::Range<usize>)| {
        (span.start, span.end) == (i * step, i * step + size)
    };
    (step > 0 && spans.iter().enumerate().all(fits)).then_some((size, step))
}

/// Returns the mean of each window. The divisor is the number of positions covered, or `divisor`.
pub(crate) fn mean<T: Real>(
    planes: &Planes,
    x: &[T],
    spans: [&Spans; 2],
    divisor: Option<usize>,
) -> Vec<T> {
    let (in_len, out_len) = planes.lens();
    let mut out = buffer(planes.count * out_len);
    let (w, ow) = (planes.size[1], planes.out[1]);
    let sizes = regular(spans[0]).zip(regular(spans[1]));
    par::blocks(&mut out, planes.group() * out_len, planes.parallel(), |at, group| {
        for (n, out) in group.chunks_mut(out_len.max(1)).enumerate() {
            let plane = &x[(at / out_len + n) * in_len..][..in_len];
            if let Some(((rows, down), (columns, step))) = sizes {
                let divisor = T::lit(divisor.unwrap_or(rows * columns) as f64);
                simd::run(Means { plane, w, ow, size: [rows, columns], down, step, divisor, out });
                continue;
            }
            for (at, o) in out.iter_mut().enumerate() {
                let (rows, cols) = (&spans[0][at / ow], &spans[1][at % ow]);
                let mut sum = T::ZERO;
                for r in rows.clone() {
                    plane[r * w + cols.start..r * w + cols.end].iter().for_each(|&v| sum += v);
                }
                *o = sum / T::lit(divisor.unwrap_or(rows.len() * cols.len()) as f64);
            }
        }
    });
    out
}

/// The means of one plane whose windows lie inside it: a row of results at a time.
struct Means<'a, T> {
    plane: &'a [T],
    w: usize,
    ow: usize,
    size: [usize; 2],
    down: usize,
    step: usize,
    divisor: T,
    out: &'a mut [T],
}

impl<T: Real> Loop for Means<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Means { plane, w, ow, size, down, step, divisor, out } = self;
        for (i, sums) in out.chunks_exact_mut(ow).enumerate() {
            sums.fill(T::ZERO);
            for u in 0..size[0] {
                for v in 0..size[1] {
                    let from = &plane[(i * down + u) * w + v..][..(ow - 1) * step + 1];
                    match step {
                        1 => every::<T, 1>(from, sums, |sum, v| *sum += v),
                        2 => every::<T, 2>(from, sums, |sum, v| *sum += v),
                        _ => sums
                            .iter_mut()
                            .zip(from.iter().step_by(step))
                            .for_each(|(sum, &v)| *sum += v),
                    }
                }
            }
            sums.iter_mut().for_each(|sum| *sum = *sum / divisor);
        }
    }
}

/// The adjoint of [`mean`]: spreads each gradient evenly over its window.
pub(crate) fn mean_backward<T: Real>(
    planes: &Planes,
    grad: &[T],
    spans: [&Spans; 2],
    divisor: Option<usize>,
) -> Vec<T> {
    let (in_len, out_len) = planes.lens();
    let mut out = buffer(planes.count * in_len);
    let (w, ow) = (planes.size[1], planes.out[1]);
    // Windows side by side: each pixel has one share.
    let sizes = regular(spans[0]).zip(regular(spans[1]));
    let sizes = sizes.filter(|(rows, columns)| rows.0 == rows.1 && columns.0 == columns.1);
    par::blocks(&mut out, planes.group() * in_len, planes.parallel(), |at, group| {
        for (n, plane) in group.chunks_mut(in_len).enumerate() {
            let grad = &grad[(at / in_len + n) * out_len..][..out_len];
            if let Some(((rows, _), (columns, _))) = sizes {
                let divisor = T::lit(divisor.unwrap_or(rows * columns) as f64);
                let work = Shares { grad, w, ow, size: [rows, columns], divisor, plane };
                if columns == 2 {
                    simd::run(Spreading::<T, 2>(work));
                } else {
                    simd::run(Spreading::<T, 0>(work));
                }
                continue;
            }
            plane.fill(T::ZERO);
            for (at, &g) in grad.iter().enumerate() {
                let (rows, cols) = (&spans[0][at / ow], &spans[1][at % ow]);
                let share = g / T::lit(divisor.unwrap_or(rows.len() * cols.len()) as f64);
                for r in rows.clone() {
                    let row = &mut plane[r * w + cols.start..r * w + cols.end];
                    row.iter_mut().for_each(|v| *v += share);
                }
            }
        }
    });
    out
}

/// The shares of one plane in windows side by side: a row of windows at a time.
struct Shares<'a, T> {
    grad: &'a [T],
    w: usize,
    ow: usize,
    size: [usize; 2],
    divisor: T,
    plane: &'a mut [T],
}

/// Windows `C` columns wide, or as many as they say if `C` is 0.
struct Spreading<'a, T, const C: usize>(Shares<'a, T>);

impl<T: Real, const C: usize> Loop for Spreading<'_, T, C> {
    type Out = ();

    #[inline(always)]
    fn run(self) {
        let Shares { grad, w, ow, size: [rows, columns], divisor, plane } = self.0;
        let columns = if C == 0 { columns } else { C };
        let (covered, below) = plane.split_at_mut(grad.len() / ow * rows * w);
        for (grad, band) in grad.chunks_exact(ow).zip(covered.chunks_exact_mut(rows * w)) {
            let (first, others) = band.split_at_mut(w);
            let (inside, right) = first.split_at_mut(ow * columns);
            for (to, &g) in inside.chunks_exact_mut(columns).zip(grad) {
                // From 0 as where windows overlap: a share of -0 makes 0.
                to.fill(T::ZERO + g / divisor);
            }
            right.fill(T::ZERO);
            others.chunks_exact_mut(w).for_each(|row| row.copy_from_slice(first));
        }
        below.fill(T::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{slots::conv::max_pool2d_forward, tensor::View};

    #[test]
    fn maxima_equal_the_plain_form() {
        let x: Vec<f64> = (0..2 * 3 * 7 * 6).map(|i| f64::from(i * 31 % 11)).collect();
        let view = View { data: &x, shape: &[2, 3, 7, 6], strides: &[126, 42, 6, 1] };
        for (kernel, stride, padding) in
            [([2, 2], [2, 2], [0, 0]), ([3, 2], [1, 2], [1, 1]), ([3, 3], [2, 2], [1, 0])]
        {
            let window = Window { kernel, stride, padding, dilation: [1, 1] };
            let size = |full: usize, a: usize| (full + 2 * padding[a] - kernel[a]) / stride[a] + 1;
            let planes = Planes { count: 6, size: [7, 6], out: [size(7, 0), size(6, 1)] };
            assert_eq!(max(&planes, &x, &window), max_pool2d_forward(view, &window));
        }
    }

    /// Regular windows by the fast loops, against the definition; every size and step, with pixels left over.
    #[test]
    fn means_and_their_gradients_equal_the_definition() {
        for (k, s, size) in [
            ([2, 2], [2, 2], [7, 9]),
            ([1, 1], [1, 1], [3, 4]),
            ([2, 3], [1, 1], [5, 40]),
            ([3, 2], [2, 2], [6, 37]),
            ([3, 3], [3, 3], [11, 10]),
            ([2, 1], [2, 1], [4, 5]),
            ([2, 2], [3, 4], [9, 15]),
            ([5, 6], [5, 6], [5, 6]),
        ] {
            let out = [0, 1].map(|a| (size[a] - k[a]) / s[a] + 1);
            let spans = [0, 1]
                .map(|a| -> Spans { (0..out[a]).map(|i| i * s[a]..i * s[a] + k[a]).collect() });
            let planes = Planes { count: 3, size, out };
            let wave =
                |n: usize| -> Vec<f64> { (0..n).map(|i| f64::from(i as u32 * 31 % 11)).collect() };
            let (x, g) = (wave(3 * size[0] * size[1]), wave(3 * out[0] * out[1]));
            for divisor in [None, Some(4)] {
                let by = divisor.unwrap_or(k[0] * k[1]) as f64;
                let (mut want, mut want_x) = (vec![0.0; g.len()], vec![0.0; x.len()]);
                for at in 0..g.len() {
                    let (plane, i, j) = (at / (out[0] * out[1]), at / out[1] % out[0], at % out[1]);
                    for (u, v) in (0..k[0]).flat_map(|u| (0..k[1]).map(move |v| (u, v))) {
                        let from = (plane * size[0] + i * s[0] + u) * size[1] + j * s[1] + v;
                        want[at] += x[from];
                        want_x[from] += g[at] / by;
                    }
                    want[at] /= by;
                }
                let spans = [&spans[0], &spans[1]];
                assert_eq!(mean(&planes, &x, spans, divisor), want, "{k:?} {s:?}");
                assert_eq!(mean_backward(&planes, &g, spans, divisor), want_x, "{k:?} {s:?}");
            }
        }
    }

    #[test]
    fn only_windows_of_one_size_and_step_are_regular() {
        let of = |spans: &[[usize; 2]]| {
            regular(&spans.iter().map(|&[start, end]| start..end).collect::<Spans>())
        };
        assert_eq!(of(&[[0, 2], [2, 4], [4, 6]]), Some((2, 2)));
        assert_eq!(of(&[[0, 3], [1, 4]]), Some((3, 1)));
        assert_eq!(of(&[[0, 5]]), Some((5, 5)));
        let others: [&[[usize; 2]]; 6] = [
            &[[0, 2], [2, 4], [4, 5]],
            &[[0, 1], [0, 1]],
            &[[1, 3], [3, 5]],
            &[[0, 2], [2, 4], [5, 7]],
            &[[0, 0]],
            &[],
        ];
        for other in others {
            assert_eq!(of(other), None, "{other:?}");
        }
    }
}
