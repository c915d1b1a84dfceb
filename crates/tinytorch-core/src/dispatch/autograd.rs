//! Module 06: rules of the basic operations and the order of the backward pass.

use crate::{
    Result,
    autograd::is_recording,
    kernels::map,
    ops::{self, AxisMask},
    slots::autograd as slot,
    tensor::{Real, Shape, Tensor, View},
};

pub(crate) use slot::{Dag, accumulate, topological_order};

/// Sum of a gradient over the axes its operand was repeated along.
pub(crate) fn reduce_broadcast_grad(grad: &Tensor, shape: &Shape) -> Result<Tensor> {
    ops::broadcast::sum_to(grad, shape)
}

/// Gradients of `a + b`.
pub(crate) fn add_backward(
    grad: &Tensor,
    a: Option<&Shape>,
    b: Option<&Shape>,
) -> Result<[Option<Tensor>; 2]> {
    let to = |shape: Option<&Shape>| shape.map(|s| reduce_broadcast_grad(grad, s)).transpose();
    Ok([to(a)?, to(b)?])
}

/// Gradients of `a · b`: each needs the other factor.
pub(crate) fn mul_backward(
    grad: &Tensor,
    a: Option<(&Shape, &Tensor)>,
    b: Option<(&Shape, &Tensor)>,
) -> Result<[Option<Tensor>; 2]> {
    let to = |x: Option<(&Shape, &Tensor)>| {
        x.map(|(shape, other)| reduce_broadcast_grad(&grad.mul(other)?, shape)).transpose()
    };
    Ok([to(a)?, to(b)?])
}

/// Gradient of `max(x, 0)`.
pub(crate) fn relu_backward<T: Real>(grad: View<'_, T>, x: View<'_, T>) -> Vec<T> {
    debug_assert!(!is_recording());
    map::map2(grad, x, |g, x| if x > T::ZERO { g } else { T::ZERO })
}

/// Gradients of the matrix product `a·b`.
pub(crate) fn matmul_backward(
    grad: &Tensor,
    a: Option<(&Shape, &Tensor)>,
    b: Option<(&Shape, &Tensor)>,
) -> Result<[Option<Tensor>; 2]> {
    ops::matmul::rule(grad, a, b)
}

/// Gradient of a sum over the marked axes of a tensor of shape `shape`.
pub(crate) fn sum_backward(grad: &Tensor, shape: &Shape, axes: AxisMask) -> Result<Tensor> {
    grad.reshape(axes.keepdim(shape))?.expand_to(shape)
}
