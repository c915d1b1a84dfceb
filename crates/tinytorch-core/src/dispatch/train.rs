//! Module 08: passes over the data.

use crate::{
    Result, Tensor,
    nn::{Loss, Module},
    optim::Optimizer,
    slots::train::{self as slot, Evaluation},
};

/// One pass with learning, a step for every `window` batches. A student's pass takes one for each.
pub(crate) fn train_epoch_accumulated(
    model: &dyn Module,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    optimizer: &mut dyn Optimizer,
    loss: &dyn Loss,
    window: usize,
    on_step: &mut dyn FnMut(usize, f64) -> Result<()>,
) -> Result<Evaluation> {
    #[cfg(feature = "course")]
    crate::course::by_reference(crate::course::m08::slot::train_epoch);
    slot::train_epoch_accumulated(model, batches, optimizer, loss, window, on_step)
}

/// Gradients shortened to a common norm, and that norm before.
pub(crate) fn clip_grad_norm(
    grads: &[Tensor],
    max_norm: f64,
    p: f64,
) -> Result<(Vec<Tensor>, f64)> {
    #[cfg(feature = "course")]
    if let Some((clipped, norm)) = crate::course::m08::hook::clip_grad_norm(grads, max_norm, p)? {
        use crate::course::{m08::slot::clip_grad_norm as student, wrong};
        if clipped.len() != grads.len() {
            let detail = format!("returned {} of {} gradients", clipped.len(), grads.len());
            return Err(wrong(student, detail));
        }
        let fit = clipped.into_iter().zip(grads);
        let fit = fit.map(|(c, g)| super::shaped(student, c, g.dims(), g.dtype()));
        return Ok((fit.collect::<Result<_>>()?, norm));
    }
    slot::clip_grad_norm(grads, max_norm, p)
}

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
