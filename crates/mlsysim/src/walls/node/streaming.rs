//! Wall 6, streaming: a machine that holds no weights must be fed one layer after the other.
//!
//! Wafer-scale and host-offload machines keep keys, values and activations, and receive the weights of each layer over
//! a link while they compute the layer before.
//! A layer takes the longer of its injection and its arithmetic; a larger batch makes more of every byte injected,
//! until arithmetic is the longer one.
//! Layers are taken as equal, and every layer is injected whole, all experts of a sparse one included.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::{Recorder, Value};
use crate::units::{
    Bytes, BytesPerParam, BytesPerSecond, BytesPerToken, Flop, FlopPerSecond, Params, Seconds,
    Tokens, TokensPerSecond,
};
use crate::walls::equation::{Equation, EquationInfo, Record, labels, record, solve};

const LIE: &str = "Lie et al. (2022), Cerebras Architecture Deep Dive, Hot Chips 34";
const COUNTING: &str = "counting";
/// Room beside the keys and values, as a share of them.
const WORKSPACE: f64 = 0.1;

labels! {
    /// What the machine does with its sequences.
    pub enum Phase {
        /// Writes one token each.
        Decode = "decode",
        /// Reads all their tokens.
        Prefill = "prefill",
    }
}

labels! {
    /// What a layer waits for.
    pub enum StreamBottleneck {
        /// Arithmetic.
        Compute = "Compute-Bound",
        /// Injection of weights.
        Injection = "Interconnect-Bandwidth-Bound",
    }
}

/// Returns how fast a machine runs a model whose weights are streamed to it layer by layer.
///
/// `T_layer = max(W_l / BW_inj, OPs_l / (Peak·η) + τ_d)`.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] naming the first input outside the range that [`StreamIn`] states.
/// - [`crate::Error::Overflow`] if a result does not fit a 64-bit float.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Params, Seconds};
/// use mlsysim::walls::node::streaming::{self, StreamIn};
///
/// // A layer of 10⁹ parameters at 2 bytes over 100 GB/s: 20 ms, whatever the batch, until arithmetic takes longer.
/// let x = StreamIn::new(Params(1e9), BytesPerSecond(1e11), FlopPerSecond(1e15), Bytes(4e10));
/// let out = streaming::layer(&x)?;
/// assert_eq!(out.injection_time, Seconds(0.02));
/// assert_eq!(out.optimal_batch, 5000.0);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn layer(x: &StreamIn) -> Result<StreamOut> {
    solve::<Stream>(x, Convention::Reference)
}

record! {
    /// A layer, the sequences it serves, and a machine.
    pub struct StreamIn {
        /// Parameters of one layer.
        layer_parameters: Params, "P", POSITIVE;
        /// Bandwidth at which weights arrive.
        injection: BytesPerSecond, "BW_inj", POSITIVE;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Size of its memory.
        capacity: Bytes, "M", POSITIVE;
        /// Share of a layer's parameters that each token is multiplied with; upstream takes all.
        active_share: f64, "P_act/P", SHARE, default 1.0;
        /// Bytes one stored parameter takes.
        width: BytesPerParam, "b", POSITIVE, default 2.0;
        /// Layers of the model.
        n_layers: f64, "L", COUNT, default 1.0;
        /// Heads times width of a head; upstream: heads with keys of their own.
        attention_width: f64, "H·d_h", NOT_NEGATIVE, default 0.0;
        /// Bytes of keys and values that each token adds, all layers together.
        kv_per_token: BytesPerToken, "k", NOT_NEGATIVE, default 0.0;
        /// Tokens that each sequence has.
        seq_len: Tokens, "S", POSITIVE, default 1.0;
        /// Sequences in the batch.
        batch: f64, "B", COUNT, default 1.0;
        /// Whether the sequences are read or written on.
        phase: Phase, "phase", ONE_OF_2, default 0.0;
        /// Share of the peak that the code reaches.
        efficiency: f64, "η", EFFICIENCY, default 0.5;
        /// Fixed time per layer.
        dispatch: Seconds, "τ_d", NOT_NEGATIVE, default 0.0;
    }
}

impl StreamIn {
    /// One layer of a model without attention, one sequence, 16 bits, half of the peak.
    #[must_use]
    pub const fn new(
        layer_parameters: Params,
        injection: BytesPerSecond,
        peak: FlopPerSecond,
        capacity: Bytes,
    ) -> Self {
        Self {
            layer_parameters,
            injection,
            peak,
            capacity,
            active_share: 1.0,
            width: BytesPerParam(2.0),
            n_layers: 1.0,
            attention_width: 0.0,
            kv_per_token: BytesPerToken(0.0),
            seq_len: Tokens(1.0),
            batch: 1.0,
            phase: Phase::Decode,
            efficiency: 0.5,
            dispatch: Seconds(0.0),
        }
    }

    /// Tokens of each sequence that pass through the layer, and their contexts summed.
    #[inline]
    fn tokens(&self, upstream: bool) -> (f64, f64) {
        let s = self.seq_len.0;
        match (self.phase, upstream) {
            // Upstream leaves out attention when decoding, and counts half of it when reading.
            (Phase::Decode, true) => (1.0, 0.0),
            (Phase::Prefill, true) => (s, s * s / 2.0),
            (Phase::Decode, false) => (1.0, s),
            (Phase::Prefill, false) => (s, s * (s + 1.0) / 2.0),
        }
    }
}

record! {
    /// How fast the layers follow each other.
    pub struct StreamOut {
        /// Bytes of keys and values with their workspace.
        need: Bytes, "Q", NOT_NEGATIVE;
        /// These bytes over the size of the memory.
        utilization: f64, "u", NOT_NEGATIVE;
        /// Whether they fit.
        feasible: bool, "fits", SHARE;
        /// Time to inject one layer.
        injection_time: Seconds, "T_inj", NOT_NEGATIVE;
        /// Operations of one layer for one sequence.
        sequence_ops: Flop, "F_1", NOT_NEGATIVE;
        /// Time to compute one layer.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time of one layer.
        layer_time: Seconds, "T_layer", NOT_NEGATIVE;
        /// What the layer waits for.
        bottleneck: StreamBottleneck, "bound", SHARE;
        /// Tokens per second through all layers; 0 if the sequences do not fit.
        throughput: TokensPerSecond, "n·B/(L·T_layer)", NOT_NEGATIVE;
        /// Smallest batch for which arithmetic takes as long as injection; upstream: the largest for which it does not.
        optimal_batch: f64, "B*", NOT_NEGATIVE;
    }
}

/// The equation `streaming.layer`.
#[derive(Debug, Clone, Copy)]
pub struct Stream;

impl Equation for Stream {
    type In = StreamIn;
    type Out = StreamOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "streaming.layer",
        wall: 6,
        also: &[4, 10],
        question: "How fast does a machine run a model whose weights are streamed to it?",
        formula: "T_layer = max(P × b / BW_inj, (2 × P_act × n + 4 × H·d_h × Σcontext) × B / (Peak × η) + τ_d)",
        source: LIE,
        inputs: StreamIn::FIELDS,
        outputs: StreamOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &StreamIn, convention: Convention, trace: &mut R) -> StreamOut {
        let upstream = convention == Convention::Upstream030;
        let need = x.kv_per_token * x.seq_len * (x.batch * (1.0 + WORKSPACE));
        trace.computed(
            "need",
            "Q",
            need,
            "1.1 × k × S × B",
            &["kv_per_token", "seq_len", "batch"],
            LIE,
        );
        let utilization = need / x.capacity;
        trace.computed("utilization", "u", utilization, "Q / M", &["need", "capacity"], COUNTING);
        let feasible = need <= x.capacity;
        trace.computed(
            "feasible",
            "fits",
            Value::Flag(feasible),
            "Q ≤ M",
            &["need", "capacity"],
            COUNTING,
        );
        let injection_time = x.layer_parameters * x.width / x.injection;
        trace.computed(
            "injection_time",
            "T_inj",
            injection_time,
            "P × b / BW_inj",
            &["layer_parameters", "width", "injection"],
            LIE,
        );
        let (tokens, context) = x.tokens(upstream);
        let linear = if upstream { 2.0 } else { 2.0 * x.active_share };
        let sequence_ops =
            Flop(linear * x.layer_parameters.0 * tokens + 4.0 * x.attention_width * context);
        trace.computed(
            "sequence_ops",
            "F_1",
            sequence_ops,
            "2 × P_act × n + 4 × H·d_h × Σcontext",
            &["layer_parameters", "active_share", "attention_width", "seq_len", "phase"],
            LIE,
        );
        let sustained = x.peak * x.efficiency;
        let compute_time = sequence_ops * x.batch / sustained + x.dispatch;
        trace.computed(
            "compute_time",
            "T_c",
            compute_time,
            "F_1 × B / (Peak × η) + τ_d",
            &["sequence_ops", "batch", "peak", "efficiency", "dispatch"],
            LIE,
        );
        const TIMES: &[&str] = &["injection_time", "compute_time"];
        let layer_time = compute_time.max(injection_time);
        trace.computed("layer_time", "T_layer", layer_time, "max(T_inj, T_c)", TIMES, LIE);
        let bottleneck = if compute_time >= injection_time {
            StreamBottleneck::Compute
        } else {
            StreamBottleneck::Injection
        };
        trace.computed("bottleneck", "bound", bottleneck, "Compute if T_c ≥ T_inj", TIMES, LIE);
        let per_token = layer_time * x.n_layers;
        let throughput = if feasible && per_token > Seconds::ZERO {
            Tokens(tokens * x.batch) / per_token
        } else {
            TokensPerSecond::ZERO
        };
        trace.computed(
            "throughput",
            "n·B/(L·T_layer)",
            throughput,
            "n × B / (L × T_layer); 0 if it does not fit",
            &["feasible", "layer_time", "n_layers", "seq_len", "batch", "phase"],
            COUNTING,
        );
        let optimal_batch = x.optimal_batch(injection_time, sequence_ops, sustained, upstream);
        trace.computed(
            "optimal_batch",
            "B*",
            optimal_batch,
            "max(1, ⌈(T_inj − τ_d) × Peak × η / F_1⌉)",
            &["injection_time", "dispatch", "peak", "efficiency", "sequence_ops"],
            COUNTING,
        );
        StreamOut {
            need,
            utilization,
            feasible,
            injection_time,
            sequence_ops,
            compute_time,
            layer_time,
            bottleneck,
            throughput,
            optimal_batch,
        }
    }
}

impl StreamIn {
    /// Upstream balances the products of one token alone, whatever the phase.
    #[inline]
    fn optimal_batch(
        &self,
        injection_time: Seconds,
        sequence_ops: Flop,
        sustained: FlopPerSecond,
        upstream: bool,
    ) -> f64 {
        if upstream {
            let balanced = injection_time * sustained / Flop(2.0 * self.layer_parameters.0);
            return libm::floor(balanced).max(1.0);
        }
        let left = (injection_time - self.dispatch).max(Seconds::ZERO);
        let balanced = left * sustained / sequence_ops;
        // A ratio that is a whole number may come out a rounding above it.
        libm::ceil(balanced * (1.0 - 1e-12)).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> StreamIn {
        StreamIn {
            n_layers: 10.0,
            attention_width: 1000.0,
            kv_per_token: BytesPerToken(1000.0),
            seq_len: Tokens(100.0),
            batch: 50.0,
            dispatch: Seconds(1e-3),
            ..StreamIn::new(Params(1e9), BytesPerSecond(1e11), FlopPerSecond(1e14), Bytes(1e10))
        }
    }

    #[test]
    fn decoding_by_hand() {
        let out = layer(&example()).unwrap();
        // (2e9 + 4·1000·100)·50 at 5e13 FLOP/s: 2.0004 ms, and 1 ms; injection 2 GB at 100 GB/s: 20 ms.
        assert!((out.compute_time.0 - 0.003_000_4).abs() < 1e-15);
        assert_eq!((out.layer_time, out.bottleneck), (Seconds(0.02), StreamBottleneck::Injection));
        assert!((out.throughput.0 - 50.0 / 0.2).abs() < 1e-9);
        // 19 ms × 5e13 / 2.0004e9 = 474.9.
        assert_eq!(out.optimal_batch.to_bits(), 475.0_f64.to_bits());
        let full = layer(&StreamIn { batch: 475.0, ..example() }).unwrap();
        assert_eq!(full.bottleneck, StreamBottleneck::Compute);
        let less = layer(&StreamIn { batch: 474.0, ..example() }).unwrap();
        assert_eq!(less.bottleneck, StreamBottleneck::Injection);
    }

    #[test]
    fn reading_sees_only_what_came_before() {
        let out = layer(&StreamIn { phase: Phase::Prefill, ..example() }).unwrap();
        // 2e9·100 + 4·1000·(100·101/2)
        assert_eq!(out.sequence_ops, Flop(2e11 + 4000.0 * 5050.0));
        let crowded = StreamIn { capacity: Bytes(5e6), ..example() };
        let out = layer(&crowded).unwrap();
        // 1.1 × 1000 × 100 × 50 bytes
        assert!(!out.feasible && (out.utilization - 1.1).abs() < 1e-12);
        assert_eq!(out.throughput, TokensPerSecond::ZERO);
    }
}
