//! Module 09: convolution and pooling.

use crate::{
    Result,
    kernels::{
        conv::{self, Geometry},
        pool::{self, Planes},
    },
    slots::conv as slot,
    tensor::Real,
};

pub(crate) use slot::conv2d_output_size;

/// Convolution with an optional bias.
pub(crate) fn conv2d_forward<T: Real>(
    g: &Geometry,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
) -> Result<Vec<T>> {
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
    Ok(pool::max(planes, x, window))
}
