//! Wall 14: copies of the model add up their gradients once per step.
//!
//! The copies that stand in one node add up over its links first, then one ring per shard runs between nodes.
//! Sharding optimizer state or gradients (stages 1 and 2) sends the same bytes as a plain all-reduce: a reduce-scatter
//! and an all-gather. Sharding the weights too (stage 3) gathers them before they are used.
//! The sum can hide behind the backward pass that still produces gradients, but never behind more time than that takes.

use super::collectives::{Path, two_tiers};
use super::source::{COUNTING, RING, ZERO};
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// What adding up gradients needs.
    pub struct SyncIn {
        /// Gradients that one device adds up with its copies.
        gradient_bytes: Bytes, "g", NOT_NEGATIVE;
        /// Weights that one device gathers, where they are sharded.
        gathered_bytes: Bytes, "w", NOT_NEGATIVE, default 0.0;
        /// Copies of the model.
        dp: f64, "dp", COUNT;
        /// Copies that stand in one node.
        copies_per_node: f64, "r", COUNT, default 1.0;
        /// Bandwidth between devices of a node, one direction.
        intra_bandwidth: BytesPerSecond, "β_i", POSITIVE;
        /// Start-up time of a message inside a node.
        intra_latency: Seconds, "α_i", NOT_NEGATIVE, default 5e-7;
        /// Bandwidth of a device into the network, one direction.
        inter_bandwidth: BytesPerSecond, "β_e", POSITIVE;
        /// Start-up time of a message between nodes.
        inter_latency: Seconds, "α_e", NOT_NEGATIVE, default 5e-6;
        /// Stage of sharding over the copies.
        zero_stage: f64, "z", ZERO_STAGE, default 0.0;
        /// How often a step gathers sharded weights: before the forward and before the backward pass.
        gathers: f64, "q", COUNT, default 2.0;
        /// Backward passes whose gradients are added up locally first.
        accumulation: f64, "a", COUNT, default 1.0;
        /// Factor of congestion.
        congestion: f64, "κ", NOT_NEGATIVE, default 1.0;
        /// Time of the backward pass that produces the gradients.
        backward_time: Seconds, "T_b", NOT_NEGATIVE, default 0.0;
        /// Share of that time in which messages can travel.
        overlap: f64, "ω", SHARE, default 0.0;
    }
}

record! {
    /// What adding up gradients costs.
    pub struct SyncOut {
        /// Time of the all-reduce of the gradients.
        gradient_time: Seconds, "T_g", NOT_NEGATIVE;
        /// Time of one gathering of the weights; 0 unless they are sharded.
        gather_time: Seconds, "T_w", NOT_NEGATIVE;
        /// Time of all messages.
        sync_time: Seconds, "T_dp", NOT_NEGATIVE;
        /// Time that the step waits for them.
        exposed_sync_time: Seconds, "T_dp,x", NOT_NEGATIVE;
    }
}

/// The equation `communication.gradient_sync`.
///
/// - [`Convention::Reference`]: stage 3 reduces once and gathers `q` times, `q = 2` making 1.5 times the bytes of the
///   other stages; accumulating gradients changes nothing, since the sum is formed once per step; what is exposed is
///   `max(0, T_dp − ω·T_b)`.
/// - [`Convention::Upstream030`]: one all-reduce at every stage, divided by the accumulation; the share `1 − ω` of it
///   is exposed; two-tier sums take 0.5 µs for the start-up inside a node.
#[derive(Debug, Clone, Copy)]
pub struct GradientSync;

/// Start-up time inside a node that the Python package takes in two-tier sums.
const UPSTREAM_INTRA_LATENCY: f64 = 5e-7;

const LINKS: &[&str] = &[
    "gradient_bytes",
    "dp",
    "copies_per_node",
    "intra_bandwidth",
    "intra_latency",
    "inter_bandwidth",
    "inter_latency",
    "congestion",
];
const GATHERED: &[&str] = &[
    "gathered_bytes",
    "dp",
    "copies_per_node",
    "intra_bandwidth",
    "intra_latency",
    "inter_bandwidth",
    "inter_latency",
    "congestion",
    "zero_stage",
];

impl Equation for GradientSync {
    type In = SyncIn;
    type Out = SyncOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "communication.gradient_sync",
        wall: 14,
        also: &[],
        question: "How long does a training step wait for the sum of its gradients?",
        formula: "T_dp = AR(g) for z < 3, AR(g)/2 + q × AR(w)/2 for z = 3; T_dp,x = max(0, T_dp − ω × T_b)",
        source: ZERO,
        inputs: SyncIn::FIELDS,
        outputs: SyncOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &SyncIn, convention: Convention, trace: &mut R) -> SyncOut {
        let upstream = convention == Convention::Upstream030;
        let two_tier = x.copies_per_node > 1.0 && x.copies_per_node < x.dp;
        let intra_latency =
            if upstream && two_tier { UPSTREAM_INTRA_LATENCY } else { x.intra_latency.0 };
        let inside = Path { bandwidth: x.intra_bandwidth.0, latency: intra_latency };
        let between = Path { bandwidth: x.inter_bandwidth.0, latency: x.inter_latency.0 };
        let reduce = |bytes: Bytes| two_tiers(bytes.0, x.dp, x.copies_per_node, inside, between);
        let gradient_time = Seconds(reduce(x.gradient_bytes) * x.congestion);
        trace.computed("gradient_time", "T_g", gradient_time, "AR(g, dp) × κ", LINKS, RING);
        let sharded = !upstream && x.zero_stage > 2.5;
        // An all-gather is the second half of an all-reduce.
        let gather_time = if sharded {
            Seconds(reduce(x.gathered_bytes) * x.congestion * 0.5)
        } else {
            Seconds::ZERO
        };
        trace.computed(
            "gather_time",
            "T_w",
            gather_time,
            "AR(w, dp) × κ / 2 if z = 3",
            GATHERED,
            ZERO,
        );
        let (sync_time, formula) = match (upstream, sharded) {
            (true, _) => (gradient_time / x.accumulation, "T_g / a"),
            (false, true) => (gradient_time * 0.5 + gather_time * x.gathers, "T_g/2 + q × T_w"),
            (false, false) => (gradient_time, "T_g"),
        };
        let reads: &'static [&'static str] =
            &["gradient_time", "gather_time", "gathers", "accumulation", "zero_stage"];
        trace.computed("sync_time", "T_dp", sync_time, formula, reads, ZERO);
        let (exposed_sync_time, formula) = if upstream {
            (sync_time * (1.0 - x.overlap), "T_dp × (1 − ω)")
        } else {
            ((sync_time - x.backward_time * x.overlap).max(Seconds::ZERO), "max(0, T_dp − ω × T_b)")
        };
        let reads: &'static [&'static str] = &["sync_time", "overlap", "backward_time"];
        trace.computed("exposed_sync_time", "T_dp,x", exposed_sync_time, formula, reads, COUNTING);
        SyncOut { gradient_time, gather_time, sync_time, exposed_sync_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn ring_of_four() -> SyncIn {
        SyncIn {
            gradient_bytes: Bytes(8e9),
            gathered_bytes: Bytes(8e9),
            dp: 4.0,
            copies_per_node: 1.0,
            intra_bandwidth: BytesPerSecond(100e9),
            intra_latency: Seconds(0.0),
            inter_bandwidth: BytesPerSecond(1e9),
            inter_latency: Seconds(0.0),
            zero_stage: 0.0,
            gathers: 2.0,
            accumulation: 1.0,
            congestion: 1.0,
            backward_time: Seconds(10.0),
            overlap: 0.5,
        }
    }

    #[test]
    fn sharded_weights_send_half_as_much_again() {
        // 2·3/4·8 GB over 1 GB/s is 12 s; stage 3 reduces for 6 s and gathers twice for 6 s.
        let plain = solve::<GradientSync>(&ring_of_four(), Convention::Reference).unwrap();
        assert_eq!((plain.sync_time, plain.exposed_sync_time), (Seconds(12.0), Seconds(7.0)));
        let x = SyncIn { zero_stage: 3.0, ..ring_of_four() };
        let sharded = solve::<GradientSync>(&x, Convention::Reference).unwrap();
        assert_eq!((sharded.sync_time, sharded.exposed_sync_time), (Seconds(18.0), Seconds(13.0)));
    }

    #[test]
    fn accumulation_does_not_divide_the_sum() {
        let x = SyncIn { accumulation: 8.0, ..ring_of_four() };
        let time = |convention| solve::<GradientSync>(&x, convention).unwrap().sync_time;
        assert_eq!(time(Convention::Reference), Seconds(12.0));
        assert_eq!(time(Convention::Upstream030), Seconds(1.5));
    }

    #[test]
    fn a_long_backward_pass_hides_the_sum() {
        let x = SyncIn { backward_time: Seconds(100.0), ..ring_of_four() };
        let out = solve::<GradientSync>(&x, Convention::Reference).unwrap();
        assert_eq!(out.exposed_sync_time, Seconds::ZERO);
    }
}
