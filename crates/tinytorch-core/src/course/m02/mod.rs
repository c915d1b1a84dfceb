//! Module 02, Activations: the functions that make a network more than one linear map.

mod checks;
mod mutants;

use super::{Module, View, lesson::lesson};
use crate::slots::activations as plain;

lesson! {
    /// Three activations; the library runs its networks on them.
    ActivationLesson, m02, 2;

    /// Returns `1 / (1 + e^-x)` for each element, in row-major order; never NaN for a number, however large.
    core fn sigmoid(x: View<'_>) -> Vec<f32>,
        hint "for negative x use e^x / (1 + e^x): the exponential of a large positive number is infinite",
        Ok(x.iter().map(plain::sigmoid).collect());
    /// Returns `max(x, 0)` for each element, in row-major order; NaN stays NaN.
    core fn relu(x: View<'_>) -> Vec<f32>,
        hint "compare each element with 0; f32::max would turn NaN into 0",
        Ok(plain::relu(x));
    /// Returns `e^xᵢ / Σⱼ e^xⱼ` along `axis`, in row-major order; zeros for a slice of negative infinities.
    core fn softmax(x: View<'_>, axis: usize) -> Vec<f32>,
        hint "subtract the largest element of each slice first",
        Ok(plain::softmax(x, axis));
}

pub(super) const MODULE: Module = Module {
    number: 2,
    id: "m02",
    name: "Activations",
    tier: "foundations",
    lesson: "ActivationLesson",
    prerequisites: &[1],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 3,
};
