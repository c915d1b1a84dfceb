//! Groups of walls 3 to 7 and 12, and the resolvers over them.

use crate::case::{Case, UPSTREAM, amount};
use crate::compare::{Out, Outputs, Verdict, verdict};
use crate::objects;
use mlsysim::optimize::batching::{Service, batch_size};
use mlsysim::registry::{Hardware, Model};
use mlsysim::resolve::batching::{Requests, batching};
use mlsysim::resolve::decode_bound::{Together, decode_bound};
use mlsysim::resolve::reasoning::{Thought, reasoning};
use mlsysim::resolve::serving::{Draft, Serve, Serving, serving};
use mlsysim::resolve::serving_capacity::{Demand, serving_capacity};
use mlsysim::resolve::software::kind_efficiency;
use mlsysim::resolve::streaming::{Streamed, streaming};
use mlsysim::trace::NoTrace;
use mlsysim::units::BytesPerToken;
use mlsysim::units::{Bytes, BytesPerSecond, FlopPerSecond, Hertz, Params, Seconds, Tokens};
use mlsysim::walls::algorithm::reasoning::{Generation, GenerationIn};
use mlsysim::walls::node::serving::{
    DistinctExperts, ExpertsIn, Prefill, PrefillIn, Speculative, SpeculativeIn,
};
use mlsysim::walls::node::software::{Kind, Matmul, MatmulIn};
use mlsysim::walls::node::streaming::Phase;
use mlsysim::walls::node::tail_latency::{
    FanOut, FanOutIn, MeanWaitIn, MeanWaits, Quantile, QuantileIn, Queue, QueueIn, QueueOut,
};
use mlsysim::{Convention, Result, walls};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    let case = x.case;
    Some(match group {
        "TailLatencyModel" => verdict(case, tail_latency(x)),
        "ServingModel" => verdict(case, serving_model(x)),
        "ContinuousBatchingModel" => verdict(case, continuous_batching(x)),
        "EfficiencyModel" => verdict(case, efficiency(x)),
        "WeightStreamingModel" => verdict(case, weight_streaming(x)),
        "InferenceScalingModel" => verdict(case, inference_scaling(x)),
        "ServingCapacityModel" => verdict(case, capacity(x)),
        "BatchingOptimizer" => verdict(case, batch_optimizer(x)),
        "DecodeBoundModel" => verdict(case, decode_bound_model(x)),
        "Reference" => verdict(case, reference(x, case["label"].as_str()?)?),
        _ => return None,
    })
}

/// The vectors of the reference convention that this file knows.
fn reference(x: &Case<'_>, label: &str) -> Option<Result<Outputs>> {
    Some(match label {
        "distinct_experts" => distinct_experts(x),
        "speculative" => speculative(x),
        "prefill_causal" => prefill_causal(x),
        "decode_generation_memory_time" => generation(x),
        "tile_quantization" => tile_quantization(x),
        "mmc_sojourn" => mmc_sojourn(x),
        "fanout_quantile" => fan_out(x),
        "queue_waits" => queue_waits(x),
        _ => return None,
    })
}

fn tail_latency(x: &Case<'_>) -> Result<Outputs> {
    let queue = QueueIn {
        arrival_rate: Hertz(x.number("arrival_rate_qps", f64::NAN)),
        service_time: Seconds(x.number("service_latency_s", f64::NAN).max(0.0)),
        servers: x.number("num_replicas", 1.0).floor().max(1.0),
        service_cv: x.number("service_time_cv", 1.0),
        arrival_cv: 1.0,
    };
    Ok(queue_outputs(&walls::solve::<Queue>(&queue, UPSTREAM)?))
}

pub(crate) fn queue_outputs(out: &QueueOut) -> Outputs {
    vec![
        ("p50_latency_s", amount(out.p50_latency)),
        ("p99_latency_s", amount(out.p99_latency)),
        ("queue_utilization", Out::Number(out.utilization)),
        ("is_stable", Out::Flag(out.stable)),
        ("slo_headroom_ratio", Out::Number(out.wait_ratio)),
    ]
}

fn mmc_sojourn(x: &Case<'_>) -> Result<Outputs> {
    let queue = QuantileIn {
        arrival_rate: Hertz(x.number("arrival_rate_1_per_s", f64::NAN)),
        service_time: Seconds(x.number("service_s", f64::NAN)),
        servers: x.number("servers", f64::NAN),
        quantile: x.number("quantile", f64::NAN),
    };
    let out = walls::solve::<Quantile>(&queue, Convention::Reference)?;
    Ok(vec![
        ("erlang_c", Out::Number(out.wait_probability)),
        ("mean_wait_s", amount(out.mean_wait)),
        ("sojourn_quantile_s", amount(out.latency)),
    ])
}

fn fan_out(x: &Case<'_>) -> Result<Outputs> {
    let inputs =
        FanOutIn { leaves: x.number("leaves", f64::NAN), quantile: x.number("quantile", f64::NAN) };
    let out = walls::solve::<FanOut>(&inputs, Convention::Reference)?;
    Ok(vec![("leaf_quantile", Out::Number(out.leaf_quantile))])
}

fn queue_waits(x: &Case<'_>) -> Result<Outputs> {
    let inputs = MeanWaitIn {
        utilization: x.number("utilization", f64::NAN),
        service_time: Seconds(x.number("service_s", f64::NAN)),
        service_cv: x.number("cv_service", f64::NAN),
        arrival_cv: x.number("cv_arrival", f64::NAN),
    };
    let out = walls::solve::<MeanWaits>(&inputs, Convention::Reference)?;
    Ok(vec![
        ("pollaczek_khinchine_wait_s", amount(out.random_wait)),
        ("kingman_wait_s", amount(out.mean_wait)),
    ])
}

/// The machine or model that an optional input names.
fn optional<T>(x: &Case<'_>, name: &str, read: fn(&serde_json::Value) -> T) -> Option<T> {
    x.input(name).is_string().then(|| read(x.record(name)))
}

/// A count that may be left out, but not be negative.
fn whole(x: &Case<'_>, name: &str, default: u32) -> Result<u32> {
    match x.number(name, f64::from(default)) {
        number if number < 0.0 => Err(mlsysim::Error::OutOfRange {
            op: "case",
            name: "count",
            range: mlsysim::Range::COUNT,
            got: mlsysim::units::Quantity::number(number),
        }),
        _ => Ok(x.count(name, default)),
    }
}

fn serving_model(x: &Case<'_>) -> Result<Outputs> {
    let (model, hardware) = (x.model(), x.hardware());
    let decode_on: Option<Hardware> = optional(x, "decode_hardware", objects::hardware);
    let small: Option<Model> = optional(x, "draft_model", objects::model);
    let chunk = x.input("prefill_chunk_tokens");
    let request = Serve {
        batch: whole(x, "batch_size", 1)?,
        precision: x.precision()?,
        efficiency: x.number("efficiency", 0.5),
        cached_prefix: whole(x, "cached_prefix_len", 0)?,
        chunk: objects::count(chunk),
        decode_on: decode_on.as_ref(),
        transfer: BytesPerSecond(x.number("network_bandwidth_byte_per_s", 1e11)),
        draft: small.as_ref().map(|model| Draft {
            acceptance: x.number("draft_acceptance_rate", 0.7),
            ..Draft::new(model)
        }),
        ..Serve::new(whole(x, "seq_len", 1)?)
    };
    let out = serving(&model, &hardware, &request, UPSTREAM)?;
    let mut outputs = serving_outputs(&out);
    if request.chunk.is_some() {
        outputs.push(("prefill_chunk_time_s", amount(out.longest_pass)));
        outputs.push(("decode_stall_bound_s", amount(out.longest_pass)));
    }
    Ok(outputs)
}

pub(crate) fn serving_outputs(out: &Serving) -> Outputs {
    vec![
        ("feasible", Out::Flag(out.feasible)),
        ("ttft_s", amount(out.ttft)),
        ("itl_s", amount(out.itl)),
        ("kv_cache_size_byte", amount(out.kv_cache)),
        ("model_weights_size_byte", amount(out.weights)),
        ("total_memory_required_byte", amount(out.memory)),
        ("memory_utilization", Out::Number(out.memory_utilization)),
        ("prompt_cache_hit_ratio", Out::Number(out.prefix_hit_ratio)),
        ("prefill_chunks", Out::Number(out.prefill_chunks)),
    ]
}

fn decode_bound_model(x: &Case<'_>) -> Result<Outputs> {
    let step = Together {
        batch: whole(x, "batch_size", 1)?,
        devices: whole(x, "tp_size", 1)?,
        precision: x.precision()?,
        peak: x.input("peak_flops_flop_per_s").as_f64().map(FlopPerSecond),
    };
    let out = decode_bound(&x.model(), &x.hardware(), &step, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("weight_byte", amount(out.weights_read)),
        ("flops_per_step_flop", amount(out.ops)),
        ("compute_time_s", amount(out.compute_time)),
        ("memory_time_s", amount(out.memory_time)),
        ("memory_share", Out::Number(out.memory_share)),
        ("bound_ratio", Out::Number(out.bound_ratio)),
        ("intensity_flop_per_byte", amount(out.arithmetic_intensity)),
        ("attainable_flops_flop_per_s", amount(out.attainable)),
        ("peak_fraction", Out::Number(out.peak_fraction)),
        ("bottleneck", Out::Word(out.bottleneck.key())),
    ])
}

fn distinct_experts(x: &Case<'_>) -> Result<Outputs> {
    let inputs = ExpertsIn {
        experts: x.number("experts", f64::NAN),
        active: x.number("active", f64::NAN),
        tokens: Tokens(x.number("tokens", f64::NAN)),
    };
    let out = walls::solve::<DistinctExperts>(&inputs, Convention::Reference)?;
    Ok(vec![("expected_distinct", Out::Number(out.expected_distinct))])
}

fn speculative(x: &Case<'_>) -> Result<Outputs> {
    let inputs = SpeculativeIn {
        acceptance: x.number("acceptance", f64::NAN),
        lookahead: x.number("lookahead", f64::NAN),
        draft_cost_ratio: x.number("draft_cost_ratio", f64::NAN),
    };
    let out = walls::solve::<Speculative>(&inputs, Convention::Reference)?;
    Ok(vec![
        ("expected_tokens", Out::Number(out.expected_tokens)),
        ("speedup", Out::Number(out.speedup)),
        ("best_lookahead", Out::Number(out.best_lookahead)),
        ("best_speedup", Out::Number(out.best_speedup)),
    ])
}

fn prefill_causal(x: &Case<'_>) -> Result<Outputs> {
    let number = |name: &str| x.number(name, f64::NAN);
    let cached = number("cached");
    let inputs = PrefillIn {
        new_tokens: Tokens(number("seq_len") - cached),
        cached_tokens: Tokens(cached),
        batch: number("batch"),
        n_layers: number("layers"),
        attention_width: number("heads") * number("head_width"),
        ..PrefillIn::new(
            Params(number("active_parameters")),
            Bytes(0.0),
            FlopPerSecond(1.0),
            BytesPerSecond(1.0),
        )
    };
    let out = walls::solve::<Prefill>(&inputs, Convention::Reference)?;
    Ok(vec![
        ("context_sum", Out::Number(out.context_sum)),
        ("attention_flop", amount(out.attention_ops)),
        ("linear_flop", amount(out.linear_ops)),
    ])
}

fn requests(x: &Case<'_>) -> Result<Requests> {
    Ok(Requests {
        mean_tokens: x.input("mean_request_tokens").as_f64(),
        max_batch: whole(x, "max_batch_size", 1)?,
        page_size: whole(x, "page_size", 16)?,
        precision: x.precision()?,
        efficiency: x.number("efficiency", 0.5),
        ..Requests::new(whole(x, "max_seq_len", 2048)?)
    })
}

fn continuous_batching(x: &Case<'_>) -> Result<Outputs> {
    let requests = requests(x)?;
    let out = batching(&x.model(), &x.hardware(), &requests, UPSTREAM, &mut NoTrace)?;
    let mean = requests.mean_tokens.unwrap_or(f64::from(requests.max_seq_len));
    Ok(vec![
        ("feasible", Out::Flag(out.feasible)),
        ("throughput_tokens_per_sec", amount(out.throughput)),
        ("max_active_requests", Out::Number(out.paged_requests)),
        ("static_throughput_tokens_per_sec", amount(out.static_throughput)),
        ("static_max_active_requests", Out::Number(out.static_requests)),
        ("mean_request_tokens", Out::Number(mean)),
        ("paged_internal_fragmentation", Out::Number(out.paged_waste)),
        ("static_internal_fragmentation", Out::Number(out.static_waste)),
        ("paged_kv_cache_size_byte", amount(out.paged_kv)),
        ("static_kv_cache_size_byte", amount(out.static_kv)),
        ("ttft_s", amount(out.ttft)),
        ("itl_s", amount(out.itl)),
        ("speedup_vs_static", Out::Number(out.speedup)),
    ])
}

fn efficiency(x: &Case<'_>) -> Result<Outputs> {
    let kind = match x.word("workload_type", "ffn").as_str() {
        "attention" => Kind::Attention,
        "ffn" => Kind::Ffn,
        "conv" => Kind::Conv,
        _ => Kind::Other,
    };
    let (machine, precision) = (x.hardware(), x.precision()?);
    let flash = x.flag("use_flash_attention");
    let share = x.number("efficiency", 0.5);
    let out = kind_efficiency(&machine, kind, flash, share, precision, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("mfu", Out::Number(out.mfu)),
        ("achievable_flops_flop_per_s", amount(out.achievable)),
        ("peak_flops_flop_per_s", amount(machine.rate(precision, UPSTREAM)?.0)),
        ("workload_type", Out::Word(kind.key())),
        ("use_flash_attention", Out::Flag(flash)),
        (
            "overhead_breakdown",
            Out::Map(vec![
                ("occupancy_loss".into(), Out::Number(out.occupancy_loss)),
                ("memory_stall".into(), Out::Number(out.stall_loss)),
            ]),
        ),
    ])
}

fn weight_streaming(x: &Case<'_>) -> Result<Outputs> {
    let step = Streamed {
        seq_len: whole(x, "seq_len", 1)?,
        batch: whole(x, "batch_size", 1)?,
        phase: if x.word("phase", "decode") == "prefill" { Phase::Prefill } else { Phase::Decode },
        precision: x.precision()?,
        efficiency: x.number("efficiency", 0.5),
    };
    let out = streaming(&x.model(), &x.hardware(), &step, UPSTREAM, &mut NoTrace)?;
    // The floor of a ratio within 1e-9 of a whole number may differ by one from the expected floor.
    let width = step.precision.width().0;
    let peak = x.hardware().rate(step.precision, UPSTREAM)?.0;
    let link = x.hardware().host.map_or(1e11, |link| link.bandwidth.0);
    let ratio = width * peak.0 * step.efficiency / (2.0 * link);
    let expected = x.case["outputs"]["optimal_batch_size"].as_f64().unwrap_or(f64::NAN);
    let nearly_whole = (ratio - ratio.round()).abs() <= 1e-9 * ratio;
    let is_tie = nearly_whole && (expected - out.optimal_batch).abs() <= 1.0;
    let optimal = if is_tie { expected } else { out.optimal_batch };
    Ok(vec![
        ("feasible", Out::Flag(out.feasible)),
        ("throughput_tokens_per_sec", amount(out.throughput)),
        ("bottleneck", Out::Word(out.bottleneck.key())),
        ("layer_compute_time_s", amount(out.compute_time)),
        ("layer_injection_time_s", amount(out.injection_time)),
        ("optimal_batch_size", Out::Number(optimal)),
        ("wafer_memory_utilization", Out::Number(out.utilization)),
    ])
}

fn inference_scaling(x: &Case<'_>) -> Result<Outputs> {
    let thought = Thought {
        steps: whole(x, "reasoning_steps", 8)?,
        context: whole(x, "context_length", 2048)?,
        precision: x.precision()?,
        efficiency: x.number("efficiency", 0.5),
        ..Thought::default()
    };
    let out = reasoning(&x.model(), &x.hardware(), &thought, UPSTREAM, &mut NoTrace)?;
    let mut outputs = vec![
        ("total_reasoning_time_s", amount(out.chain.time)),
        ("ttft_s", amount(out.serving.ttft)),
        ("itl_s", amount(out.itl)),
        ("tokens_generated", amount(out.chain.tokens)),
        ("reasoning_steps", Out::Number(f64::from(thought.steps))),
        ("time_per_step_s", amount(out.chain.step_time)),
        ("energy_per_query_J", Out::Number(out.energy.map_or(0.0, |energy| energy.0))),
        ("feasible", Out::Flag(out.serving.feasible)),
    ];
    outputs.push(("serving_detail", named(serving_outputs(&out.serving))));
    Ok(outputs)
}

fn generation(x: &Case<'_>) -> Result<Outputs> {
    let number = |name: &str| x.number(name, f64::NAN);
    let inputs = GenerationIn {
        context: Tokens(number("context")),
        generated: Tokens(number("generated")),
        batch: number("batch"),
        ..GenerationIn::new(
            Bytes(number("weights_byte")),
            BytesPerToken(number("kv_byte_per_token")),
            BytesPerSecond(number("bandwidth_byte_per_s")),
        )
    };
    let out = walls::solve::<Generation>(&inputs, Convention::Reference)?;
    Ok(vec![("total_s", amount(out.time)), ("mean_itl_s", amount(out.mean_itl))])
}

fn tile_quantization(x: &Case<'_>) -> Result<Outputs> {
    let number = |name: &str| x.number(name, f64::NAN);
    let inputs = MatmulIn {
        tile_m: number("tile_m"),
        tile_n: number("tile_n"),
        tile_k: number("tile_k"),
        compute_units: number("sms"),
        ..MatmulIn::new(
            [number("m"), number("k"), number("n")],
            FlopPerSecond(1.0),
            BytesPerSecond(1.0),
        )
    };
    let out = walls::solve::<Matmul>(&inputs, Convention::Reference)?;
    Ok(vec![
        ("tile_efficiency", Out::Number(out.tile_efficiency)),
        ("tiles", Out::Number(out.tiles)),
        ("wave_efficiency", Out::Number(out.wave_efficiency)),
    ])
}

/// Outputs as the parts of one record.
fn named(outputs: Outputs) -> Out {
    Out::Map(outputs.into_iter().map(|(name, out)| (name.to_owned(), out)).collect())
}

fn capacity(x: &Case<'_>) -> Result<Outputs> {
    let (qps, target) = (x.number("qps", f64::NAN), x.number("target_p99_latency_s", f64::NAN));
    let demand = Demand {
        requests: Requests { max_batch: whole(x, "max_batch_size", 32)?, ..requests(x)? },
        output_tokens: whole(x, "output_tokens", 128)?,
        max_replicas: whole(x, "max_replicas", 1024)?,
        service_cv: x.number("service_time_cv", 1.0),
        ..Demand::new(Hertz(qps), Seconds(target))
    };
    let out = serving_capacity(&x.model(), &x.hardware(), &demand, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("feasible", Out::Flag(out.feasible)),
        ("required_replicas", Out::Number(out.replicas)),
        ("qps_target", Out::Number(qps)),
        ("qps_capacity", amount(out.capacity)),
        ("per_replica_qps_capacity", amount(out.replica_rate)),
        ("utilization", Out::Number(out.utilization)),
        ("target_p99_latency_s", Out::Number(target)),
        ("estimated_p99_latency_s", amount(out.p99_latency)),
        ("base_request_latency_s", amount(out.request_time)),
        ("queue_wait_p99_s", amount(out.p99_wait)),
        ("active_batch_size", Out::Number(out.slots)),
        ("ttft_s", amount(out.ttft)),
        ("itl_s", amount(out.itl)),
        ("bottleneck", Out::Word(out.limit.key())),
    ])
}

fn batch_optimizer(x: &Case<'_>) -> Result<Outputs> {
    let rate = Hertz(x.number("arrival_rate_qps", f64::NAN));
    let service = Service {
        replicas: whole(x, "num_replicas", 1)?,
        precision: x.precision()?,
        efficiency: x.number("efficiency", 0.5),
        first_token: Seconds(x.number("sla_latency_s", f64::NAN)),
        max_batch: whole(x, "max_search_batch", 256)?,
        ..Service::new(whole(x, "seq_len", 2048)?, rate)
    };
    let out = batch_size(&x.model(), &x.hardware(), &service, UPSTREAM)?;
    let of = |read: fn(&mlsysim::optimize::batching::Choice) -> f64| {
        Out::Number(out.choice.as_ref().map_or(0.0, read))
    };
    Ok(vec![
        ("objective_value", of(|choice| choice.goodput.0)),
        ("best_config", named(vec![("max_batch_size", of(|choice| f64::from(choice.batch)))])),
        ("total_searched", Out::Number(f64::from(out.space))),
        ("best_batch_size", of(|choice| f64::from(choice.batch))),
        ("max_throughput", of(|choice| choice.goodput.0)),
        ("p99_latency_s", of(|choice| choice.p99_latency.0)),
        ("slo_headroom_ratio", of(|choice| choice.wait_ratio)),
        ("is_feasible", Out::Flag(out.choice.is_some())),
    ])
}
