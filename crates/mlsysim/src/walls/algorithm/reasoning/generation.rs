//! The time of an answer whose context grows with every token.

use super::COUNTING;
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{Bytes, BytesPerSecond, BytesPerToken, Seconds, Tokens};
use crate::walls::equation::{Equation, EquationInfo, Record, record};
use crate::walls::node::serving::{Line, sum_of_larger};

const POPE: &str = "Pope et al. (2023), Efficiently Scaling Transformer Inference, section 2";

record! {
    /// An answer to be written.
    pub struct GenerationIn {
        /// Bytes of weights that each step reads.
        weights_read: Bytes, "W_r", NOT_NEGATIVE;
        /// Bytes of keys and values that each token adds.
        kv_per_token: BytesPerToken, "k", NOT_NEGATIVE;
        /// Bandwidth of the memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Tokens before the answer.
        context: Tokens, "S", NOT_NEGATIVE, default 0.0;
        /// Tokens of the answer.
        generated: Tokens, "G", COUNT, default 1.0;
        /// Sequences in the batch.
        batch: f64, "B", COUNT, default 1.0;
        /// Share of the bandwidth that streams sustain.
        memory_efficiency: f64, "η_m", EFFICIENCY, default 1.0;
        /// Time of arithmetic in the first step.
        compute_time: Seconds, "T_c", NOT_NEGATIVE, default 0.0;
        /// Time of arithmetic that each further token of context adds.
        compute_growth: Seconds, "τ_c", NOT_NEGATIVE, default 0.0;
        /// Fixed time of each step.
        overhead: Seconds, "T_o", NOT_NEGATIVE, default 0.0;
    }
}

impl GenerationIn {
    /// One token of one sequence without context, limited by memory alone.
    #[must_use]
    pub const fn new(
        weights_read: Bytes,
        kv_per_token: BytesPerToken,
        bandwidth: BytesPerSecond,
    ) -> Self {
        Self {
            weights_read,
            kv_per_token,
            bandwidth,
            context: Tokens(0.0),
            generated: Tokens(1.0),
            batch: 1.0,
            memory_efficiency: 1.0,
            compute_time: Seconds(0.0),
            compute_growth: Seconds(0.0),
            overhead: Seconds(0.0),
        }
    }
}

record! {
    /// What the answer takes.
    pub struct GenerationOut {
        /// Time that memory traffic takes, all steps together.
        memory_time: Seconds, "ΣT_m", NOT_NEGATIVE;
        /// Time of all steps.
        time: Seconds, "T", NOT_NEGATIVE;
        /// Mean time between tokens.
        mean_itl: Seconds, "T/G", NOT_NEGATIVE;
        /// Bytes of keys and values that the last step reads.
        last_kv: Bytes, "KV", NOT_NEGATIVE;
    }
}

/// The equation `reasoning.generation`.
#[derive(Debug, Clone, Copy)]
pub struct Generation;

impl Equation for Generation {
    type In = GenerationIn;
    type Out = GenerationOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "reasoning.generation",
        wall: 12,
        also: &[4],
        question: "How long does an answer take whose context grows with every token?",
        formula: "T = Σ_{j<G} max(T_c + j × τ_c, (W_r + B × k × (S + j)) / (BW × η_m)) + G × T_o",
        source: POPE,
        inputs: GenerationIn::FIELDS,
        outputs: GenerationOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &GenerationIn, _: Convention, trace: &mut R) -> GenerationOut {
        let bandwidth = x.bandwidth * x.memory_efficiency;
        let steps = x.generated.0;
        let first = (x.weights_read + x.kv_per_token * x.context * x.batch) / bandwidth;
        let growth = x.kv_per_token * Tokens(x.batch) / bandwidth;
        let memory = Line { start: first.0, slope: growth.0 };
        let compute = Line { start: x.compute_time.0, slope: x.compute_growth.0 };
        const READS: &[&str] = &[
            "weights_read",
            "kv_per_token",
            "context",
            "generated",
            "batch",
            "bandwidth",
            "memory_efficiency",
        ];
        let memory_time = Seconds(memory.sum(0.0, steps));
        trace.computed(
            "memory_time",
            "ΣT_m",
            memory_time,
            "(G × W_r + B × k × (G × S + G × (G − 1) / 2)) / (BW × η_m)",
            READS,
            POPE,
        );
        let time = Seconds(sum_of_larger(compute, memory, steps)) + x.overhead * steps;
        trace.computed(
            "time",
            "T",
            time,
            "Σ max(T_c + j × τ_c, T_m(j)) + G × T_o",
            &["memory_time", "compute_time", "compute_growth", "generated", "overhead"],
            POPE,
        );
        let mean_itl = time / steps;
        trace.computed("mean_itl", "T/G", mean_itl, "T / G", &["time", "generated"], COUNTING);
        let last_kv = x.kv_per_token * (x.context + Tokens(steps - 1.0)) * x.batch;
        trace.computed(
            "last_kv",
            "KV",
            last_kv,
            "B × k × (S + G − 1)",
            &["kv_per_token", "context", "generated", "batch"],
            COUNTING,
        );
        GenerationOut { memory_time, time, mean_itl, last_kv }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    #[test]
    fn arithmetic_that_overtakes_memory_as_a_loop_counts_it() {
        let x = GenerationIn {
            context: Tokens(100.0),
            generated: Tokens(50.0),
            batch: 4.0,
            compute_time: Seconds(900.0),
            compute_growth: Seconds(30.0),
            overhead: Seconds(2.0),
            ..GenerationIn::new(Bytes(1000.0), BytesPerToken(1.0), BytesPerSecond(1.0))
        };
        let out = solve::<Generation>(&x, Convention::Reference).unwrap();
        let step = |j: f64| f64::max(900.0 + 30.0 * j, 1000.0 + 4.0 * (100.0 + j)) + 2.0;
        let sum: f64 = (0..50).map(f64::from).map(step).sum();
        assert!((out.time.0 - sum).abs() < 1e-9, "{} {sum}", out.time.0);
        assert_eq!(out.last_kv, Bytes(4.0 * 149.0));
    }
}
