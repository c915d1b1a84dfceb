//! Seeded mistakes of module 09.

use super::{ConvLesson, View, Window, plain};
use crate::course::lesson::mutants;

/// Pads or cuts to the right length.
fn sized(mut values: Vec<f32>, len: usize) -> Vec<f32> {
    values.resize(len, 0.0);
    values
}

/// The convolution with another window, in the size of the right one.
fn conv(
    x: View<'_>,
    w: View<'_>,
    bias: Option<&[f32]>,
    right: &Window,
    groups: usize,
    wrong: Window,
) -> Vec<f32> {
    let len = plain::conv2d_forward(x, w, bias, right, groups).len();
    sized(plain::conv2d_forward(x, w, bias, &wrong, groups), len)
}

/// The convolution with the kernels read through `turn` of the two kernel axes.
fn turned(
    x: View<'_>,
    w: View<'_>,
    bias: Option<&[f32]>,
    window: &Window,
    groups: usize,
    turn: fn([usize; 2], [usize; 2]) -> [usize; 2],
) -> Vec<f32> {
    let &[o, c, kh, kw] = w.shape else { return Vec::new() };
    let mut data = Vec::new();
    for at in 0..o * c * kh * kw {
        let [u, v] = turn([at / kw % kh, at % kw], [kh, kw]);
        data.push(w.get(&[at / (c * kh * kw), at / (kh * kw) % c, u, v]).unwrap_or(0.0));
    }
    plain::conv2d_forward(
        x,
        View { data: &data, shape: w.shape, strides: &[c * kh * kw, kh * kw, kw, 1] },
        bias,
        window,
        groups,
    )
}

/// The two results of a pooling of changed elements.
fn pooled(x: View<'_>, window: &Window, f: impl Fn(f32) -> f32) -> (Vec<f32>, Vec<i64>) {
    let data: Vec<f32> = x.iter().map(f).collect();
    let strides = crate::slots::tensor::row_major_strides(x.shape);
    plain::max_pool2d_forward(View { data: &data, shape: x.shape, strides: &strides[..4] }, window)
}

mutants! {
    ConvLesson;
    fn conv2d_output_size(size: usize, kernel: usize, stride: usize, padding: usize, dilation: usize) -> usize {
        "leaves out the last window" =>
            plain::conv2d_output_size("conv2d", size, kernel, stride, padding, dilation)? - 1,
        "rounds up" => {
            plain::conv2d_output_size("conv2d", size, kernel, stride, padding, dilation)?;
            (size + 2 * padding - dilation * (kernel - 1) - 1).div_ceil(stride) + 1
        },
        "pads one side only" => {
            plain::conv2d_output_size("conv2d", size, kernel, stride, padding, dilation)?;
            (size + padding).saturating_sub(dilation * (kernel - 1) + 1) / stride + 1
        },
        "ignores the dilation" => {
            plain::conv2d_output_size("conv2d", size, kernel, stride, padding, dilation)?;
            plain::conv2d_output_size("conv2d", size, kernel, stride, padding, 1)?
        },
        "ignores the stride" => {
            plain::conv2d_output_size("conv2d", size, kernel, stride, padding, dilation)?;
            plain::conv2d_output_size("conv2d", size, kernel, 1, padding, dilation)?
        },
        "lets a kernel that is too large fit once" =>
            (size + 2 * padding).saturating_sub(dilation * kernel.saturating_sub(1) + 1) / stride.max(1) + 1,
    }
    fn conv2d_forward(x: View<'_>, w: View<'_>, bias: Option<&[f32]>, window: &Window, groups: usize) -> Vec<f32> {
        "turns the kernel around" => turned(x, w, bias, window, groups, |[u, v], [h, w]| [h - 1 - u, w - 1 - v]),
        "exchanges rows and columns of the kernel" =>
            turned(x, w, bias, window, groups, |[u, v], [h, w]| [v.min(h - 1), u.min(w - 1)]),
        "leaves out the bias" => plain::conv2d_forward(x, w, None, window, groups),
        "ignores the stride" => conv(x, w, bias, window, groups, Window { stride: [1, 1], ..*window }),
        "ignores the padding" => conv(x, w, bias, window, groups, Window { padding: [0, 0], ..*window }),
        "ignores the dilation" => conv(x, w, bias, window, groups, Window { dilation: [1, 1], ..*window }),
        "takes only the first channel" => {
            let &[o, c, kh, kw] = w.shape else { return Ok(Vec::new()) };
            let data: Vec<f32> = w.iter().enumerate()
                .map(|(at, v)| if at / (kh * kw) % c == 0 { v } else { 0.0 }).collect();
            let strides = [c * kh * kw, kh * kw, kw, 1];
            plain::conv2d_forward(x, View { data: &data, shape: &[o, c, kh, kw], strides: &strides }, bias, window, groups)
        },
        "lets every group see the first channels" => {
            let &[n, c, h, width] = x.shape else { return Ok(Vec::new()) };
            let mut data = Vec::new();
            for at in 0..n * c * h * width {
                let channel = at / (h * width) % c % w.shape[1];
                data.push(x.get(&[at / (c * h * width), channel, at / width % h, at % width]).unwrap_or(0.0));
            }
            plain::conv2d_forward(View { data: &data, shape: x.shape, strides: &[c * h * width, h * width, width, 1] }, w, bias, window, groups)
        },
    }
    fn max_pool2d_forward(x: View<'_>, window: &Window) -> (Vec<f32>, Vec<i64>) {
        "begins with 0" => {
            let (values, places) = plain::max_pool2d_forward(x, window);
            (values.into_iter().map(|v| if v < 0.0 { 0.0 } else { v }).collect(), places)
        },
        "returns the smallest element" => {
            let (values, places) = pooled(x, window, |v| -v);
            (values.into_iter().map(|v| -v).collect(), places)
        },
        "lets the last of equal elements win" => {
            let reversed: Vec<f32> = x.to_vec().into_iter().rev().collect();
            let n: usize = x.shape[2..].iter().product();
            let (mut values, mut places) = plain::max_pool2d_forward(
                View { data: &reversed, shape: x.shape, strides: &[x.shape[1] * n, n, x.shape[3], 1] }, window);
            values.reverse();
            places.reverse();
            (values, places.into_iter().map(|p| n as i64 - 1 - p).collect())
        },
        "passes over NaN" => pooled(x, window, |v| if v.is_nan() { f32::NEG_INFINITY } else { v }),
        "counts places from the window instead of the plane" => {
            let (values, places) = plain::max_pool2d_forward(x, window);
            (values, vec![0; places.len()])
        },
        "takes every position as a window" => {
            let (values, places) = plain::max_pool2d_forward(x, window);
            let (mut all, mut at) = plain::max_pool2d_forward(x, &Window { stride: [1, 1], ..*window });
            all.truncate(values.len());
            at.truncate(places.len());
            (all, at)
        },
    }
}
