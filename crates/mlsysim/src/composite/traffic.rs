//! How long a step's bytes take to move, when more than one memory holds them.

use super::device::{Device, HOST_LINK};
use super::roofline::SOURCE;
use super::single_node::Fit;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Seconds};

/// What a step asks of memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// Bytes moved.
    pub(super) traffic: Bytes,
    /// Bytes of weights.
    pub(super) weights: Bytes,
    /// Bytes needed besides.
    pub(super) working: Bytes,
    /// Bytes that must be in main memory at once, if weights have no memory of their own.
    pub(super) footprint: Bytes,
}

/// The time that the bytes take, and the bandwidth they see as a whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traffic {
    pub(super) time: Seconds,
    pub(super) bandwidth: BytesPerSecond,
}

const GIVEN: &str = "given by the caller";
const DEMAND: &str = "demand of the work";

/// Every byte from where it lies.
///
/// Weights come from the cache if they fit there, else from the weight store, else from main memory.
/// What main memory cannot hold crosses the host link, each byte as likely as any other to be outside.
pub(super) fn reference<R: Recorder>(
    demand: &Demand,
    memory: &Fit,
    weights_are_separate: bool,
    device: &Device,
    trace: &mut R,
) -> Traffic {
    trace.given("bytes_moved", "V", demand.traffic, DEMAND);
    trace.given("bandwidth", "BW", device.bandwidth, GIVEN);
    trace.given("memory_efficiency", "η_m", device.memory_efficiency, GIVEN);
    let sustained = device.bandwidth * device.memory_efficiency;
    let reads: &'static [&'static str] = &["bandwidth", "memory_efficiency"];
    trace.computed("sustained_bandwidth", "BW·η_m", sustained, "BW × η_m", reads, SOURCE);

    let cache = device
        .cache
        .filter(|cache| demand.weights <= cache.capacity)
        .and_then(|cache| cache.bandwidth);
    let store = device.weight_store.and_then(|store| store.bandwidth);
    if let Some(weight_bandwidth) = cache.or(store) {
        let read = demand.weights.min(demand.traffic);
        trace.computed(
            "weight_traffic",
            "V_w",
            read,
            "min(W, V)",
            &["weight_bytes", "bytes_moved"],
            SOURCE,
        );
        trace.given("weight_bandwidth", "BW_w", weight_bandwidth, GIVEN);
        let time = read / weight_bandwidth + (demand.traffic - read) / sustained;
        let reads: &'static [&'static str] =
            &["weight_traffic", "weight_bandwidth", "bytes_moved", "sustained_bandwidth"];
        trace.computed(
            "memory_time",
            "T_m",
            time,
            "V_w / BW_w + (V − V_w) / BW·η_m",
            reads,
            SOURCE,
        );
        return whole(demand.traffic, time, sustained, trace);
    }
    if memory.fits || weights_are_separate {
        let time = demand.traffic / sustained;
        let reads: &'static [&'static str] = &["bytes_moved", "sustained_bandwidth"];
        trace.computed("memory_time", "T_m", time, "V / BW·η_m", reads, SOURCE);
        return whole(demand.traffic, time, sustained, trace);
    }
    let link = host_link(device, trace);
    let spilled = 1.0 - memory.have / memory.need;
    trace.computed("spilled_share", "s", spilled, "1 − M / Q", &["capacity", "need"], SOURCE);
    let time = demand.traffic * (1.0 - spilled) / sustained + demand.traffic * spilled / link;
    let reads: &'static [&'static str] =
        &["bytes_moved", "spilled_share", "sustained_bandwidth", "host_link"];
    trace.computed(
        "memory_time",
        "T_m",
        time,
        "V × (1 − s) / BW·η_m + V × s / BW_h",
        reads,
        SOURCE,
    );
    whole(demand.traffic, time, sustained, trace)
}

/// Every byte at one bandwidth.
pub(super) fn upstream<R: Recorder>(
    demand: &Demand,
    fits: bool,
    device: &Device,
    trace: &mut R,
) -> Traffic {
    trace.given("bytes_moved", "V", demand.traffic, DEMAND);
    trace.given("bandwidth", "BW", device.bandwidth, GIVEN);
    let cache = device
        .cache
        .filter(|cache| demand.weights <= cache.capacity)
        .and_then(|cache| cache.bandwidth);
    let store = device.weight_store.and_then(|store| store.bandwidth);
    let bandwidth = if fits {
        cache.or(store).unwrap_or(device.bandwidth)
    } else {
        device.bandwidth.min(host_link(device, trace))
    };
    let rule = "BW of the cache, weight store, main memory, or host link if it does not fit";
    trace.computed(
        "effective_bandwidth",
        "BW_eff",
        bandwidth,
        rule,
        &["bandwidth", "fits"],
        "mlsysim 0.3.0 (Python)",
    );
    let time = demand.traffic / bandwidth;
    trace.computed(
        "memory_time",
        "T_m",
        time,
        "V / BW_eff",
        &["bytes_moved", "effective_bandwidth"],
        SOURCE,
    );
    Traffic { time, bandwidth }
}

fn host_link<R: Recorder>(device: &Device, trace: &mut R) -> BytesPerSecond {
    let link = device.host_link.unwrap_or(HOST_LINK);
    let origin =
        if device.host_link.is_some() { GIVEN } else { "default: PCIe generation 5, 16 lanes" };
    trace.given("host_link", "BW_h", link, origin);
    link
}

fn whole<R: Recorder>(
    traffic: Bytes,
    time: Seconds,
    sustained: BytesPerSecond,
    trace: &mut R,
) -> Traffic {
    let bandwidth = if time > Seconds::ZERO { traffic / time } else { sustained };
    trace.computed(
        "effective_bandwidth",
        "BW_eff",
        bandwidth,
        "V / T_m",
        &["bytes_moved", "memory_time"],
        SOURCE,
    );
    Traffic { time, bandwidth }
}
