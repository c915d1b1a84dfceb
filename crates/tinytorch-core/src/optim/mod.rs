//! Optimizers: what is done with gradients.
//!
//! After `loss.backward()` every parameter holds its gradient; [`Optimizer::step`] turns gradients into changed
//! parameters, and [`Optimizer::zero_grad`] makes room for the next ones. Rules follow PyTorch, so that a recipe found
//! elsewhere trains the same way here.
//!
//! Parameters come in groups with settings of their own. What a rule remembers of a parameter (momentum, averages) costs
//! memory: [`Sgd`] nothing; with momentum, [`RmsProp`], [`AdaGrad`] and [`Lion`] one number for each parameter; [`Adam`]
//! two, and three with `amsgrad`.

mod adagrad;
mod adam;
mod average;
mod clip;
mod groups;
mod lion;
pub mod lr;
mod rmsprop;
mod rule;
mod sgd;
mod state;

pub use adagrad::{AdaGrad, AdaGradOpts};
pub use adam::{Adam, AdamOpts};
pub use average::ExponentialMovingAverage;
pub use clip::{Clip, NonFinite, clip_grad_norm, clip_grad_norm_p, clip_grad_value};
pub use lion::{Lion, LionOpts};
pub use rmsprop::{RmsProp, RmsPropOpts};
pub use rule::Ruled;
pub use sgd::{Sgd, SgdOpts};

use crate::{Param, Result, Tensor, nn::StateDict};

/// Changes parameters along their gradients.
pub trait Optimizer {
    /// Returns the parameters in the order of the groups.
    fn params(&self) -> Vec<Param>;

    /// Takes one step with the given gradients, one for each of [`params`](Self::params).
    ///
    /// A parameter without gradient keeps its value, and its own count of steps does not advance.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if the number of gradients is wrong,
    /// [`Error::ShapeMismatch`](crate::Error::ShapeMismatch) or [`Error::DTypeMismatch`](crate::Error::DTypeMismatch) if one is
    /// not like its parameter. Nothing has changed then.
    fn step_with(&mut self, grads: &[Option<Tensor>]) -> Result<()>;

    /// Sets the step size of every group. At 0, where schedules may end, parameters stay.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) unless `lr` is 0 or a finite number above.
    fn set_lr(&mut self, lr: f64) -> Result<()>;

    /// Returns what the rule remembers, by name; tensors are copies.
    ///
    /// Names count parameters in the order of [`params`](Self::params): `0.momentum`, `0.step`. Options are not part of it.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`](crate::Error::InvalidArgument) if memory for the copies cannot be had.
    fn state_dict(&self) -> Result<StateDict>;

    /// Continues from what another optimizer for the same parameters remembered.
    ///
    /// # Errors
    ///
    /// As [`step_with`](Self::step_with) for tensors that do not fit;
    /// [`Error::UnexpectedParameter`](crate::Error::UnexpectedParameter) or
    /// [`Error::MissingParameter`](crate::Error::MissingParameter) for names. Nothing has changed then.
    fn load_state_dict(&mut self, state: &StateDict) -> Result<()>;

    /// Takes one step with the gradients that the parameters hold.
    ///
    /// # Errors
    ///
    /// As [`step_with`](Self::step_with).
    fn step(&mut self) -> Result<()> {
        let grads: Vec<_> = self.params().iter().map(Param::grad).collect();
        self.step_with(&grads)
    }

    /// Makes every parameter forget its gradient.
    fn zero_grad(&self) {
        self.params().iter().for_each(Param::zero_grad);
    }
}
