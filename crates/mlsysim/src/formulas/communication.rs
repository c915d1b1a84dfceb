//! Time of collective operations over links with a start-up time (Hockney's model).
//!
//! A message of `M` bytes takes `α + M/β` from one rank to another; the rest is counting rounds and bytes per rank.
//! Ranks are assumed to send at the same time without sharing links. One rank communicates nothing.

use super::formulas;
use crate::units::{Bytes, BytesPerSecond, Seconds};

/// The smallest `k` with `2^k ≥ n`: the depth of a binary tree over `n` ranks.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "whole numbers up to 2^53"
)]
pub(crate) fn ceil_log2(n: f64) -> f64 {
    f64::from((n as u64).next_power_of_two().trailing_zeros())
}

formulas! { communication;
    /// Returns the time of one message from rank to rank.
    ///
    /// `T = α + M/β`
    source "Hockney (1994), The communication challenge for MPP, Parallel Computing 20(3)";
    /// assert_eq!(communication::point_to_point(Bytes(3e9), BytesPerSecond(1e9), Seconds(0.5))?, Seconds(3.5));
    fn point_to_point(message: Bytes, NOT_NEGATIVE; bandwidth: BytesPerSecond, POSITIVE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        start_up + message / bandwidth
    }

    /// Returns the message size at which start-up and transfer take equally long.
    ///
    /// `M = α × β`
    source "Hockney (1994), The communication challenge for MPP, Parallel Computing 20(3)";
    /// assert_eq!(communication::half_bandwidth_message(Seconds(5e-6), BytesPerSecond(2e9))?, Bytes(10e3));
    fn half_bandwidth_message(start_up: Seconds, NOT_NEGATIVE; bandwidth: BytesPerSecond, POSITIVE) -> Bytes, NOT_NEGATIVE {
        start_up * bandwidth
    }

    /// Returns the time that a message spends in switches on its way.
    ///
    /// `T = h × α`
    source "Dally & Towles (2003), Principles and Practices of Interconnection Networks, ch. 3";
    /// assert_eq!(communication::hop_latency(4.0, Seconds(0.25))?, Seconds(1.0));
    fn hop_latency(hops: f64, COUNT_OR_NONE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        start_up * hops
    }

    /// Returns the time of an all-reduce around a ring: a reduce-scatter, then an all-gather.
    ///
    /// `T = 2·(n−1)/n × M/β + 2·(n−1) × α`
    source "Patarasuk & Yuan (2009), Bandwidth optimal all-reduce algorithms, JPDC 69(2)";
    /// // 8 GB over 4 ranks: 2 × 3/4 × 8 s of transfer, and 6 messages of 0.5 s.
    /// assert_eq!(communication::ring_allreduce(Bytes(8e9), 4.0, BytesPerSecond(1e9), Seconds(0.5))?, Seconds(15.0));
    fn ring_allreduce(message: Bytes, NOT_NEGATIVE; ranks: f64, COUNT; bandwidth: BytesPerSecond, POSITIVE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        2.0 * ring_stage(message, ranks, bandwidth, start_up)
    }

    /// Returns the time of half a ring all-reduce: a reduce-scatter or an all-gather of `M` bytes in all.
    ///
    /// `T = (n−1)/n × M/β + (n−1) × α`
    source "Thakur, Rabenseifner & Gropp (2005), Optimization of collective communication operations in MPICH, IJHPCA 19(1)";
    /// assert_eq!(communication::ring_stage(Bytes(8e9), 4.0, BytesPerSecond(1e9), Seconds(0.5))?, Seconds(7.5));
    fn ring_stage(message: Bytes, NOT_NEGATIVE; ranks: f64, COUNT; bandwidth: BytesPerSecond, POSITIVE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        message * ((ranks - 1.0) / ranks) / bandwidth + start_up * (ranks - 1.0)
    }

    /// Returns the time of an all-reduce up and down a binary tree that sends the whole message at each level.
    ///
    /// `T = 2·⌈log2 n⌉ × (M/β + α)`
    source "Thakur, Rabenseifner & Gropp (2005), Optimization of collective communication operations in MPICH, IJHPCA 19(1)";
    /// // 5 ranks need 3 levels.
    /// assert_eq!(communication::tree_allreduce(Bytes(1e9), 5.0, BytesPerSecond(1e9), Seconds(0.5))?, Seconds(9.0));
    fn tree_allreduce(message: Bytes, NOT_NEGATIVE; ranks: f64, COUNT; bandwidth: BytesPerSecond, POSITIVE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        2.0 * recursive_doubling_allreduce(message, ranks, bandwidth, start_up)
    }

    /// Returns the time of an all-reduce in which ranks exchange whole messages with partners at doubling distance.
    ///
    /// `T = ⌈log2 n⌉ × (M/β + α)`
    source "Thakur, Rabenseifner & Gropp (2005), Optimization of collective communication operations in MPICH, IJHPCA 19(1)";
    /// assert_eq!(communication::recursive_doubling_allreduce(Bytes(1e9), 8.0, BytesPerSecond(1e9), Seconds(0.5))?, Seconds(4.5));
    fn recursive_doubling_allreduce(message: Bytes, NOT_NEGATIVE; ranks: f64, COUNT; bandwidth: BytesPerSecond, POSITIVE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        (message / bandwidth + start_up) * ceil_log2(ranks)
    }

    /// Returns the time of an all-reduce by recursive halving, then doubling: the bytes of a ring in the rounds of a tree.
    ///
    /// `T = 2·(n−1)/n × M/β + 2·⌈log2 n⌉ × α`, exact for a power of two and a lower bound otherwise.
    source "Thakur, Rabenseifner & Gropp (2005), Optimization of collective communication operations in MPICH, IJHPCA 19(1)";
    /// assert_eq!(communication::halving_doubling_allreduce(Bytes(8e9), 4.0, BytesPerSecond(1e9), Seconds(0.5))?, Seconds(14.0));
    fn halving_doubling_allreduce(message: Bytes, NOT_NEGATIVE; ranks: f64, COUNT; bandwidth: BytesPerSecond, POSITIVE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        message * (2.0 * (ranks - 1.0) / ranks) / bandwidth + start_up * (2.0 * ceil_log2(ranks))
    }

    /// Returns the time of an all-reduce over two complementary trees, each of which carries half of the message.
    ///
    /// `T = 1.05 × 2·(n−1)/n × M/β + 1.2 × 2·log2(n) × α`, where 1.05 and 1.2 are choices of the Python package.
    source "Sanders, Speck & Träff (2009), Two-tree algorithms for full bandwidth broadcast, reduction and scan, Parallel Computing 35(12)";
    /// // 2 ranks: 1.05 × 1 s and 1.2 × 2 messages of 0.5 s.
    /// assert_eq!(communication::double_tree_allreduce(Bytes(1e9), 2.0, BytesPerSecond(1e9), Seconds(0.5))?, Seconds(2.25));
    fn double_tree_allreduce(message: Bytes, NOT_NEGATIVE; ranks: f64, COUNT; bandwidth: BytesPerSecond, POSITIVE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        message * (1.05 * 2.0 * (ranks - 1.0) / ranks) / bandwidth
            + start_up * (1.2 * 2.0 * libm::log2(ranks))
    }

    /// Returns the time in which each rank sends its share of `M` bytes to every other, one message at a time.
    ///
    /// `T = (n−1)/n × M/β + (n−1) × α`, with `M` the bytes in the buffer of one rank.
    source "Thakur, Rabenseifner & Gropp (2005), Optimization of collective communication operations in MPICH, IJHPCA 19(1)";
    /// assert_eq!(communication::all_to_all(Bytes(4e9), 4.0, BytesPerSecond(1e9), Seconds(0.5))?, Seconds(4.5));
    fn all_to_all(message: Bytes, NOT_NEGATIVE; ranks: f64, COUNT; bandwidth: BytesPerSecond, POSITIVE; start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        ring_stage(message, ranks, bandwidth, start_up)
    }

    /// Returns the time of an all-reduce inside each node, then between nodes, then inside again; each device has its own network card.
    ///
    /// `T = 2·[(g−1)/g × M/β_i + (g−1) × α_i] + ring(M/g, k, β_e, α_e)`
    source "Jia et al. (2018), Highly scalable deep learning training system with mixed precision, arXiv:1807.11205";
    /// // 4 devices on each of 2 nodes: 6 s and 3 s inside, then 2 GB over 2 nodes in 2 s and 2 messages of 1 s.
    /// let time = communication::hierarchical_allreduce(Bytes(8e9), 2.0, 4.0, BytesPerSecond(2e9), BytesPerSecond(1e9), Seconds(0.5), Seconds(1.0))?;
    /// assert_eq!(time, Seconds(6.0 + 3.0 + 2.0 + 2.0));
    fn hierarchical_allreduce(message: Bytes, NOT_NEGATIVE; nodes: f64, COUNT; per_node: f64, COUNT; intra_bandwidth: BytesPerSecond, POSITIVE; inter_bandwidth: BytesPerSecond, POSITIVE; intra_start_up: Seconds, NOT_NEGATIVE; inter_start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        ring_allreduce(message, per_node, intra_bandwidth, intra_start_up)
            + ring_allreduce(message / per_node, nodes, inter_bandwidth, inter_start_up)
    }

    /// As [`hierarchical_allreduce`] where the devices of a node share one network card, so that the whole message crosses it.
    ///
    /// `T = 2·[(g−1)/g × M/β_i + (g−1) × α_i] + ring(M, k, β_e, α_e)`
    source "Jia et al. (2018), Highly scalable deep learning training system with mixed precision, arXiv:1807.11205";
    /// let time = communication::shared_card_allreduce(Bytes(8e9), 2.0, 4.0, BytesPerSecond(2e9), BytesPerSecond(1e9), Seconds(0.5), Seconds(1.0))?;
    /// assert_eq!(time, Seconds(6.0 + 3.0 + 8.0 + 2.0));
    fn shared_card_allreduce(message: Bytes, NOT_NEGATIVE; nodes: f64, COUNT; per_node: f64, COUNT; intra_bandwidth: BytesPerSecond, POSITIVE; inter_bandwidth: BytesPerSecond, POSITIVE; intra_start_up: Seconds, NOT_NEGATIVE; inter_start_up: Seconds, NOT_NEGATIVE) -> Seconds, NOT_NEGATIVE {
        ring_allreduce(message, per_node, intra_bandwidth, intra_start_up)
            + ring_allreduce(message, nodes, inter_bandwidth, inter_start_up)
    }

    /// Returns an estimate of the message size above which a ring beats a tree.
    ///
    /// `M = n·α·β / log2 n`, and 0 for one rank; [`ring_tree_crossover`] is exact.
    source "Thakur, Rabenseifner & Gropp (2005), Optimization of collective communication operations in MPICH, IJHPCA 19(1)";
    /// assert_eq!(communication::ring_tree_crossover_estimate(8.0, Seconds(3e-6), BytesPerSecond(1e9))?, Bytes(8e3));
    fn ring_tree_crossover_estimate(ranks: f64, COUNT; start_up: Seconds, NOT_NEGATIVE; bandwidth: BytesPerSecond, POSITIVE) -> Bytes, NOT_NEGATIVE {
        if ranks > 1.0 { start_up * bandwidth * (ranks / libm::log2(ranks)) } else { Bytes::ZERO }
    }

    /// Returns the message size at which [`ring_allreduce`] and [`tree_allreduce`] take equally long.
    ///
    /// `M = (2·(n−1) − 2·⌈log2 n⌉) × α·β / (2·⌈log2 n⌉ − 2·(n−1)/n)`, and 0 for one rank.
    source "equating the two times of Thakur, Rabenseifner & Gropp (2005)";
    /// // 4 ranks: (6 − 4) × 5 kB / (4 − 1.5).
    /// assert_eq!(communication::ring_tree_crossover(4.0, Seconds(5e-6), BytesPerSecond(1e9))?, Bytes(4e3));
    fn ring_tree_crossover(ranks: f64, COUNT; start_up: Seconds, NOT_NEGATIVE; bandwidth: BytesPerSecond, POSITIVE) -> Bytes, NOT_NEGATIVE {
        if ranks > 1.0 {
            let levels = ceil_log2(ranks);
            start_up * bandwidth * ((ranks - 1.0 - levels) / (levels - (ranks - 1.0) / ranks))
        } else {
            Bytes::ZERO
        }
    }
}
