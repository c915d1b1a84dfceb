//! Module 01, Tensor: shapes, strides, arithmetic, products and reductions.

mod checks;
mod mutants;

use super::{Module, View, lesson::lesson};
use crate::slots::tensor as plain;
pub use crate::slots::tensor::{Arithmetic, MatmulPlan};

lesson! {
    /// What a tensor can do, as ten plain algorithms.
    TensorLesson, m01, 1;

    /// Returns the shape that two operands broadcast to: aligned at the right, two sizes fit if they are equal or one of them is
    /// 1 or missing. Two that do not fit are an `Error::ShapeMismatch`; see [`shape_mismatch`](super::shape_mismatch).
    core fn broadcast_shape(lhs: &[usize], rhs: &[usize]) -> Vec<usize>,
        hint "align both shapes at the right and compare axis by axis; a missing axis counts as 1",
        plain::broadcast_shape("broadcast_shape", lhs, rhs).map(|s| s.to_vec());
    /// Returns the steps between neighbours along each axis of a row-major array, in elements; axes of size 0 count as 1.
    core fn row_major_strides(shape: &[usize]) -> Vec<usize>,
        hint "walk the axes from the last to the first; the step of the last is 1",
        Ok(plain::row_major_strides(shape)[..shape.len()].to_vec());
    /// Returns `a ∘ b` for each pair of elements of two views of one shape, in row-major order. Strides may be 0.
    core fn elementwise_binary(op: Arithmetic, a: View<'_>, b: View<'_>) -> Vec<f32>,
        hint "View::iter gives the elements in row-major order whatever the strides",
        Ok(plain::elementwise_binary(op, a, b));
    /// Returns what a matrix product of two shapes has to do; a scalar, unequal inner sizes or batch axes that do not
    /// broadcast are an `Error::ShapeMismatch`.
    core fn matmul_check(lhs: &[usize], rhs: &[usize]) -> MatmulPlan,
        hint "a vector on the left is one row, on the right one column; all axes before the last two are batch axes",
        plain::matmul_check(lhs, rhs);
    /// Returns the product of `a: [m, k]` and `b: [k, n]` in row-major order, `[m, n]`. The views may be transposed.
    core fn matmul(a: View<'_>, b: View<'_>) -> Vec<f32>,
        hint "three loops; element [i, j] of a view is data[i * strides[0] + j * strides[1]]",
        Ok(plain::matmul(a, b));
    /// Returns the shape that `wanted` stands for, where one size may be -1. Two -1 or smaller sizes are an
    /// `Error::InvalidArgument`, counts that do not agree an `Error::ShapeMismatch`.
    core fn reshape_infer(shape: &[usize], wanted: &[isize]) -> Vec<usize>,
        hint "the product of the sizes must stay; -1 stands for the quotient, which must be whole",
        plain::reshape_infer(shape, wanted).map(|s| s.to_vec());
    /// Returns shape and strides with axis `a` of the result taken from axis `order[a]`. An order that does not name every axis once is
    /// an `Error::InvalidArgument`.
    core fn permute_axes(shape: &[usize], strides: &[usize], order: &[usize]) -> (Vec<usize>, Vec<usize>),
        hint "no element moves: shape and strides are picked in the new order",
        plain::permute_axes(shape, strides, order);
    /// Returns the sum over the given axes, in row-major order of the kept ones. The sum of nothing is 0.
    core fn reduce_sum(x: View<'_>, axes: &[usize]) -> Vec<f32>,
        hint "give the result stride 0 along the reduced axes, then add every element where it belongs",
        Ok(plain::reduce_sum(x, axes));
    /// Returns the mean over the given axes, in row-major order of the kept ones.
    core fn reduce_mean(x: View<'_>, axes: &[usize]) -> Vec<f32>,
        hint "the sum, divided by the product of the reduced sizes",
        Ok(plain::reduce_mean(x, axes));
    /// Returns the largest element over the given axes, in row-major order of the kept ones; NaN wins.
    core fn reduce_max(x: View<'_>, axes: &[usize]) -> Vec<f32>,
        hint "start from negative infinity, not from 0; a comparison with NaN is always false",
        Ok(plain::reduce_max(x, axes));
}

pub(super) const MODULE: Module = Module {
    number: 1,
    id: "m01",
    name: "Tensor",
    tier: "foundations",
    lesson: "TensorLesson",
    prerequisites: &[],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 6,
};
