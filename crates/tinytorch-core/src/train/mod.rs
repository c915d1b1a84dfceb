//! The training loop: batches in, a trained network and its history out.
//!
//! [`Trainer::fit`] repeats four lines for every batch: forward, loss, backward, optimizer step. Everything around
//! it — showing progress, stopping early, measuring on held-out data — is a [`Callback`] or an option, and nothing here
//! reads a clock except [`ProgressLine`].

mod callback;
mod evaluate;
mod progress;
mod trainer;

pub use callback::{Callback, EpochStats, StepReport};
pub(crate) use evaluate::classes;
pub use evaluate::{Evaluation, evaluate, predict};
pub use progress::ProgressLine;
pub use trainer::{History, Trainer};
