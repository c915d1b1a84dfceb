//! Module 08, Training: how the step size falls, how gradients are kept short, and one pass over the data with and without learning.

mod checks;
mod mutants;

use super::{Module, lesson::lesson};
pub use crate::slots::train::{Evaluation, count_correct};
use crate::{
    Result, Tensor,
    nn::{Loss, Module as Network},
    optim::{
        Optimizer,
        lr::{Cosine, Schedule},
    },
    slots::{schedule, train as plain},
};

lesson! {
    /// The loop around everything else.
    TrainingLesson, m08, 8;

    /// Returns the step size at step `t` of a cosine from `max` at 0 to `min` at `total`, and `min` after it.
    core fn cosine_lr(t: usize, max: f64, min: f64, total: usize) -> f64,
        hint "min + (max - min) * (1 + cos(pi * t / total)) / 2",
        Ok(schedule::cosine_lr(t, max, min, total));
    /// Returns the gradients, multiplied by max_norm/(norm + 10⁻⁶) if that is below 1, and their common norm before:
    /// (Σ |gᵢ|ᵖ)^(1/p) over all elements of all of them, the largest |gᵢ| for an infinite `p`. A norm that is not finite changes nothing.
    core fn clip_grad_norm(grads: &[Tensor], max_norm: f64, p: f64) -> (Vec<Tensor>, f64),
        hint "one norm for all gradients together, and one factor; begin with p = 2",
        plain::clip_grad_norm(grads, max_norm, p);
    /// Trains `model` on every batch once and returns the mean loss and accuracy, measured before each step and weighted by the
    /// number of samples. `on_step` receives that number and the loss after every step.
    core fn train_epoch(model: &dyn Network, batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>, optimizer: &mut dyn Optimizer, loss: &dyn Loss, on_step: &mut dyn FnMut(usize, f64) -> Result<()>) -> Evaluation,
        hint "forward, loss, zero_grad, backward, step; a short batch counts for its own samples only",
        plain::train_epoch(model, batches, optimizer, loss, on_step);
    /// Returns the mean loss and accuracy of `model` over the batches, weighted by samples, recording nothing.
    core fn evaluate(model: &dyn Network, batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>, loss: &dyn Loss) -> Evaluation,
        hint "as the training pass without its last three steps, inside no_grad; count_correct counts a batch",
        plain::evaluate(model, batches, loss);
    /// Returns a schedule on a cosine from `max` at 0 to `min` at `total`, and `min` after it.
    given fn cosine(max: f64, min: f64, total: usize) -> Box<dyn Schedule>,
        hint "a struct of your own that implements optim::lr::Schedule, in a Box",
        Cosine::new(max, min, total).map(|cosine| Box::new(cosine) as Box<dyn Schedule>);
}

pub(super) const MODULE: Module = Module {
    number: 8,
    id: "m08",
    name: "Training",
    tier: "foundations",
    lesson: "TrainingLesson",
    prerequisites: &[4, 5, 6, 7],
    slots: SLOTS,
    checks: checks::CHECKS,
    mutants: mutants::MUTANTS,
    hours: 5,
};
