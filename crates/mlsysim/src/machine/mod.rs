//! Real machines: what the walls leave out between a data sheet and a measurement.
//!
//! A wall takes an efficiency; this module predicts it. Each file is one model with its formula and its source:
//! matrix products in tiles and waves, collectives in steps, a training step made of both.
//! Constants that no data sheet states are fitted on published measurements, at most six for each family of chips, and
//! live in one file, `data/calibration.toml`. Every answer is a [`Prediction`]: a value, an interval that should hold
//! four measurements of five, and whether the model was asked inside the region it was fitted in.

mod calibration;
mod decoder;
#[cfg(feature = "registry")]
mod file;
mod known;
mod network;
mod power;
mod prediction;
mod serving;
mod stream;
mod tiny;

pub use calibration::{Calibration, Generation, Spread};
pub use decoder::Decoder;
pub use known::Machine;
pub use network::{Layered, Network, Work};
pub use power::power;
pub use prediction::{Label, Prediction, Validity};
pub use serving::{Formats, Layout, Loop, Requests, Server, Stack, Step};
pub use stream::{Interpreter, Packed};
pub use tiny::{Kernels, Layers, cycles_per_mac};
