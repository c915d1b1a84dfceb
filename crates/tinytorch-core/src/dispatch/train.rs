//! Module 08: passes over the data.

use crate::{
    Result, Tensor,
    nn::{Loss, Module},
    optim::Optimizer,
    slots::train::{self as slot, Evaluation},
};

pub(crate) use slot::{clip_grad_norm, train_epoch_accumulated};

/// One pass with learning.
pub(crate) fn train_epoch(
    model: &dyn Module,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    optimizer: &mut dyn Optimizer,
    loss: &dyn Loss,
    on_step: &mut dyn FnMut(usize, f64) -> Result<()>,
) -> Result<Evaluation> {
    #[cfg(feature = "course")]
    if let Some(out) = crate::course::m08::hook::train_epoch(
        model,
        &mut *batches,
        &mut *optimizer,
        loss,
        &mut *on_step,
    )? {
        return Ok(out);
    }
    slot::train_epoch(model, batches, optimizer, loss, on_step)
}

/// One pass without learning.
pub(crate) fn evaluate(
    model: &dyn Module,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    loss: &dyn Loss,
) -> Result<Evaluation> {
    #[cfg(feature = "course")]
    if let Some(out) = crate::course::m08::hook::evaluate(model, &mut *batches, loss)? {
        return Ok(out);
    }
    slot::evaluate(model, batches, loss)
}
