//! What a full house of requests yields: tokens per second, and the time between two tokens of one request.

use super::admission::{Admission, AdmissionIn};
use super::{COUNTING, KWON};
use crate::convention::Convention;
use crate::trace::{NoTrace, Recorder, Value};
use crate::units::{
    Bytes, BytesPerSecond, BytesPerToken, FlopPerSecond, Params, Seconds, Tokens, TokensPerSecond,
};
use crate::walls::equation::{Equation, EquationInfo, Record, record};
use crate::walls::node::serving::{Decode, DecodeIn, Prefill, PrefillIn};

const POPE: &str = "Pope et al. (2023), Efficiently Scaling Transformer Inference, MLSys";

record! {
    /// A machine, a model and requests that come and go.
    pub struct ContinuousIn {
        /// Size of the memory.
        capacity: Bytes, "M", POSITIVE;
        /// Parameters that each token is multiplied with.
        active_parameters: Params, "N_act", NOT_NEGATIVE;
        /// Bytes of all weights.
        weight_bytes: Bytes, "W", NOT_NEGATIVE;
        /// Bytes of keys and values that each token adds.
        kv_per_token: BytesPerToken, "k", NOT_NEGATIVE;
        /// Rate of the machine's arithmetic units in the number format used.
        peak: FlopPerSecond, "Peak", POSITIVE;
        /// Bandwidth of its memory.
        bandwidth: BytesPerSecond, "BW", POSITIVE;
        /// Most tokens of a request, prompt and answer.
        max_seq_len: Tokens, "S_max", POSITIVE;
        /// Mean tokens of a request; more than the most means the most.
        mean_tokens: Tokens, "S̄", POSITIVE;
        /// Most requests that the scheduler runs side by side.
        max_batch: f64, "N_max", COUNT, default 32.0;
        /// Tokens of one page.
        page_size: Tokens, "p", POSITIVE, default 16.0;
        /// Share of a request's tokens that are in the cache from its start; upstream takes all.
        prompt_share: f64, "φ", SHARE, default 1.0;
        /// Share of the pages kept free for requests that grow; upstream keeps none.
        watermark: f64, "ω", SHARE, default 0.01;
        /// Layers of the model.
        n_layers: f64, "L", NOT_NEGATIVE, default 0.0;
        /// Heads times width of a head.
        attention_width: f64, "H·d_h", NOT_NEGATIVE, default 0.0;
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

record! {
    /// What the full house yields.
    pub struct ContinuousOut {
        /// Whether at least one request fits.
        feasible: bool, "fits", SHARE;
        /// Tokens that a request under way has in the cache on average.
        held_tokens: Tokens, "o", NOT_NEGATIVE;
        /// Tokens of the pages that hold them.
        allocated_tokens: Tokens, "A", NOT_NEGATIVE;
        /// Requests side by side with pages.
        paged_requests: f64, "N_p", NOT_NEGATIVE;
        /// Requests side by side if each reserves its longest length.
        static_requests: f64, "N_s", NOT_NEGATIVE;
        /// Share of the allocated pages that holds nothing.
        paged_waste: f64, "w_p", SHARE;
        /// Share of a whole reservation that a request never uses.
        static_waste: f64, "w_s", SHARE;
        /// Bytes of the allocated pages.
        paged_kv: Bytes, "KV_p", NOT_NEGATIVE;
        /// Bytes of the whole reservations.
        static_kv: Bytes, "KV_s", NOT_NEGATIVE;
        /// Probability that the requests at a random moment need more pages than there are.
        preemption_risk: f64, "P_x", SHARE;
        /// Time of one step, which is the time between two tokens of a request; infinite if none fits.
        itl: Seconds, "ITL", UNBOUNDED;
        /// Tokens written per second.
        throughput: TokensPerSecond, "N_p/ITL", NOT_NEGATIVE;
        /// Tokens written per second with whole reservations.
        static_throughput: TokensPerSecond, "N_s/ITL_s", NOT_NEGATIVE;
        /// The first over the second; infinite if only pages let a request fit, 1 if none fits either way.
        speedup: f64, "N_p·ITL_s/(N_s·ITL)", UNBOUNDED;
        /// Time that reading one prompt takes; upstream: a full batch of the longest prompts.
        ttft: Seconds, "TTFT", NOT_NEGATIVE;
    }
}

/// The equation `batching.continuous`.
#[derive(Debug, Clone, Copy)]
pub struct Continuous;

impl Equation for Continuous {
    type In = ContinuousIn;
    type Out = ContinuousOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "batching.continuous",
        wall: 5,
        also: &[2, 4],
        question: "How many tokens per second do requests yield that come and go in pages?",
        formula: "N_p / ITL, with N_p of batching.admission and ITL of serving.decode at N_p sequences of o tokens",
        source: KWON,
        inputs: ContinuousIn::FIELDS,
        outputs: ContinuousOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(
        x: &ContinuousIn,
        convention: Convention,
        trace: &mut R,
    ) -> ContinuousOut {
        let upstream = convention == Convention::Upstream030;
        let admitted = Admission::compute(&x.admission(), convention, trace);
        let feasible = admitted.paged_requests > 0.0;
        trace.computed(
            "feasible",
            "fits",
            Value::Flag(feasible),
            "N_p > 0",
            &["paged_requests"],
            COUNTING,
        );

        trace.computed("batch", "B", admitted.paged_requests, "N_p", &["paged_requests"], COUNTING);
        trace.computed("context", "S", admitted.held_tokens, "o", &["held_tokens"], COUNTING);
        trace.given("tokens_each", "q", 1.0, "one token per step and request");
        let step = x.step(admitted.held_tokens, admitted.paged_requests, upstream);
        let paged = Decode::compute(&step, convention, trace);
        let itl = match (feasible, upstream) {
            (true, _) => paged.step_time,
            // Upstream's stand-in for no room at all; with some room it prices a step without requests.
            (false, true) if admitted.kv_budget <= Bytes::ZERO => Seconds(1000.0),
            (false, true) => paged.step_time,
            (false, false) => Seconds(f64::INFINITY),
        };
        trace.computed("itl", "ITL", itl, "ITL of N_p sequences", &["step_time", "feasible"], POPE);
        let throughput = rate(admitted.paged_requests, itl);
        trace.computed(
            "throughput",
            "N_p/ITL",
            throughput,
            "N_p / ITL",
            &["paged_requests", "itl"],
            COUNTING,
        );

        let step = x.step(admitted.held_tokens, admitted.static_requests, upstream);
        let reserved = Decode::compute(&step, convention, &mut NoTrace);
        let static_throughput = rate(admitted.static_requests, reserved.step_time);
        const STATIC: &[&str] = &[
            "static_requests",
            "held_tokens",
            "weight_bytes",
            "kv_per_token",
            "active_parameters",
            "peak",
            "bandwidth",
        ];
        trace.computed(
            "static_throughput",
            "N_s/ITL_s",
            static_throughput,
            "N_s / ITL of N_s sequences",
            STATIC,
            POPE,
        );
        let speedup = if static_throughput > TokensPerSecond::ZERO {
            throughput / static_throughput
        } else if throughput > TokensPerSecond::ZERO {
            f64::INFINITY
        } else {
            1.0
        };
        trace.computed(
            "speedup",
            "N_p·ITL_s/(N_s·ITL)",
            speedup,
            "(N_p / ITL) / (N_s / ITL_s)",
            &["throughput", "static_throughput"],
            KWON,
        );

        let prompt = x.prompt(upstream);
        let ttft = Prefill::compute(&prompt, convention, &mut NoTrace).prefill_time;
        const PROMPT: &[&str] =
            &["mean_tokens", "prompt_share", "active_parameters", "peak", "efficiency"];
        trace.computed(
            "ttft",
            "TTFT",
            ttft,
            "TTFT of serving.prefill for one prompt of φ × S̄ tokens",
            PROMPT,
            POPE,
        );
        ContinuousOut {
            feasible,
            held_tokens: admitted.held_tokens,
            allocated_tokens: admitted.allocated_tokens,
            paged_requests: admitted.paged_requests,
            static_requests: admitted.static_requests,
            paged_waste: admitted.paged_waste,
            static_waste: admitted.static_waste,
            paged_kv: admitted.paged_kv,
            static_kv: admitted.static_kv,
            preemption_risk: admitted.preemption_risk,
            itl,
            throughput,
            static_throughput,
            speedup,
            ttft,
        }
    }
}

/// Requests over time; nothing without requests or without an end of the step.
#[inline]
fn rate(requests: f64, step: Seconds) -> TokensPerSecond {
    if requests > 0.0 && step > Seconds::ZERO {
        Tokens(requests) / step
    } else {
        TokensPerSecond::ZERO
    }
}

impl ContinuousIn {
    #[inline]
    const fn admission(&self) -> AdmissionIn {
        AdmissionIn {
            capacity: self.capacity,
            weight_bytes: self.weight_bytes,
            kv_per_token: self.kv_per_token,
            max_seq_len: self.max_seq_len,
            mean_tokens: self.mean_tokens,
            max_batch: self.max_batch,
            page_size: self.page_size,
            prompt_share: self.prompt_share,
            watermark: self.watermark,
        }
    }

    /// A decoding step of `requests` sequences; upstream charges no fixed times here.
    #[inline]
    fn step(&self, context: Tokens, requests: f64, upstream: bool) -> DecodeIn {
        DecodeIn {
            context,
            batch: requests,
            n_layers: self.n_layers,
            attention_width: self.attention_width,
            kv_per_token: self.kv_per_token,
            routed_share: self.routed_share,
            chosen_share: self.chosen_share,
            efficiency: self.efficiency,
            memory_efficiency: self.memory_efficiency,
            dispatch: self.dispatch,
            layer_time: if upstream { Seconds::ZERO } else { self.layer_time },
            ..DecodeIn::new(self.active_parameters, self.weight_bytes, self.peak, self.bandwidth)
        }
    }

    /// One prompt of the mean length, alone; upstream: as many of the longest as the scheduler takes.
    #[inline]
    fn prompt(&self, upstream: bool) -> PrefillIn {
        let mean = self.mean_tokens.min(self.max_seq_len) * self.prompt_share;
        PrefillIn {
            // A prompt has at least one token.
            new_tokens: if upstream { self.max_seq_len } else { mean.max(Tokens(1.0)) },
            batch: if upstream { self.max_batch } else { 1.0 },
            n_layers: self.n_layers,
            attention_width: self.attention_width,
            kv_per_token: self.kv_per_token,
            routed_share: self.routed_share,
            chosen_share: self.chosen_share,
            efficiency: self.efficiency,
            memory_efficiency: self.memory_efficiency,
            dispatch: self.dispatch,
            layer_time: self.layer_time,
            ..PrefillIn::new(self.active_parameters, self.weight_bytes, self.peak, self.bandwidth)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::walls::solve;

    fn example() -> ContinuousIn {
        ContinuousIn {
            capacity: Bytes(36e9),
            active_parameters: Params(8e9),
            weight_bytes: Bytes(16e9),
            kv_per_token: BytesPerToken(1e5),
            peak: FlopPerSecond(1e15),
            bandwidth: BytesPerSecond(2e12),
            max_seq_len: Tokens(2000.0),
            mean_tokens: Tokens(2000.0),
            max_batch: 64.0,
            page_size: Tokens(16.0),
            prompt_share: 1.0,
            watermark: 0.0,
            n_layers: 0.0,
            attention_width: 0.0,
            routed_share: 0.0,
            chosen_share: 1.0,
            efficiency: 0.5,
            memory_efficiency: 1.0,
            dispatch: Seconds(0.0),
            layer_time: Seconds(0.0),
        }
    }

    #[test]
    fn a_full_house_by_hand() {
        // 20 GB hold 200 000 tokens, more than 64 requests of 2 000; a step reads 16 GB + 64 × 0.2 GB at 2 TB/s.
        let out = solve::<Continuous>(&example(), Convention::Reference).unwrap();
        assert_eq!(out.paged_requests.to_bits(), 64.0_f64.to_bits());
        assert!((out.itl.0 - 28.8e9 / 2e12).abs() < 1e-15);
        assert!((out.throughput.0 - 64.0 / 0.0144).abs() < 1e-9);
        // 2 × 8e9 × 2000 FLOP at 0.5 PFLOP/s.
        assert!((out.ttft.0 - 0.064).abs() < 1e-15);
        assert!((out.speedup - 1.0).abs() < 1e-15);
    }

    #[test]
    fn arithmetic_limits_many_requests() {
        let many = ContinuousIn {
            max_batch: 4096.0,
            kv_per_token: BytesPerToken(1e3),
            mean_tokens: Tokens(20.0),
            max_seq_len: Tokens(20.0),
            ..example()
        };
        let out = solve::<Continuous>(&many, Convention::Reference).unwrap();
        // 2 × 8e9 × 4096 FLOP at 0.5 PFLOP/s; the 16.08 GB would take 8 ms.
        assert!((out.itl.0 - 0.131_072).abs() < 1e-12);
        let old = solve::<Continuous>(&many, Convention::Upstream030).unwrap();
        assert!(old.itl.0 < 0.0082, "upstream has no ceiling");
    }

    #[test]
    fn no_room_yields_nothing() {
        let full = ContinuousIn { capacity: Bytes(10e9), ..example() };
        let out = solve::<Continuous>(&full, Convention::Reference).unwrap();
        assert!(!out.feasible);
        assert_eq!(
            (out.throughput, out.itl.0, out.speedup),
            (TokensPerSecond::ZERO, f64::INFINITY, 1.0)
        );
    }
}
