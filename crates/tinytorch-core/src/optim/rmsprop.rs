//! RMSprop: steps divided by the running size of the gradient.

use super::{
    groups::number,
    rule::{Rule, Ruled},
};
use crate::{Error, Result, dispatch, tensor::Real};

/// Settings of [`RmsProp`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RmsPropOpts {
    /// Step size η.
    pub lr: f64,
    /// Decay rate α of the average of the squared gradient.
    pub alpha: f64,
    /// Keeps the division finite where gradients vanish.
    pub eps: f64,
    /// Pull λ of every parameter toward 0.
    pub weight_decay: f64,
    /// Share μ of the previous direction that is kept; 0 for none.
    pub momentum: f64,
    /// Divides by the standard deviation of the gradient instead of its size.
    pub centered: bool,
}

impl Default for RmsPropOpts {
    /// Step size 0.01, α = 0.99, ε = 10⁻⁸, nothing else.
    fn default() -> Self {
        Self { lr: 0.01, alpha: 0.99, eps: 1e-8, weight_decay: 0.0, momentum: 0.0, centered: false }
    }
}

/// RMSprop: p ← p − η·g / (√v + ε), with the average v ← α·v + (1 − α)·g² of the squared gradient.
///
/// Centered, v has the square of the average gradient taken off. With momentum the quotient enters a decaying sum,
/// b ← μ·b + g/(√v + ε), and p ← p − η·b. Weight decay adds λ·p to the gradient. It remembers one number for each parameter,
/// and one more for each of the two options.
///
/// # Source
///
/// Tieleman & Hinton (2012), "Neural networks for machine learning", lecture 6e; centered: Graves (2013), "Generating sequences with
/// recurrent neural networks", equations 38 to 45.
pub type RmsProp = Ruled<RmsPropOpts>;

impl Rule for RmsPropOpts {
    const OP: &'static str = "rmsprop";

    fn check(&self) -> Result<()> {
        number(Self::OP, "lr", self.lr, true)?;
        number(Self::OP, "eps", self.eps, false)?;
        number(Self::OP, "weight_decay", self.weight_decay, false)?;
        number(Self::OP, "momentum", self.momentum, false)?;
        if (0.0..1.0).contains(&self.alpha) {
            return Ok(());
        }
        Err(Error::argument(Self::OP, "alpha", self.alpha, "at least 0 and below 1"))
    }

    fn lr(&mut self) -> &mut f64 {
        &mut self.lr
    }

    fn memory(&self) -> Vec<(&'static str, f64)> {
        let mut names = vec![("square", 0.0)];
        names.extend(self.centered.then_some(("mean", 0.0)));
        names.extend((self.momentum > 0.0).then_some(("momentum", 0.0)));
        names
    }

    fn update<T: Real>(&self, _: u64, p: &mut [T], g: &[T], memory: &mut [&mut [T]]) {
        let settings = dispatch::RmsPropSettings {
            lr: T::lit(self.lr),
            alpha: T::lit(self.alpha),
            eps: T::lit(self.eps),
            weight_decay: T::lit(self.weight_decay),
            momentum: T::lit(self.momentum),
        };
        let Some((square, rest)) = memory.split_first_mut() else { return };
        let mut rest = rest.iter_mut();
        let mean = if self.centered { rest.next() } else { None };
        let (mean, buffer) = (mean.map(|m| &mut **m), rest.next().map(|b| &mut **b));
        dispatch::rmsprop_update(p, g, square, mean, buffer, &settings);
    }
}
