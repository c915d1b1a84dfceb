//! Initial weights: random, and of a size that neither starves nor floods the layers behind.
//!
//! Each output of a layer sums `fan_in` products, so weights of variance 1/`fan_in` keep the size of a signal. What
//! differs between the rules is the activation they expect and the distribution they draw from. For a weight
//! [out, in, ..] fan_in counts the numbers that one output reads, fan_out the outputs that read one input.

#[cfg(not(feature = "std"))]
use crate::nostd::Float;
use crate::nostd::prelude::*;
use crate::{Result, Rng, Tensor, dispatch, tensor::IntoShape};

/// How the first weights of a layer are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Init {
    /// Normal with variance 1/fan_in (LeCun, 1998), bias 0. The default of `Linear`.
    LecunNormal,
    /// Normal with variance 2/fan_in (He, 2015), bias 0: ReLU halves what passes. The default of `Conv2d`.
    HeNormal,
    /// Uniform within ±√(6/(fan_in + fan_out)) (Glorot, 2010), bias 0.
    XavierUniform,
    /// Weights and bias uniform within ±1/√fan_in, as PyTorch's layers begin.
    TorchDefault,
}

impl Init {
    /// Returns weights of `shape`, [out, in, ..].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if the shape is not valid.
    pub fn weight(self, shape: impl IntoShape, rng: &mut Rng) -> Result<Tensor> {
        let shape = shape.into_shape()?;
        let (fan_in, fan_out) = fans(&shape);
        let n = shape.numel();
        let data = match self {
            Self::LecunNormal => dispatch::linear_init(n / fan_in, fan_in, rng)?,
            Self::HeNormal => normal(n, (2.0 / fan_in as f64).sqrt(), rng),
            Self::XavierUniform => uniform(n, (6.0 / (fan_in + fan_out) as f64).sqrt(), rng),
            Self::TorchDefault => uniform(n, 1.0 / (fan_in as f64).sqrt(), rng),
        };
        Tensor::from_vec(data, shape)
    }

    /// Returns the bias of a layer with `n_out` outputs of `fan_in` inputs each.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if the shape is not valid.
    pub fn bias(self, n_out: usize, fan_in: usize, rng: &mut Rng) -> Result<Tensor> {
        let data = match self {
            Self::TorchDefault => uniform(n_out, 1.0 / (fan_in.max(1) as f64).sqrt(), rng),
            Self::LecunNormal | Self::HeNormal | Self::XavierUniform => vec![0.0; n_out],
        };
        Tensor::from_vec(data, [n_out])
    }
}

/// Returns fan_in and fan_out of a weight [out, in, ..], at least 1 each.
fn fans(shape: &[usize]) -> (usize, usize) {
    let window: usize = shape.iter().skip(2).product();
    let size = |axis: usize| shape.get(axis).copied().unwrap_or(1);
    ((size(1) * window).max(1), (size(0) * window).max(1))
}

fn normal(n: usize, std: f64, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| (std * rng.normal()) as f32).collect()
}

fn uniform(n: usize, bound: f64, rng: &mut Rng) -> Vec<f32> {
    (0..n).map(|_| (bound * (2.0 * rng.uniform() - 1.0)) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mean, variance and largest size of the weights of a convolution 50 -> 80 with windows of 3x3.
    fn measure(init: Init) -> (f64, f64, f64) {
        let w = init.weight([80, 50, 3, 3], &mut Rng::seed(5)).unwrap().to_vec_as::<f64>();
        let n = w.len() as f64;
        let top = w.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
        (w.iter().sum::<f64>() / n, w.iter().map(|v| v * v).sum::<f64>() / n, top)
    }

    #[test]
    fn variances_are_the_published_ones() {
        let (fan_in, fan_out) = (450.0_f64, 720.0);
        let cases = [
            (Init::LecunNormal, 1.0 / fan_in, f64::INFINITY),
            (Init::HeNormal, 2.0 / fan_in, f64::INFINITY),
            (Init::XavierUniform, 2.0 / (fan_in + fan_out), (6.0 / (fan_in + fan_out)).sqrt()),
            (Init::TorchDefault, 1.0 / (3.0 * fan_in), 1.0 / fan_in.sqrt()),
        ];
        for (init, variance, bound) in cases {
            let (mean, got, top) = measure(init);
            // 36,000 draws: five standard errors of the mean, and of the variance of a normal (the wider one).
            assert!(mean.abs() < 5.0 * (variance / 36_000.0).sqrt(), "{init:?}: mean {mean}");
            assert!(
                (got / variance - 1.0).abs() < 5.0 * (2.0 / 36_000.0_f64).sqrt(),
                "{init:?}: {got}"
            );
            assert!(top <= bound * (1.0 + 1e-6), "{init:?}: {top} above {bound}");
        }
    }

    #[test]
    fn only_torch_draws_a_bias() {
        let rng = &mut Rng::seed(1);
        assert_eq!(Init::LecunNormal.bias(3, 4, rng).unwrap().to_vec::<f32>().unwrap(), [0.0; 3]);
        let b = Init::TorchDefault.bias(1_000, 4, rng).unwrap().to_vec::<f32>().unwrap();
        assert!(b.iter().all(|b| b.abs() <= 0.5) && b.iter().any(|b| b.abs() > 0.4));
    }
}
