//! Convolution by blocks of unfolded columns.
//!
//! The windows of some output rows are unfolded into the columns of a small matrix that stays in cache; the product
//! with the kernels is then a matrix product. The backward passes use the same blocks. The full unfolded
//! image never exists.

use super::{
    depthwise, direct,
    gemm::{Mat, gemm},
    par,
    recycle::{buffer, filled, keep},
};
use crate::nostd::prelude::*;
use crate::tensor::Real;

/// Sizes of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    /// Channels and size of the input.
    pub(crate) channels: usize,
    pub(crate) size: [usize; 2],
    /// Channels and size of the output.
    pub(crate) maps: usize,
    pub(crate) out: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) groups: usize,
}

/// Elements of one block of columns: 128 KiB of `f32`, half of a small second-level cache.
const BLOCK: usize = 1 << 15;

/// Partial weight gradients: the batch is cut into at most this many parts, for any number of threads.
const PARTS: usize = 8;

impl Geometry {
    /// Elements of an input image, an output image.
    fn image(&self) -> (usize, usize) {
        (self.channels * self.size[0] * self.size[1], self.maps * self.out[0] * self.out[1])
    }

    /// Positions of an output map.
    fn positions(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// Elements of one kernel over the channels of its group.
    pub(crate) fn depth(&self) -> usize {
        self.channels / self.groups * self.kernel[0] * self.kernel[1]
    }

    fn group_maps(&self) -> usize {
        self.maps / self.groups
    }

    /// Output rows per block.
    fn block_rows(&self) -> usize {
        (BLOCK / (self.depth() * self.out[1]).max(1)).clamp(1, self.out[0].max(1))
    }

    /// Multiply-adds of the whole operation.
    fn work(&self) -> usize {
        self.batch * self.maps * self.positions() * self.depth()
    }

    /// Calls `f(group, first_row, rows)` for each block of one image.
    fn for_blocks(&self, mut f: impl FnMut(usize, usize, usize)) {
        let rows = self.block_rows();
        for group in 0..self.groups {
            for first in (0..self.out[0]).step_by(rows) {
                f(group, first, rows.min(self.out[0] - first));
            }
        }
    }

    /// Where a kernel column `v` meets the image: the first and last-plus-one output column, and the image column
    /// of the first.
    fn columns(&self, v: usize) -> (usize, usize, usize) {
        let (s, p, shift) = (self.stride[1], self.padding[1], v * self.dilation[1]);
        let first = p.saturating_sub(shift).div_ceil(s).min(self.out[1]);
        let end = (self.size[1] + p).saturating_sub(shift).div_ceil(s).min(self.out[1]).max(first);
        (first, end, first.saturating_mul(s).saturating_add(shift).saturating_sub(p))
    }

    /// The image row that kernel row `u` meets at output row `i`, if it lies inside.
    fn row(&self, i: usize, u: usize) -> Option<usize> {
        (i * self.stride[0] + u * self.dilation[0])
            .checked_sub(self.padding[0])
            .filter(|&r| r < self.size[0])
    }

    /// Unfolds the windows of output rows `first..first + rows` of one group of an image: `[depth, rows·out_w]`.
    fn unfold<T: Real>(
        &self,
        image: &[T],
        group: usize,
        (first, rows): (usize, usize),
        columns: &mut [T],
    ) {
        let ([h, w], [kh, kw], ow) = (self.size, self.kernel, self.out[1]);
        let cg = self.channels / self.groups;
        let s = self.stride[1];
        for (k, line) in columns.chunks_mut(rows * ow).take(self.depth()).enumerate() {
            let (c, u, v) = (k / (kh * kw), k / kw % kh, k % kw);
            let plane = &image[(group * cg + c) * h * w..][..h * w];
            let (a, b, from) = self.columns(v);
            for (i, line) in line.chunks_mut(ow).enumerate() {
                let Some(r) = self.row(first + i, u) else {
                    line.fill(T::ZERO);
                    continue;
                };
                line[..a].fill(T::ZERO);
                line[b..].fill(T::ZERO);
                if a < b {
                    let source = &plane[r * w + from..(r + 1) * w];
                    if s == 1 {
                        line[a..b].copy_from_slice(&source[..b - a]);
                    } else {
                        line[a..b]
                            .iter_mut()
                            .zip(source.iter().step_by(s))
                            .for_each(|(l, &x)| *l = x);
                    }
                }
            }
        }
    }

    /// The adjoint of [`Self::unfold`]: adds columns back to the places of the image they came from.
    fn fold<T: Real>(
        &self,
        columns: &[T],
        group: usize,
        (first, rows): (usize, usize),
        image: &mut [T],
    ) {
        let ([h, w], [kh, kw], ow) = (self.size, self.kernel, self.out[1]);
        let cg = self.channels / self.groups;
        let s = self.stride[1];
        for (k, line) in columns.chunks(rows * ow).take(self.depth()).enumerate() {
            let (c, u, v) = (k / (kh * kw), k / kw % kh, k % kw);
            let plane = &mut image[(group * cg + c) * h * w..][..h * w];
            let (a, b, from) = self.columns(v);
            for (i, line) in line.chunks(ow).enumerate() {
                if let Some(r) = self.row(first + i, u).filter(|_| a < b) {
                    let target = plane[r * w + from..(r + 1) * w].iter_mut().step_by(s);
                    target.zip(&line[a..b]).for_each(|(x, &l)| *x += l);
                }
            }
        }
    }
}

/// Multiply-adds from which images are shared between threads.
const PARALLEL: usize = 1 << 18;

impl Geometry {
    /// True if kernels meet one pixel at a time, so that the image is its own unfolded columns.
    fn is_of_points(&self) -> bool {
        let plain = self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [0, 0];
        // Of a few channels and maps a product is too small to be worth its copies.
        plain && self.channels.min(self.maps) / self.groups >= 8 && self.positions() > 0
    }
}

/// Mixes the channels of each pixel: returns `w·x` of each group of each image, or `wᵀ·x` if turned, plus `bias`.
fn mix<T: Real>(
    g: &Geometry,
    [from, to]: [usize; 2],
    x: &[T],
    (w, turned): (&[T], bool),
    bias: Option<&[T]>,
) -> Vec<T> {
    let (positions, groups) = (g.positions(), g.groups);
    let (in_len, out_len) = (from * positions, to * positions);
    let (from, to) = (from / groups, to / groups);
    let mut out = buffer(g.batch * out_len);
    let over_images = g.batch > 1;
    par::blocks(&mut out, out_len, over_images && g.work() > PARALLEL, |at, out| {
        let image = &x[at / out_len * in_len..][..in_len];
        if let Some(bias) = bias {
            out.chunks_mut(positions).zip(bias).for_each(|(map, &b)| map.fill(b));
        }
        for (group, out) in out.chunks_mut(to * positions).enumerate() {
            let w = &w[group * from * to..][..from * to];
            let w = if turned { Mat::rows(w, from, to).t() } else { Mat::rows(w, to, from) };
            let image = Mat::rows(&image[group * from * positions..], from, positions);
            gemm((out, positions), w, image, bias.is_some(), !over_images);
        }
    });
    out
}

/// Adds the gradient of kernels that meet one pixel at a time over some images to `sum`.
fn add_points<T: Real>(g: &Geometry, x: &[T], grad: &[T], sum: &mut [T], parallel: bool) {
    let (positions, (in_len, out_len)) = (g.positions(), g.image());
    let (channels, maps) = (g.depth(), g.group_maps());
    for (x, grad) in x.chunks(in_len).zip(grad.chunks(out_len)) {
        for (group, sum) in sum.chunks_mut(maps * channels).enumerate() {
            let x = Mat::rows(&x[group * channels * positions..], channels, positions);
            let grad = Mat::rows(&grad[group * maps * positions..], maps, positions);
            gemm((sum, channels), grad, x.t(), true, parallel);
        }
    }
}

/// Returns the convolution of `x` with `w`, plus `bias`.
pub(crate) fn forward<T: Real>(g: &Geometry, x: &[T], w: &[T], bias: Option<&[T]>) -> Vec<T> {
    if g.is_of_points() {
        return mix(g, [g.channels, g.maps], x, (w, false), bias);
    }
    if direct::fits(g) {
        return direct::forward(g, x, w, bias);
    }
    let ((in_len, out_len), depth, og) = (g.image(), g.depth(), g.group_maps());
    let (positions, ow) = (g.positions(), g.out[1]);
    let mut out = filled(g.batch * out_len, T::ZERO);
    let over_images = g.batch > 1;
    par::blocks(&mut out, out_len, over_images && g.work() > PARALLEL, |at, out| {
        let n = at / out_len;
        let image = &x[n * in_len..(n + 1) * in_len];
        if let Some(bias) = bias {
            out.chunks_mut(positions).zip(bias).for_each(|(map, &b)| map.fill(b));
        }
        let mut columns = filled(depth * g.block_rows() * ow, T::ZERO);
        g.for_blocks(|group, first, rows| {
            let columns = &mut columns[..depth * rows * ow];
            g.unfold(image, group, (first, rows), columns);
            let kernels = Mat::rows(&w[group * og * depth..(group + 1) * og * depth], og, depth);
            let out = &mut out[group * og * positions + first * ow..];
            gemm(
                (out, positions),
                kernels,
                Mat::rows(columns, depth, rows * ow),
                bias.is_some(),
                !over_images,
            );
        });
        keep(columns);
    });
    out
}

/// Returns the gradient of the input, given the gradient of the output. It is also the transposed convolution.
pub(crate) fn input_grad<T: Real>(g: &Geometry, grad: &[T], w: &[T]) -> Vec<T> {
    if g.is_of_points() {
        return mix(g, [g.maps, g.channels], grad, (w, true), None);
    }
    if g.stride == [1, 1]
        && let Some(out) = direct::input_grad(g, grad, w)
    {
        return out;
    }
    let ((in_len, out_len), depth, og) = (g.image(), g.depth(), g.group_maps());
    let (positions, ow) = (g.positions(), g.out[1]);
    let mut out = filled(g.batch * in_len, T::ZERO);
    let over_images = g.batch > 1;
    par::blocks(&mut out, in_len, over_images && g.work() > PARALLEL, |at, image| {
        let n = at / in_len;
        let grad = &grad[n * out_len..(n + 1) * out_len];
        let mut columns = filled(depth * g.block_rows() * ow, T::ZERO);
        g.for_blocks(|group, first, rows| {
            let columns = &mut columns[..depth * rows * ow];
            let kernels = Mat::rows(&w[group * og * depth..(group + 1) * og * depth], og, depth);
            let part = Mat {
                data: &grad[group * og * positions + first * ow..],
                rows: og,
                cols: rows * ow,
                rs: positions,
                cs: 1,
            };
            gemm((columns, rows * ow), kernels.t(), part, false, !over_images);
            g.fold(columns, group, (first, rows), image);
        });
        keep(columns);
    });
    out
}

/// Returns the gradient of the kernels, given the input and the gradient of the output.
pub(crate) fn weight_grad<T: Real>(g: &Geometry, x: &[T], grad: &[T]) -> Vec<T> {
    let ((in_len, out_len), depth, og) = (g.image(), g.depth(), g.group_maps());
    let (positions, ow) = (g.positions(), g.out[1]);
    let len = g.maps * depth;
    if len == 0 || g.batch == 0 {
        return vec![T::ZERO; len];
    }
    if depthwise::fits(g) {
        return depthwise::weight_grad(g, x, grad);
    }
    let per_part = g.batch.div_ceil(PARTS);
    let parts = g.batch.div_ceil(per_part);
    let mut partial = filled(parts * len, T::ZERO);
    let points = g.is_of_points();
    let slides = points || direct::fits(g);
    par::blocks(&mut partial, len, parts > 1 && g.work() > PARALLEL, |at, sum| {
        if slides {
            let images = at / len * per_part..(at / len * per_part + per_part).min(g.batch);
            let x = &x[images.start * in_len..images.end * in_len];
            let grad = &grad[images.start * out_len..images.end * out_len];
            if points {
                return add_points(g, x, grad, sum, parts == 1);
            }
            return direct::add_weight_grad(g, x, grad, sum);
        }
        let mut columns = filled(depth * g.block_rows() * ow, T::ZERO);
        let first_image = at / len * per_part;
        for n in first_image..(first_image + per_part).min(g.batch) {
            let image = &x[n * in_len..(n + 1) * in_len];
            let grad = &grad[n * out_len..(n + 1) * out_len];
            g.for_blocks(|group, first, rows| {
                let columns = &mut columns[..depth * rows * ow];
                g.unfold(image, group, (first, rows), columns);
                let part = Mat {
                    data: &grad[group * og * positions + first * ow..],
                    rows: og,
                    cols: rows * ow,
                    rs: positions,
                    cs: 1,
                };
                let sum = &mut sum[group * og * depth..(group + 1) * og * depth];
                gemm(
                    (sum, depth),
                    part,
                    Mat::rows(columns, depth, rows * ow).t(),
                    true,
                    parts == 1,
                );
            });
        }
        keep(columns);
    });
    // The parts are added in their order.
    let (sum, rest) = partial.split_at_mut(len);
    rest.chunks(len).for_each(|part| sum.iter_mut().zip(part).for_each(|(s, &p)| *s += p));
    partial.truncate(len);
    partial
}

/// Returns all columns of every image: `[batch, depth, positions]` for one group.
pub(crate) fn unfold<T: Real>(g: &Geometry, x: &[T]) -> Vec<T> {
    let len = g.depth() * g.positions();
    let (in_len, _) = g.image();
    let mut out = filled(g.batch * len, T::ZERO);
    par::blocks(&mut out, len, g.batch * len > par::GRAIN, |at, out| {
        let n = at / len;
        g.unfold(&x[n * in_len..(n + 1) * in_len], 0, (0, g.out[0]), out);
    });
    out
}

/// The adjoint of [`unfold`].
pub(crate) fn fold<T: Real>(g: &Geometry, columns: &[T]) -> Vec<T> {
    let len = g.depth() * g.positions();
    let (in_len, _) = g.image();
    let mut out = filled(g.batch * in_len, T::ZERO);
    par::blocks(&mut out, in_len, g.batch * len > par::GRAIN, |at, out| {
        let n = at / in_len;
        g.fold(&columns[n * len..(n + 1) * len], 0, (0, g.out[0]), out);
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        slots::conv::{Window, conv2d_forward, conv2d_output_size},
        tensor::View,
    };

    fn cases() -> Vec<Geometry> {
        let mut out = Vec::new();
        // (batch, channels, h, w, maps, kernel, stride, padding, dilation, groups)
        for (n, c, h, w, o, kernel, stride, padding, dilation, groups) in [
            (1, 1, 1, 1, 1, [1, 1], [1, 1], [0, 0], [1, 1], 1),
            (2, 3, 5, 6, 4, [3, 3], [1, 1], [1, 1], [1, 1], 1),
            (3, 2, 7, 5, 2, [3, 2], [2, 3], [1, 0], [1, 2], 1),
            (2, 4, 6, 6, 6, [2, 3], [1, 2], [2, 2], [2, 1], 2),
            (1, 3, 4, 4, 3, [5, 5], [1, 1], [2, 2], [1, 1], 3),
            (9, 1, 40, 130, 2, [3, 3], [1, 1], [4, 5], [1, 1], 1),
            (1, 2, 3, 3, 2, [1, 1], [4, 4], [3, 3], [1, 1], 1),
            // Of points, whole and in groups; one image and several.
            (1, 9, 5, 6, 11, [1, 1], [1, 1], [0, 0], [1, 1], 1),
            (3, 16, 7, 4, 24, [1, 1], [1, 1], [0, 0], [2, 1], 2),
        ] {
            let size = |full, a: usize| {
                conv2d_output_size("t", full, kernel[a], stride[a], padding[a], dilation[a])
                    .unwrap()
            };
            let out_size = [size(h, 0), size(w, 1)];
            out.push(Geometry {
                batch: n,
                channels: c,
                size: [h, w],
                maps: o,
                out: out_size,
                kernel,
                stride,
                padding,
                dilation,
                groups,
            });
        }
        out
    }

    /// Small integers: products and sums are exact in any order.
    fn data(n: usize, step: usize) -> Vec<f64> {
        (0..n).map(|i| (i * step % 7) as f64 - 3.0).collect()
    }

    fn dot(a: &[f64], b: &[f64]) -> f64 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn forward_equals_the_plain_loops() {
        for g in cases() {
            let (x, w, b) =
                (data(g.batch * g.image().0, 5), data(g.maps * g.depth(), 3), data(g.maps, 2));
            let xs = [g.batch, g.channels, g.size[0], g.size[1]];
            let ws = [g.maps, g.channels / g.groups, g.kernel[0], g.kernel[1]];
            let (xt, wt) = (
                crate::slots::tensor::row_major_strides(&xs),
                crate::slots::tensor::row_major_strides(&ws),
            );
            let xv = View { data: &x, shape: &xs, strides: &xt[..4] };
            let wv = View { data: &w, shape: &ws, strides: &wt[..4] };
            let window = Window {
                kernel: g.kernel,
                stride: g.stride,
                padding: g.padding,
                dilation: g.dilation,
            };
            for bias in [None, Some(&b[..])] {
                assert_eq!(
                    forward(&g, &x, &w, bias),
                    conv2d_forward(xv, wv, bias, &window, g.groups),
                    "{g:?}"
                );
            }
        }
    }

    #[test]
    fn gradients_are_the_adjoints() {
        // ⟨conv(x, w), g⟩ = ⟨x, input_grad(g, w)⟩ = ⟨w, weight_grad(x, g)⟩ for any x, w, g.
        for geometry in cases() {
            let (in_len, out_len) = geometry.image();
            let (x, w) =
                (data(geometry.batch * in_len, 5), data(geometry.maps * geometry.depth(), 3));
            let g = data(geometry.batch * out_len, 4);
            let want = dot(&forward(&geometry, &x, &w, None), &g);
            assert_eq!(dot(&x, &input_grad(&geometry, &g, &w)), want, "{geometry:?}");
            assert_eq!(dot(&w, &weight_grad(&geometry, &x, &g)), want, "{geometry:?}");
            if geometry.groups == 1 {
                let columns = data(geometry.batch * geometry.depth() * geometry.positions(), 2);
                assert_eq!(
                    dot(&unfold(&geometry, &x), &columns),
                    dot(&x, &fold(&geometry, &columns))
                );
            }
        }
    }
}
