//! Parameters with the settings of their group.

use crate::{DType, Error, Param, Result, Tensor};

/// Parameters in order, each with the number of its group, and the options of the groups.
#[derive(Debug)]
pub(super) struct Groups<O> {
    op: &'static str,
    pub(super) params: Vec<(Param, usize)>,
    pub(super) options: Vec<O>,
}

impl<O> Groups<O> {
    pub(super) fn new(op: &'static str) -> Self {
        Self { op, params: Vec::new(), options: Vec::new() }
    }

    /// Adds a group.
    pub(super) fn add(&mut self, params: Vec<Param>, options: O) -> Result<()> {
        if params.is_empty() {
            let need = "one or more parameters (does the model own any?)";
            return Err(Error::argument(self.op, "parameters", "empty", need));
        }
        for (i, p) in params.iter().enumerate() {
            if !matches!(p.dtype(), DType::F32 | DType::F64) {
                return Err(Error::dtype(self.op, p.dtype(), "f32 or f64"));
            }
            let known = self.params.iter().map(|(p, _)| p).chain(&params[..i]);
            if let Some(first) = known.into_iter().position(|other| other.is_same(p)) {
                let got = format!(
                    "{} of shape {}, the same as {first}",
                    self.params.len() + i,
                    p.shape()
                );
                return Err(Error::argument(self.op, "parameter", got, "given once"));
            }
        }
        let group = self.options.len();
        self.params.extend(params.into_iter().map(|p| (p, group)));
        self.options.push(options);
        Ok(())
    }

    /// Refuses gradients that are not like their parameters.
    pub(super) fn check(&self, grads: &[Option<Tensor>]) -> Result<()> {
        if grads.len() != self.params.len() {
            let need = format!("{}, one for each parameter", self.params.len());
            return Err(Error::argument(self.op, "number of gradients", grads.len(), need));
        }
        for ((param, _), grad) in self.params.iter().zip(grads) {
            if let Some(grad) = grad {
                super::state::check_like(self.op, grad, param)?;
            }
        }
        Ok(())
    }
}

/// Refuses a number that is not finite, negative, or 0 where it must be above.
pub(super) fn number(
    op: &'static str,
    name: &'static str,
    value: f64,
    above_zero: bool,
) -> Result<()> {
    let good = value.is_finite() && if above_zero { value > 0.0 } else { value >= 0.0 };
    if good {
        return Ok(());
    }
    Err(Error::argument(
        op,
        name,
        value,
        if above_zero { "a finite number above 0" } else { "0 or a finite number above" },
    ))
}
