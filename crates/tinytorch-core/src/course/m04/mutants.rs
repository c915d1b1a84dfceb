//! Seeded mistakes of module 04.

use super::{LossLesson, View, plain};
use crate::{course::lesson::mutants, slots::activations::softmax};

fn differences(p: View<'_>, t: View<'_>) -> Vec<f32> {
    p.iter().zip(t.iter()).map(|(p, t)| p - t).collect()
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// `-ln p` of each row that counts.
fn surprises(logits: View<'_>, targets: &[i64], ignore: i64) -> Vec<f32> {
    let (classes, log_p) = (logits.shape[1], plain::log_softmax(logits, 1));
    let rows = targets.iter().enumerate().filter(|(_, t)| **t != ignore);
    rows.map(|(row, &t)| -log_p[row * classes + t.unsigned_abs() as usize]).collect()
}

mutants! {
    LossLesson;
    fn log_softmax(x: View<'_>, axis: usize) -> Vec<f32> {
        "takes the logarithm of a softmax" => softmax(x, axis).into_iter().map(f32::ln).collect(),
        "returns the softmax" => softmax(x, axis),
        "always works along the last axis" => plain::log_softmax(x, x.rank() - 1),
        "always works along the first axis" => plain::log_softmax(x, 0),
        "subtracts only the largest element" => {
            let (owned, len) = (x.to_vec(), x.shape[axis]);
            let all = &owned[..];
            let inner: usize = x.shape[axis + 1..].iter().product();
            let of = |n: usize| (0..len).map(move |k| all[n / (len * inner) * len * inner + k * inner + n % inner]);
            (0..all.len()).map(|n| all[n] - of(n).fold(f32::NEG_INFINITY, f32::max)).collect()
        },
        "uses the logarithm to base 2" =>
            plain::log_softmax(x, axis).into_iter().map(|v| v / core::f32::consts::LN_2).collect(),
    }
    fn mse(prediction: View<'_>, target: View<'_>) -> f32 {
        "leaves out the factor 1/N" => differences(prediction, target).iter().map(|d| d * d).sum(),
        "does not square" => mean(&differences(prediction, target)),
        "takes absolute values" => mean(&differences(prediction, target).iter().map(|d| d.abs()).collect::<Vec<_>>()),
        "divides by 2N" => plain::mse(prediction, target) / 2.0,
        "divides by the number of rows only" => {
            let sum: f32 = differences(prediction, target).iter().map(|d| d * d).sum();
            sum / prediction.shape[0] as f32
        },
        "returns the root" => plain::mse(prediction, target).sqrt(),
        "adds the operands" => mean(&prediction.iter().zip(target.iter()).map(|(p, t)| (p + t) * (p + t)).collect::<Vec<_>>()),
    }
    fn cross_entropy(logits: View<'_>, targets: &[i64], ignore: i64) -> f32 {
        "adds without dividing" => surprises(logits, targets, ignore).iter().sum(),
        "counts ignored rows in the mean" =>
            surprises(logits, targets, ignore).iter().sum::<f32>() / targets.len() as f32,
        "leaves out the minus sign" => -plain::cross_entropy(logits, targets, ignore),
        "forgets the softmax" => {
            let (classes, x) = (logits.shape[1], logits.to_vec());
            let rows = targets.iter().enumerate().filter(|(_, t)| **t != ignore);
            mean(&rows.map(|(row, &t)| -x[row * classes + t.unsigned_abs() as usize]).collect::<Vec<_>>())
        },
        "takes the class after the target" => {
            let classes = logits.shape[1] as i64;
            let next: Vec<i64> = targets.iter().map(|&t| if t == ignore { t } else { (t + 1) % classes }).collect();
            plain::cross_entropy(logits, &next, ignore)
        },
        "normalizes over the batch instead of the classes" => {
            let (classes, log_p) = (logits.shape[1], plain::log_softmax(logits, 0));
            let rows = targets.iter().enumerate().filter(|(_, t)| **t != ignore);
            mean(&rows.map(|(row, &t)| -log_p[row * classes + t.unsigned_abs() as usize]).collect::<Vec<_>>())
        },
        "divides by the number of classes too" => plain::cross_entropy(logits, targets, ignore) / logits.shape[1] as f32,
    }
}
