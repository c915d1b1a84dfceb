//! Measuring a network without changing it.

use crate::{
    Result, Tensor,
    autograd::no_grad,
    data::{DataLoader, Dataset},
    dispatch,
    nn::{Loss, Mode, Module, Visitor},
    ops::support::classes,
};

pub use crate::slots::train::Evaluation;

/// Returns loss and accuracy of `model` over one epoch of `loader`.
///
/// Nothing is recorded for gradients, every part is in evaluation mode meanwhile, and afterwards each part is in the mode it
/// was in before.
///
/// # Errors
///
/// What the model, the loss or the dataset returns.
pub fn evaluate<D>(
    model: &dyn Module,
    loader: &mut DataLoader<D>,
    loss: &dyn Loss,
) -> Result<Evaluation>
where
    D: Dataset<Item = [Tensor; 2]>,
{
    in_evaluation_mode(model, || dispatch::evaluate(model, &mut loader.epoch(), loss))
}

/// Returns the class with the largest output for each row of `x`, the first one on ties.
///
/// # Errors
///
/// What the model returns; [`InvalidArgument`](crate::Error::InvalidArgument) unless its output is [N, classes].
pub fn predict(model: &dyn Module, x: &Tensor) -> Result<Vec<usize>> {
    let y = in_evaluation_mode(model, || no_grad(|| model.forward(x)))?;
    classes(&y)
}

/// Runs `f` with every part of `model` in evaluation mode and puts the modes back.
fn in_evaluation_mode<R>(model: &dyn Module, f: impl FnOnce() -> R) -> R {
    struct Save(Vec<bool>);
    impl Visitor for Save {
        fn mode(&mut self, mode: &Mode) {
            self.0.push(mode.is_training());
            mode.set_training(false);
        }
    }
    struct Restore(std::vec::IntoIter<bool>);
    impl Visitor for Restore {
        fn mode(&mut self, mode: &Mode) {
            mode.set_training(self.0.next().unwrap_or(true));
        }
    }
    let mut saved = Save(Vec::new());
    model.visit(&mut saved);
    let result = f();
    model.visit(&mut Restore(saved.0.into_iter()));
    result
}
