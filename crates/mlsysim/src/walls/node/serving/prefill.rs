//! The equation of prefill: a prompt in one pass or in chunks.

use super::experts::weights_read;
use super::{COUNTING, POPE};
use crate::convention::Convention;
use crate::trace::Recorder;
use crate::units::{
    Bytes, BytesPerSecond, BytesPerToken, Flop, FlopPerSecond, Params, Seconds, Tokens,
};
use crate::walls::equation::{Equation, EquationInfo, Record, record};

const SARATHI: &str =
    "Agrawal et al. (2024), Taming Throughput-Latency Tradeoff in LLM Inference with Sarathi-Serve";

record! {
    /// A batch of prompts, a model and a machine.
    pub struct PrefillIn {
        /// Parameters that each token is multiplied with.
        active_parameters: Params, "N_act", NOT_NEGATIVE;
        /// Bytes of all weights.
        weight_bytes: Bytes, "W", NOT_NEGATIVE;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of its memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Tokens of each prompt that are not cached.
        new_tokens: Tokens, "n", POSITIVE;
        /// Tokens before them whose keys and values are kept from an earlier request.
        cached_tokens: Tokens, "c", NOT_NEGATIVE, default 0.0;
        /// Prompts in the batch.
        batch: f64, "B", COUNT, default 1.0;
        /// Tokens of each prompt that one pass reads; 0 for all at once.
        chunk_tokens: Tokens, "m", NOT_NEGATIVE, default 0.0;
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
        /// Fixed time per pass.
        dispatch: Seconds, "τ_d", NOT_NEGATIVE, default 0.0;
        /// Fixed time per layer and pass.
        layer_time: Seconds, "τ_l", NOT_NEGATIVE, default 0.0;
    }
}

impl PrefillIn {
    /// One token of one prompt, no attention, no fixed times, half of the peak.
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
            new_tokens: Tokens(1.0),
            cached_tokens: Tokens(0.0),
            batch: 1.0,
            chunk_tokens: Tokens(0.0),
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
    /// What reading the prompts takes.
    pub struct PrefillOut {
        /// Tokens of context, summed over the new tokens of one prompt.
        context_sum: f64, "Σj", NOT_NEGATIVE;
        /// Operations of the products with weights.
        linear_ops: Flop, "F_w", NOT_NEGATIVE;
        /// Operations of attention.
        attention_ops: Flop, "F_a", NOT_NEGATIVE;
        /// All operations.
        ops: Flop, "OPs", NOT_NEGATIVE;
        /// Passes over the weights.
        passes: f64, "C", NOT_NEGATIVE;
        /// Time that arithmetic takes.
        compute_time: Seconds, "T_c", NOT_NEGATIVE;
        /// Time that memory traffic takes.
        memory_time: Seconds, "T_m", NOT_NEGATIVE;
        /// Fixed time.
        overhead: Seconds, "T_o", NOT_NEGATIVE;
        /// Time until the first token.
        prefill_time: Seconds, "TTFT", NOT_NEGATIVE;
        /// Time of the longest pass, for which sequences that decode beside it stand still.
        longest_pass: Seconds, "T_p", NOT_NEGATIVE;
    }
}

/// The equation `serving.prefill`.
#[derive(Debug, Clone, Copy)]
pub struct Prefill;

impl Equation for Prefill {
    type In = PrefillIn;
    type Out = PrefillOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "serving.prefill",
        wall: 4,
        also: &[],
        question: "How long does a batch of prompts take until the first token?",
        formula: "TTFT = Σ_passes max(OPs / (Peak × η), (W_r + KV) / (BW × η_m)) + C × (τ_d + L × τ_l)",
        source: POPE,
        inputs: PrefillIn::FIELDS,
        outputs: PrefillOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &PrefillIn, convention: Convention, trace: &mut R) -> PrefillOut {
        let upstream = convention == Convention::Upstream030;
        let (n, c) = (x.new_tokens.0, x.cached_tokens.0);
        // A token sees those before it and itself; upstream lets it see those after it too.
        let context_sum = if upstream { n * (n + c) } else { context_sum(n, c) };
        trace.computed(
            "context_sum",
            "Σj",
            context_sum,
            "n × c + n × (n + 1) / 2",
            &["new_tokens", "cached_tokens"],
            COUNTING,
        );
        let linear_ops = Flop(2.0 * x.active_parameters.0 * n * x.batch);
        trace.computed(
            "linear_ops",
            "F_w",
            linear_ops,
            "2 × N_act × n × B",
            &["active_parameters", "new_tokens", "batch"],
            POPE,
        );
        let attention_ops = Flop(4.0 * x.n_layers * x.attention_width * context_sum * x.batch);
        trace.computed(
            "attention_ops",
            "F_a",
            attention_ops,
            "4 × L × H·d_h × Σj × B",
            &["n_layers", "attention_width", "context_sum", "batch"],
            POPE,
        );
        let ops = linear_ops + attention_ops;
        trace.computed("ops", "OPs", ops, "F_w + F_a", &["linear_ops", "attention_ops"], POPE);
        let sustained = x.peak * x.efficiency;
        let compute_time = ops / sustained;
        trace.computed(
            "compute_time",
            "T_c",
            compute_time,
            "OPs / (Peak × η)",
            &["ops", "peak", "efficiency"],
            POPE,
        );
        let chunk = if x.chunk_tokens.0 > 0.0 { x.chunk_tokens.0.min(n) } else { n };
        let passes = libm::ceil(n / chunk);
        trace.computed("passes", "C", passes, "⌈n / m⌉", &["new_tokens", "chunk_tokens"], SARATHI);
        let per_pass = if upstream { x.dispatch } else { x.dispatch + x.layer_time * x.n_layers };
        let overhead = per_pass * passes;
        trace.computed(
            "overhead",
            "T_o",
            overhead,
            "C × (τ_d + L × τ_l)",
            &["passes", "dispatch", "n_layers", "layer_time"],
            COUNTING,
        );
        let times = if upstream {
            let share = Seconds(compute_time.0 * (chunk / n));
            Times { memory: Seconds::ZERO, busy: compute_time, longest: share }
        } else {
            Times::of(x, chunk, sustained)
        };
        const PASS: &[&str] = &[
            "weight_bytes",
            "routed_share",
            "chosen_share",
            "kv_per_token",
            "new_tokens",
            "cached_tokens",
            "chunk_tokens",
            "batch",
            "bandwidth",
            "memory_efficiency",
        ];
        trace.computed(
            "memory_time",
            "T_m",
            times.memory,
            "Σ_passes (W × (1 − ρ × (1 − k/E)^(m×B)) + k × B × context) / (BW × η_m)",
            PASS,
            POPE,
        );
        let prefill_time = times.busy + overhead;
        const PARTS: &[&str] = &["compute_time", "memory_time", "passes", "overhead"];
        trace.computed(
            "prefill_time",
            "TTFT",
            prefill_time,
            "Σ_passes max(T_c, T_m) + T_o",
            PARTS,
            POPE,
        );
        let longest_pass = times.longest + per_pass;
        trace.computed(
            "longest_pass",
            "T_p",
            longest_pass,
            "max over passes of max(T_c, T_m) + T_o / C",
            PARTS,
            SARATHI,
        );
        PrefillOut {
            context_sum,
            linear_ops,
            attention_ops,
            ops,
            passes,
            compute_time,
            memory_time: times.memory,
            overhead,
            prefill_time,
            longest_pass,
        }
    }
}

/// Context of `n` tokens after `c` others, summed: `Σ_{j=c+1}^{c+n} j`.
#[inline]
fn context_sum(n: f64, c: f64) -> f64 {
    n * c + n * (n + 1.0) / 2.0
}

/// Memory time, busy time and longest pass, without fixed times.
struct Times {
    memory: Seconds,
    busy: Seconds,
    longest: Seconds,
}

impl Times {
    /// Sums passes of `chunk` tokens and a last one of what is left.
    ///
    /// Arithmetic and traffic of equal passes both grow by the same amount from pass to pass, so the sum of the larger
    /// of the two splits into two arithmetic series.
    #[inline]
    fn of(x: &PrefillIn, chunk: f64, sustained: FlopPerSecond) -> Self {
        let bandwidth = x.bandwidth * x.memory_efficiency;
        let pass = |tokens: f64, before: f64| {
            let attention = 4.0 * x.n_layers * x.attention_width * context_sum(tokens, before);
            let ops = Flop((2.0 * x.active_parameters.0 * tokens + attention) * x.batch);
            let read = weights_read(
                x.weight_bytes,
                x.routed_share,
                x.chosen_share,
                Tokens(tokens * x.batch),
            );
            let kv = x.kv_per_token * Tokens((before + tokens) * x.batch);
            ((ops / sustained).0, ((read + kv) / bandwidth).0)
        };
        let (n, c) = (x.new_tokens.0, x.cached_tokens.0);
        let full = libm::floor(n / chunk);
        let first = pass(chunk, c);
        let last_full = pass(chunk, c + (full - 1.0) * chunk);
        let steps = (full - 1.0).max(1.0);
        let line = |from: f64, to: f64| Line { start: from, slope: (to - from) / steps };
        let (compute, memory) = (line(first.0, last_full.0), line(first.1, last_full.1));
        let mut times = Self {
            memory: Seconds(memory.sum(0.0, full)),
            busy: Seconds(sum_of_larger(compute, memory, full)),
            longest: Seconds(last_full.0.max(last_full.1)),
        };
        let rest = n - full * chunk;
        if rest > 0.0 {
            let (compute, memory) = pass(rest, c + full * chunk);
            let larger = Seconds(compute.max(memory));
            times.memory += Seconds(memory);
            times.busy += larger;
            times.longest = times.longest.max(larger);
        }
        times
    }
}

/// `start + slope·i` for `i = 0, 1, 2, …`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) start: f64,
    pub(crate) slope: f64,
}

impl Line {
    fn at(self, i: f64) -> f64 {
        self.start + self.slope * i
    }

    /// The sum over `from ≤ i < to`.
    pub(crate) fn sum(self, from: f64, to: f64) -> f64 {
        (to - from) * self.at((from + to - 1.0) / 2.0)
    }
}

/// `Σ_{i<n} max(a_i, b_i)` of two lines.
#[inline]
pub(crate) fn sum_of_larger(a: Line, b: Line, n: f64) -> f64 {
    let larger_at = |i: f64| if a.at(i) >= b.at(i) { a } else { b };
    let (first, last) = (larger_at(0.0), larger_at(n - 1.0));
    let crossing = (b.start - a.start) / (a.slope - b.slope);
    if crossing > 0.0 && crossing < n - 1.0 {
        let split = libm::floor(crossing) + 1.0;
        first.sum(0.0, split) + last.sum(split, n)
    } else {
        // The lines do not change places between the first and the last.
        if first.at(n - 1.0) >= last.at(n - 1.0) { first.sum(0.0, n) } else { last.sum(0.0, n) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn example() -> PrefillIn {
        PrefillIn {
            new_tokens: Tokens(1000.0),
            cached_tokens: Tokens(200.0),
            batch: 2.0,
            n_layers: 32.0,
            attention_width: 4096.0,
            kv_per_token: BytesPerToken(131_072.0),
            ..PrefillIn::new(
                Params(8e9),
                Bytes(16e9),
                FlopPerSecond(989e12),
                BytesPerSecond(3.35e12),
            )
        }
    }

    #[test]
    fn one_pass_by_hand() {
        let out = solve::<Prefill>(&example(), Convention::Reference).unwrap();
        // 1000·200 + 1000·1001/2 = 700 500; 2·8e9·1000·2 = 32 TFLOP; 4·32·4096·700500·2.
        assert_eq!(out.context_sum.to_bits(), 700_500.0_f64.to_bits());
        let attention = 4.0 * 32.0 * 4096.0 * 700_500.0 * 2.0;
        assert_eq!((out.linear_ops, out.attention_ops), (Flop(32e12), Flop(attention)));
        let expected = (32e12 + attention) / (989e12 * 0.5);
        // Roundings of five operations.
        assert!((out.prefill_time.0 / expected - 1.0).abs() < 1e-14);
        // 16 GB and 2·1200 tokens of 128 KiB.
        let memory = (16e9 + 2400.0 * 131_072.0) / 3.35e12;
        assert!((out.memory_time.0 / memory - 1.0).abs() < 1e-14);
    }

    #[test]
    fn chunks_do_the_same_arithmetic_as_a_loop_over_them() {
        for (chunk, bandwidth) in [(64.0, 3.35e12), (300.0, 2e11), (7.0, 1e12), (2000.0, 1e9)] {
            let x = PrefillIn {
                chunk_tokens: Tokens(chunk),
                bandwidth: BytesPerSecond(bandwidth),
                dispatch: Seconds(1e-5),
                layer_time: Seconds(1e-6),
                ..example()
            };
            let out = solve::<Prefill>(&x, Convention::Reference).unwrap();
            let (mut done, mut time, mut longest, mut passes) = (0.0, 0.0, 0.0_f64, 0);
            while done < 1000.0 {
                let tokens = f64::min(chunk, 1000.0 - done);
                let mut sum = 0.0;
                for j in 0..1000 {
                    let j = f64::from(j);
                    if j < tokens {
                        sum += 200.0 + done + j + 1.0;
                    }
                }
                let ops = (16e9 * tokens + 4.0 * 32.0 * 4096.0 * sum) * 2.0;
                let bytes = 16e9 + 131_072.0 * 2.0 * (200.0 + done + tokens);
                let pass = f64::max(ops / (989e12 * 0.5), bytes / bandwidth) + 1e-5 + 32e-6;
                time += pass;
                longest = longest.max(pass);
                done += tokens;
                passes += 1;
            }
            assert_eq!(out.passes.to_bits(), f64::from(passes).to_bits());
            // The loop rounds some hundred times.
            assert!((out.prefill_time.0 / time - 1.0).abs() < 1e-12, "{chunk} {bandwidth}");
            assert!((out.longest_pass.0 / longest - 1.0).abs() < 1e-12, "{chunk} {bandwidth}");
        }
    }

    #[test]
    fn larger_of_two_lines_by_a_loop() {
        let (a, b) = (Line { start: 1.0, slope: 3.0 }, Line { start: 10.0, slope: 0.5 });
        let count = 9;
        let sum: f64 = (0..count).map(f64::from).map(|i| a.at(i).max(b.at(i))).sum();
        assert!((sum_of_larger(a, b, 9.0) - sum).abs() < 1e-12);
        assert!((sum_of_larger(b, a, 9.0) - sum).abs() < 1e-12);
        assert!((sum_of_larger(a, a, 9.0) - a.sum(0.0, 9.0)).abs() < 1e-12);
    }
}
