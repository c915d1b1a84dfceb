//! A machine as the models see it: its record and the constants of its family.

use super::{Calibration, Generation, Label};
use crate::convention::Convention;
use crate::error::Result;
use crate::precision::Precision;
use crate::registry::Hardware;

/// A machine with the constants of its family of chips.
///
/// Plain numbers in base units: byte, second, operation.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Machine<'a> {
    /// Its record.
    pub hardware: &'a Hardware,
    /// The constants of its family.
    pub generation: Generation,
    /// Whether they are its own family's.
    pub label: Label,
}

/// Units that tiles are spread over where a record does not say: most data-centre accelerators have about as many.
const COMPUTE_UNITS: u32 = 108;

/// Clock where a record does not say, Hz.
const CLOCK: f64 = 1.5e9;

impl<'a> Machine<'a> {
    /// The machine of a record.
    ///
    /// # Errors
    ///
    /// As [`Calibration::generation`].
    pub fn new(hardware: &'a Hardware, calibration: &Calibration) -> Result<Self> {
        let (generation, label) = calibration.generation(hardware.architecture.as_deref())?;
        Ok(Self { hardware, generation, label })
    }

    /// The dense rate of its arithmetic units, operations per second.
    ///
    /// # Errors
    ///
    /// As [`Hardware::rate`].
    pub fn peak(&self, precision: Precision) -> Result<f64> {
        self.hardware.rate(precision, Convention::Reference).map(|(rate, _)| rate.0)
    }

    /// The bandwidth of its main memory, bytes per second.
    #[must_use]
    pub const fn bandwidth(&self) -> f64 {
        self.hardware.bandwidth.0
    }

    /// The bandwidth of its link to the other accelerators of the node, one way: without a link, that to the host.
    #[must_use]
    pub fn link(&self) -> Option<f64> {
        self.hardware.link.or(self.hardware.host).map(|link| link.one_way().0)
    }

    /// The units that tiles are spread over.
    #[must_use]
    pub fn units(&self) -> u32 {
        self.hardware.compute_units.unwrap_or(COMPUTE_UNITS)
    }

    /// The last cache before the main memory, bytes; none if the record does not say.
    #[must_use]
    pub fn last_cache(&self) -> f64 {
        self.hardware.last_cache.map_or(0.0, |size| size.0)
    }

    /// The network bandwidth of one machine, one way.
    #[must_use]
    pub fn nic(&self) -> Option<f64> {
        self.hardware.nic.map(|rate| rate.0)
    }

    /// Cycles per second of all its compute units together.
    #[must_use]
    pub fn unit_cycles(&self) -> f64 {
        f64::from(self.units()) * self.hardware.clock.map_or(CLOCK, |clock| clock.0)
    }
}
