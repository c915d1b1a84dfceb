//! Real machines: what the walls leave out between a data sheet and a measurement.
//!
//! A wall takes an efficiency; this module predicts it. Each file is one model with its formula and its source:
//! matrix products in tiles and waves, collectives in steps, a training step made of both; decoding one sequence, serving
//! many, power; networks without a cache; microcontrollers.
//! Constants that no data sheet states are fitted on published measurements, at most six for each family of chips, and
//! live in one file, `data/calibration.toml`. Every answer is a [`Prediction`]: a value, an interval that should hold
//! four measurements of five, and whether the model was asked inside the region it was fitted in.

pub mod attention;
mod calibration;
pub mod collective;
mod decoder;
#[cfg(feature = "registry")]
mod file;
pub mod gemm;
#[cfg(all(test, feature = "registry"))]
mod inference_tests;
mod known;
mod network;
mod power;
mod prediction;
mod serving;
mod stream;
pub mod throughput;
mod tiny;
pub mod training;
pub mod training_memory;
pub mod transformer;

pub use calibration::{Calibration, Generation, Spread};
pub use decoder::Decoder;
pub use known::Machine;
pub use network::{Layered, Network, Work};
pub use power::power;
pub use prediction::{Label, Prediction, Validity};
pub use serving::{Formats, Layout, Loop, Requests, Server, Stack, Step};
pub use stream::{Interpreter, Packed};
pub use tiny::{Kernels, Layers, cycles_per_mac};

use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::Quantity;

/// The value, if it is above zero and finite.
fn positive(op: &'static str, name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value > 0.0 {
        return Ok(value);
    }
    Err(Error::OutOfRange { op, name, range: Range::POSITIVE, got: Quantity::number(value) })
}

/// The result, if it is a finite number of at least 0: inputs in range may still be too large together.
fn finished(op: &'static str, name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    Err(Error::Overflow { op, name, got: Quantity::number(value) })
}

/// The number, if it is a finite one of at least 0.
fn not_negative(op: &'static str, name: &'static str, value: f64) -> Result<f64> {
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    Err(Error::OutOfRange { op, name, range: Range::NOT_NEGATIVE, got: Quantity::number(value) })
}
