//! Module 06: rules of the basic operations and the order of the backward pass.

use crate::nostd::prelude::*;
use crate::{
    Result,
    autograd::is_recording,
    kernels::map,
    ops::{self, AxisMask},
    slots::autograd as slot,
    tensor::{Real, Shape, Tensor, View},
};

pub(crate) use slot::{Dag, accumulate};

#[cfg(feature = "course")]
use crate::{
    DType,
    course::{
        Slot, by_reference, fit,
        m06::{hook, slot as student},
        wrong,
    },
    dispatch::{
        f32s, f32s_again,
        tensor::{marked, matrix},
    },
};

/// The numbers of a gradient for a student's rule. Gradients of gradients are recorded operations and need the
/// reference.
#[cfg(feature = "course")]
fn numbers<'a>(slot: &'static Slot, grad: &'a Tensor) -> Option<View<'a, f32>> {
    if is_recording() || grad.dtype() != DType::F32 {
        by_reference(slot);
        return None;
    }
    Some(grad.typed::<f32>())
}

/// A tensor of what a student's rule returned.
#[cfg(feature = "course")]
fn tensor(slot: &'static Slot, out: Vec<f32>, shape: &Shape) -> Result<Tensor> {
    Ok(Tensor::own(fit::<f32>(slot, out, shape.numel())?, *shape))
}

/// The two gradients of a student's rule, where they are wanted.
#[cfg(feature = "course")]
fn pair(
    slot: &'static Slot,
    (da, db): (Vec<f32>, Vec<f32>),
    a: Option<&Shape>,
    b: Option<&Shape>,
) -> Result<[Option<Tensor>; 2]> {
    let to = |out, shape: Option<&Shape>| shape.map(|s| tensor(slot, out, s)).transpose();
    Ok([to(da, a)?, to(db, b)?])
}

/// Sum of a gradient over the axes its operand was repeated along.
pub(crate) fn reduce_broadcast_grad(grad: &Tensor, shape: &Shape) -> Result<Tensor> {
    ops::broadcast::sum_to(grad, shape)
}

/// [`reduce_broadcast_grad`] by a student's slot.
#[cfg(feature = "course")]
pub(crate) fn reduced_by_student(grad: &Tensor, shape: &Shape) -> Result<Option<Tensor>> {
    let Some(g) = numbers(student::reduce_broadcast_grad, grad) else { return Ok(None) };
    let out = hook::reduce_broadcast_grad(g, shape)?;
    out.map(|out| tensor(student::reduce_broadcast_grad, out, shape)).transpose()
}

/// Gradients of `a + b`.
pub(crate) fn add_backward(
    grad: &Tensor,
    a: Option<&Shape>,
    b: Option<&Shape>,
) -> Result<[Option<Tensor>; 2]> {
    #[cfg(feature = "course")]
    if let Some(g) = numbers(student::add_backward, grad) {
        let shape = |s: Option<&Shape>| s.copied().unwrap_or(*grad.shape());
        if let Some(out) = hook::add_backward(g, &shape(a), &shape(b))? {
            return pair(student::add_backward, out, a, b);
        }
    }
    let to = |shape: Option<&Shape>| shape.map(|s| reduce_broadcast_grad(grad, s)).transpose();
    Ok([to(a)?, to(b)?])
}

/// Gradients of `a · b`: each needs the other factor.
pub(crate) fn mul_backward(
    grad: &Tensor,
    a: Option<(&Shape, &Tensor)>,
    b: Option<(&Shape, &Tensor)>,
) -> Result<[Option<Tensor>; 2]> {
    #[cfg(feature = "course")]
    if let Some(out) = multiplied_by_student(grad, a, b)? {
        return Ok(out);
    }
    let to = |x: Option<(&Shape, &Tensor)>| {
        x.map(|(shape, other)| reduce_broadcast_grad(&grad.mul(other)?, shape)).transpose()
    };
    Ok([to(a)?, to(b)?])
}

#[cfg(feature = "course")]
fn multiplied_by_student(
    grad: &Tensor,
    a: Option<(&Shape, &Tensor)>,
    b: Option<(&Shape, &Tensor)>,
) -> Result<Option<[Option<Tensor>; 2]>> {
    let Some(g) = numbers(student::mul_backward, grad) else { return Ok(None) };
    // A factor that was not kept belongs to a gradient that nobody wants.
    let factor = |kept: Option<(&Shape, &Tensor)>| match kept {
        Some((_, other)) => other.broadcast_to(grad.shape()),
        None => Tensor::zeros((), DType::F32)?.broadcast_to(grad.shape()),
    };
    let (x, y) = (factor(b)?, factor(a)?);
    let shape = |s: Option<(&Shape, &Tensor)>| s.map_or(*grad.shape(), |(s, _)| *s);
    let out = hook::mul_backward(g, x.typed(), &shape(a), y.typed(), &shape(b))?;
    out.map(|out| pair(student::mul_backward, out, a.map(|a| a.0), b.map(|b| b.0))).transpose()
}

/// Gradient of `max(x, 0)`.
pub(crate) fn relu_backward<T: Real>(grad: View<'_, T>, x: View<'_, T>) -> Result<Vec<T>> {
    debug_assert!(!is_recording());
    #[cfg(feature = "course")]
    if let (Some(g), Some(v)) = (f32s(student::relu_backward, grad), f32s_again(x))
        && let Some(out) = hook::relu_backward(g, v)?
    {
        return fit(student::relu_backward, out, x.numel());
    }
    Ok(map::map2(grad, x, |g, x| if x > T::ZERO { g } else { T::ZERO }))
}

/// Gradients of the matrix product `a·b`.
pub(crate) fn matmul_backward(
    grad: &Tensor,
    a: Option<(&Shape, &Tensor)>,
    b: Option<(&Shape, &Tensor)>,
) -> Result<[Option<Tensor>; 2]> {
    #[cfg(feature = "course")]
    if let Some(out) = products_by_student(grad, a, b)? {
        return Ok(out);
    }
    ops::matmul::rule(grad, a, b)
}

/// The rule for one matrix, applied to each matrix of a batch; vectors are matrices with one row or column.
#[cfg(feature = "course")]
fn products_by_student(
    grad: &Tensor,
    a: Option<(&Shape, &Tensor)>,
    b: Option<(&Shape, &Tensor)>,
) -> Result<Option<[Option<Tensor>; 2]>> {
    if numbers(student::matmul_backward, grad).is_none() {
        return Ok(None);
    }
    let operand =
        |kept: Option<(&Shape, &Tensor)>, own: Option<(&Shape, &Tensor)>| match (kept, own) {
            (Some((_, t)), _) => Ok(t.clone()),
            (None, Some((shape, _))) => Tensor::zeros(*shape, DType::F32),
            (None, None) => Tensor::zeros([0, 0], DType::F32),
        };
    let (x, y) = (operand(b, a)?, operand(a, b)?);
    let (left, right) = (x.rank() == 1, y.rank() == 1);
    let mut g = grad.clone();
    g = if right { g.unsqueeze(-1)? } else { g };
    g = if left { g.unsqueeze(-2)? } else { g };
    let x = if left { x.unsqueeze(0)? } else { x };
    let y = if right { y.unsqueeze(-1)? } else { y };
    let batch = g.rank() - 2;
    let full = |t: &Tensor| {
        t.broadcast_to(&Shape::new(&[&g.dims()[..batch], &t.dims()[t.rank() - 2..]].concat())?)
    };
    let (wide_x, wide_y) = (full(&x)?, full(&y)?);
    let (mut da, mut db) = (Vec::new(), Vec::new());
    let of = |t: &Tensor| t.dims()[t.rank() - 2..].iter().product::<usize>();
    for index in 0..g.dims()[..batch].iter().product() {
        let at = |t| matrix(t, index, batch);
        let (gv, xv, yv) = (at(g.typed()), at(wide_x.typed()), at(wide_y.typed()));
        let Some(out) = hook::matmul_backward(gv, xv, yv)? else { return Ok(None) };
        da.extend(fit::<f32>(student::matmul_backward, out.0, of(&x))?);
        db.extend(fit::<f32>(student::matmul_backward, out.1, of(&y))?);
    }
    let back = |out, wide: &Tensor, one: &Tensor, to: Option<(&Shape, &Tensor)>| match to {
        Some((shape, _)) => {
            let all = tensor(student::matmul_backward, out, wide.shape())?;
            ops::broadcast::sum_to(&all, one.shape())?.reshape(shape).map(Some)
        }
        None => Ok(None),
    };
    Ok(Some([back(da, &wide_x, &x, a)?, back(db, &wide_y, &y, b)?]))
}

/// Gradient of a sum over the marked axes of a tensor of shape `shape`.
pub(crate) fn sum_backward(grad: &Tensor, shape: &Shape, axes: AxisMask) -> Result<Tensor> {
    #[cfg(feature = "course")]
    if numbers(student::sum_backward, grad).is_some() {
        let kept: Vec<usize> =
            shape.iter().zip(axes.as_slice()).filter(|(_, r)| !**r).map(|(&d, _)| d).collect();
        let grad = grad.reshape(&kept[..])?;
        if let Some(out) = hook::sum_backward(grad.typed(), shape, &marked(axes.as_slice()))? {
            return tensor(student::sum_backward, out, shape);
        }
    }
    grad.reshape(axes.keepdim(shape))?.expand_to(shape)
}

/// Order of the backward pass.
pub(crate) fn topological_order(graph: &Dag, roots: &[usize]) -> Result<Vec<usize>> {
    #[cfg(feature = "course")]
    if let Some(order) = hook::topological_order(graph, roots)? {
        return if is_order(graph, &order) {
            Ok(order)
        } else {
            let detail = format!(
                "returned an order of {} of {} nodes in which an input comes before its user, or a node is missing",
                order.len(),
                graph.len()
            );
            Err(wrong(student::topological_order, detail))
        };
    }
    Ok(slot::topological_order(graph, roots))
}

/// True if every node is there once, before its inputs. The engine only numbers nodes that the roots depend on.
#[cfg(feature = "course")]
fn is_order(graph: &Dag, order: &[usize]) -> bool {
    let mut place = vec![usize::MAX; graph.len()];
    for (at, &node) in order.iter().enumerate() {
        match place.get_mut(node) {
            Some(p) if *p == usize::MAX => *p = at,
            _ => return false,
        }
    }
    order.len() == graph.len()
        && order.iter().all(|&n| graph.inputs(n).iter().all(|&i| place[n] < place[i]))
}

/// The sum of two gradients by a student's slot.
#[cfg(feature = "course")]
pub(crate) fn accumulated_by_student(sum: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
    if numbers(student::accumulate, sum).is_none() {
        return Ok(None);
    }
    let (mut acc, grad) = (sum.to_vec::<f32>()?, grad.contiguous());
    let out = hook::accumulate(&mut acc, grad.as_slice::<f32>()?)?;
    Ok(out.map(|()| Tensor::own(acc, *sum.shape())))
}
