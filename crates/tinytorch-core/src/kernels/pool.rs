//! Pooling over image planes.

use super::par;
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

    fn parallel(&self) -> bool {
        self.count * self.size[0] * self.size[1] >= par::GRAIN
    }
}

/// Returns the largest element of each window and its place in the plane. The first of equal ones wins.
pub(crate) fn max<T: Real>(planes: &Planes, x: &[T], window: &Window) -> (Vec<T>, Vec<i64>) {
    let (in_len, out_len) = planes.lens();
    let mut values = vec![T::ZERO; planes.count * out_len];
    let mut places = vec![0i64; planes.count * out_len];
    let ([h, w], ow) = (planes.size, planes.out[1]);
    let Window { kernel: k, stride: s, padding: p, dilation: d } = *window;
    par::blocks2(
        (&mut values, out_len),
        (&mut places, out_len),
        planes.parallel(),
        |n, values, places| {
            let plane = &x[n * in_len..(n + 1) * in_len];
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
                        if best.is_none_or(|(b, _)| {
                            candidate > b || (candidate.is_nan() && !b.is_nan())
                        }) {
                            best = Some((candidate, r * w + c));
                        }
                    }
                }
                let (v, i) = best.unwrap_or((-T::INFINITY, 0));
                (*value, *place) = (v, i as i64);
            }
        },
    );
    (values, places)
}

/// Adds each gradient to the place its maximum came from.
pub(crate) fn max_backward<T: Real>(planes: &Planes, grad: &[T], places: &[i64]) -> Vec<T> {
    let (in_len, out_len) = planes.lens();
    let mut out = vec![T::ZERO; planes.count * in_len];
    par::blocks(&mut out, in_len, planes.parallel(), |at, plane| {
        let part = at / in_len * out_len..(at / in_len + 1) * out_len;
        grad[part.clone()].iter().zip(&places[part]).for_each(|(&g, &i)| plane[i as usize] += g);
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
    let mut out = vec![T::ZERO; planes.count * out_len];
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
    let mut out = vec![T::ZERO; planes.count * in_len];
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
