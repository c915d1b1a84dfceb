//! One step of work on one machine: does it fit, how long does it take, what limits it, what energy does it use.
//!
//! The roofline over walls 1 and 2, the capacity check, and the fixed time that dispatching work costs.
//! A workload states its demand without knowing machines, a [`Device`] its supply without knowing models.

use super::device::{Device, IDLE_SHARE, Settings};
use super::roofline::{self, Bottleneck, CombineIn};
use super::traffic::{self, Demand};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::trace::{Recorder, Value};
use crate::units::{
    Bytes, BytesPerSecond, FlopPerByte, FlopPerSecond, Hertz, Joules, Quantity, Seconds, Unit,
};
use crate::walls::node::compute::{self, ComputeIn};
use crate::walls::solve_traced;
use crate::workload::Workload;

/// Whether something fits into one memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Bytes needed.
    pub need: Bytes,
    /// Bytes there are.
    pub have: Bytes,
    /// Whether the need is at most what there is.
    pub fits: bool,
    /// Bytes missing; 0 if it fits.
    pub short_by: Bytes,
}

/// What one step costs on one machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// Time of one step.
    pub time: Seconds,
    /// Time that arithmetic takes.
    pub compute_time: Seconds,
    /// Time that memory traffic takes.
    pub memory_time: Seconds,
    /// Fixed time.
    pub overhead: Seconds,
    /// Results per second; 0 if a step takes no time.
    pub throughput: Hertz,
    /// Whether arithmetic or traffic takes longer.
    pub bottleneck: Bottleneck,
    /// Whether the fixed time is longer than both.
    pub overhead_dominated: bool,
    /// Operations per byte moved; infinite without traffic.
    pub arithmetic_intensity: FlopPerByte,
    /// Intensity at which arithmetic and traffic would take equally long here.
    pub ridge_point: FlopPerByte,
    /// Rate that the code reaches while it computes.
    pub sustained_peak: FlopPerSecond,
    /// Bandwidth that the traffic sees as a whole.
    pub effective_bandwidth: BytesPerSecond,
    /// Useful operations per second as a share of the peak (model utilization).
    pub mfu: f64,
    /// All operations per second as a share of the peak (hardware utilization).
    pub hfu: f64,
    /// Energy of one step; `None` if the machine's power is not known.
    pub energy: Option<Joules>,
    /// Fit into the main memory.
    pub memory: Fit,
    /// Fit into the separate weight store, where there is one.
    pub weights: Option<Fit>,
}

impl Profile {
    /// Whether the step fits into every memory it needs.
    #[must_use]
    pub fn feasible(&self) -> bool {
        self.memory.fits && self.weights.is_none_or(|fit| fit.fits)
    }

    /// The profile, if the step fits.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] with the bytes missing in the first memory that is too small.
    pub fn require_fit(self) -> Result<Self> {
        let fits = [self.weights, Some(self.memory)].into_iter().flatten();
        match fits.into_iter().find(|fit| !fit.fits) {
            Some(Fit { need, have, short_by, .. }) => {
                Err(Error::OutOfMemory { need, have, short: short_by })
            }
            None => Ok(self),
        }
    }
}

/// Returns what one step of `work` costs on `device`.
///
/// `T = max(T_c, T_m) + (1 − ω)·min(T_c, T_m) + T_o` with `T_c = OPs / (Peak·η)`, `T_m = V / BW_eff` and
/// `T_o = τ_d + L·τ_l`.
/// A step that does not fit is priced all the same, and [`Profile::feasible`] says no.
///
/// - [`Convention::Reference`]: weights are read from the memory that holds them (cache, weight store or main
///   memory), all other bytes from main memory at its sustained bandwidth; where the main memory is too small and
///   there is no separate weight store, the share that does not fit crosses the host link.
/// - [`Convention::Upstream030`]: all bytes at one bandwidth, which is that of the cache, else of the weight store,
///   else of main memory, or of the host link if anything does not fit.
///
/// # Cost
///
/// Some forty floating-point operations; with [`crate::trace::NoTrace`] no allocation.
///
/// # Errors
///
/// - [`Error::OutOfRange`] naming the input, for a negative or endless demand, a rate or memory of 0, a share
///   outside its range.
/// - [`Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Source
///
/// Williams, Waterman & Patterson (2009), "Roofline", CACM 52(4).
///
/// # Examples
///
/// ```
/// use mlsysim::composite::{Device, Settings, single_node::evaluate};
/// use mlsysim::trace::NoTrace;
/// use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Seconds};
/// use mlsysim::{Convention, WorkloadSpec};
///
/// let device = Device::new(FlopPerSecond(100e9), BytesPerSecond(20e9), Bytes(8e9));
/// let work = WorkloadSpec { ops: Flop(1e9), bytes_moved: Bytes(1e9), ..WorkloadSpec::default() };
/// let profile = evaluate(&work, &device, &Settings::default(), Convention::Reference, &mut NoTrace)?;
/// assert_eq!(profile.compute_time, Seconds(0.02));
/// assert_eq!(profile.time, Seconds(0.05), "memory takes longer");
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn evaluate<R: Recorder>(
    work: &impl Workload,
    device: &Device,
    settings: &Settings,
    convention: Convention,
    trace: &mut R,
) -> Result<Profile> {
    check(work, device)?;
    let upstream = convention == Convention::Upstream030;

    let arithmetic =
        ComputeIn { ops: work.ops(), peak: device.peak, efficiency: settings.efficiency };
    let compute::ComputeOut { sustained_peak, compute_time } =
        solve_traced::<compute::StepTime, _>(&arithmetic, convention, trace)?;

    let demand = Demand {
        traffic: work.bytes_moved(),
        weights: work.weight_bytes(),
        working: work.working_bytes(),
        footprint: work.footprint(),
    };
    let (memory, weights) = fits(&demand, device, upstream, trace);
    let traffic = if upstream {
        traffic::upstream(&demand, memory.fits, device, trace)
    } else {
        traffic::reference(&demand, &memory, weights.is_some(), device, trace)
    };

    trace.given("dispatch", "τ_d", device.dispatch, GIVEN);
    trace.given("layers", "L", f64::from(work.layers()), DEMAND);
    trace.given("layer_time", "τ_l", device.layer_time, GIVEN);
    let overhead = device.dispatch + device.layer_time * f64::from(work.layers());
    trace.computed(
        "overhead",
        "T_o",
        overhead,
        "τ_d + L × τ_l",
        &["dispatch", "layers", "layer_time"],
        LAUNCHES,
    );

    let overlap = if upstream { 1.0 } else { settings.overlap };
    let parts = CombineIn { compute_time, memory_time: traffic.time, overhead, overlap };
    let whole = solve_traced::<roofline::Combine, _>(&parts, convention, trace)?;
    let time = whole.time;

    let arithmetic_intensity = roofline::intensity(work.ops(), demand.traffic);
    let reads: &'static [&'static str] = &["ops", "bytes_moved"];
    trace.computed(
        "arithmetic_intensity",
        "I",
        arithmetic_intensity,
        "OPs / V",
        reads,
        roofline::SOURCE,
    );
    let ridge_point = sustained_peak / traffic.bandwidth;
    let reads: &'static [&'static str] = &["sustained_peak", "effective_bandwidth"];
    trace.computed("ridge_point", "I*", ridge_point, "Peak·η / BW_eff", reads, roofline::SOURCE);

    trace.given("items", "n", f64::from(work.items()), DEMAND);
    let throughput =
        if time > Seconds::ZERO { f64::from(work.items()) / time } else { Hertz::ZERO };
    trace.computed("throughput", "n/T", throughput, "n / T", &["items", "time"], "counting");

    let mfu = roofline::utilization(work.useful_ops(), device.peak, time);
    let hfu = roofline::utilization(work.ops(), device.peak, time);
    trace.given("useful_ops", "OPs_u", work.useful_ops(), DEMAND);
    trace.computed("mfu", "MFU", mfu, "OPs_u / (Peak × T)", &["useful_ops", "peak", "time"], PALM);
    trace.computed("hfu", "HFU", hfu, "OPs / (Peak × T)", &["ops", "peak", "time"], PALM);
    let energy = energy(device, upstream, hfu, time, trace);

    let profile = Profile {
        time,
        compute_time,
        memory_time: traffic.time,
        overhead,
        throughput,
        bottleneck: whole.bottleneck,
        overhead_dominated: overhead > compute_time.max(traffic.time),
        arithmetic_intensity,
        ridge_point,
        sustained_peak,
        effective_bandwidth: traffic.bandwidth,
        mfu,
        hfu,
        energy,
        memory,
        weights,
    };
    profile.check()?;
    Ok(profile)
}

const ID: &str = "single_node.step";
const GIVEN: &str = "given by the caller";
const DEMAND: &str = "demand of the work";
const LAUNCHES: &str = "each layer is launched once, one after the other";
const PALM: &str = "Chowdhery et al. (2022), PaLM, appendix B";
const POWER: &str =
    "Barroso & Hölzle (2007), The Case for Energy-Proportional Computing, IEEE Computer 40(12)";

/// Checks what the equations called here do not check themselves.
#[inline]
fn check(work: &impl Workload, device: &Device) -> Result<()> {
    amount("bytes_moved", work.bytes_moved(), Range::NOT_NEGATIVE)?;
    amount("weight_bytes", work.weight_bytes(), Range::NOT_NEGATIVE)?;
    amount("working_bytes", work.working_bytes(), Range::NOT_NEGATIVE)?;
    amount("footprint", work.footprint(), Range::NOT_NEGATIVE)?;
    amount("useful_ops", work.useful_ops(), Range::NOT_NEGATIVE)?;
    amount("bandwidth", device.bandwidth, Range::POSITIVE)?;
    amount("memory_efficiency", device.memory_efficiency, Range::EFFICIENCY)?;
    amount("capacity", device.capacity, Range::POSITIVE)?;
    amount("dispatch", device.dispatch, Range::NOT_NEGATIVE)?;
    amount("layer_time", device.layer_time, Range::NOT_NEGATIVE)?;
    amount("idle_share", device.idle_share, Range::SHARE)?;
    for tier in [device.cache, device.weight_store].into_iter().flatten() {
        amount("tier_capacity", tier.capacity, Range::POSITIVE)?;
        tier.bandwidth
            .map_or(Ok(()), |bandwidth| amount("tier_bandwidth", bandwidth, Range::POSITIVE))?;
    }
    device.host_link.map_or(Ok(()), |link| amount("host_link", link, Range::POSITIVE))?;
    device.power.map_or(Ok(()), |power| amount("power", power, Range::NOT_NEGATIVE))
}

#[inline]
fn amount<T: Unit>(name: &'static str, value: T, range: Range) -> Result<()> {
    if range.contains(value.base()) {
        return Ok(());
    }
    Err(Error::OutOfRange { op: ID, name, range, got: Quantity::new(value.base(), T::DIMENSION) })
}

impl Profile {
    /// Refuses results that do not fit a 64-bit float.
    #[inline]
    fn check(&self) -> Result<()> {
        // A sum is finite only if every term is; one that overflows by itself is looked at below.
        let sum = self.memory_time.0
            + self.overhead.0
            + self.throughput.0
            + self.ridge_point.0
            + self.effective_bandwidth.0
            + self.energy.unwrap_or(Joules::ZERO).0
            + self.memory.need.0;
        if sum.is_finite() { Ok(()) } else { self.overflow() }
    }

    /// The first result that does not fit.
    #[cold]
    fn overflow(&self) -> Result<()> {
        let results = [
            ("memory_time", Quantity::from(self.memory_time)),
            ("overhead", self.overhead.into()),
            ("throughput", self.throughput.into()),
            ("ridge_point", self.ridge_point.into()),
            ("effective_bandwidth", self.effective_bandwidth.into()),
            ("energy", self.energy.unwrap_or(Joules::ZERO).into()),
            ("need", self.memory.need.into()),
        ];
        match results.into_iter().find(|(_, result)| !result.value.is_finite()) {
            Some((name, got)) => Err(Error::Overflow { op: ID, name, got }),
            None => Ok(()),
        }
    }
}

/// Compares demand with the memories: main memory, and the weight store if weights have one of their own.
fn fits<R: Recorder>(
    demand: &Demand,
    device: &Device,
    upstream: bool,
    trace: &mut R,
) -> (Fit, Option<Fit>) {
    trace.given("weight_bytes", "W", demand.weights, DEMAND);
    trace.given("working_bytes", "A", demand.working, DEMAND);
    trace.given("capacity", "M", device.capacity, GIVEN);
    let store = if upstream { None } else { device.weight_store };
    let Some(store) = store else {
        let need = demand.footprint;
        if need == demand.weights + demand.working {
            trace.computed(
                "need",
                "Q",
                need,
                "W + A",
                &["weight_bytes", "working_bytes"],
                "counting",
            );
        } else {
            trace.given(
                "need",
                "Q",
                need,
                "demand of the work; other devices keep a share of the weights",
            );
        }
        let fit = Fit::of(need, device.capacity);
        trace.computed(
            "fits",
            "fits",
            Value::Flag(fit.fits),
            "Q ≤ M",
            &["need", "capacity"],
            "counting",
        );
        trace.computed(
            "short_by",
            "Q−M",
            fit.short_by,
            "max(0, Q − M)",
            &["need", "capacity"],
            "counting",
        );
        return (fit, None);
    };
    let weights = Fit::of(demand.weights, store.capacity);
    trace.given("weight_store", "M_w", store.capacity, GIVEN);
    let reads: &'static [&'static str] = &["weight_bytes", "weight_store"];
    trace.computed(
        "weights_fit",
        "fits_w",
        Value::Flag(weights.fits),
        "W ≤ M_w",
        reads,
        "counting",
    );
    trace.computed(
        "weights_short_by",
        "W−M_w",
        weights.short_by,
        "max(0, W − M_w)",
        reads,
        "counting",
    );
    let memory = Fit::of(demand.working, device.capacity);
    let reads: &'static [&'static str] = &["working_bytes", "capacity"];
    trace.computed("fits", "fits", Value::Flag(memory.fits), "A ≤ M", reads, "counting");
    trace.computed("short_by", "A−M", memory.short_by, "max(0, A − M)", reads, "counting");
    (memory, Some(weights))
}

impl Fit {
    fn of(need: Bytes, have: Bytes) -> Self {
        Self { need, have, fits: need <= have, short_by: (need - have).max(Bytes::ZERO) }
    }
}

fn energy<R: Recorder>(
    device: &Device,
    upstream: bool,
    hfu: f64,
    time: Seconds,
    trace: &mut R,
) -> Option<Joules> {
    let power = device.power?;
    let idle_share = if upstream { IDLE_SHARE } else { device.idle_share };
    trace.given("power", "P", power, GIVEN);
    trace.given(
        "idle_share",
        "i",
        idle_share,
        "an idle server draws about a third of its peak power",
    );
    let energy = power * (idle_share + (1.0 - idle_share) * hfu) * time;
    let reads: &'static [&'static str] = &["power", "idle_share", "hfu", "time"];
    trace.computed("energy", "E", energy, "P × (i + (1 − i) × HFU) × T", reads, POWER);
    Some(energy)
}

#[cfg(test)]
mod tests;
