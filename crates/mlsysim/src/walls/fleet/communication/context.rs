//! Wall 14: devices that share a sequence pass its keys and values around a ring.
//!
//! While a device attends to one chunk of keys and values, the next chunk arrives. Work grows with the square of the
//! chunk and bytes only with its length, so a chunk that is long enough hides its own transfer.
//! The bound counts the products of attention alone and holds for as many key-value heads as query heads; fewer make
//! the message smaller.

use super::source::RING_ATTENTION;
use crate::convention::Convention;
use crate::formulas::network::raw::ring_attention_chunk;
use crate::trace::{Recorder, Value};
use crate::units::{Bytes, BytesPerSecond, FlopPerSecond, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// What attention around a ring needs.
    pub struct ContextIn {
        /// Tokens of the whole sequence.
        seq_len: Tokens, "S", NOT_NEGATIVE;
        /// Devices that share it.
        cp: f64, "cp", COUNT;
        /// Bytes of one element.
        element: Bytes, "b", POSITIVE, default 2.0;
        /// Rate at which a device computes attention.
        rate: FlopPerSecond, "π·η", POSITIVE;
        /// Bandwidth to the next device, one direction.
        cp_bandwidth: BytesPerSecond, "β_cp", POSITIVE;
    }
}

record! {
    /// Whether attention around a ring hides its messages.
    pub struct ContextOut {
        /// Tokens of the sequence on one device.
        chunk: Tokens, "c", NOT_NEGATIVE;
        /// Fewest tokens per device that hide the transfer.
        least_chunk: Tokens, "c_min", NOT_NEGATIVE;
        /// Whether the transfer hides.
        hides: bool, "hides", SHARE;
    }
}

/// The equation `communication.ring_attention`.
#[derive(Debug, Clone, Copy)]
pub struct RingAttention;

impl Equation for RingAttention {
    type In = ContextIn;
    type Out = ContextOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "communication.ring_attention",
        wall: 14,
        also: &[],
        question: "Is a sequence long enough per device to hide the exchange of its keys and values?",
        formula: "c_min = b × π·η / (2 × β_cp)",
        source: RING_ATTENTION,
        inputs: ContextIn::FIELDS,
        outputs: ContextOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &ContextIn, _: Convention, trace: &mut R) -> ContextOut {
        let chunk = x.seq_len / x.cp;
        trace.computed("chunk", "c", chunk, "S / cp", &["seq_len", "cp"], RING_ATTENTION);
        // Per head a chunk costs 4·c²·d_h operations against one that arrives in 2·c·d_h·b bytes.
        let least_chunk = ring_attention_chunk(x.element, x.rate, x.cp_bandwidth);
        let reads: &'static [&'static str] = &["element", "rate", "cp_bandwidth"];
        trace.computed(
            "least_chunk",
            "c_min",
            least_chunk,
            "b × π·η / (2 × β_cp)",
            reads,
            RING_ATTENTION,
        );
        let hides = chunk >= least_chunk || x.cp <= 1.0;
        let reads: &'static [&'static str] = &["chunk", "least_chunk", "cp"];
        trace.computed("hides", "hides", Value::Flag(hides), "c ≥ c_min", reads, RING_ATTENTION);
        ContextOut { chunk, least_chunk, hides }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn the_least_chunk_balances_work_and_transfer() {
        let x = ContextIn {
            seq_len: Tokens(65_536.0),
            cp: 8.0,
            element: Bytes(2.0),
            rate: FlopPerSecond(4e14),
            cp_bandwidth: BytesPerSecond(5e10),
        };
        let out = solve::<RingAttention>(&x, Convention::Reference).unwrap();
        assert_eq!((out.chunk, out.least_chunk), (Tokens(8192.0), Tokens(8000.0)));
        assert!(out.hides);
        // At the least chunk: 4·c²·128 operations take as long as 2·c·128·2 bytes.
        let c = out.least_chunk.0;
        let (work, transfer) = (4.0 * c * c * 128.0 / 4e14, 2.0 * c * 128.0 * 2.0 / 5e10);
        assert!((work / transfer - 1.0).abs() < 1e-12, "rounding of a handful of operations");
    }
}
