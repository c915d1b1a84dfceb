//! Wall 14: adding up one buffer over many ranks, by four schedules.
//!
//! A ring sends the fewest bytes and takes the most rounds; recursive doubling takes the fewest rounds and sends the
//! whole buffer in each; halving and doubling sends as little as the ring in few rounds, where the network can carry
//! its distant exchanges. A tree reduces and broadcasts.
//! The bounds assume links without contention.

use super::source::{RING, THAKUR};
use crate::convention::Convention;
use crate::error::Result;
use crate::formulas::communication::raw;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, Seconds};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

/// Returns the time of a ring all-reduce of `message` bytes over `ranks`.
///
/// `T = 2(n−1)/n × M/β + 2(n−1) × α`, with `M` in bytes, `β` in byte/s and `α` in seconds.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless `ranks` is a whole number of at least 1, `bandwidth` above 0, `message` and
///   `latency` at least 0, all finite.
/// - [`crate::Error::Overflow`] if the time does not fit a 64-bit float.
///
/// # Source
///
/// Patarasuk & Yuan (2009), "Bandwidth optimal all-reduce algorithms", JPDC 69(2).
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, Seconds};
/// use mlsysim::walls::fleet::communication::all_reduce::ring;
///
/// // 4 ranks: each sends 3/4 of the buffer twice, in 6 rounds.
/// let time = ring(Bytes(4e9), 4.0, BytesPerSecond(1e9), Seconds(0.5))?;
/// assert_eq!(time, Seconds(2.0 * 3.0 + 6.0 * 0.5));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn ring(
    message: Bytes,
    ranks: f64,
    bandwidth: BytesPerSecond,
    latency: Seconds,
) -> Result<Seconds> {
    let x = AllReduceIn { message, ranks, bandwidth, latency };
    Ok(solve::<AllReduce>(&x, Convention::Reference)?.ring_time)
}

record! {
    /// What an all-reduce needs.
    pub struct AllReduceIn {
        /// Buffer that every rank holds and wants the sum of.
        message: Bytes, "M", NOT_NEGATIVE;
        /// Ranks that take part.
        ranks: f64, "n", COUNT;
        /// Bandwidth of a rank's link, one direction.
        bandwidth: BytesPerSecond, "β", POSITIVE;
        /// Time until the first byte of a message arrives.
        latency: Seconds, "α", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// What an all-reduce costs by schedule.
    pub struct AllReduceOut {
        /// Bytes that each rank sends in a ring.
        sent: Bytes, "M_s", NOT_NEGATIVE;
        /// Time of the ring.
        ring_time: Seconds, "T_ring", NOT_NEGATIVE;
        /// Time of a tree that reduces and broadcasts.
        tree_time: Seconds, "T_tree", NOT_NEGATIVE;
        /// Time of recursive doubling.
        doubling_time: Seconds, "T_rd", NOT_NEGATIVE;
        /// Time of halving and doubling: the ring's bytes in the fewest rounds.
        halving_time: Seconds, "T_hd", NOT_NEGATIVE;
    }
}

/// The equation `communication.all_reduce`.
#[derive(Debug, Clone, Copy)]
pub struct AllReduce;

const ALL: &[&str] = &["message", "ranks", "bandwidth", "latency"];

impl Equation for AllReduce {
    type In = AllReduceIn;
    type Out = AllReduceOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "communication.all_reduce",
        wall: 14,
        also: &[],
        question: "How long does it take to add up one buffer over many ranks?",
        formula: "T_ring = 2(n−1)/n × M/β + 2(n−1) × α",
        source: RING,
        inputs: AllReduceIn::FIELDS,
        outputs: AllReduceOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &AllReduceIn, _: Convention, trace: &mut R) -> AllReduceOut {
        let AllReduceIn { message, ranks, bandwidth, latency } = *x;
        let sent = message * (2.0 * (ranks - 1.0) / ranks);
        trace.computed("sent", "M_s", sent, "2(n−1)/n × M", &["message", "ranks"], RING);
        let ring_time = raw::ring_allreduce(message, ranks, bandwidth, latency);
        let formula = "2(n−1)/n × M/β + 2(n−1) × α";
        trace.computed("ring_time", "T_ring", ring_time, formula, ALL, RING);
        let tree_time = raw::tree_allreduce(message, ranks, bandwidth, latency);
        let formula = "2⌈log2 n⌉ × (M/β + α)";
        trace.computed("tree_time", "T_tree", tree_time, formula, ALL, THAKUR);
        let doubling_time = raw::recursive_doubling_allreduce(message, ranks, bandwidth, latency);
        let formula = "⌈log2 n⌉ × (M/β + α)";
        trace.computed("doubling_time", "T_rd", doubling_time, formula, ALL, THAKUR);
        let halving_time = raw::halving_doubling_allreduce(message, ranks, bandwidth, latency);
        let formula = "2(n−1)/n × M/β + 2⌈log2 n⌉ × α";
        trace.computed("halving_time", "T_hd", halving_time, formula, ALL, THAKUR);
        AllReduceOut { sent, ring_time, tree_time, doubling_time, halving_time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_by_hand() {
        // 8 ranks, 1 GB, 1 GB/s, 1 ms: the ring sends 1.75 GB in 14 rounds, the others take 3 or 6.
        let x = AllReduceIn {
            message: Bytes(1e9),
            ranks: 8.0,
            bandwidth: BytesPerSecond(1e9),
            latency: Seconds(1e-3),
        };
        let out = solve::<AllReduce>(&x, Convention::Reference).unwrap();
        assert_eq!(out.sent, Bytes(1.75e9));
        let near = |time: Seconds, by_hand: f64| (time.0 - by_hand).abs() < 1e-12; // rounding
        assert!(near(out.ring_time, 1.75 + 0.014));
        assert!(near(out.doubling_time, 3.003) && near(out.tree_time, 6.006));
        assert!(near(out.halving_time, 1.75 + 0.006));
    }
}
