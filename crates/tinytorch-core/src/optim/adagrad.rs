//! AdaGrad: steps divided by all gradients so far.

use super::{
    groups::number,
    rule::{Rule, Ruled},
};
use crate::{Result, dispatch, tensor::Real};

/// Settings of [`AdaGrad`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaGradOpts {
    /// Step size η.
    pub lr: f64,
    /// Rate κ at which the step size falls: η/(1 + (t − 1)·κ) at step t.
    pub lr_decay: f64,
    /// Pull λ of every parameter toward 0.
    pub weight_decay: f64,
    /// What the sum of squares holds before the first step.
    pub initial: f64,
    /// Keeps the division finite where gradients vanish.
    pub eps: f64,
}

impl Default for AdaGradOpts {
    /// Step size 0.01, ε = 10⁻¹⁰, nothing else.
    fn default() -> Self {
        Self { lr: 0.01, lr_decay: 0.0, weight_decay: 0.0, initial: 0.0, eps: 1e-10 }
    }
}

/// AdaGrad: p ← p − η·g / (√s + ε), with the sum s ← s + g² of all squared gradients so far.
///
/// Parameters that rarely have a gradient keep large steps. Weight decay adds λ·p to the gradient. It remembers one number for
/// each parameter.
///
/// # Source
///
/// Duchi, Hazan & Singer (2011), "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12.
pub type AdaGrad = Ruled<AdaGradOpts>;

impl Rule for AdaGradOpts {
    const OP: &'static str = "adagrad";

    fn check(&self) -> Result<()> {
        number(Self::OP, "lr", self.lr, true)?;
        number(Self::OP, "lr_decay", self.lr_decay, false)?;
        number(Self::OP, "weight_decay", self.weight_decay, false)?;
        number(Self::OP, "initial", self.initial, false)?;
        number(Self::OP, "eps", self.eps, false)
    }

    fn lr(&mut self) -> &mut f64 {
        &mut self.lr
    }

    fn memory(&self) -> Vec<(&'static str, f64)> {
        vec![("sum", self.initial)]
    }

    fn update<T: Real>(&self, step: u64, p: &mut [T], g: &[T], memory: &mut [&mut [T]]) {
        let lr = self.lr / (1.0 + step.saturating_sub(1) as f64 * self.lr_decay);
        let [lr, eps, decay] = [lr, self.eps, self.weight_decay].map(T::lit);
        let Some(sum) = memory.first_mut() else { return };
        dispatch::adagrad_update(p, g, sum, lr, eps, decay);
    }
}
