//! Physics of walls 3 to 7 and 12 on random inputs.

use mlsysim::Convention::Reference;
use mlsysim::units::{
    Bytes, BytesPerSecond, BytesPerToken, FlopPerSecond, Hertz, Params, Seconds, Tokens,
};
use mlsysim::walls::algorithm::reasoning::{Generation, GenerationIn, Samples, SamplesIn};
use mlsysim::walls::node::batching::{Admission, AdmissionIn};
use mlsysim::walls::node::serving::{
    Decode, DecodeIn, Prefill, PrefillIn, Replicas, ReplicasIn, Speculative, SpeculativeIn,
};
use mlsysim::walls::node::software::{Matmul, MatmulIn};
use mlsysim::walls::node::streaming::{Phase, Stream, StreamIn};
use mlsysim::walls::node::tail_latency::{FanOut, FanOutIn, Quantile, QuantileIn, Queue, QueueIn};
use mlsysim::walls::solve;
use proptest::prelude::*;

/// Roundings of some ten operations, each half an ulp.
const ROUNDING: f64 = 1e-12;

fn magnitude(low: i32, high: i32) -> impl Strategy<Value = f64> {
    (1.0_f64..10.0, low..high).prop_map(|(m, e)| m * libm::pow(10.0, f64::from(e)))
}

fn count(most: u32) -> impl Strategy<Value = f64> {
    (1..=most).prop_map(f64::from)
}

prop_compose! {
    fn decode_step()(
        (parameters, share) in (magnitude(6, 12), 0.05_f64..=1.0),
        (peak, bandwidth) in (magnitude(11, 16), magnitude(9, 13)),
        (context, batch, layers) in (0.0_f64..1e5, count(4096), count(126)),
        (width, kv) in (magnitude(2, 5), magnitude(3, 7)),
        (routed_share, chosen_share) in (0.0_f64..=1.0, 0.01_f64..=1.0),
        (efficiency, memory_efficiency) in (0.05_f64..=1.0, 0.1_f64..=1.0),
        (dispatch, layer_time) in (0.0_f64..1e-3, 0.0_f64..1e-4),
    ) -> DecodeIn {
        DecodeIn {
            context: Tokens(context), batch, n_layers: layers, attention_width: width,
            kv_per_token: BytesPerToken(kv), routed_share, chosen_share, efficiency,
            memory_efficiency, dispatch: Seconds(dispatch), layer_time: Seconds(layer_time),
            ..DecodeIn::new(
                Params(parameters * share), Bytes(parameters * 2.0),
                FlopPerSecond(peak), BytesPerSecond(bandwidth),
            )
        }
    }
}

/// The prompt of the same model on the same machine.
fn prompt(x: &DecodeIn, tokens: f64, cached: f64, chunk: f64) -> PrefillIn {
    PrefillIn {
        new_tokens: Tokens(tokens),
        cached_tokens: Tokens(cached),
        chunk_tokens: Tokens(chunk),
        batch: x.batch,
        n_layers: x.n_layers,
        attention_width: x.attention_width,
        kv_per_token: x.kv_per_token,
        efficiency: x.efficiency,
        memory_efficiency: x.memory_efficiency,
        dispatch: x.dispatch,
        layer_time: x.layer_time,
        ..PrefillIn::new(x.active_parameters, x.weight_bytes, x.peak, x.bandwidth)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_step_is_a_roofline(x in decode_step(), factor in 1.0_f64..100.0) {
        let out = solve::<Decode>(&x, Reference).expect("in range");
        // No machine computes faster than its peak, none reads faster than its bandwidth.
        let ops = out.linear_ops + out.attention_ops;
        let bound = (ops / x.peak).max((out.weights_read + out.kv_bytes) / x.bandwidth);
        prop_assert!(out.step_time.0 >= bound.0 * (1.0 - ROUNDING));
        let parts = out.compute_time.max(out.memory_time) + out.overhead;
        prop_assert!((out.step_time.0 - parts.0).abs() <= ROUNDING * parts.0);
        prop_assert!(out.weights_read <= x.weight_bytes);
        let better = [
            DecodeIn { peak: x.peak * factor, ..x },
            DecodeIn { bandwidth: x.bandwidth * factor, ..x },
            DecodeIn { routed_share: 0.0, kv_per_token: BytesPerToken(0.0), weight_bytes: out.weights_read, ..x },
        ];
        for machine in better {
            let after = solve::<Decode>(&machine, Reference).expect("in range");
            prop_assert!(after.step_time.0 <= out.step_time.0 * (1.0 + ROUNDING));
        }
        // A larger batch takes longer as a whole and yields at least as much per second.
        let wider = solve::<Decode>(&DecodeIn { batch: x.batch * 2.0, ..x }, Reference).expect("in range");
        prop_assert!(wider.step_time.0 >= out.step_time.0 * (1.0 - ROUNDING));
        prop_assert!(wider.token_rate.0 >= out.token_rate.0 * (1.0 - ROUNDING));
    }

    #[test]
    fn chunks_never_help_the_prompt_itself(
        x in decode_step(), tokens in count(20_000), cached in 0.0_f64..5e4, chunk in count(4096),
    ) {
        let whole = solve::<Prefill>(&prompt(&x, tokens, cached, 0.0), Reference).expect("in range");
        let cut = solve::<Prefill>(&prompt(&x, tokens, cached, chunk), Reference).expect("in range");
        prop_assert!(cut.prefill_time.0 >= whole.prefill_time.0 * (1.0 - 1e-9), "a sum of thousands of passes");
        prop_assert!(cut.longest_pass.0 <= cut.prefill_time.0 * (1.0 + 1e-9));
        for out in [whole, cut] {
            let (c, m, o) = (out.compute_time.0, out.memory_time.0, out.overhead.0);
            prop_assert!(out.prefill_time.0 >= (c.max(m) + o) * (1.0 - 1e-9));
            prop_assert!(out.prefill_time.0 <= (c + m + o) * (1.0 + 1e-9));
        }
        // What is cached need not be read again.
        let fresh = solve::<Prefill>(&prompt(&x, tokens + cached.floor(), 0.0, 0.0), Reference).expect("in range");
        prop_assert!(whole.ops.0 <= fresh.ops.0 * (1.0 + ROUNDING) || cached.fract() > 0.0);
    }

    #[test]
    fn queues_wait_longer_under_load(
        service in magnitude(-4, 2), servers in count(64), utilization in 0.01_f64..0.99, cv in 0.0_f64..4.0,
    ) {
        let queue = |utilization: f64, servers: f64, rate: f64| {
            let x = QueueIn {
                arrival_rate: Hertz(rate * utilization), service_time: Seconds(service), servers,
                service_cv: cv, arrival_cv: 1.0,
            };
            solve::<Queue>(&x, Reference).expect("in range")
        };
        let full = servers / service;
        let out = queue(utilization, servers, full);
        prop_assert!(out.p50_latency <= out.p99_latency && out.stable);
        prop_assert!((out.utilization - utilization).abs() <= ROUNDING);
        let busier = queue(utilization + (1.0 - utilization) / 2.0, servers, full);
        prop_assert!(busier.p99_latency.0 >= out.p99_latency.0 * (1.0 - ROUNDING));
        prop_assert!(busier.mean_wait >= out.mean_wait);
        let more = queue(utilization, servers + 1.0, full);
        prop_assert!(more.p99_latency.0 <= out.p99_latency.0 * (1.0 + ROUNDING));
        prop_assert!(!queue(1.0, servers, full * (1.0 + 1e-9)).stable);
    }

    #[test]
    fn the_quantile_cuts_the_tail_of_the_book(
        servers in count(40), utilization in 0.01_f64..0.99, late in 1e-6_f64..0.9,
    ) {
        let load = servers * utilization;
        let x = QuantileIn {
            arrival_rate: Hertz(load), service_time: Seconds(1.0), servers, quantile: 1.0 - late,
        };
        let out = solve::<Quantile>(&x, Reference).expect("in range");
        // The closed tail of M/M/c, away from where its two rates meet and the difference cancels.
        let (t, apart) = (out.latency.0, servers - 1.0 - load);
        if apart.abs() > 1e-3 {
            let waiting = out.wait_probability * (1.0 - libm::exp(-t * apart)) / apart;
            let tail = libm::exp(-t) * (1.0 + waiting);
            prop_assert!((tail / late - 1.0).abs() < 1e-9, "{tail} {late}");
        }
        // Little's law on the mean: with one server, T = s/(1 − ρ).
        if servers < 1.5 {
            prop_assert!((out.mean_latency.0 * (1.0 - load) - 1.0).abs() < ROUNDING);
        }
    }

    #[test]
    fn fan_out_asks_more_of_each(leaves in count(100_000), quantile in 0.01_f64..0.9999) {
        let out = solve::<FanOut>(&FanOutIn { leaves, quantile }, Reference).expect("in range");
        prop_assert!(out.leaf_quantile >= quantile && out.all_in_time <= quantile);
        let back = libm::pow(out.leaf_quantile, leaves);
        // The power multiplies the rounding of the root.
        prop_assert!((back / quantile - 1.0).abs() <= 1e-15 * leaves.max(10.0));
    }

    #[test]
    fn more_requests_need_no_fewer_replicas(
        rate in magnitude(-1, 3), time in magnitude(-1, 1), slots in count(64), slack in 5.0_f64..50.0, cv in 0.0_f64..2.0,
    ) {
        let replicas = |rate: f64| {
            let x = ReplicasIn {
                arrival_rate: Hertz(rate), target: Seconds(time * slack), request_time: Seconds(time), slots,
                max_replicas: 4096.0, service_cv: cv, replica_rate: Hertz(0.0),
            };
            solve::<Replicas>(&x, Reference).expect("in range")
        };
        let (few, many) = (replicas(rate), replicas(rate * 1.5));
        prop_assert!(many.replicas >= few.replicas);
        prop_assert!(!few.feasible || (few.utilization < 1.0 && few.p99_latency.0 <= time * slack));
    }

    #[test]
    fn guesses_pay_or_are_left_out(acceptance in 0.0_f64..=1.0, lookahead in 0_u32..64, ratio in 0.0_f64..2.0) {
        let lookahead = f64::from(lookahead);
        let x = SpeculativeIn { acceptance, lookahead, draft_cost_ratio: ratio };
        let out = solve::<Speculative>(&x, Reference).expect("in range");
        prop_assert!(out.expected_tokens >= 1.0 - ROUNDING && out.expected_tokens <= (lookahead + 1.0) * (1.0 + ROUNDING));
        prop_assert!(out.best_speedup >= 1.0 && out.best_speedup >= out.speedup * (1.0 - ROUNDING));
    }

    #[test]
    fn pages_hold_at_least_what_reservations_hold(
        capacity in magnitude(9, 12), share in 0.0_f64..0.95, kv in magnitude(3, 7),
        blocks in count(4096), page in count(256), mean in 0.01_f64..=1.0, prompt_share in 0.0_f64..=1.0,
    ) {
        let longest = blocks * page;
        let x = AdmissionIn {
            capacity: Bytes(capacity), weight_bytes: Bytes(capacity * share), kv_per_token: BytesPerToken(kv),
            max_seq_len: Tokens(longest), mean_tokens: Tokens(longest * mean), max_batch: 1e6,
            page_size: Tokens(page), prompt_share, watermark: 0.0,
        };
        let out = solve::<Admission>(&x, Reference).expect("in range");
        // The longest is a whole number of pages, so pages can do whatever a reservation can.
        prop_assert!(out.paged_requests >= out.static_requests);
        prop_assert!(out.held_tokens.0 <= longest * (1.0 + ROUNDING));
        prop_assert!(out.held_tokens.0 <= out.allocated_tokens.0 * (1.0 + ROUNDING));
        prop_assert!(out.paged_kv.0 <= out.kv_budget.0 * (1.0 + 1e-8), "the guard of the floor");
        let larger = AdmissionIn { capacity: Bytes(capacity * 2.0), ..x };
        let more = solve::<Admission>(&larger, Reference).expect("in range");
        prop_assert!(more.paged_requests >= out.paged_requests);
    }

    #[test]
    fn losses_of_a_product_add_to_the_whole(
        m in count(20_000), k in count(20_000), n in count(20_000), units in count(200),
        peak in magnitude(11, 16), bandwidth in magnitude(9, 13), occupancy in 0.1_f64..=1.0, launch in 0.0_f64..1e-4,
    ) {
        let x = MatmulIn {
            compute_units: units, occupancy, launch: Seconds(launch),
            ..MatmulIn::new([m, k, n], FlopPerSecond(peak), BytesPerSecond(bandwidth))
        };
        let out = solve::<Matmul>(&x, Reference).expect("in range");
        let sum = out.tile_loss + out.wave_loss + out.memory_loss + out.launch_loss + out.occupancy_loss;
        prop_assert!((sum + libm::log(out.efficiency)).abs() <= ROUNDING * sum.max(1.0));
        let ops = 2.0 * m * k * n;
        let bytes = 2.0 * (m * k + k * n + m * n);
        prop_assert!(out.time.0 >= (ops / peak).max(bytes / bandwidth) * (1.0 - ROUNDING));
        prop_assert!((out.efficiency * out.time.0 * peak / ops - 1.0).abs() <= ROUNDING);
    }

    #[test]
    fn the_balanced_batch_is_the_first_that_computes_as_long(
        parameters in magnitude(6, 10), injection in magnitude(9, 13), peak in magnitude(13, 18),
        width in magnitude(2, 5), seq_len in count(4096), prefill in any::<bool>(), dispatch in 0.0_f64..1e-3,
    ) {
        let x = StreamIn {
            attention_width: width, seq_len: Tokens(seq_len), dispatch: Seconds(dispatch),
            phase: if prefill { Phase::Prefill } else { Phase::Decode },
            ..StreamIn::new(Params(parameters), BytesPerSecond(injection), FlopPerSecond(peak), Bytes(1e30))
        };
        let best = solve::<Stream>(&x, Reference).expect("in range").optimal_batch;
        let at = |batch: f64| solve::<Stream>(&StreamIn { batch, ..x }, Reference).expect("in range");
        let out = at(best);
        prop_assert!(out.compute_time.0 >= out.injection_time.0 * (1.0 - 1e-9), "the guard of the ceiling");
        if best > 1.5 {
            let less = at(best - 1.0);
            prop_assert!(less.compute_time.0 <= less.injection_time.0 * (1.0 + ROUNDING));
            prop_assert!(less.throughput.0 <= out.throughput.0 * (1.0 + 1e-9));
        }
        prop_assert!(out.layer_time == out.compute_time.max(out.injection_time));
    }

    #[test]
    fn an_answer_takes_between_the_longer_part_and_both(
        weights in magnitude(6, 12), kv in magnitude(2, 6), context in 0.0_f64..1e5, generated in count(5000),
        compute in 0.0_f64..0.1, growth in 0.0_f64..1e-5, overhead in 0.0_f64..1e-3,
    ) {
        let x = GenerationIn {
            context: Tokens(context), generated: Tokens(generated), compute_time: Seconds(compute),
            compute_growth: Seconds(growth), overhead: Seconds(overhead),
            ..GenerationIn::new(Bytes(weights), BytesPerToken(kv), BytesPerSecond(1e12))
        };
        let out = solve::<Generation>(&x, Reference).expect("in range");
        let arithmetic = generated * compute + growth * generated * (generated - 1.0) / 2.0;
        let (memory, fixed) = (out.memory_time.0, overhead * generated);
        prop_assert!(out.time.0 >= (memory.max(arithmetic) + fixed) * (1.0 - 1e-9));
        prop_assert!(out.time.0 <= (memory + arithmetic + fixed) * (1.0 + 1e-9));
        let longer = solve::<Generation>(&GenerationIn { generated: Tokens(generated + 1.0), ..x }, Reference).expect("in range");
        prop_assert!(longer.mean_itl.0 >= out.mean_itl.0 * (1.0 - 1e-9), "every token costs at least the one before");
    }

    #[test]
    fn samples_help_as_far_as_somebody_can_tell(
        right in 0.0_f64..=1.0, samples in count(200), accepts_right in 0.0_f64..=1.0, accepts_wrong in 0.0_f64..=1.0,
    ) {
        let at = |samples: f64, v: f64, f: f64| {
            let x = SamplesIn { right, samples, accepts_right: v, accepts_wrong: f };
            solve::<Samples>(&x, Reference).expect("in range")
        };
        let out = at(samples, accepts_right, accepts_wrong);
        prop_assert!(out.verified <= out.coverage + ROUNDING, "nobody picks what is not there");
        prop_assert!(at(samples + 1.0, accepts_right, accepts_wrong).coverage >= out.coverage);
        // A perfect verifier finds every right sample there is.
        prop_assert!((at(samples, 1.0, 0.0).verified - out.coverage).abs() <= ROUNDING);
        // Who is right as often as wrong gains nothing from a vote.
        let even = SamplesIn { right: 0.5, samples, accepts_right, accepts_wrong };
        let even = solve::<Samples>(&even, Reference).expect("in range");
        // A tie counts half; the logarithms of factorials round to 1e-13.
        prop_assert!((even.majority - 0.5).abs() < 1e-11);
        prop_assert!(right < 0.5 || out.majority >= 0.5 - ROUNDING);
    }
}
