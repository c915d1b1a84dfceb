//! Machines and models as records, with the origin of every number.
//!
//! The record types are always here; the shipped records and the reader for your own need the feature `registry`.

mod demand;
mod hardware;
mod models;
mod training;

pub use demand::Inference;
pub use hardware::{Class, Hardware, rate_field};
pub use models::{Family, Model};
pub use training::{Recompute, Training, TrainingMemory};
