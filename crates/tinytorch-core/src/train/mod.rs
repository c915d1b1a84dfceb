//! The training loop: batches in, a trained network and its history out.
//!
//! [`Trainer::fit`] repeats four lines for every batch: forward, loss, backward, optimizer step. Everything around
//! it — showing progress, stopping early, measuring on held-out data — is a [`Callback`] or an option, and nothing here
//! reads a clock except [`ProgressLine`]. Several processes or threads train one model together with [`distributed`].

mod callback;
#[cfg(feature = "safetensors")]
mod checkpoint;
pub mod distributed;
mod evaluate;
mod log;
mod monitor;
mod progress;
mod recipe;
mod trainer;

pub use callback::{Callback, EpochEnd, EpochStats, StepReport};
#[cfg(feature = "safetensors")]
pub use checkpoint::Checkpoint;
pub use evaluate::{Evaluation, evaluate, predict};
pub use log::{CsvLog, JsonLog};
#[cfg(feature = "safetensors")]
pub use monitor::BestCheckpoint;
pub use monitor::{EarlyStop, Monitor};
pub use progress::ProgressLine;
pub use trainer::{History, Trainer};
