//! Module 06, Autograd: the rules of the basic operations and the order in which they are applied.
//!
//! A rule takes the gradient of a result and returns the gradients of its operands, as numbers. Gradients of gradients
//! are recorded operations, so those run on the reference.

mod checks;
mod mutants;

use super::{Module, View, lesson::lesson};
use crate::slots::autograd as plain;
pub use crate::slots::autograd::Dag;

lesson! {
    /// Eight algorithms that turn a recorded computation into gradients.
    AutogradLesson, m06, 6;

    /// Returns the gradient of an operand of shape `shape` that was broadcast to the shape of `grad`: the sum over the
    /// axes it was repeated along.
    core fn reduce_broadcast_grad(grad: View<'_>, shape: &[usize]) -> Vec<f32>,
        hint "align the shapes at the right; sum over missing axes and over those where `shape` has size 1",
        Ok(plain::reduce_broadcast_grad(grad, shape));
    /// Returns the gradients of `a + b`, in the shapes `a` and `b`.
    core fn add_backward(grad: View<'_>, a: &[usize], b: &[usize]) -> (Vec<f32>, Vec<f32>),
        hint "the slope is 1 on both sides; only broadcasting needs work",
        Ok(plain::add_backward(grad, a, b));
    /// Returns the gradients of `a · b` for operands expanded to the shape of `grad`, in the shapes before expansion.
    core fn mul_backward(grad: View<'_>, a: View<'_>, a_shape: &[usize], b: View<'_>, b_shape: &[usize]) -> (Vec<f32>, Vec<f32>),
        hint "each side receives the gradient times the other side",
        Ok(plain::mul_backward(grad, (a, a_shape), (b, b_shape)));
    /// Returns the gradients of `a·b` for `a: [m, k]`, `b: [k, n]`, `grad: [m, n]`: `grad·bᵀ` and `aᵀ·grad`.
    core fn matmul_backward(grad: View<'_>, a: View<'_>, b: View<'_>) -> (Vec<f32>, Vec<f32>),
        hint "only one product of the three matrices has the shape of each operand; a transposed view costs nothing",
        Ok(plain::matmul_backward(grad, a, b));
    /// Returns the gradient of a sum over `axes` of an array of shape `shape`; `grad` has the kept axes only.
    core fn sum_backward(grad: View<'_>, shape: &[usize], axes: &[usize]) -> Vec<f32>,
        hint "every element that was added receives the gradient of its sum",
        Ok(plain::sum_backward(grad, shape, axes));
    /// Returns the gradient of `max(x, 0)`: `grad` where `x > 0`, otherwise 0.
    core fn relu_backward(grad: View<'_>, x: View<'_>) -> Vec<f32>,
        hint "at the kink the slope is 0",
        Ok(plain::relu_backward(grad, x));
    /// Returns every node reachable from `roots` once, each before all nodes it was computed from. Deep graphs must not
    /// overflow the stack.
    core fn topological_order(graph: &Dag, roots: &[usize]) -> Vec<usize>,
        hint "depth-first post-order, reversed, with a stack of your own",
        Ok(plain::topological_order(graph, roots));
    /// Adds `grad` to what has arrived so far.
    core fn accumulate(acc: &mut [f32], grad: &[f32]) -> (),
        hint "a value that is used twice receives two gradients; the second must not replace the first",
        { plain::accumulate(acc, grad); Ok(()) };
}

pub(super) const MODULE: Module = Module {
    number: 6,
    id: "m06",
    name: "Autograd",
    tier: "foundations",
    lesson: "AutogradLesson",
    prerequisites: &[1, 2],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 8,
};
