//! Elasticities of a step on a whole machine: caches, weight stores, host links and fixed times included.
//!
//! The formula is that of [`crate::composite::single_node::evaluate`] under the literature's convention, written over any
//! numbers; a test holds the two to equal bits.

use super::{Limit, SOURCE, Tie, binding, combine, headroom};
use crate::composite::single_node;
use crate::composite::{Device, HOST_LINK, Settings};
use crate::convention::Convention;
use crate::dual::{Dual, Real};
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::{Bytes, Seconds};
use crate::workload::Workload;

/// An input of a step's time on a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceInput {
    /// Operations of the step.
    Ops,
    /// Bytes that it moves.
    BytesMoved,
    /// Rate of the arithmetic units.
    Peak,
    /// Share of it that the code reaches.
    Efficiency,
    /// Bandwidth of the main memory.
    Bandwidth,
    /// Share of it that streams sustain.
    MemoryEfficiency,
    /// Size of the main memory.
    Capacity,
    /// Bandwidth of the cache that weights fit into.
    CacheBandwidth,
    /// Bandwidth of the separate weight store.
    StoreBandwidth,
    /// Bandwidth to the host, for what does not fit.
    HostLink,
    /// Fixed time per step.
    Dispatch,
    /// Fixed time per layer.
    LayerTime,
    /// Share of the shorter of arithmetic and traffic that hides behind the longer.
    Overlap,
}

const COUNT: usize = 13;

impl DeviceInput {
    /// Every input.
    pub const ALL: [Self; COUNT] = [
        Self::Ops,
        Self::BytesMoved,
        Self::Peak,
        Self::Efficiency,
        Self::Bandwidth,
        Self::MemoryEfficiency,
        Self::Capacity,
        Self::CacheBandwidth,
        Self::StoreBandwidth,
        Self::HostLink,
        Self::Dispatch,
        Self::LayerTime,
        Self::Overlap,
    ];

    /// The name in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ops => "ops",
            Self::BytesMoved => "bytes_moved",
            Self::Peak => "peak",
            Self::Efficiency => "efficiency",
            Self::Bandwidth => "bandwidth",
            Self::MemoryEfficiency => "memory_efficiency",
            Self::Capacity => "capacity",
            Self::CacheBandwidth => "cache_bandwidth",
            Self::StoreBandwidth => "store_bandwidth",
            Self::HostLink => "host_link",
            Self::Dispatch => "dispatch",
            Self::LayerTime => "layer_time",
            Self::Overlap => "overlap",
        }
    }
}

/// Percent of time for a percent of one input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elasticity {
    /// The input.
    pub input: DeviceInput,
    /// For a little more of it.
    pub up: f64,
    /// For a little less of it; the same but at a corner.
    pub down: f64,
}

/// What moves a step's time on a machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeviceSensitivity {
    /// Time of one step.
    pub time: Seconds,
    /// What binds.
    pub binding: Limit,
    /// Whether the step fits; if not, memory is what it lacks first.
    pub fits: bool,
    /// One elasticity per input, in the order of [`DeviceInput::ALL`]; 0 for what the step does not depend on.
    pub elasticities: [Elasticity; COUNT],
    /// Factor on the peak at which arithmetic stops or starts to bind.
    pub peak_headroom: f64,
    /// Factor on all bandwidths together at which traffic stops or starts to bind.
    pub bandwidth_headroom: f64,
    /// Factor on the fixed times at which they stop or start to bind.
    pub overhead_headroom: f64,
    /// Factor on the memory at which the step just fits.
    pub capacity_headroom: f64,
}

impl DeviceSensitivity {
    /// The elasticity to one input.
    #[must_use]
    pub fn of(&self, input: DeviceInput) -> Elasticity {
        self.elasticities[input as usize]
    }

    /// The input of the machine, not of the work or the code, that moves the time most; the first among equals.
    #[must_use]
    pub fn strongest_lever(&self) -> Elasticity {
        use DeviceInput::{BytesMoved, Efficiency, MemoryEfficiency, Ops, Overlap};
        let size = |e: &Elasticity| libm::fmax(libm::fabs(e.up), libm::fabs(e.down));
        let mut best = self.of(DeviceInput::Peak);
        for lever in self.elasticities {
            let given = [Ops, BytesMoved, Efficiency, MemoryEfficiency, Overlap];
            if !given.contains(&lever.input) && size(&lever) > size(&best) {
                best = lever;
            }
        }
        best
    }
}

/// What the formula takes as it is.
struct Given {
    weights: f64,
    need: f64,
    layers: f64,
    cache_holds: bool,
    stored_apart: bool,
    store_is_read: bool,
    spills: bool,
}

/// Arithmetic, traffic and fixed time.
fn parts<T: Real>(x: [T; COUNT], given: &Given) -> [T; 3] {
    let [
        ops,
        bytes,
        peak,
        efficiency,
        bandwidth,
        memory_efficiency,
        capacity,
        cache,
        store,
        link,
        dispatch,
        layer_time,
        _,
    ] = x;
    let compute = ops / (peak * efficiency);
    let sustained = bandwidth * memory_efficiency;
    let one = T::constant(1.0);
    let memory = if given.cache_holds || given.store_is_read {
        let from = if given.cache_holds { cache } else { store };
        // Bytes beyond one reading of the weights come from main memory.
        let read = if given.weights <= bytes.value() { T::constant(given.weights) } else { bytes };
        read / from + (bytes - read) / sustained
    } else if given.stored_apart || !given.spills {
        bytes / sustained
    } else {
        let spilled = one - capacity / T::constant(given.need);
        bytes * (one - spilled) / sustained + bytes * spilled / link
    };
    [compute, memory, dispatch + layer_time * T::constant(given.layers)]
}

fn inputs(work: &impl Workload, device: &Device, settings: &Settings) -> [f64; COUNT] {
    let rate = |tier: Option<crate::composite::Tier>| {
        tier.and_then(|tier| tier.bandwidth).map_or(1.0, |bandwidth| bandwidth.0)
    };
    [
        work.ops().0,
        work.bytes_moved().0,
        device.peak.0,
        settings.efficiency,
        device.bandwidth.0,
        device.memory_efficiency,
        device.capacity.0,
        rate(device.cache),
        rate(device.weight_store),
        device.host_link.unwrap_or(HOST_LINK).0,
        device.dispatch.0,
        device.layer_time.0,
        settings.overlap,
    ]
}

fn given(work: &impl Workload, device: &Device) -> Given {
    let weights = work.weight_bytes();
    let cache = device.cache.filter(|cache| weights <= cache.capacity);
    let stored_apart = device.weight_store.is_some();
    let need = if stored_apart { work.working_bytes() } else { work.footprint() };
    Given {
        weights: weights.0,
        need: need.0,
        layers: f64::from(work.layers()),
        cache_holds: cache.is_some_and(|cache| cache.bandwidth.is_some()),
        stored_apart,
        store_is_read: device.weight_store.is_some_and(|store| store.bandwidth.is_some()),
        spills: need > device.capacity,
    }
}

/// Returns the time of one step by the formula that the derivatives are taken of.
///
/// Equal bits with [`single_node::evaluate`] under [`Convention::Reference`]; nothing is checked here.
#[must_use]
pub fn device_time(work: &impl Workload, device: &Device, settings: &Settings) -> Seconds {
    let x = inputs(work, device, settings);
    let [compute, memory, overhead] = parts(x, &given(work, device));
    Seconds(combine(compute, memory, overhead, settings.overlap, Tie::Compute))
}

/// Returns how one step of `work` on `device` depends on everything, under [`Convention::Reference`].
///
/// # Errors
///
/// As [`single_node::evaluate`].
///
/// # Examples
///
/// ```
/// use mlsysim::composite::{Device, Settings};
/// use mlsysim::trace::NoTrace;
/// use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond};
/// use mlsysim::walls::analysis::sensitivity::{DeviceInput, device_sensitivity};
/// use mlsysim::WorkloadSpec;
///
/// let device = Device::new(FlopPerSecond(100e9), BytesPerSecond(20e9), Bytes(8e9));
/// let work = WorkloadSpec { ops: Flop(1e9), bytes_moved: Bytes(1e9), ..WorkloadSpec::default() };
/// // 50 ms of traffic over 20 ms of arithmetic.
/// let out = device_sensitivity(&work, &device, &Settings::default(), &mut NoTrace)?;
/// assert_eq!(out.strongest_lever().input, DeviceInput::Bandwidth);
/// assert_eq!(out.of(DeviceInput::Bandwidth).up, -1.0);
/// assert_eq!(out.bandwidth_headroom, 2.5);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn device_sensitivity<R: Recorder>(
    work: &impl Workload,
    device: &Device,
    settings: &Settings,
    trace: &mut R,
) -> Result<DeviceSensitivity> {
    let profile = single_node::evaluate(work, device, settings, Convention::Reference, trace)?;
    let values = inputs(work, device, settings);
    let mut x = [Dual::<COUNT>::constant(0.0); COUNT];
    for (direction, (input, value)) in x.iter_mut().zip(values).enumerate() {
        *input = Dual::logarithmic(value, direction);
    }
    let base = given(work, device);
    // A full memory is a corner too: with a little less of it the step spills.
    let full = base.need.to_bits() == device.capacity.0.to_bits();
    let (mut up, mut down) = ([f64::NEG_INFINITY; COUNT], [f64::INFINITY; COUNT]);
    for spills in [base.spills, base.spills || full] {
        let [compute, memory, overhead] = parts(x, &Given { spills, ..base });
        for tie in [Tie::Compute, Tie::Memory] {
            let time = combine(compute, memory, overhead, x[DeviceInput::Overlap as usize], tie);
            for (direction, slope) in time.slopes.into_iter().enumerate() {
                let e = if time.value > 0.0 { slope / time.value } else { 0.0 };
                up[direction] = libm::fmax(up[direction], e);
                down[direction] = libm::fmin(down[direction], e);
            }
        }
    }
    let mut elasticities = DeviceInput::ALL.map(|input| Elasticity { input, up: 0.0, down: 0.0 });
    for (elasticity, (up, down)) in elasticities.iter_mut().zip(up.into_iter().zip(down)) {
        (elasticity.up, elasticity.down) = (up, down);
    }
    let (c, m, o) = (profile.compute_time.0, profile.memory_time.0, profile.overhead.0);
    let memory = if profile.weights.is_some_and(|fit| !fit.fits) {
        profile.weights.unwrap_or(profile.memory)
    } else {
        profile.memory
    };
    let out = DeviceSensitivity {
        time: profile.time,
        binding: binding(c, m, o),
        fits: profile.feasible(),
        elasticities,
        peak_headroom: headroom(c, [m, o]),
        bandwidth_headroom: headroom(m, [c, o]),
        overhead_headroom: if o > 0.0 { c.max(m) / o } else { f64::INFINITY },
        capacity_headroom: if memory.have > Bytes::ZERO {
            memory.need / memory.have
        } else {
            f64::INFINITY
        },
    };
    let reads: &'static [&'static str] = &["compute_time", "memory_time", "overhead", "time"];
    for elasticity in &out.elasticities {
        if elasticity.up < 0.0 || elasticity.down > 0.0 || elasticity.up > 0.0 {
            let (name, symbol) = node(elasticity.input);
            trace.computed(name, symbol, elasticity.up, "∂ln T / ∂ln x", reads, SOURCE);
        }
    }
    Ok(out)
}

/// Name and symbol of the node of an elasticity.
const fn node(input: DeviceInput) -> (&'static str, &'static str) {
    match input {
        DeviceInput::Ops => ("elasticity_ops", "e_OPs"),
        DeviceInput::BytesMoved => ("elasticity_bytes_moved", "e_V"),
        DeviceInput::Peak => ("elasticity_peak", "e_Peak"),
        DeviceInput::Efficiency => ("elasticity_efficiency", "e_η"),
        DeviceInput::Bandwidth => ("elasticity_bandwidth", "e_BW"),
        DeviceInput::MemoryEfficiency => ("elasticity_memory_efficiency", "e_ηm"),
        DeviceInput::Capacity => ("elasticity_capacity", "e_M"),
        DeviceInput::CacheBandwidth => ("elasticity_cache_bandwidth", "e_BWc"),
        DeviceInput::StoreBandwidth => ("elasticity_store_bandwidth", "e_BWw"),
        DeviceInput::HostLink => ("elasticity_host_link", "e_BWh"),
        DeviceInput::Dispatch => ("elasticity_dispatch", "e_τd"),
        DeviceInput::LayerTime => ("elasticity_layer_time", "e_τl"),
        DeviceInput::Overlap => ("elasticity_overlap", "e_ω"),
    }
}
