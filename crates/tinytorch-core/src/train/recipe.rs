//! What happens around an optimizer step: step sizes, limits on gradients, averages.

use crate::{
    Param, Result, Tensor,
    nn::StateDict,
    optim::{Clip, ExponentialMovingAverage, NonFinite, Optimizer, lr::Schedule},
};

/// Settings and counts of a run.
#[derive(Default)]
pub(super) struct Recipe<'a> {
    pub(super) by_step: Option<&'a dyn Schedule>,
    pub(super) by_epoch: Option<&'a dyn Schedule>,
    pub(super) clip: Option<(Clip, NonFinite)>,
    pub(super) average: Option<&'a mut ExponentialMovingAverage>,
    /// Steps since the start of the run.
    pub(super) steps: usize,
    /// Of these, steps left out.
    pub(super) skipped: usize,
}

/// An optimizer that follows a recipe. The plain training loop sees only an optimizer.
pub(super) struct Stepper<'s, 'a> {
    pub(super) inner: &'s mut dyn Optimizer,
    pub(super) recipe: &'s mut Recipe<'a>,
}

impl Optimizer for Stepper<'_, '_> {
    fn params(&self) -> Vec<Param> {
        self.inner.params()
    }

    fn step_with(&mut self, grads: &[Option<Tensor>]) -> Result<()> {
        if let Some(schedule) = self.recipe.by_step {
            self.inner.set_lr(schedule.lr(self.recipe.steps))?;
        }
        let done = match self.recipe.clip {
            None => self.inner.step_with(grads).map(|()| true)?,
            Some((clip, non_finite)) => match clip.apply(grads, non_finite)? {
                Some(clipped) => self.inner.step_with(&clipped).map(|()| true)?,
                None => false,
            },
        };
        self.recipe.steps += 1;
        if !done {
            self.recipe.skipped += 1;
        } else if let Some(average) = &mut self.recipe.average {
            average.update()?;
        }
        Ok(())
    }

    fn set_lr(&mut self, lr: f64) -> Result<()> {
        self.inner.set_lr(lr)
    }

    fn state_dict(&self) -> Result<StateDict> {
        self.inner.state_dict()
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<()> {
        self.inner.load_state_dict(state)
    }
}
