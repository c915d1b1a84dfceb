//! Comparing gradients with differences.

use super::{GradOpts, grad};
use crate::nostd::prelude::*;
use crate::{DType, Error, Result, Tensor};

/// Options of [`gradcheck`].
#[derive(Debug, Clone, Copy)]
pub struct GradCheck {
    /// Half the distance between the two evaluations of a difference.
    pub eps: f64,
    /// Accepted absolute difference.
    pub atol: f64,
    /// Accepted difference relative to the larger of the two values.
    pub rtol: f64,
}

impl Default for GradCheck {
    /// Steps of 1e-6 with tolerances of 1e-6: the error of a central difference in `f64` is near 1e-10 for smooth
    /// functions of ordinary size.
    fn default() -> Self {
        Self { eps: 1e-6, atol: 1e-6, rtol: 1e-6 }
    }
}

/// Compares the gradients of `sum(f(inputs)·w)` with central differences, element by element, in `f64`.
///
/// The weights `w` differ from element to element, so that errors cannot cancel in the sum. The first argument that
/// disagrees is reported.
///
/// # Errors
///
/// [`Error::GradientMismatch`] at the first element that differs; [`Error::DTypeUnsupported`] unless the inputs are
/// `f64`; whatever `f` or the backward pass returns.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Tensor, autograd::{GradCheck, gradcheck}};
///
/// let x = Tensor::from([[0.3f64, -1.2], [2.0, 0.7]]);
/// gradcheck(|i| i[0].matmul(&i[0])?.tanh(), &[x], GradCheck::default())?;
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn gradcheck(
    f: impl Fn(&[Tensor]) -> Result<Tensor>,
    inputs: &[Tensor],
    check: GradCheck,
) -> Result<()> {
    if let Some(x) = inputs.iter().find(|x| x.dtype() != DType::F64) {
        return Err(Error::dtype("gradcheck", x.dtype(), "f64: the differences need its digits"));
    }
    let leaves = inputs.iter().map(Tensor::requiring_grad).collect::<Result<Vec<_>>>()?;
    let y = f(&leaves)?;
    let weights = weights_like(&y)?;
    let refs: Vec<&Tensor> = leaves.iter().collect();
    let opts = GradOpts { seeds: vec![weights.clone()], allow_unused: true, ..GradOpts::default() };
    let analytic = grad(&[&y], &refs, opts)?;
    let value = |inputs: &[Tensor]| -> Result<f64> {
        let y = super::no_grad(|| f(inputs))?;
        Ok(y.to_vec::<f64>()?.iter().zip(weights.to_vec::<f64>()?).map(|(y, w)| y * w).sum())
    };
    for (input, (x, g)) in inputs.iter().zip(analytic).enumerate() {
        let values = x.to_vec::<f64>()?;
        let g = g.map_or_else(|| Ok(vec![0.0; values.len()]), |g| g.to_vec::<f64>())?;
        for (position, &analytic) in g.iter().enumerate() {
            let moved = |by: f64| -> Result<f64> {
                let mut values = values.clone();
                values[position] += by;
                let mut moved = inputs.to_vec();
                moved[input] = Tensor::from_vec(values, x.shape())?;
                value(&moved)
            };
            let numeric = (moved(check.eps)? - moved(-check.eps)?) / (2.0 * check.eps);
            let close = (analytic - numeric).abs()
                <= check.atol + check.rtol * analytic.abs().max(numeric.abs());
            if !close {
                return Err(Error::GradientMismatch { input, position, analytic, numeric });
            }
        }
    }
    Ok(())
}

/// Returns weights between 0.5 and 1.5 without a pattern that an operation might share.
fn weights_like(y: &Tensor) -> Result<Tensor> {
    let golden = 0.618_033_988_749_894_9;
    Tensor::from_vec((0..y.numel()).map(|i| 0.5 + (i as f64 * golden % 1.0)).collect(), y.shape())
}
