//! Module 03, Layers: the dense layer, its first weights, and dropout.

use super::tensor::matmul;
use crate::nostd::prelude::*;
use crate::{
    Result, Tensor, dispatch,
    rng::Rng,
    tensor::{Real, View},
};

/// Returns `x·Wᵀ + b`, row-major: each row of `x` times each row of `w`, plus the bias of that row of `w`.
///
/// # Shapes
///
/// `x: [m, in]`, `w: [out, in]`, `bias: [out]`; result `[m, out]`. Anything else gives an empty result.
#[must_use]
pub fn linear_forward<T: Real>(x: View<'_, T>, w: View<'_, T>, bias: Option<&[T]>) -> Vec<T> {
    let (&[out, k], &[ws, wk]) = (w.shape, w.strides) else { return Vec::new() };
    let mut y = matmul(x, View { data: w.data, shape: &[k, out], strides: &[wk, ws] });
    if let Some(bias) = bias {
        for row in y.chunks_mut(out.max(1)) {
            row.iter_mut().zip(bias).for_each(|(y, &b)| *y += b);
        }
    }
    y
}

/// Returns the first weights of a dense layer, `n_out · n_in` normal numbers of variance `1/n_in`.
///
/// With inputs of variance 1 each output then starts with variance 1 (LeCun, 1998).
#[must_use]
pub fn linear_init<T: Real>(n_out: usize, n_in: usize, rng: &mut Rng) -> Vec<T> {
    let std = (1.0 / n_in.max(1) as f64).sqrt();
    (0..n_out * n_in).map(|_| T::lit(std * rng.normal())).collect()
}

/// Returns the factors by which dropout multiplies `n` elements: 0 with probability `p`, otherwise 1/(1 − p).
///
/// Each element draws one uniform number in 0..1 and is dropped if that is below `p`; with p = 1 all are.
///
/// # Source
///
/// Srivastava et al. (2014), "Dropout: A Simple Way to Prevent Neural Networks from Overfitting"; scaled in training.
#[must_use]
pub fn dropout_mask<T: Real>(n: usize, p: f64, rng: &mut Rng) -> Vec<T> {
    let keep = T::lit(1.0 / (1.0 - p));
    (0..n).map(|_| if rng.uniform() < p { T::ZERO } else { keep }).collect()
}

/// Returns `x` with a fresh [`dropout_mask`] while training, and `x` itself otherwise or if nothing can be dropped.
///
/// The gradient passes where the element did, by the same factor.
///
/// # Errors
///
/// As [`Tensor::mul`].
pub fn dropout_forward(x: &Tensor, p: f64, training: bool, rng: &mut Rng) -> Result<Tensor> {
    if !training || p == 0.0 {
        return Ok(x.clone());
    }
    x.mul(&dispatch::dropout_mask(x, p, rng)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_by_hand() {
        let view = |data, shape: &'static [usize]| View { data, shape, strides: &[3, 1] };
        let x = view(&[1.0, 2.0, 3.0, -1.0, 0.0, 1.0], &[2, 3]);
        let w = view(&[1.0, 0.0, -1.0, 2.0, 2.0, 2.0], &[2, 3]);
        assert_eq!(linear_forward(x, w, Some(&[10.0, -20.0])), [8.0, -8.0, 8.0, -20.0]);
        assert_eq!(linear_forward(x, w, None), [-2.0, 12.0, -2.0, 0.0]);
    }

    #[test]
    fn first_weights_have_variance_one_over_inputs() {
        let w: Vec<f64> = linear_init(400, 250, &mut Rng::seed(1));
        let n = w.len() as f64;
        let mean = w.iter().sum::<f64>() / n;
        let variance = w.iter().map(|v| v * v).sum::<f64>() / n;
        // Standard errors over 10^5 draws: √(1/250)/√n = 2e-4, and (1/250)·√(2/n) = 1.8e-5; five of each.
        assert!(mean.abs() < 1e-3 && (variance - 1.0 / 250.0).abs() < 9e-5, "{mean} {variance}");
    }

    /// The generator's numbers decide one after the other: those below p become 0.
    #[test]
    fn masks_by_hand() {
        let mut rng = Rng::seed(8);
        let drawn: Vec<f64> = (0..20).map(|_| rng.uniform()).collect();
        let mask: Vec<f64> = dropout_mask(20, 0.75, &mut Rng::seed(8));
        for (u, m) in drawn.iter().zip(mask) {
            assert_eq!(m, if *u < 0.75 { 0.0 } else { 4.0 });
        }
        assert_eq!(dropout_mask::<f32>(3, 0.0, &mut rng), [1.0; 3]);
        assert_eq!(dropout_mask::<f32>(3, 1.0, &mut rng), [0.0; 3]);
    }
}
