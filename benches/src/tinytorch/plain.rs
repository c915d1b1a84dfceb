//! Plain loops on one thread: the definitions, and what a reader would write first.

use super::init::NORM_EPSILON;
use crate::values::sample;

/// Entry at position `at` of the product of two `n`x`n` matrices, summed in double precision.
pub(super) fn entry(a: &[f32], b: &[f32], n: usize, at: usize) -> f32 {
    let (row, column) = (at / n, at % n);
    let terms = (0..n).map(|k| f64::from(a[row * n + k]) * f64::from(b[k * n + column]));
    terms.sum::<f64>() as f32
}

/// The product of two `n`x`n` matrices.
pub(super) fn matmul(a: &[f32], b: &[f32], n: usize) -> Vec<f32> {
    let mut c = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            let mut sum = 0.0;
            for k in 0..n {
                sum += a[i * n + k] * b[k * n + j];
            }
            c[i * n + j] = sum;
        }
    }
    c
}

pub(super) fn add(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// `x·Φ(x)`
pub(super) fn gelu(x: &[f32]) -> Vec<f32> {
    x.iter().map(|x| 0.5 * x * (1.0 + libm::erff(x * core::f32::consts::FRAC_1_SQRT_2))).collect()
}

/// Each row of `cols` values: `exp(x − max) / Σ exp(x − max)`.
pub(super) fn softmax(x: &[f32], cols: usize) -> Vec<f32> {
    let mut y = Vec::with_capacity(x.len());
    for row in x.chunks_exact(cols) {
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let start = y.len();
        y.extend(row.iter().map(|x| (x - largest).exp()));
        let sum: f32 = y[start..].iter().sum();
        y[start..].iter_mut().for_each(|y| *y /= sum);
    }
    y
}

/// Gradients of a layer norm.
pub(super) struct LayerNormGrads {
    loss: f32,
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl LayerNormGrads {
    /// The agreed sample: of the input's gradient, then of the weight's and the bias's.
    pub(super) fn sample(&self) -> Vec<f32> {
        debug_assert!(self.loss.is_finite(), "the loss keeps the forward pass in the timed work");
        [&self.x, &self.weight, &self.bias].into_iter().flat_map(|v| sample(v)).collect()
    }
}

/// Gradients of `Σ g·(w·(x − μ)/σ + b)`, with `σ = √(var + 1e-5)`, one row after the other.
///
/// With `x̂ = (x − μ)/σ` and `h = g·w`: `∂x = (h − mean(h) − x̂·mean(h·x̂)) / σ`, `∂w = Σ g·x̂`, `∂b = Σ g`.
pub(super) fn layer_norm_grads(
    x: &[f32],
    weight: &[f32],
    bias: &[f32],
    g: &[f32],
) -> LayerNormGrads {
    let n = weight.len();
    let mut grads = LayerNormGrads {
        loss: 0.0,
        x: Vec::with_capacity(x.len()),
        weight: vec![0.0; n],
        bias: vec![0.0; n],
    };
    for (x, g) in x.chunks_exact(n).zip(g.chunks_exact(n)) {
        let mean = x.iter().sum::<f32>() / n as f32;
        let variance = x.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / n as f32;
        let scale = 1.0 / (variance + NORM_EPSILON as f32).sqrt();
        let (mut h_mean, mut hx_mean) = (0.0, 0.0);
        for i in 0..n {
            let (normal, h) = ((x[i] - mean) * scale, g[i] * weight[i]);
            grads.loss += g[i] * (weight[i] * normal + bias[i]);
            grads.weight[i] += g[i] * normal;
            grads.bias[i] += g[i];
            h_mean += h / n as f32;
            hx_mean += h * normal / n as f32;
        }
        grads.x.extend(
            (0..n).map(|i| (g[i] * weight[i] - h_mean - (x[i] - mean) * scale * hx_mean) * scale),
        );
    }
    grads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_by_hand() {
        let c = matmul(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], 2);
        assert_eq!(c, [19.0, 22.0, 43.0, 50.0]);
        assert_eq!(entry(&[1.0, 2.0, 3.0, 4.0], &[5.0, 6.0, 7.0, 8.0], 2, 2), 43.0);
    }

    #[test]
    fn rows_sum_to_one() {
        let y = softmax(&[0.0, 0.0, 1.0, 1.0 + 3.0f32.ln()], 2);
        assert!((y[0] - 0.5).abs() < 1e-7 && (y[3] - 0.75).abs() < 1e-6);
    }

    #[test]
    fn layer_norm_gradients_agree_with_differences() {
        let (w, b) = ([0.5, -1.5, 2.0], [0.1, 0.2, 0.3]);
        let (x, g) = ([0.3, -1.0, 2.0, 1.0, 0.0, 0.5], [1.0, -0.5, 0.25, 0.5, 2.0, -1.0]);
        let grads = layer_norm_grads(&x, &w, &b, &g);
        let step = 1e-2;
        for i in 0..x.len() {
            let loss = |change: f32| {
                let mut moved = x;
                moved[i] += change;
                layer_norm_grads(&moved, &w, &b, &g).loss
            };
            let slope = (loss(step) - loss(-step)) / (2.0 * step);
            // Central differences err by the square of the step, single precision by some 1e-5.
            assert!((slope - grads.x[i]).abs() < 1e-3, "{i}: {slope} {}", grads.x[i]);
        }
        assert_eq!(grads.bias, [1.5, 1.5, -0.75]);
    }
}
