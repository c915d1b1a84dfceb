//! Whether a fleet that trains copies of a model waits for its network.

use crate::composite::network_roofline::{NetworkIn, NetworkOut, NetworkRoofline};
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::{Fleet, Model};
use crate::trace::Recorder;
use crate::units::Tokens;
use crate::walls::solve_traced;

/// Returns the roofline of `fleet` when each device holds a copy of `model` and trains on `device_tokens` per step.
///
/// Under [`Convention::Reference`] a device's bandwidth is its share of the network cards of its node.
///
/// # Errors
///
/// - [`crate::Error::ModelIncomplete`] if the record lacks the number of parameters.
/// - [`crate::Error::RateMissing`] if the accelerator has no rate for `precision`.
/// - [`crate::Error::OutOfRange`] for an efficiency outside 1e-9 to 1.
pub fn solve<R: Recorder>(
    model: &Model,
    fleet: &Fleet,
    device_tokens: Tokens,
    precision: Precision,
    efficiency: f64,
    convention: Convention,
    trace: &mut R,
) -> Result<NetworkOut> {
    let nic_bandwidth = match convention {
        Convention::Reference => super::distributed::injection(fleet),
        Convention::Upstream030 => fleet.fabric.port(),
    };
    let x = NetworkIn {
        parameters: model
            .parameters
            .ok_or_else(|| model.lacks("the number of parameters", "give parameters"))?,
        gradient_width: precision.width(),
        device_tokens,
        dp: fleet.accelerators(),
        peak: fleet.node.accelerator.rate(precision, convention)?.0,
        efficiency,
        nic_bandwidth,
    };
    solve_traced::<NetworkRoofline, R>(&x, convention, trace)
}
