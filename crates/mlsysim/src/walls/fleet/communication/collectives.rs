//! Collective operations over a path, in plain numbers of bytes and seconds.
//!
//! The formulas are those of [`crate::formulas::communication`]; the walls of this folder have checked their inputs.

use crate::formulas::communication::raw;
use crate::units::{Bytes, BytesPerSecond, Seconds};

/// A way from rank to rank: bandwidth in byte/s, time until the first byte arrives in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Path {
    pub(crate) bandwidth: f64,
    pub(crate) latency: f64,
}

/// Ring all-reduce over `ranks`.
#[inline]
pub(crate) fn ring(message: f64, ranks: f64, path: Path) -> f64 {
    let (bandwidth, latency) = (BytesPerSecond(path.bandwidth), Seconds(path.latency));
    raw::ring_allreduce(Bytes(message), ranks, bandwidth, latency).0
}

/// All-to-all of a buffer of `message` bytes per rank.
#[inline]
pub(crate) fn all_to_all(message: f64, ranks: f64, path: Path) -> f64 {
    let (bandwidth, latency) = (BytesPerSecond(path.bandwidth), Seconds(path.latency));
    raw::all_to_all(Bytes(message), ranks, bandwidth, latency).0
}

/// All-reduce over `ranks` of which `per_node` share a node: inside one node, between nodes, or in two tiers.
#[inline]
pub(crate) fn two_tiers(
    message: f64,
    ranks: f64,
    per_node: f64,
    inside: Path,
    between: Path,
) -> f64 {
    if per_node >= ranks {
        return ring(message, ranks, inside);
    }
    if per_node <= 1.0 {
        return ring(message, ranks, between);
    }
    let nodes = libm::ceil(ranks / per_node);
    let (inner, outer) = (BytesPerSecond(inside.bandwidth), BytesPerSecond(between.bandwidth));
    let starts = (Seconds(inside.latency), Seconds(between.latency));
    raw::hierarchical_allreduce(Bytes(message), nodes, per_node, inner, outer, starts.0, starts.1).0
}
