//! A machine as the roofline sees it: rates and sizes in one number format, and nothing about models.

use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Seconds, Watts};

/// Fixed time per layer of a framework that launches kernels one by one.
pub const LAYER_TIME: Seconds = Seconds(1e-5);
/// Fixed time per step, where a machine's record has none.
pub const DISPATCH_TIME: Seconds = Seconds(1e-5);
/// Share of its rated power that a machine draws while it waits.
pub const IDLE_SHARE: f64 = 0.3;
/// Bandwidth to host memory where a machine's record has none: PCIe generation 5, 16 lanes.
pub const HOST_LINK: BytesPerSecond = BytesPerSecond(6.4e10);

/// A second memory beside the main one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tier {
    /// Its size.
    pub capacity: Bytes,
    /// Its read rate, if known.
    pub bandwidth: Option<BytesPerSecond>,
}

/// A machine as the roofline sees it, in one number format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Device {
    /// Rate of the arithmetic units in the number format used.
    pub peak: FlopPerSecond,
    /// Bandwidth of the main memory by its data sheet.
    pub bandwidth: BytesPerSecond,
    /// Share of that bandwidth which streams sustain.
    pub memory_efficiency: f64,
    /// Size of the main memory.
    pub capacity: Bytes,
    /// On-chip memory that keeps weights between steps, if they fit.
    pub cache: Option<Tier>,
    /// A separate memory that weights are stored in and read from, such as flash.
    pub weight_store: Option<Tier>,
    /// Bandwidth to the memory of the host, for what does not fit.
    pub host_link: Option<BytesPerSecond>,
    /// Fixed time per step.
    pub dispatch: Seconds,
    /// Fixed time per layer.
    pub layer_time: Seconds,
    /// Rated power.
    pub power: Option<Watts>,
    /// Share of the rated power drawn while waiting.
    pub idle_share: f64,
}

impl Device {
    /// A machine of which only the two rates and the memory are known; it costs no fixed time.
    #[must_use]
    pub const fn new(peak: FlopPerSecond, bandwidth: BytesPerSecond, capacity: Bytes) -> Self {
        Self {
            peak,
            bandwidth,
            memory_efficiency: 1.0,
            capacity,
            cache: None,
            weight_store: None,
            host_link: None,
            dispatch: Seconds::ZERO,
            layer_time: Seconds::ZERO,
            power: None,
            idle_share: IDLE_SHARE,
        }
    }
}

/// How the code runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Share of the peak that the code reaches, from 1e-9 to 1.
    pub efficiency: f64,
    /// Share of the shorter of arithmetic and traffic that hides behind the longer, from 0 to 1.
    ///
    /// [`crate::Convention::Upstream030`] always takes 1.
    pub overlap: f64,
}

impl Default for Settings {
    /// Half of the peak, full overlap.
    fn default() -> Self {
        Self { efficiency: 0.5, overlap: 1.0 }
    }
}
