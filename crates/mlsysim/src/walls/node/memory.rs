//! Wall 2, memory: bytes must fit, and bytes must move.
//!
//! Two limits share the name.
//! *Bandwidth*: every byte a step touches crosses the memory bus, at a rate below the data sheet's by `η_m`.
//! *Capacity*: weights, caches and activations live in memory at once, and a device refuses what does not fit.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerParam, BytesPerSecond, BytesPerToken, Params, Seconds, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};
use crate::workload::Workload;

const ROOFLINE: &str = "Williams, Waterman & Patterson (2009), Roofline, CACM 52(4)";
const COUNTING: &str = "counting";

/// Returns the least time one step of `work` takes when memory traffic alone limits it.
///
/// `T = V / (BW × η_m)`, with the traffic `V` in bytes, the bandwidth `BW` in byte/s and `η_m` dimensionless.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless the traffic is at least 0, `bandwidth` is above 0, both finite, and
///   `memory_efficiency` is from 1e-9 to 1.
/// - [`crate::Error::Overflow`] if the time does not fit a 64-bit float.
///
/// # Source
///
/// Williams, Waterman & Patterson (2009), "Roofline", CACM 52(4).
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, Seconds};
/// use mlsysim::{WorkloadSpec, walls::node::memory};
///
/// let step = WorkloadSpec { bytes_moved: Bytes(16e9), ..WorkloadSpec::default() };
/// assert_eq!(memory::step_time(&step, BytesPerSecond(2e12), 0.8)?, Seconds(0.01));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn step_time(
    work: &impl Workload,
    bandwidth: BytesPerSecond,
    memory_efficiency: f64,
) -> Result<Seconds> {
    let x = TrafficIn { bytes_moved: work.bytes_moved(), bandwidth, memory_efficiency };
    Ok(solve::<StepTime>(&x, Convention::Reference)?.memory_time)
}

/// Returns whether `need` fits into `capacity`, and by how much it does or does not.
///
/// # Errors
///
/// [`crate::Error::OutOfRange`] unless `need` is at least 0 and `capacity` above 0, both finite.
///
/// # Examples
///
/// ```
/// use mlsysim::units::Bytes;
/// use mlsysim::walls::node::memory;
///
/// let fit = memory::capacity(Bytes(300_544.0), Bytes(262_144.0))?;
/// assert!(!fit.fits);
/// assert_eq!(fit.short_by, Bytes(38_400.0));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn capacity(need: Bytes, capacity: Bytes) -> Result<CapacityOut> {
    solve::<Capacity>(&CapacityIn { need, capacity, reserve: 0.0 }, Convention::Reference)
}

record! {
    /// What the bandwidth side of the memory wall needs.
    pub struct TrafficIn {
        /// Bytes that one step reads and writes.
        bytes_moved: Bytes, "V", NOT_NEGATIVE;
        /// Bandwidth by the data sheet.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Share of the bandwidth that streams sustain.
        memory_efficiency: f64, "η_m", EFFICIENCY, default 1.0;
    }
}

record! {
    /// What the bandwidth side of the memory wall gives.
    pub struct TrafficOut {
        /// Bandwidth that streams sustain.
        sustained_bandwidth: BytesPerSecond, "BW·η_m", POSITIVE;
        /// Least time of one step.
        memory_time: Seconds, "T_m", NOT_NEGATIVE;
    }
}

/// The equation `memory.step_time`.
#[derive(Debug, Clone, Copy)]
pub struct StepTime;

impl Equation for StepTime {
    type In = TrafficIn;
    type Out = TrafficOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "memory.step_time",
        wall: 2,
        also: &[],
        question: "How long does one step take if memory traffic alone limits it?",
        formula: "T_m = V / (BW × η_m)",
        source: ROOFLINE,
        inputs: TrafficIn::FIELDS,
        outputs: TrafficOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &TrafficIn, _: Convention, trace: &mut R) -> TrafficOut {
        let sustained_bandwidth = x.bandwidth * x.memory_efficiency;
        trace.computed(
            "sustained_bandwidth",
            "BW·η_m",
            sustained_bandwidth,
            "BW × η_m",
            &["bandwidth", "memory_efficiency"],
            ROOFLINE,
        );
        let memory_time = x.bytes_moved / sustained_bandwidth;
        trace.computed(
            "memory_time",
            "T_m",
            memory_time,
            "V / BW·η_m",
            &["bytes_moved", "sustained_bandwidth"],
            ROOFLINE,
        );
        TrafficOut { sustained_bandwidth, memory_time }
    }
}

record! {
    /// What the capacity side of the memory wall needs.
    pub struct CapacityIn {
        /// Bytes that must be in memory at once.
        need: Bytes, "Q", NOT_NEGATIVE;
        /// Size of the memory.
        capacity: Bytes, "M", POSITIVE;
        /// Share of the memory kept free.
        reserve: f64, "ρ_r", SHARE, default 0.0;
    }
}

record! {
    /// What the capacity side of the memory wall gives.
    pub struct CapacityOut {
        /// Size of the memory without the reserve.
        have: Bytes, "M_av", NOT_NEGATIVE;
        /// Whether the need fits.
        fits: bool, "fits", SHARE;
        /// What is missing; 0 if it fits.
        short_by: Bytes, "Q−M_av", NOT_NEGATIVE;
        /// What is left; 0 if it does not fit.
        spare: Bytes, "M_av−Q", NOT_NEGATIVE;
        /// Need as a share of the memory.
        utilization: f64, "u", NOT_NEGATIVE;
    }
}

/// The equation `memory.capacity`.
#[derive(Debug, Clone, Copy)]
pub struct Capacity;

impl Equation for Capacity {
    type In = CapacityIn;
    type Out = CapacityOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "memory.capacity",
        wall: 2,
        also: &[],
        question: "Does it fit, and by how many bytes does it or does it not?",
        formula: "fits if Q ≤ M × (1 − ρ_r)",
        source: COUNTING,
        inputs: CapacityIn::FIELDS,
        outputs: CapacityOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &CapacityIn, _: Convention, trace: &mut R) -> CapacityOut {
        let have = x.capacity * (1.0 - x.reserve);
        trace.computed("have", "M_av", have, "M × (1 − ρ_r)", &["capacity", "reserve"], COUNTING);
        let fits = x.need <= have;
        trace.computed(
            "fits",
            "fits",
            crate::trace::Value::Flag(fits),
            "Q ≤ M_av",
            &["need", "have"],
            COUNTING,
        );
        let short_by = (x.need - have).max(Bytes::ZERO);
        trace.computed(
            "short_by",
            "Q−M_av",
            short_by,
            "max(0, Q − M_av)",
            &["need", "have"],
            COUNTING,
        );
        let spare = (have - x.need).max(Bytes::ZERO);
        trace.computed("spare", "M_av−Q", spare, "max(0, M_av − Q)", &["need", "have"], COUNTING);
        let utilization = x.need / x.capacity;
        trace.computed("utilization", "u", utilization, "Q / M", &["need", "capacity"], COUNTING);
        CapacityOut { have, fits, short_by, spare, utilization }
    }
}

record! {
    /// What the size of weights follows from.
    pub struct WeightIn {
        /// Parameters of the model.
        parameters: Params, "N", NOT_NEGATIVE;
        /// Bytes one stored parameter takes.
        width: BytesPerParam, "b", POSITIVE;
    }
}

record! {
    /// The size of weights.
    pub struct WeightOut {
        /// Bytes of all weights.
        weight_bytes: Bytes, "W", NOT_NEGATIVE;
    }
}

/// The equation `memory.weight_bytes`.
#[derive(Debug, Clone, Copy)]
pub struct WeightBytes;

impl Equation for WeightBytes {
    type In = WeightIn;
    type Out = WeightOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "memory.weight_bytes",
        wall: 2,
        also: &[13],
        question: "How many bytes do the weights of a model take?",
        formula: "W = N × b",
        source: COUNTING,
        inputs: WeightIn::FIELDS,
        outputs: WeightOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &WeightIn, _: Convention, trace: &mut R) -> WeightOut {
        let weight_bytes = x.parameters * x.width;
        trace.computed(
            "weight_bytes",
            "W",
            weight_bytes,
            "N × b",
            &["parameters", "width"],
            COUNTING,
        );
        WeightOut { weight_bytes }
    }
}

record! {
    /// What the size of a key-value cache follows from.
    pub struct KvIn {
        /// Layers that keep keys and values.
        n_layers: f64, "L", COUNT;
        /// Heads that have keys and values of their own.
        n_kv_heads: f64, "H_kv", COUNT;
        /// Width of one head.
        head_dim: f64, "d_h", COUNT;
        /// Tokens of context in each sequence.
        seq_len: Tokens, "S", NOT_NEGATIVE;
        /// Sequences in the batch.
        batch: f64, "B", COUNT, default 1.0;
        /// Bytes one element takes.
        element: Bytes, "b", POSITIVE, default 2.0;
    }
}

record! {
    /// The size of a key-value cache.
    pub struct KvOut {
        /// Bytes that each token adds to its sequence.
        kv_per_token: BytesPerToken, "k", NOT_NEGATIVE;
        /// Bytes of all caches.
        kv_bytes: Bytes, "KV", NOT_NEGATIVE;
    }
}

/// The equation `memory.kv_cache`.
#[derive(Debug, Clone, Copy)]
pub struct KvCache;

const POPE: &str = "Pope et al. (2023), Efficiently Scaling Transformer Inference, section 2.1";

impl Equation for KvCache {
    type In = KvIn;
    type Out = KvOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "memory.kv_cache",
        wall: 2,
        also: &[4, 5],
        question: "How many bytes of keys and values does a batch of sequences keep?",
        formula: "KV = 2 × L × H_kv × d_h × b × S × B",
        source: POPE,
        inputs: KvIn::FIELDS,
        outputs: KvOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &KvIn, _: Convention, trace: &mut R) -> KvOut {
        // One key and one value vector per layer and head.
        let kv_per_token =
            BytesPerToken(2.0 * x.n_layers * x.n_kv_heads * x.head_dim * x.element.0);
        trace.computed(
            "kv_per_token",
            "k",
            kv_per_token,
            "2 × L × H_kv × d_h × b",
            &["n_layers", "n_kv_heads", "head_dim", "element"],
            POPE,
        );
        let kv_bytes = kv_per_token * x.seq_len * x.batch;
        trace.computed(
            "kv_bytes",
            "KV",
            kv_bytes,
            "k × S × B",
            &["kv_per_token", "seq_len", "batch"],
            POPE,
        );
        KvOut { kv_per_token, kv_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kv_of_llama_3_8b_by_hand() {
        // 2 × 32 layers × 8 heads × 128 wide × 2 bytes = 131 072 bytes per token.
        let x = KvIn {
            n_layers: 32.0,
            n_kv_heads: 8.0,
            head_dim: 128.0,
            seq_len: Tokens(2048.0),
            batch: 4.0,
            element: Bytes(2.0),
        };
        let out = solve::<KvCache>(&x, Convention::Reference).unwrap();
        assert_eq!(out.kv_per_token, BytesPerToken(131_072.0));
        assert_eq!(out.kv_bytes, Bytes(1_073_741_824.0));
    }

    #[test]
    fn a_full_memory_fits_exactly() {
        let full = capacity(Bytes(64.0), Bytes(64.0)).unwrap();
        assert!(full.fits && full.short_by == Bytes::ZERO && full.spare == Bytes::ZERO);
        let reserved = CapacityIn { need: Bytes(64.0), capacity: Bytes(64.0), reserve: 0.25 };
        let out = solve::<Capacity>(&reserved, Convention::Reference).unwrap();
        assert!(!out.fits);
        assert_eq!(out.short_by, Bytes(16.0));
    }
}
