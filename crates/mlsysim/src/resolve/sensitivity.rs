//! Wall 21 asked about a recorded model on a recorded machine.

use crate::composite::{Device, Settings, single_node};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::precision::Precision;
use crate::ranges::Range;
use crate::registry::{Hardware, Inference, Model};
use crate::trace::{NoTrace, Recorder};
use crate::units::{Quantity, Seconds};
use crate::walls::analysis::sensitivity::{DeviceSensitivity, device_sensitivity};
use crate::workload::WorkloadSpec;

/// Returns how one inference step of `model` depends on everything about `hardware`, by exact derivatives.
///
/// # Errors
///
/// As [`Model::inference`], [`Hardware::device`] and [`device_sensitivity`].
pub fn sensitivity<R: Recorder>(
    model: &Model,
    hardware: &Hardware,
    precision: Precision,
    step: &Inference,
    settings: &Settings,
    trace: &mut R,
) -> Result<DeviceSensitivity> {
    let work = model.inference(step, precision, Convention::Reference, trace)?;
    let device = hardware.device(precision, Convention::Reference)?;
    device_sensitivity(&work, &device, settings, trace)
}

/// What the Python package takes for the lever that binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lever {
    /// The peak, in every number format.
    PeakFlops,
    /// The bandwidth of the main memory.
    MemoryBandwidth,
    /// The size of the main memory.
    MemoryCapacity,
}

impl Lever {
    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::PeakFlops => "peak_flops",
            Self::MemoryBandwidth => "memory_bandwidth",
            Self::MemoryCapacity => "memory_capacity",
        }
    }
}

/// Relative change of the time when each of three properties is changed by a given share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Perturbation {
    /// Whether the step fits as the machine is.
    pub feasible: bool,
    /// Time of one step as the machine is.
    pub time: Seconds,
    /// Relative change with the peak.
    pub peak: f64,
    /// Relative change with the bandwidth.
    pub bandwidth: f64,
    /// Relative change with the memory's size.
    pub capacity: f64,
    /// The property of the largest change, the first among equals; the memory's size if the step does not fit.
    pub binding: Lever,
}

/// Returns what changing each of three properties of `hardware` by `share` does to the time of a step.
///
/// This is the sensitivity of the Python package, under either convention of the step's time.
/// Dispatch and link are not among its properties, so a step made of overhead names a lever that does next to nothing;
/// [`sensitivity`] knows better.
///
/// # Errors
///
/// - [`Error::OutOfRange`] unless `share` is finite and above −1.
/// - As [`Model::inference`] and [`single_node::evaluate`].
pub fn perturbation(
    model: &Model,
    hardware: &Hardware,
    precision: Precision,
    share: f64,
    settings: &Settings,
    convention: Convention,
) -> Result<Perturbation> {
    let range = Range::above(-1.0);
    if !range.contains(share) {
        let got = Quantity::number(share);
        return Err(Error::OutOfRange { op: "perturbation", name: "share", range, got });
    }
    let step = Inference::default();
    let work = model.inference(&step, precision, convention, &mut NoTrace)?;
    let device = hardware.device(precision, convention)?;
    let run = |device: &Device| time(&work, device, settings, convention);
    let (base, feasible) = run(&device)?;
    let factor = 1.0 + share;
    let change = |device: Device| -> Result<f64> {
        let (time, _) = run(&device)?;
        // A step that takes no time cannot change by a share of it.
        Ok(if base > Seconds::ZERO { (time - base) / base } else { 0.0 })
    };
    let peak = change(Device { peak: device.peak * factor, ..device })?;
    let bandwidth = change(Device { bandwidth: device.bandwidth * factor, ..device })?;
    let capacity = change(Device { capacity: device.capacity * factor, ..device })?;
    let mut binding = (Lever::PeakFlops, libm::fabs(peak));
    for (lever, change) in [(Lever::MemoryBandwidth, bandwidth), (Lever::MemoryCapacity, capacity)]
    {
        if libm::fabs(change) > binding.1 {
            binding = (lever, libm::fabs(change));
        }
    }
    let binding = if feasible { binding.0 } else { Lever::MemoryCapacity };
    Ok(Perturbation { feasible, time: base, peak, bandwidth, capacity, binding })
}

fn time(
    work: &WorkloadSpec,
    device: &Device,
    settings: &Settings,
    convention: Convention,
) -> Result<(Seconds, bool)> {
    let profile = single_node::evaluate(work, device, settings, convention, &mut NoTrace)?;
    Ok((profile.time, profile.feasible()))
}
