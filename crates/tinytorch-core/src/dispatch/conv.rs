//! Module 09: convolution and pooling.

use crate::nostd::prelude::*;
use crate::{
    Result,
    kernels::{
        conv::{self, Geometry},
        pool::{self, Planes},
    },
    slots::conv as slot,
    tensor::Real,
};

#[cfg(feature = "course")]
use crate::{
    course::{
        fit,
        m09::{hook, slot as student},
        wrong,
    },
    dispatch::{f32s, f32s_again},
    slots::tensor::row_major_strides,
    tensor::View,
};

/// How many windows fit along an axis.
pub(crate) fn conv2d_output_size(
    op: &'static str,
    size: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
) -> Result<usize> {
    let right = slot::conv2d_output_size(op, size, kernel, stride, padding, dilation);
    #[cfg(feature = "course")]
    if let Some(n) = hook::conv2d_output_size(size, kernel, stride, padding, dilation)? {
        // Another number of windows would read outside the image.
        return match right {
            Ok(right) if right == n => Ok(n),
            _ => Err(wrong(
                student::conv2d_output_size,
                format!(
                    "returned {n} for size {size}, kernel {kernel}, stride {stride}, padding {padding}, dilation {dilation}"
                ),
            )),
        };
    }
    right
}

/// Convolution with an optional bias.
pub(crate) fn conv2d_forward<T: Real>(
    g: &Geometry,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
) -> Result<Vec<T>> {
    #[cfg(feature = "course")]
    {
        let xs = [g.batch, g.channels, g.size[0], g.size[1]];
        let ws = [g.maps, g.channels / g.groups, g.kernel[0], g.kernel[1]];
        let (xt, wt) = (row_major_strides(&xs), row_major_strides(&ws));
        let x = View { data: x, shape: &xs, strides: &xt[..4] };
        let w = View { data: w, shape: &ws, strides: &wt[..4] };
        let window = slot::Window {
            kernel: g.kernel,
            stride: g.stride,
            padding: g.padding,
            dilation: g.dilation,
        };
        if let (Some(x), Some(w)) = (f32s(student::conv2d_forward, x), f32s_again(w))
            && let Some(out) =
                hook::conv2d_forward(x, w, bias.and_then(T::f32s), &window, g.groups)?
        {
            return fit(student::conv2d_forward, out, g.batch * g.maps * g.out[0] * g.out[1]);
        }
    }
    Ok(conv::forward(g, x, w, bias))
}

/// Gradient of the images.
pub(crate) fn conv2d_input_grad<T: Real>(g: &Geometry, grad: &[T], w: &[T]) -> Vec<T> {
    conv::input_grad(g, grad, w)
}

/// Gradient of the kernels.
pub(crate) fn conv2d_weight_grad<T: Real>(g: &Geometry, x: &[T], grad: &[T]) -> Vec<T> {
    conv::weight_grad(g, x, grad)
}

/// Largest element of each window, with its place.
pub(crate) fn max_pool2d_forward<T: Real>(
    planes: &Planes,
    x: &[T],
    window: &slot::Window,
) -> Result<(Vec<T>, Vec<i64>)> {
    #[cfg(feature = "course")]
    {
        let shape = [planes.count, 1, planes.size[0], planes.size[1]];
        let strides = row_major_strides(&shape);
        let x = View { data: x, shape: &shape, strides: &strides[..4] };
        if let Some(x) = f32s(student::max_pool2d_forward, x)
            && let Some((values, places)) = hook::max_pool2d_forward(x, window)?
        {
            let len = planes.count * planes.out[0] * planes.out[1];
            let inside = 0..(planes.size[0] * planes.size[1]).max(1) as i64;
            if places.len() != len || places.iter().any(|p| !inside.contains(p)) {
                let detail = format!(
                    "returned {} places, {len} below {} are needed",
                    places.len(),
                    inside.end
                );
                return Err(wrong(student::max_pool2d_forward, detail));
            }
            return Ok((fit(student::max_pool2d_forward, values, len)?, places));
        }
    }
    Ok(pool::max(planes, x, window))
}
