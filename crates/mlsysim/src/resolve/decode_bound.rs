//! Where the decoding of a model on a machine lies under the roofline, from weights alone.

use super::decoder::{Decoder, at_least_one};
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::{Hardware, Model};
use crate::trace::Recorder;
use crate::units::FlopPerSecond;
use crate::walls::node::serving::{DecodeBound, DecodeBoundIn, DecodeBoundOut};
use crate::walls::solve_traced;

/// A batch that devices decode together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Together {
    /// Sequences in the batch.
    pub batch: u32,
    /// Devices that share every weight matrix.
    pub devices: u32,
    /// Number format of weights and arithmetic.
    pub precision: Precision,
    /// Rate of one device; `None` for that of its record.
    pub peak: Option<FlopPerSecond>,
}

/// Returns whether arithmetic or memory limits decoding, and by how much.
///
/// The rate is that of the number format; [`Convention::Upstream030`] takes the machine's general one.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] for a batch or a number of devices of 0.
/// - [`crate::Error::ModelIncomplete`] and [`crate::Error::RateMissing`] if a record lacks what is asked.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
pub fn decode_bound<R: Recorder>(
    model: &Model,
    machine: &Hardware,
    step: &Together,
    convention: Convention,
    trace: &mut R,
) -> Result<DecodeBoundOut> {
    let numbers = Decoder::of(model, step.precision, step.precision, convention)?;
    let peak = match (step.peak, convention) {
        (Some(peak), _) => peak,
        (None, Convention::Upstream030) => machine.peak,
        (None, Convention::Reference) => machine.rate(step.precision, convention)?.0,
    };
    let x = DecodeBoundIn {
        active_parameters: numbers.active_parameters,
        weight_bytes: numbers.weight_bytes,
        peak,
        bandwidth: machine.bandwidth,
        batch: at_least_one("decode_bound", "batch", step.batch)?,
        devices: at_least_one("decode_bound", "devices", step.devices)?,
        routed_share: numbers.routed_share,
        chosen_share: numbers.chosen_share,
    };
    solve_traced::<DecodeBound, _>(&x, convention, trace)
}
