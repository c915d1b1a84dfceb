//! Module 09, Convolutions: a small window slides over an image.

use crate::nostd::prelude::*;
use crate::{
    Error, Result,
    tensor::{Real, View},
};

/// How a window moves over an image: one value for the height, one for the width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Size of the kernel.
    pub kernel: [usize; 2],
    /// Step between neighbouring windows.
    pub stride: [usize; 2],
    /// Rows and columns added on each side.
    pub padding: [usize; 2],
    /// Distance between neighbouring elements of the kernel.
    pub dilation: [usize; 2],
}

/// Returns how many windows fit along an axis: `⌊(size + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1`.
///
/// # Errors
///
/// [`Error::InvalidArgument`] naming `op` if kernel, stride or dilation is 0, or the kernel is larger than the padded
/// axis.
pub fn conv2d_output_size(
    op: &'static str,
    size: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
) -> Result<usize> {
    for (name, value) in [("kernel", kernel), ("stride", stride), ("dilation", dilation)] {
        if value == 0 {
            return Err(Error::argument(op, name, value, "at least 1"));
        }
    }
    let padded = size.saturating_add(padding.saturating_mul(2));
    let reach = dilation.saturating_mul(kernel - 1).saturating_add(1);
    match padded.checked_sub(reach) {
        Some(room) => Ok(room / stride + 1),
        None => Err(Error::argument(
            op,
            "kernel",
            format!("reaching over {reach}"),
            format!("at most {padded}, the padded size"),
        )),
    }
}

/// Returns the convolution of a batch of images with a set of kernels, row-major.
///
/// `out[n, o, i, j] = bias[o] + Σ w[o, c, u, v] · x[n, c, i·s + u·d - p, j·s + v·d - p]`, where positions outside the
/// image are 0. With several groups each kernel sees only the channels of its group.
///
/// # Shapes
///
/// `x: [N, C, H, W]`, `w: [O, C/groups, kh, kw]`, `bias: [O]`, result `[N, O, H', W']`. The sizes must be valid.
#[must_use]
pub fn conv2d_forward<T: Real>(
    x: View<'_, T>,
    w: View<'_, T>,
    bias: Option<&[T]>,
    window: &Window,
    groups: usize,
) -> Vec<T> {
    let (&[n, _, h, width], &[o, cg, kh, kw]) = (x.shape, w.shape) else { return Vec::new() };
    let Window { kernel, stride: s, padding: p, dilation: d } = *window;
    let size = |axis: usize, full| {
        conv2d_output_size("conv2d", full, kernel[axis], s[axis], p[axis], d[axis])
    };
    let (Ok(oh), Ok(ow)) = (size(0, h), size(1, width)) else { return Vec::new() };
    let mut out = Vec::with_capacity(n * o * oh * ow);
    for image in 0..n {
        for map in 0..o {
            let first = map / (o / groups) * cg; // first channel of the group
            for (i, j) in (0..oh).flat_map(|i| (0..ow).map(move |j| (i, j))) {
                let mut sum = bias.map_or(T::ZERO, |b| b[map]);
                for c in 0..cg {
                    for (u, v) in (0..kh).flat_map(|u| (0..kw).map(move |v| (u, v))) {
                        // Both sides are shifted by the padding, so that nothing is negative.
                        let (row, col) = (i * s[0] + u * d[0], j * s[1] + v * d[1]);
                        if row < p[0] || col < p[1] {
                            continue; // above or left of the image
                        }
                        if let Some(value) = x.get(&[image, first + c, row - p[0], col - p[1]]) {
                            sum += w.get(&[map, c, u, v]).unwrap_or(T::ZERO) * value;
                        }
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

/// Returns the largest element of each window, row-major, and where it lies in its image plane (`row · W + column`).
///
/// The first of equal elements wins. Padding never does; NaN always does.
///
/// # Shapes
///
/// `x: [N, C, H, W]`, result `[N, C, H', W']`. The sizes must be valid.
#[must_use]
pub fn max_pool2d_forward<T: Real>(x: View<'_, T>, window: &Window) -> (Vec<T>, Vec<i64>) {
    let &[n, c, h, w] = x.shape else { return Default::default() };
    let Window { kernel: k, stride: s, padding: p, dilation: d } = *window;
    let size = |axis: usize, full| {
        conv2d_output_size("max_pool2d", full, k[axis], s[axis], p[axis], d[axis])
    };
    let (Ok(oh), Ok(ow)) = (size(0, h), size(1, w)) else { return Default::default() };
    let (mut values, mut places) = (Vec::new(), Vec::new());
    for plane in 0..n * c {
        for (i, j) in (0..oh).flat_map(|i| (0..ow).map(move |j| (i, j))) {
            let mut best: Option<(T, usize)> = None;
            for (u, v) in (0..k[0]).flat_map(|u| (0..k[1]).map(move |v| (u, v))) {
                let (row, col) = (i * s[0] + u * d[0], j * s[1] + v * d[1]);
                if row < p[0] || col < p[1] {
                    continue;
                }
                let (row, col) = (row - p[0], col - p[1]);
                if let Some(value) = x.get(&[plane / c, plane % c, row, col])
                    && best.is_none_or(|(b, _)| value > b || (value.is_nan() && !b.is_nan()))
                {
                    best = Some((value, row * w + col));
                }
            }
            let (value, place) = best.unwrap_or((-T::INFINITY, 0));
            values.push(value);
            places.push(place as i64);
        }
    }
    (values, places)
}
