//! The equation of a decoding step: a roofline over weights, keys and values.

use super::experts::weights_read;
use super::{COUNTING, POPE};
use crate::composite::roofline::Bottleneck;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{
    Bytes, BytesPerSecond, BytesPerToken, Flop, FlopPerSecond, Params, Seconds, Tokens,
    TokensPerSecond,
};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

record! {
    /// A batch of sequences, a model and a machine.
    pub struct DecodeIn {
        /// Parameters that each token is multiplied with.
        active_parameters: Params, "N_act", NOT_NEGATIVE;
        /// Bytes of all weights.
        weight_bytes: Bytes, "W", NOT_NEGATIVE;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of its memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Tokens that each sequence has so far.
        context: Tokens, "S", NOT_NEGATIVE, default 0.0;
        /// Sequences in the batch.
        batch: f64, "B", NOT_NEGATIVE, default 1.0;
        /// Tokens that the step handles in each sequence: more than one to check a draft.
        tokens_each: f64, "q", POSITIVE, default 1.0;
        /// Layers of the model.
        n_layers: f64, "L", NOT_NEGATIVE, default 0.0;
        /// Heads times width of a head.
        attention_width: f64, "H·d_h", NOT_NEGATIVE, default 0.0;
        /// Bytes of keys and values that each token adds.
        kv_per_token: BytesPerToken, "k", NOT_NEGATIVE, default 0.0;
        /// Share of the weights that lies in experts of which a token uses some.
        routed_share: f64, "ρ", SHARE, default 0.0;
        /// Share of those experts that one token uses.
        chosen_share: f64, "k/E", SHARE, default 1.0;
        /// Share of the peak that the code reaches.
        efficiency: f64, "η", EFFICIENCY, default 0.5;
        /// Share of the bandwidth that streams sustain.
        memory_efficiency: f64, "η_m", EFFICIENCY, default 1.0;
        /// Fixed time per step.
        dispatch: Seconds, "τ_d", NOT_NEGATIVE, default 0.0;
        /// Fixed time per layer and step.
        layer_time: Seconds, "τ_l", NOT_NEGATIVE, default 0.0;
    }
}

impl DecodeIn {
    /// One sequence without context, no attention, no fixed times, half of the peak.
    #[must_use]
    pub const fn new(
        active_parameters: Params,
        weight_bytes: Bytes,
        peak: FlopPerSecond,
        bandwidth: BytesPerSecond,
    ) -> Self {
        Self {
            active_parameters,
            weight_bytes,
            peak,
            bandwidth,
            context: Tokens(0.0),
            batch: 1.0,
            tokens_each: 1.0,
            n_layers: 0.0,
            attention_width: 0.0,
            kv_per_token: BytesPerToken(0.0),
            routed_share: 0.0,
            chosen_share: 1.0,
            efficiency: 0.5,
            memory_efficiency: 1.0,
            dispatch: Seconds(0.0),
            layer_time: Seconds(0.0),
        }
    }
}

record! {
    /// What the step takes.
    pub struct DecodeOut {
        /// Operations of the products with weights.
        linear_ops: Flop, "F_w", NOT_NEGATIVE;
        /// Operations of attention.
        attention_ops: Flop, "F_a", NOT_NEGATIVE;
        /// Bytes of weights that the step reads.
        weights_read: Bytes, "W_r", NOT_NEGATIVE;
        /// Bytes of keys and values that the step reads.
        kv_bytes: Bytes, "KV", NOT_NEGATIVE;
        /// Time that arithmetic takes.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time that memory traffic takes.
        memory_time: Seconds, "T_m", NOT_NEGATIVE;
        /// Fixed time.
        overhead: Seconds, "T_o", NOT_NEGATIVE;
        /// Time of the step, which is the time between two tokens of a sequence.
        step_time: Seconds, "ITL", NOT_NEGATIVE;
        /// Tokens that the step handles per second; 0 if it takes no time.
        token_rate: TokensPerSecond, "B·q/ITL", NOT_NEGATIVE;
        /// What takes longer.
        bottleneck: Bottleneck, "bound", SHARE;
    }
}

/// The equation `serving.decode`.
#[derive(Debug, Clone, Copy)]
pub struct Decode;

impl Equation for Decode {
    type In = DecodeIn;
    type Out = DecodeOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "serving.decode",
        wall: 4,
        also: &[5],
        question: "How long does one step take that writes a token for every sequence?",
        formula: "ITL = max(OPs / (Peak × η), (W_r + KV) / (BW × η_m)) + τ_d + L × τ_l",
        source: POPE,
        inputs: DecodeIn::FIELDS,
        outputs: DecodeOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &DecodeIn, convention: Convention, trace: &mut R) -> DecodeOut {
        let upstream = convention == Convention::Upstream030;
        let tokens = x.batch * x.tokens_each;
        let linear_ops = Flop(2.0 * x.active_parameters.0 * tokens);
        trace.computed(
            "linear_ops",
            "F_w",
            linear_ops,
            "2 × N_act × B × q",
            &["active_parameters", "batch", "tokens_each"],
            POPE,
        );
        let attention_ops = Flop(4.0 * x.n_layers * x.attention_width * x.context.0 * tokens);
        trace.computed(
            "attention_ops",
            "F_a",
            attention_ops,
            "4 × L × H·d_h × S × B × q",
            &["n_layers", "attention_width", "context", "batch", "tokens_each"],
            POPE,
        );
        let weights_read = if upstream {
            x.weight_bytes
        } else {
            weights_read(x.weight_bytes, x.routed_share, x.chosen_share, Tokens(tokens))
        };
        trace.computed(
            "weights_read",
            "W_r",
            weights_read,
            "W × (1 − ρ × (1 − k/E)^(B×q))",
            &["weight_bytes", "routed_share", "chosen_share", "batch", "tokens_each"],
            "uniform routing",
        );
        let kv_bytes = x.kv_per_token * x.context * x.batch;
        trace.computed(
            "kv_bytes",
            "KV",
            kv_bytes,
            "k × S × B",
            &["kv_per_token", "context", "batch"],
            POPE,
        );
        let compute_time = (linear_ops + attention_ops) / (x.peak * x.efficiency);
        trace.computed(
            "compute_time",
            "T_c",
            compute_time,
            "(F_w + F_a) / (Peak × η)",
            &["linear_ops", "attention_ops", "peak", "efficiency"],
            POPE,
        );
        let bandwidth = if upstream { x.bandwidth } else { x.bandwidth * x.memory_efficiency };
        let memory_time = (weights_read + kv_bytes) / bandwidth;
        trace.computed(
            "memory_time",
            "T_m",
            memory_time,
            "(W_r + KV) / (BW × η_m)",
            &["weights_read", "kv_bytes", "bandwidth", "memory_efficiency"],
            POPE,
        );
        let layers = x.layer_time * x.n_layers;
        let overhead = if upstream { layers } else { x.dispatch + layers };
        trace.computed(
            "overhead",
            "T_o",
            overhead,
            "τ_d + L × τ_l",
            &["dispatch", "n_layers", "layer_time"],
            COUNTING,
        );
        // Upstream knows no limit of arithmetic here.
        let busy = if upstream { memory_time } else { compute_time.max(memory_time) };
        let step_time = busy + overhead;
        const PARTS: &[&str] = &["compute_time", "memory_time", "overhead"];
        trace.computed("step_time", "ITL", step_time, "max(T_c, T_m) + T_o", PARTS, POPE);
        let token_rate = if step_time > Seconds::ZERO {
            Tokens(tokens) / step_time
        } else {
            TokensPerSecond::ZERO
        };
        trace.computed(
            "token_rate",
            "B·q/ITL",
            token_rate,
            "B × q / ITL",
            &["batch", "tokens_each", "step_time"],
            COUNTING,
        );
        let bottleneck = if upstream || memory_time > compute_time {
            Bottleneck::Memory
        } else {
            Bottleneck::Compute
        };
        trace.computed(
            "bottleneck",
            "bound",
            bottleneck,
            "Memory if T_m > T_c",
            &["compute_time", "memory_time"],
            POPE,
        );
        DecodeOut {
            linear_ops,
            attention_ops,
            weights_read,
            kv_bytes,
            compute_time,
            memory_time,
            overhead,
            step_time,
            token_rate,
            bottleneck,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn a_large_batch_is_limited_by_arithmetic() {
        // Llama-3-8B on an H100, 2 048 sequences, no context: 2 × 8.03e9 × 2048 FLOP at half of 989 TFLOP/s.
        let x = DecodeIn {
            batch: 2048.0,
            ..DecodeIn::new(
                Params(8.03e9),
                Bytes(16.06e9),
                FlopPerSecond(989e12),
                BytesPerSecond(3.35e12),
            )
        };
        let out = solve::<Decode>(&x, Convention::Reference).unwrap();
        assert!((out.step_time.0 - 0.066_514_4).abs() < 1e-6, "{}", out.step_time);
        assert_eq!(out.bottleneck, Bottleneck::Compute);
        // Upstream sees only the 16.06 GB of weights, 4.79 ms.
        let old = solve::<Decode>(&x, Convention::Upstream030).unwrap();
        assert!((old.step_time.0 - 16.06 / 3350.0).abs() < 1e-15);
    }

    #[test]
    fn a_sparse_step_by_hand() {
        // 10 bytes, 6 of them in 3 experts of which a token uses 1; two tokens reach 5/9 of the 6.
        let x = DecodeIn {
            batch: 2.0,
            routed_share: 0.6,
            chosen_share: 1.0 / 3.0,
            ..DecodeIn::new(Params(0.0), Bytes(10.0), FlopPerSecond(1.0), BytesPerSecond(1.0))
        };
        let out = solve::<Decode>(&x, Convention::Reference).unwrap();
        assert!((out.weights_read.0 - (4.0 + 6.0 * 5.0 / 9.0)).abs() < 1e-14);
    }
}
