//! Lion: steps of one size, in the direction of a sign.

use super::{
    groups::number,
    rule::{Rule, Ruled},
};
use crate::{Error, Result, dispatch, tensor::Real};

/// Settings of [`Lion`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LionOpts {
    /// Step size η; a third to a tenth of what Adam would take.
    pub lr: f64,
    /// Shares β₁ and β₂ of the average that enter the direction and the next average.
    pub betas: [f64; 2],
    /// Shrinking λ of every parameter, times the step size.
    pub weight_decay: f64,
}

impl Default for LionOpts {
    /// Step size 10⁻⁴, shares 0.9 and 0.99, no decay.
    fn default() -> Self {
        Self { lr: 1e-4, betas: [0.9, 0.99], weight_decay: 0.0 }
    }
}

/// Lion: p ← p·(1 − η·λ) − η·sign(β₁·m + (1 − β₁)·g), then m ← β₂·m + (1 − β₂)·g.
///
/// Every element moves by the step size exactly, or not at all where the direction is 0. It remembers one number for each
/// parameter, half of what Adam does.
///
/// # Source
///
/// Chen et al. (2023), "Symbolic discovery of optimization algorithms", algorithm 2.
pub type Lion = Ruled<LionOpts>;

impl Rule for LionOpts {
    const OP: &'static str = "lion";

    fn check(&self) -> Result<()> {
        number(Self::OP, "lr", self.lr, true)?;
        number(Self::OP, "weight_decay", self.weight_decay, false)?;
        match self.betas.iter().find(|beta| !(0.0..1.0).contains(*beta)) {
            Some(beta) => {
                let need = "two numbers of at least 0 and below 1";
                Err(Error::argument(Self::OP, "betas", beta, need))
            }
            None => Ok(()),
        }
    }

    fn lr(&mut self) -> &mut f64 {
        &mut self.lr
    }

    fn memory(&self) -> Vec<(&'static str, f64)> {
        vec![("m", 0.0)]
    }

    fn update<T: Real>(&self, _: u64, p: &mut [T], g: &[T], memory: &mut [&mut [T]]) {
        let Some(m) = memory.first_mut() else { return };
        let keep = T::lit(1.0 - self.lr * self.weight_decay);
        dispatch::lion_update(p, g, m, T::lit(self.lr), self.betas.map(T::lit), keep);
    }
}
