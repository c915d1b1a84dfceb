//! Seeded mistakes of module 02.

use super::{ActivationLesson, View, plain};
use crate::{course::lesson::mutants, slots::tensor::row_major_strides};

/// Softmax along an axis whose slices are shifted by `shift(slice)` and divided by `divide(exponentials)`.
fn softmax(
    x: View<'_>,
    axis: usize,
    shift: fn(&[f32]) -> f32,
    divide: fn(&[f32]) -> f32,
) -> Vec<f32> {
    let mut out = x.to_vec();
    let (len, inner) = (x.shape[axis], x.shape[axis + 1..].iter().product::<usize>());
    for start in 0..out.len() / len.max(1) {
        let at = |k: usize| start / inner * len * inner + k * inner + start % inner;
        let slice: Vec<f32> = (0..len).map(|k| out[at(k)]).collect();
        let m = shift(&slice);
        let e: Vec<f32> = slice.iter().map(|v| (v - m).exp()).collect();
        let sum = divide(&e);
        (0..len).for_each(|k| out[at(k)] = e[k] / sum);
    }
    out
}

fn largest(v: &[f32]) -> f32 {
    v.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

fn total(v: &[f32]) -> f32 {
    v.iter().sum()
}

fn guarded(values: Vec<f32>) -> Vec<f32> {
    values.into_iter().map(|v| if v.is_nan() { 0.0 } else { v }).collect()
}

mutants! {
    ActivationLesson;
    fn sigmoid(x: View<'_>) -> Vec<f32> {
        "leaves out the minus sign" => x.iter().map(|v| plain::sigmoid(-v)).collect(),
        "divides infinity by infinity for large numbers" => x.iter().map(|v| v.exp() / (1.0 + v.exp())).collect(),
        "leaves out the 1 in the denominator" => x.iter().map(f32::exp).collect(),
        "returns the derivative" => x.iter().map(plain::sigmoid).map(|s| s * (1.0 - s)).collect(),
        "returns tanh" => x.iter().map(f32::tanh).collect(),
        "ignores the strides" => x.data.iter().cycle().take(x.numel()).map(|&v| plain::sigmoid(v)).collect(),
    }
    fn relu(x: View<'_>) -> Vec<f32> {
        "returns the absolute value" => x.iter().map(f32::abs).collect(),
        "keeps the negative part" => x.iter().map(|v| if v > 0.0 { 0.0 } else { v }).collect(),
        "turns NaN into 0" => x.iter().map(|v| v.max(0.0)).collect(),
        "cuts at 1 as well" => x.iter().map(|v| v.clamp(0.0, 1.0)).collect(),
        "lets a hundredth of negative numbers through" => x.iter().map(|v| if v < 0.0 { v / 100.0 } else { v }).collect(),
        "ignores the strides" => x.data.iter().cycle().take(x.numel())
            .map(|&v| if v < 0.0 { 0.0 } else { v }).collect(),
    }
    fn softmax(x: View<'_>, axis: usize) -> Vec<f32> {
        "does not subtract the largest element" => softmax(x, axis, |_| 0.0, total),
        "does not divide by the sum" => guarded(softmax(x, axis, largest, |_| 1.0)),
        "always works along the last axis" => plain::softmax(x, x.rank() - 1),
        "always works along the first axis" => plain::softmax(x, 0),
        "divides by the number of elements" => guarded(softmax(x, axis, largest, |e| e.len() as f32)),
        "gives NaN for a slice of negative infinities" => softmax(x, axis, largest, total),
        "normalizes over the whole array" => {
            let (shape, n) = ([x.numel()], x.to_vec());
            plain::softmax(View { data: &n, shape: &shape, strides: &row_major_strides(&shape)[..1] }, 0)
        },
    }
}
