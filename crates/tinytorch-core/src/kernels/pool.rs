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
    // Whole windows inside the plane need no tests for its edges.
    let simple = window.padding == [0, 0] && window.dilation == [1, 1];
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
    new > best || (new.is_nan() && !best.is_nan())
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
        for (i, (values, places)) in rows.enumerate() {
            for u in 0..window.kernel[0] {
                let start = (i * window.stride[0] + u) * w;
                for v in 0..window.kernel[1] {
                    let from = &plane[start + v..][..(ow - 1) * S + 1];
                    if u + v == 0 {
                        for j in 0..ow {
                            values[j] = from[j * S];
                            places[j] = (start + j * S) as i64;
                        }
                        continue;
                    }
                    for j in 0..ow {
                        let (new, best) = (from[j * S], values[j]);
                        let better = wins(new, best);
                        values[j] = if better { new } else { best };
                        let place = (start + v + j * S) as i64;
                        places[j] = if better { place } else { places[j] };
                    }
                }
            }
        }
    }
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

/// Returns the mean of each window. The divisor is the number of positions covered, or `divisor`.
pub(crate) fn mean<T: Real>(
    planes: &Planes,
    x: &[T],
    spans: [&Spans; 2],
    divisor: Option<usize>,
) -> Vec<T> {
    let (in_len, out_len) = planes.lens();
    let mut out = filled(planes.count * out_len, T::ZERO);
    let (w, ow) = (planes.size[1], planes.out[1]);
    par::blocks(&mut out, out_len, planes.parallel(), |at, out| {
        let plane = &x[at / out_len * in_len..][..in_len];
        for (at, o) in out.iter_mut().enumerate() {
            let (rows, cols) = (&spans[0][at / ow], &spans[1][at % ow]);
            let mut sum = T::ZERO;
            for r in rows.clone() {
                plane[r * w + cols.start..r * w + cols.end].iter().for_each(|&v| sum += v);
            }
            *o = sum / T::lit(divisor.unwrap_or(rows.len() * cols.len()) as f64);
        }
    });
    out
}

/// The adjoint of [`mean`]: spreads each gradient evenly over its window.
pub(crate) fn mean_backward<T: Real>(
    planes: &Planes,
    grad: &[T],
    spans: [&Spans; 2],
    divisor: Option<usize>,
) -> Vec<T> {
    let (in_len, out_len) = planes.lens();
    let mut out = filled(planes.count * in_len, T::ZERO);
    let (w, ow) = (planes.size[1], planes.out[1]);
    par::blocks(&mut out, in_len, planes.parallel(), |at, plane| {
        for (at, &g) in grad[at / in_len * out_len..][..out_len].iter().enumerate() {
            let (rows, cols) = (&spans[0][at / ow], &spans[1][at % ow]);
            let share = g / T::lit(divisor.unwrap_or(rows.len() * cols.len()) as f64);
            for r in rows.clone() {
                plane[r * w + cols.start..r * w + cols.end].iter_mut().for_each(|v| *v += share);
            }
        }
    });
    out
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
}
