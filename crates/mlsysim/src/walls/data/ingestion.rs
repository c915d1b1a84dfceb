//! Wall 8, ingestion: a machine cannot learn from bytes that have not arrived.
//!
//! Samples come from storage over a link, so the slower of the two feeds the machine.
//! A cache serves a share of the reads at its own pace, and reading whole blocks for small samples moves more bytes
//! than are asked for.
//! A path that nobody described is not a path of bandwidth 0: with it unknown the answer is unknown.
//! Random access, queueing and file-system overhead are left to the read amplification.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record, solve};

const SOURCE: &str =
    "Mohan et al. (2021), Analyzing and Mitigating Data Stalls in DNN Training, VLDB 14(5)";
const COUNTING: &str = "counting";

/// Returns whether storage and link deliver what is asked for; a bandwidth of 0 stands for a path not described.
///
/// `ρ = BW_demand / min(BW_storage, BW_link)`, stalled if `ρ > 1`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless all three are finite and at least 0.
/// - [`crate::Error::Overflow`] if the margin does not fit a 64-bit float.
///
/// # Source
///
/// Mohan, Phanishayee, Raniwala & Chidambaram (2021), "Analyzing and Mitigating Data Stalls in DNN Training".
///
/// # Examples
///
/// ```
/// use mlsysim::units::BytesPerSecond;
/// use mlsysim::walls::data::ingestion::{self, DataPath, Feed};
///
/// let out = ingestion::balance(BytesPerSecond(3e9), BytesPerSecond(2e9), BytesPerSecond(16e9))?;
/// assert_eq!((out.feed, out.bottleneck, out.utilization), (Feed::Stalled, DataPath::Storage, 1.5));
/// let nothing = ingestion::balance(BytesPerSecond(3e9), BytesPerSecond(0.0), BytesPerSecond(0.0))?;
/// assert_eq!(nothing.feed, Feed::Unknown);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn balance(
    demand: BytesPerSecond,
    storage: BytesPerSecond,
    link: BytesPerSecond,
) -> Result<BalanceOut> {
    let x = BalanceIn {
        demand,
        storage,
        link,
        hit_rate: 0.0,
        cache: BytesPerSecond::ZERO,
        amplification: 1.0,
    };
    solve::<Balance>(&x, Convention::Reference)
}

labels! {
    /// Whether the data keep up with the machine.
    pub enum Feed {
        /// They do.
        Flowing = "Flowing",
        /// They do not.
        Stalled = "Stalled",
        /// No path is described.
        Unknown = "Unknown",
    }
}

labels! {
    /// The slowest part of the way from storage to the machine.
    pub enum DataPath {
        /// The storage, behind its cache.
        Storage = "Storage",
        /// The link.
        Interconnect = "Interconnect",
        /// No path is described.
        Unknown = "Unknown",
    }
}

record! {
    /// What is asked for, and the paths it comes by.
    pub struct BalanceIn {
        /// Data per time that the work consumes.
        demand: BytesPerSecond, "BW_d", NOT_NEGATIVE;
        /// Bandwidth of storage; 0 if not described.
        storage: BytesPerSecond, "BW_s", NOT_NEGATIVE, default 0.0;
        /// Bandwidth of the link, towards the machine; 0 if not described.
        link: BytesPerSecond, "BW_l", NOT_NEGATIVE, default 0.0;
        /// Share of the bytes that a cache before the storage serves.
        hit_rate: f64, "h", SHARE, default 0.0;
        /// Bandwidth of that cache; 0 if not described.
        cache: BytesPerSecond, "BW_c", NOT_NEGATIVE, default 0.0;
        /// Bytes read from storage for each byte used.
        amplification: f64, "a", POSITIVE, default 1.0;
    }
}

record! {
    /// Whether the data keep up.
    pub struct BalanceOut {
        /// Data per time that storage and cache deliver together; 0 if not known.
        storage_supply: BytesPerSecond, "BW_sc", NOT_NEGATIVE;
        /// Data per time that reach the machine; 0 if not known.
        supply: BytesPerSecond, "BW", NOT_NEGATIVE;
        /// The slowest part of the way.
        bottleneck: DataPath, "path", ONE_OF_3;
        /// Whether the data keep up.
        feed: Feed, "feed", ONE_OF_3;
        /// Demand over supply; 0 if the supply is not known.
        utilization: f64, "ρ", UNBOUNDED;
        /// Supply without demand; 0 if the supply is not known.
        margin: BytesPerSecond, "BW−BW_d", ANY;
    }
}

/// The equation `ingestion.balance`.
#[derive(Debug, Clone, Copy)]
pub struct Balance;

impl Equation for Balance {
    type In = BalanceIn;
    type Out = BalanceOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "ingestion.balance",
        wall: 8,
        also: &[],
        question: "Do storage and link deliver data as fast as the machine consumes them?",
        formula: "ρ = BW_d / min(1 / (h / BW_c + (1 − h) × a / BW_s), BW_l)",
        source: SOURCE,
        inputs: BalanceIn::FIELDS,
        outputs: BalanceOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &BalanceIn, convention: Convention, trace: &mut R) -> BalanceOut {
        let upstream = convention == Convention::Upstream030;
        let none = BytesPerSecond::ZERO;
        let storage_supply = if upstream { x.storage } else { behind_cache(x) };
        let reads: &'static [&'static str] = &["storage", "hit_rate", "cache", "amplification"];
        let formula = "1 / (h / BW_c + (1 − h) × a / BW_s)";
        trace.computed("storage_supply", "BW_sc", storage_supply, formula, reads, SOURCE);

        let (supply, bottleneck) = match (storage_supply > none, x.link > none) {
            (true, true) if storage_supply <= x.link => (storage_supply, DataPath::Storage),
            (_, true) => (x.link, DataPath::Interconnect),
            (true, false) => (storage_supply, DataPath::Storage),
            (false, false) => (none, DataPath::Unknown),
        };
        let reads: &'static [&'static str] = &["storage_supply", "link"];
        let formula = "min(BW_sc, BW_l) of those described";
        trace.computed("supply", "BW", supply, formula, reads, SOURCE);
        trace.computed("bottleneck", "path", bottleneck, "the smaller", reads, SOURCE);

        // Upstream takes no described path for an endless stall.
        let known = upstream || bottleneck != DataPath::Unknown;
        let utilization = match (known, supply > none) {
            (true, true) => x.demand / supply,
            (true, false) => f64::INFINITY,
            (false, _) => 0.0,
        };
        let reads: &'static [&'static str] = &["demand", "supply"];
        trace.computed("utilization", "ρ", utilization, "BW_d / BW", reads, SOURCE);
        let feed = match (known, utilization > 1.0) {
            (true, true) => Feed::Stalled,
            (true, false) => Feed::Flowing,
            (false, _) => Feed::Unknown,
        };
        trace.computed("feed", "feed", feed, "stalled if ρ > 1", &["utilization"], SOURCE);
        let margin = if known { supply - x.demand } else { none };
        trace.computed("margin", "BW−BW_d", margin, "BW − BW_d", reads, SOURCE);
        BalanceOut { storage_supply, supply, bottleneck, feed, utilization, margin }
    }
}

/// The rate at which storage and its cache together deliver; 0 if a part that is read from is not described.
#[inline]
fn behind_cache(x: &BalanceIn) -> BytesPerSecond {
    if x.hit_rate <= 0.0 {
        return x.storage / x.amplification;
    }
    let part = |share: f64, bandwidth: BytesPerSecond| {
        // A part that serves nothing takes no time, described or not.
        if share > 0.0 { share / bandwidth.0 } else { 0.0 }
    };
    let per_byte =
        part(x.hit_rate, x.cache) + part((1.0 - x.hit_rate) * x.amplification, x.storage);
    // A part that is not described has bandwidth 0, so takes for ever.
    BytesPerSecond(1.0 / per_byte)
}

record! {
    /// What a step of training reads.
    pub struct DemandIn {
        /// Samples in a step.
        batch: f64, "B", COUNT;
        /// Bytes of one stored sample.
        sample: Bytes, "s", NOT_NEGATIVE;
        /// Time of one step.
        step_time: Seconds, "T", POSITIVE;
    }
}

record! {
    /// Data per time that the machine consumes.
    pub struct DemandOut {
        /// Bytes that one step reads.
        step_bytes: Bytes, "B·s", NOT_NEGATIVE;
        /// Data per time.
        demand: BytesPerSecond, "BW_d", NOT_NEGATIVE;
    }
}

/// The equation `ingestion.demand`.
#[derive(Debug, Clone, Copy)]
pub struct Demand;

impl Equation for Demand {
    type In = DemandIn;
    type Out = DemandOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "ingestion.demand",
        wall: 8,
        also: &[],
        question: "How much data per time does a training step consume?",
        formula: "BW_d = B × s / T",
        source: SOURCE,
        inputs: DemandIn::FIELDS,
        outputs: DemandOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &DemandIn, _: Convention, trace: &mut R) -> DemandOut {
        let step_bytes = x.sample * x.batch;
        trace.computed("step_bytes", "B·s", step_bytes, "B × s", &["batch", "sample"], COUNTING);
        let demand = step_bytes / x.step_time;
        let reads: &'static [&'static str] = &["step_bytes", "step_time"];
        trace.computed("demand", "BW_d", demand, "B·s / T", reads, COUNTING);
        DemandOut { step_bytes, demand }
    }
}

record! {
    /// Reading and computing of one step.
    pub struct StallIn {
        /// Time that the machine computes.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time that reading takes.
        read_time: Seconds, "T_io", NOT_NEGATIVE;
        /// Share of the shorter of the two that prefetching hides behind the longer.
        overlap: f64, "ω", SHARE, default 1.0;
    }
}

record! {
    /// The step with its wait for data.
    pub struct StallOut {
        /// Time of one step.
        time: Seconds, "T", NOT_NEGATIVE;
        /// Time that the machine waits for data.
        stall_time: Seconds, "T−T_c", NOT_NEGATIVE;
        /// Share of the step that the machine waits; 0 if a step takes no time.
        stall_share: f64, "φ", SHARE;
    }
}

/// The equation `ingestion.stall`.
#[derive(Debug, Clone, Copy)]
pub struct Stall;

impl Equation for Stall {
    type In = StallIn;
    type Out = StallOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "ingestion.stall",
        wall: 8,
        also: &[9],
        question: "Which share of a step does the machine wait for data?",
        formula: "φ = max(0, 1 − T_c / T_io), with full prefetching",
        source: SOURCE,
        inputs: StallIn::FIELDS,
        outputs: StallOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &StallIn, _: Convention, trace: &mut R) -> StallOut {
        let (longer, shorter) = (x.compute_time.max(x.read_time), x.compute_time.min(x.read_time));
        let time = longer + shorter * (1.0 - x.overlap);
        let reads: &'static [&'static str] = &["compute_time", "read_time", "overlap"];
        let formula = "max(T_c, T_io) + (1 − ω) × min(T_c, T_io)";
        trace.computed("time", "T", time, formula, reads, SOURCE);
        let stall_time = (time - x.compute_time).max(Seconds::ZERO);
        let reads: &'static [&'static str] = &["time", "compute_time"];
        trace.computed("stall_time", "T−T_c", stall_time, "T − T_c", reads, SOURCE);
        let stall_share = if time > Seconds::ZERO { stall_time / time } else { 0.0 };
        let reads: &'static [&'static str] = &["stall_time", "time"];
        trace.computed("stall_share", "φ", stall_share, "(T − T_c) / T", reads, SOURCE);
        StallOut { time, stall_time, stall_share }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(hit_rate: f64, cache: f64, amplification: f64) -> BalanceOut {
        let x = BalanceIn {
            demand: BytesPerSecond(1e9),
            storage: BytesPerSecond(1e9),
            link: BytesPerSecond(16e9),
            hit_rate,
            cache: BytesPerSecond(cache),
            amplification,
        };
        solve::<Balance>(&x, Convention::Reference).unwrap()
    }

    #[test]
    fn a_cache_mixes_harmonically() {
        // Half of the bytes at 4 GB/s and half at 1 GB/s: 1 / (0.125 + 0.5) GB/s.
        assert!((path(0.5, 4e9, 1.0).supply.0 - 1.6e9).abs() < 1.0);
        // Every byte read twice: half of the bandwidth, so a stall.
        let doubled = path(0.0, 0.0, 2.0);
        assert_eq!((doubled.supply, doubled.feed), (BytesPerSecond(0.5e9), Feed::Stalled));
        // A cache that serves something at a rate nobody knows leaves the storage path unknown; the link is known.
        assert_eq!(path(0.5, 0.0, 1.0).bottleneck, DataPath::Interconnect);
    }

    #[test]
    fn upstream_calls_the_unknown_a_stall() {
        let x = BalanceIn {
            demand: BytesPerSecond(5.0),
            storage: BytesPerSecond::ZERO,
            link: BytesPerSecond::ZERO,
            hit_rate: 0.0,
            cache: BytesPerSecond::ZERO,
            amplification: 1.0,
        };
        let out = solve::<Balance>(&x, Convention::Upstream030).unwrap();
        assert_eq!((out.feed, out.utilization), (Feed::Stalled, f64::INFINITY));
        let out = solve::<Balance>(&x, Convention::Reference).unwrap();
        assert_eq!((out.feed, out.margin), (Feed::Unknown, BytesPerSecond::ZERO));
    }

    #[test]
    fn exactly_enough_is_enough() {
        let out = balance(BytesPerSecond(2e9), BytesPerSecond(2e9), BytesPerSecond(2e9)).unwrap();
        assert_eq!((out.feed, out.bottleneck), (Feed::Flowing, DataPath::Storage));
    }

    #[test]
    fn waiting_by_hand() {
        let wait = |overlap| {
            let x = StallIn { compute_time: Seconds(3.0), read_time: Seconds(4.0), overlap };
            solve::<Stall>(&x, Convention::Reference).unwrap().stall_share
        };
        // Prefetched: 1 − 3/4. One after the other: 4 of 7 seconds.
        assert!((wait(1.0) - 0.25).abs() < 1e-15);
        assert!((wait(0.0) - 4.0 / 7.0).abs() < 1e-15);
    }
}
