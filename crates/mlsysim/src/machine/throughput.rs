//! Training throughput of a network known by its operations and activations alone.
//!
//! ```text
//! T = t_f + b·(F / R + passes·2·A / BW) + x·T_sum,   R = min(share·peak, ops per joule · power)
//! ```
//!
//! `b` samples on each device, `F` operations and `A` activation elements of a sample; gradients are summed inside a
//! node and between nodes. Sources: Williams, Waterman and Patterson, "Roofline" (2009); Goyal and others, "Accurate,
//! Large Minibatch SGD" (2017).
//!
//! Limits: data parallelism only; the input pipeline keeps up.

use super::{Calibration, Machine, gemm, positive};
use crate::error::Result;
use crate::precision::Precision;

/// What training on one sample takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Operations of both passes.
    pub ops: f64,
    /// Elements that the layers write in the forward pass.
    pub elements: f64,
    /// Weights whose gradients are summed.
    pub weights: f64,
    /// Whether it is an image that convolutions see; else it is text.
    pub images: bool,
    /// Format of the operands.
    pub precision: Precision,
}

/// The constants of the model, section `task.throughput` of the calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Constants {
    /// Share of the peak that convolutions reach.
    pub image_share: f64,
    /// How often 16-bit activations of images move, both passes.
    pub image_passes: f64,
    /// Share of the peak that products of encoders reach.
    pub token_share: f64,
    /// How often an element of the width of each layer moves.
    pub token_passes: f64,
    /// Share of the rate that training in 8 bits keeps.
    pub narrow_share: f64,
    /// Fixed time of a step, s.
    pub fixed_time: f64,
    /// Exposed share of summing gradients.
    pub exposed: f64,
    /// Network bandwidth of a node whose machines have no adapter on record, bytes per second.
    pub node_network: f64,
    /// 16-bit operations that one joule of the rated power feeds, as in training of decoders.
    pub ops_per_joule: f64,
}

impl Constants {
    /// Reads the section.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn read(calibration: &Calibration) -> Result<Self> {
        let get = |name| calibration.constant("throughput", name);
        Ok(Self {
            image_share: get("image_share")?,
            image_passes: get("image_passes")?,
            token_share: get("token_share")?,
            token_passes: get("token_passes")?,
            narrow_share: get("narrow_share")?,
            fixed_time: get("fixed_time")?,
            exposed: get("exposed")?,
            node_network: get("node_network")?,
            ops_per_joule: calibration.constant("training", "ops_per_joule")?,
        })
    }
}

/// How sharply the lower of two rates decides.
const RATE_OVERLAP: f64 = 8.0;

/// The time of a step over a batch on all devices, s.
///
/// # Errors
///
/// A size that is not above zero and finite, or a machine without a rate for the format.
pub fn step(
    machine: &Machine<'_>,
    sample: &Sample,
    batch: f64,
    devices: f64,
    nodes: f64,
    constants: &Constants,
) -> Result<f64> {
    const OP: &str = "machine.throughput";
    let batch = positive(OP, "batch", batch)?;
    let devices = positive(OP, "devices", devices)?;
    let nodes = positive(OP, "nodes", nodes)?;
    let ops = positive(OP, "ops", sample.ops)?;
    let (share, passes) = if sample.images {
        (constants.image_share, constants.image_passes)
    } else {
        (constants.token_share, constants.token_passes)
    };
    let narrow = sample.precision.bits().0 <= 8.0;
    let share = if narrow { share * constants.narrow_share } else { share };
    let peak = machine.peak(sample.precision)? * share;
    let fed = machine.hardware.power.map_or(f64::INFINITY, |power| {
        power.0 * constants.ops_per_joule * 16.0 / sample.precision.bits().0.max(4.0)
    });
    let arithmetic = gemm::join(ops / peak, ops / fed, RATE_OVERLAP);
    let traffic = passes * 2.0 * sample.elements / machine.bandwidth();
    let each = batch / devices;

    let gradients = 2.0 * sample.weights;
    let local = devices / nodes;
    let mut sum = 0.0;
    if local > 1.0
        && let Some(link) = machine.link()
    {
        let rate = link * machine.generation.link_efficiency;
        sum += 2.0 * (local - 1.0) / local * gradients / rate;
    }
    if nodes > 1.0 {
        let rate = machine.nic().map_or(constants.node_network, |nic| nic * local);
        sum += 2.0 * (nodes - 1.0) / nodes * gradients / rate;
    }
    Ok(constants.fixed_time + each * (arithmetic + traffic) + constants.exposed * sum)
}
