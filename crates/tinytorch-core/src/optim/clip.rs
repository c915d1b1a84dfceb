//! Limits on gradients, so that one bad batch does not throw the parameters away.

use crate::{Error, Param, Result, Tensor, dispatch};

/// How gradients are limited before a step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Clip {
    /// All gradients together are shortened to this 2-norm; their direction stays.
    Norm(f64),
    /// Each element is moved into −limit to limit.
    Value(f64),
}

/// What to do when a gradient holds an infinite element or NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NonFinite {
    /// Return an error.
    #[default]
    Error,
    /// Leave this step out: parameters and what the optimizer remembers stay.
    Skip,
}

impl Clip {
    /// Refuses limits that are not above 0.
    pub(crate) fn check(self) -> Result<()> {
        match self {
            Self::Norm(limit) => positive("clip_grad_norm", "max_norm", limit),
            Self::Value(limit) => positive("clip_grad_value", "limit", limit),
        }
    }

    /// Returns limited gradients, or none if the step is to be left out.
    pub(crate) fn apply(
        self,
        grads: &[Option<Tensor>],
        non_finite: NonFinite,
    ) -> Result<Option<Vec<Option<Tensor>>>> {
        let held: Vec<Tensor> = grads.iter().flatten().cloned().collect();
        let (op, (clipped, size)) = match self {
            Self::Norm(limit) => ("clip_grad_norm", dispatch::clip_grad_norm(&held, limit, 2.0)?),
            Self::Value(limit) => {
                let clipped = held.iter().map(|g| g.clamp(-limit, limit)).collect::<Result<_>>()?;
                ("clip_grad_value", (clipped, largest(&held)))
            }
        };
        if !size.is_finite() {
            return match non_finite {
                NonFinite::Error => Err(broken(op, size)),
                NonFinite::Skip => Ok(None),
            };
        }
        let mut clipped = clipped.into_iter();
        Ok(Some(grads.iter().map(|g| g.as_ref().and_then(|_| clipped.next())).collect()))
    }
}

/// Shortens the gradients that `params` hold to the common 2-norm `max_norm` and returns their norm before.
///
/// Every gradient is multiplied by max_norm/(norm + 10⁻⁶) if that is below 1, so directions stay.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless `max_norm` is a finite number above 0, and if the norm is infinite or NaN: the gradients
/// are as they were then.
///
/// # Source
///
/// Pascanu, Mikolov & Bengio (2013), "On the difficulty of training recurrent neural networks", algorithm 1.
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Param, Tensor, optim::clip_grad_norm};
///
/// let p = Param::new(Tensor::from([0.0_f64, 0.0]))?;
/// p.set_grad(&Tensor::from([3.0_f64, 4.0]))?;
/// assert_eq!(clip_grad_norm(&[p.clone()], 1.0)?, 5.0);
/// let short = p.grad().unwrap().to_vec::<f64>()?;
/// assert!((short[0] - 0.6).abs() < 1e-6 && (short[1] - 0.8).abs() < 1e-6);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn clip_grad_norm(params: &[Param], max_norm: f64) -> Result<f64> {
    clip_grad_norm_p(params, max_norm, 2.0)
}

/// Shortens as [`clip_grad_norm`], with the norm (Σ |g|ᵖ)^(1/p); an infinite `p` takes the largest |g|.
///
/// # Errors
///
/// As [`clip_grad_norm`], and [`Error::InvalidArgument`] unless `p` is at least 1.
pub fn clip_grad_norm_p(params: &[Param], max_norm: f64, p: f64) -> Result<f64> {
    let op = "clip_grad_norm";
    positive(op, "max_norm", max_norm)?;
    if p.is_nan() || p < 1.0 {
        return Err(Error::argument(op, "p", p, "at least 1, or infinite"));
    }
    let held: Vec<(&Param, Tensor)> =
        params.iter().filter_map(|param| Some((param, param.grad()?))).collect();
    let grads: Vec<Tensor> = held.iter().map(|(_, g)| g.clone()).collect();
    let (clipped, norm) = dispatch::clip_grad_norm(&grads, max_norm, p)?;
    if !norm.is_finite() {
        return Err(broken(op, norm));
    }
    for ((param, _), grad) in held.iter().zip(&clipped) {
        param.set_grad(grad)?;
    }
    Ok(norm)
}

/// Moves every element of the gradients that `params` hold into −`limit` to `limit`.
///
/// Unlike [`clip_grad_norm`] this turns the gradient. NaN stays NaN.
///
/// # Errors
///
/// [`Error::InvalidArgument`] unless `limit` is a finite number above 0.
pub fn clip_grad_value(params: &[Param], limit: f64) -> Result<()> {
    positive("clip_grad_value", "limit", limit)?;
    for param in params {
        if let Some(grad) = param.grad() {
            param.set_grad(&grad.clamp(-limit, limit)?)?;
        }
    }
    Ok(())
}

/// The largest magnitude of all elements, NaN if there is one.
fn largest(grads: &[Tensor]) -> f64 {
    let all = grads.iter().flat_map(Tensor::to_vec_as::<f64>).map(f64::abs);
    // Unlike f64::max this keeps NaN.
    all.fold(0.0, |most, g| if g > most || g.is_nan() { g } else { most })
}

fn positive(op: &'static str, name: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::argument(op, name, value, "a finite number above 0"))
}

#[cold]
fn broken(op: &'static str, norm: f64) -> Error {
    let need = "finite (lower the step size, or leave such steps out with NonFinite::Skip)";
    Error::argument(op, "norm of the gradients", norm, need)
}
