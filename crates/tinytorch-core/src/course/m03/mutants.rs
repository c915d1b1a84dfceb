//! Seeded mistakes of module 03.

use super::{LayerLesson, View, plain};
use crate::{Rng, Tensor, course::lesson::mutants};

/// `n` numbers of deviation `std`.
fn normals(n: usize, std: f64, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| (std * rng.normal()) as f32).collect()
}

/// `x·Wᵀ` with `bias(i, j)` added to output `j` of row `i`.
fn biased(x: View<'_>, w: View<'_>, bias: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let n = w.shape[0];
    let y = plain::linear_forward(x, w, None).into_iter().enumerate();
    y.map(|(at, y)| y + bias(at / n.max(1), at % n.max(1))).collect()
}

mutants! {
    LayerLesson;
    fn linear_init(n_out: usize, n_in: usize, rng: &mut Rng) -> Vec<f32> {
        "takes the variance for the deviation" => normals(n_out * n_in, 1.0 / n_in as f64, rng),
        "counts the outputs" => normals(n_out * n_in, (1.0 / n_out as f64).sqrt(), rng),
        "uses variance 2/n" => normals(n_out * n_in, (2.0 / n_in as f64).sqrt(), rng),
        "leaves the numbers at variance 1" => normals(n_out * n_in, 1.0, rng),
        "draws only positive numbers" => plain::linear_init(n_out, n_in, rng).into_iter().map(f32::abs).collect(),
        "starts every layer from the same seed" => plain::linear_init(n_out, n_in, &mut Rng::seed(1)),
        "gives all weights one value" => vec![(rng.normal() / (n_in as f64).sqrt()) as f32; n_out * n_in],
    }
    fn linear_forward(x: View<'_>, w: View<'_>, bias: Option<&[f32]>) -> Vec<f32> {
        "leaves out the bias" => plain::linear_forward(x, w, None),
        "reads the weight without the transpose" => {
            let raw = w.to_vec();
            let (n, k) = (w.shape[0], w.shape[1]);
            plain::linear_forward(x, View { data: &raw, shape: &[n, k], strides: &[1, n] }, bias)
        },
        "adds the bias to the first row only" => {
            biased(x, w, |i, j| if i == 0 { bias.map_or(0.0, |b| b[j]) } else { 0.0 })
        },
        "takes the bias of the row instead of the output" => {
            biased(x, w, |i, _| bias.map_or(0.0, |b| b.get(i).copied().unwrap_or(0.0)))
        },
        "subtracts the bias" => biased(x, w, |_, j| bias.map_or(0.0, |b| -b[j])),
        "ignores the strides of the weight" => {
            let k = w.shape[1];
            plain::linear_forward(x, View { data: w.data, shape: w.shape, strides: &[k, 1] }, bias)
        },
        "ignores the strides of the input" => {
            let k = x.shape[1];
            plain::linear_forward(View { data: x.data, shape: x.shape, strides: &[k, 1] }, w, bias)
        },
    }
    fn dropout_mask(n: usize, p: f64, rng: &mut Rng) -> Vec<f32> {
        "keeps with probability p" => plain::dropout_mask(n, 1.0 - p, rng),
        "does not scale what is left" => {
            plain::dropout_mask::<f32>(n, p, rng).into_iter().map(|m| if m == 0.0 { 0.0 } else { 1.0 }).collect()
        },
        "multiplies what is left by 1 - p" => {
            let keep = (1.0 - p) as f32;
            plain::dropout_mask::<f32>(n, p, rng).into_iter().map(|m| if m == 0.0 { 0.0 } else { keep }).collect()
        },
        "divides what is left by p" => {
            let keep = (1.0 / p) as f32;
            plain::dropout_mask::<f32>(n, p, rng).into_iter().map(|m| if m == 0.0 { 0.0 } else { keep }).collect()
        },
        "starts every mask from the same seed" => plain::dropout_mask(n, p, &mut Rng::seed(1)),
        "draws once for all elements" => vec![plain::dropout_mask(1, p, rng)[0]; n],
        "draws normal numbers" => {
            let keep = (1.0 / (1.0 - p)) as f32;
            (0..n).map(|_| if rng.normal() < p { 0.0 } else { keep }).collect()
        },
    }
    fn dropout_forward(x: &Tensor, p: f64, training: bool, rng: &mut Rng) -> Tensor {
        "drops in evaluation too" => { let _ = training; plain::dropout_forward(x, p, true, rng)? },
        "never drops" => { let _ = (p, training, rng); x.clone() },
        "drops in evaluation instead of training" => plain::dropout_forward(x, p, !training, rng)?,
        "scales in evaluation instead of training" => match training {
            true => plain::dropout_forward(x, p, true, rng)?.mul_scalar(1.0 - p)?,
            false => x.mul_scalar(1.0 - p)?,
        },
        "copies in evaluation" => match training {
            true => plain::dropout_forward(x, p, true, rng)?,
            false => x.add_scalar(0.0)?,
        },
        "cuts the gradient" => match training {
            true => plain::dropout_forward(&x.detach(), p, true, rng)?,
            false => x.clone(),
        },
        "lets the whole gradient pass" => match training {
            true => x.add(&plain::dropout_forward(&x.detach(), p, true, rng)?.sub(&x.detach())?)?,
            false => x.clone(),
        },
        "drops all elements or none" => match training {
            true => x.mul_scalar(f64::from(plain::dropout_mask::<f32>(1, p, rng)[0]))?,
            false => x.clone(),
        },
    }
}
