//! What uneven routing costs a sparse model on a fleet.

use crate::composite::moe_routing::{Routing, RoutingIn, RoutingOut};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Fleet, Model};
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Quantity, Tokens};
use crate::walls::solve_traced;

/// What is routed, and over how many devices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Request {
    /// Sequences.
    pub batch: u32,
    /// Tokens per sequence.
    pub seq_len: u32,
    /// Number format of activations.
    pub precision: Precision,
    /// Devices among which the experts are divided.
    pub ep: u32,
    /// Load of the fullest expert over the mean.
    pub imbalance: f64,
    /// Load an expert accepts over the mean; `None` if it accepts all.
    pub capacity_factor: Option<f64>,
}

/// Returns what uneven routing costs `model`; the exchange runs over the fabric of `fleet`, if one is given.
///
/// Under [`Convention::Reference`] an expert group that fits into a node exchanges over the node's own links.
/// Without a fleet the exchange time is that of a link of 100 GB/s and means nothing; callers leave it out.
///
/// # Errors
///
/// - [`Error::ModelIncomplete`] if the record lacks active parameters, experts or the hidden width.
/// - [`Error::OutOfRange`] for no sequences, no tokens, no devices, or an imbalance below 1.
/// - [`Error::Overflow`] if a result does not fit a 64-bit float.
pub fn solve<R: Recorder>(
    model: &Model,
    fleet: Option<&Fleet>,
    request: &Request,
    convention: Convention,
    trace: &mut R,
) -> Result<RoutingOut> {
    for (name, value) in [("batch", request.batch), ("seq_len", request.seq_len)] {
        if value == 0 {
            let got = Quantity::number(0.0);
            return Err(Error::OutOfRange {
                op: "moe.routing",
                name,
                range: Range::COUNT_U32,
                got,
            });
        }
    }
    let hidden = model.hidden.ok_or_else(|| model.lacks("the hidden width", "give hidden"))?;
    let experts =
        model.experts.ok_or_else(|| model.lacks("the number of experts", "give experts"))?;
    let active = model
        .active_parameters
        .ok_or_else(|| model.lacks("the number of active parameters", "give active_parameters"))?;
    let inside = convention == Convention::Reference
        && fleet.is_some_and(|fleet| request.ep <= fleet.node.accelerators);
    let (bandwidth, latency) = match fleet {
        Some(fleet) if inside => (fleet.node.intra_bandwidth, fleet.node.start_up()),
        Some(fleet) => (fleet.fabric.port(), fleet.fabric.start_up()),
        None => (BytesPerSecond(1e11), crate::registry::Fabric::DEFAULT_LATENCY),
    };
    let x = RoutingIn {
        tokens: Tokens(f64::from(request.batch) * f64::from(request.seq_len)),
        hidden: f64::from(hidden),
        element: Bytes(request.precision.width().0),
        experts: f64::from(experts),
        chosen: f64::from(model.experts_per_token.unwrap_or(1).max(1)),
        active_parameters: active,
        imbalance: request.imbalance,
        capacity_factor: request.capacity_factor.unwrap_or(1e9),
        ep: f64::from(request.ep),
        ep_bandwidth: bandwidth,
        ep_latency: latency,
    };
    solve_traced::<Routing, R>(&x, convention, trace)
}
