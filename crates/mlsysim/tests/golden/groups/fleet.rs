//! Groups of wall 14, training memory, expert routing, layouts.

use crate::case::{Case, UPSTREAM, amount};
use crate::compare::{Out, Outputs, Verdict, verdict};
use crate::groups::records::profile_outputs;
use mlsysim::composite::network_roofline::{NetworkIn, NetworkRoofline};
use mlsysim::composite::training_ops::{TrainingOps, TrainingOpsIn};
use mlsysim::optimize::{Candidate, powers_of_two};
use mlsysim::registry::Recompute;
use mlsysim::resolve::distributed::Distributed;
use mlsysim::resolve::training_memory::Optimizer;
use mlsysim::resolve::{distributed, moe, network_roofline, training_memory};
use mlsysim::trace::NoTrace;
use mlsysim::units::{
    Bytes, BytesPerParam, BytesPerSecond, FlopPerSecond, Params, Seconds, Tokens,
};
use mlsysim::walls::fleet::communication::all_reduce::{AllReduce, AllReduceIn};
use mlsysim::{Convention, Error, Result, walls};

/// The verdict on a case of a group that this file knows.
pub(crate) fn run(group: &str, x: &Case<'_>) -> Option<Verdict> {
    let result = match group {
        "TrainingMemoryModel" => memory(x),
        "DistributedModel" => step(x),
        "MoERoutingModel" => routing(x),
        "NetworkRooflineModel" => network(x),
        "ParallelismOptimizer" => layouts(x),
        "Reference" => match x.case["label"].as_str() {
            Some("training_flops") => training_ops(x),
            Some("allreduce") => all_reduce(x),
            Some("critical_tokens_per_device") => critical_tokens(x),
            _ => return None,
        },
        _ => return None,
    };
    Some(verdict(x.case, result))
}

fn recompute(word: &str) -> Result<Recompute> {
    match word {
        "none" => Ok(Recompute::None),
        "selective" => Ok(Recompute::Selective),
        "full" => Ok(Recompute::Full),
        other => Err(unknown("activation checkpointing", other)),
    }
}

fn unknown(what: &'static str, name: &str) -> Error {
    Error::UnknownEntry { what, name: name.to_owned(), near: Vec::new() }
}

fn stage(x: &Case<'_>) -> u8 {
    u8::try_from(x.count("zero_stage", 0)).unwrap_or(u8::MAX)
}

fn memory(x: &Case<'_>) -> Result<Outputs> {
    let (optimizer, name) = match x.word("optimizer", "adam").as_str() {
        "adam" => (Optimizer::Adam, "adam"),
        "adamw" => (Optimizer::Adam, "adamw"),
        "sgd" => (Optimizer::Sgd, "sgd"),
        "none" => (Optimizer::None, "none"),
        other => return Err(unknown("optimizer", other)),
    };
    let precision = x.precision()?;
    let recompute = recompute(&x.word("activation_checkpointing", "selective"))?;
    let request = training_memory::Request {
        batch: x.count("batch_size", 1),
        seq_len: x.count("seq_len", 2048),
        precision,
        optimizer,
        recompute,
        tp: x.count("tp_size", 1),
        pp: x.count("pp_size", 1),
        dp: x.count("dp_size", 1),
        ep: x.count("ep_size", 1),
        zero_stage: stage(x),
        accumulation: x.count("gradient_accumulation_steps", 1),
        trained: x.number("trainable_fraction", 1.0),
        buffer_share: x.number("communication_buffer_fraction", 0.05),
        sequence_parallel: x.input("sequence_parallel").as_bool().unwrap_or(true),
    };
    let hardware = x.hardware();
    let out = training_memory::solve(&x.model(), &hardware, &request, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("feasible", Out::Flag(out.fits)),
        ("total_memory_byte", amount(out.total)),
        ("available_memory_byte", amount(hardware.capacity)),
        ("memory_utilization", Out::Number(out.utilization)),
        ("weights_byte", amount(out.weights)),
        ("gradients_byte", amount(out.gradients)),
        ("optimizer_state_byte", amount(out.optimizer)),
        ("activations_byte", amount(out.activations)),
        ("communication_buffers_byte", amount(out.buffers)),
        ("precision", Out::Word(precision.key())),
        ("optimizer", Out::Word(name)),
        ("activation_checkpointing", Out::Word(recompute.key())),
        ("parallelism.dp", Out::Number(f64::from(request.dp))),
        ("parallelism.tp", Out::Number(f64::from(request.tp))),
        ("parallelism.pp", Out::Number(f64::from(request.pp))),
        ("parallelism.ep", Out::Number(f64::from(request.ep))),
    ])
}

pub(crate) fn request(x: &Case<'_>) -> Result<distributed::Request> {
    let overlap = x.number("overlap_efficiency", 0.85);
    Ok(distributed::Request {
        batch: x.count("batch_size", 1),
        seq_len: x.count("seq_len", 2048),
        precision: x.precision()?,
        efficiency: x.number("efficiency", 0.5),
        tp: x.count("tp_size", 1),
        pp: x.count("pp_size", 1),
        ep: x.count("ep_size", 1),
        cp: 1,
        dp: None,
        interleave: x.count("v_stages", 1),
        microbatches: x.count("microbatch_count", 1),
        accumulation: x.count("gradient_accumulation_steps", 1),
        zero_stage: stage(x),
        lora_rank: x.flag("is_lora").then_some(16),
        recompute: if x.flag("activation_recomputation") {
            Recompute::Full
        } else {
            Recompute::None
        },
        // The package refuses a bad share even where it does not use it.
        overlap: (x.flag("overlap_comm") || !(0.0..=1.0).contains(&overlap)).then_some(overlap),
        congestion: x.number("congestion_factor", 1.0),
        straggler: x.number("straggler_factor", 1.0),
        imbalance: x.number("moe_routing_imbalance_factor", 1.0),
    })
}

fn step(x: &Case<'_>) -> Result<Outputs> {
    let request = request(x)?;
    let out = distributed::solve(&x.model(), &x.fleet(), &request, UPSTREAM, &mut NoTrace)?;
    Ok(step_outputs(&out, &request))
}

/// A training step under the names of the vectors.
pub(crate) fn step_outputs(out: &Distributed, request: &distributed::Request) -> Outputs {
    vec![
        ("node_profile", Out::of(profile_outputs(&out.replica))),
        ("dp_communication_latency_s", amount(out.sync_time)),
        ("tp_communication_latency_s", amount(out.tensor_time)),
        ("ep_communication_latency_s", amount(out.expert_time)),
        ("communication_latency_s", amount(out.communication_time())),
        ("pipeline_bubble_latency_s", amount(out.bubble_time)),
        ("bubble_fraction", Out::Number(out.bubble_fraction)),
        ("step_latency_total_s", amount(out.step_time)),
        ("scaling_efficiency", Out::Number(out.scaling_efficiency)),
        ("effective_throughput_1_per_s", amount(out.throughput)),
        ("parallelism.dp", Out::Number(f64::from(out.dp))),
        ("parallelism.tp", Out::Number(f64::from(request.tp))),
        ("parallelism.pp", Out::Number(f64::from(request.pp))),
        ("parallelism.ep", Out::Number(f64::from(request.ep))),
    ]
}

fn routing(x: &Case<'_>) -> Result<Outputs> {
    let request = moe::Request {
        batch: x.count("batch_size", 1),
        seq_len: x.count("seq_len", 1),
        precision: x.precision()?,
        ep: x.count("ep_size", 1),
        imbalance: x.number("routing_imbalance_factor", 1.0),
        capacity_factor: None,
    };
    let fleet = x.input("fleet").is_string().then(|| x.fleet());
    let out = moe::solve(&x.model(), fleet.as_ref(), &request, UPSTREAM, &mut NoTrace)?;
    Ok(vec![
        ("effective_active_experts", Out::Number(out.effective_experts)),
        ("effective_active_parameters_count", amount(out.effective_parameters)),
        ("active_parameter_multiplier", Out::Number(out.multiplier)),
        ("routing_imbalance_factor", Out::Number(request.imbalance)),
        ("token_dispatch_byte", amount(out.dispatched_bytes)),
        ("all_to_all_latency_s", amount(out.exchange_time)),
        ("ep_size", Out::Number(f64::from(request.ep))),
    ])
}

fn network(x: &Case<'_>) -> Result<Outputs> {
    let (fleet, efficiency, precision) = (x.fleet(), x.number("efficiency", 0.5), x.precision()?);
    let out = network_roofline::solve(
        &x.model(),
        &fleet,
        Tokens(1.0),
        precision,
        efficiency,
        UPSTREAM,
        &mut NoTrace,
    )?;
    let rate = fleet.node.accelerator.rate(precision, UPSTREAM)?.0;
    Ok(vec![
        ("latency_s", amount(out.time)),
        ("latency_compute_s", amount(out.compute_time)),
        ("latency_memory_s", amount(out.network_time)),
        ("latency_overhead_s", Out::Number(0.0)),
        ("throughput_1_per_s", amount(1.0 / out.time)),
        ("bottleneck", Out::Word(out.limit.key())),
        ("arithmetic_intensity_flop_per_byte", amount(out.communication_intensity)),
        ("energy_J", Out::Number(0.0)),
        ("memory_footprint_byte", amount(out.sync_bytes)),
        ("peak_flops_actual_flop_per_s", amount(rate * (fleet.accelerators() * efficiency))),
        ("peak_bw_actual_byte_per_s", amount(fleet.fabric.port())),
        ("mfu", Out::Number(out.utilization)),
        ("hfu", Out::Number(out.utilization)),
        ("feasible", Out::Flag(true)),
        ("overhead_dominated", Out::Flag(false)),
    ])
}

fn layouts(x: &Case<'_>) -> Result<Outputs> {
    let base = request(x)?;
    let overlap = x.input("overlap_comm").as_bool().unwrap_or(true).then_some(0.85);
    let request = distributed::Request { overlap, ..base };
    let cap = |name| x.input(name).as_u64().and_then(|cap| u32::try_from(cap).ok());
    let found = powers_of_two(&x.model(), &x.fleet(), &request, cap("max_tp"), cap("max_pp"))?
        .ok_or_else(|| unknown("layout", "that fits"))?;
    let searched = Out::Number(f64::from(u32::try_from(found.searched).unwrap_or(u32::MAX)));
    let best = found.top[0];
    let mut outputs = vec![
        ("objective_value", Out::Number(best.mfu)),
        ("best_config.tp", Out::Number(f64::from(best.tp))),
        ("best_config.pp", Out::Number(f64::from(best.pp))),
        ("best_config.dp", Out::Number(f64::from(best.dp))),
        ("total_searched", searched.clone()),
        ("best_mfu", Out::Number(best.mfu)),
        ("best_throughput_1_per_s", amount(best.throughput)),
        ("best_step_time_s", amount(best.step_time)),
        ("search_space_size", searched),
    ];
    for (rank, Candidate { tp, pp, dp, mfu, throughput, step_time }) in found.top.iter().enumerate()
    {
        for (name, out) in [
            ("config.tp", Out::Number(f64::from(*tp))),
            ("config.pp", Out::Number(f64::from(*pp))),
            ("config.dp", Out::Number(f64::from(*dp))),
            ("mfu", Out::Number(*mfu)),
            ("throughput_1_per_s", amount(*throughput)),
            ("step_time_s", amount(*step_time)),
        ] {
            outputs.push((format!("top_candidates.{rank}.{name}").leak(), out));
        }
    }
    Ok(outputs)
}

fn training_ops(x: &Case<'_>) -> Result<Outputs> {
    let inputs = TrainingOpsIn {
        active_parameters: Params(x.number("active_parameters", f64::NAN)),
        n_layers: x.number("layers", f64::NAN),
        n_heads: x.number("heads", f64::NAN),
        head_dim: x.number("head_width", f64::NAN),
        batch: x.number("batch", f64::NAN),
        seq_len: Tokens(x.number("seq_len", f64::NAN)),
    };
    let out = walls::solve::<TrainingOps>(&inputs, Convention::Reference)?;
    Ok(vec![
        ("linear_flop", amount(out.product_ops)),
        ("attention_full_flop", amount(out.full_attention_ops)),
        ("attention_causal_flop", amount(out.causal_attention_ops)),
        ("total_causal_flop", amount(out.ops)),
        ("total_causal_recompute_flop", amount(out.recomputed_ops)),
    ])
}

fn all_reduce(x: &Case<'_>) -> Result<Outputs> {
    let inputs = AllReduceIn {
        message: Bytes(x.number("message_byte", f64::NAN)),
        ranks: x.number("ranks", f64::NAN),
        bandwidth: BytesPerSecond(x.number("bandwidth_byte_per_s", f64::NAN)),
        latency: Seconds(x.number("latency_s", f64::NAN)),
    };
    let out = walls::solve::<AllReduce>(&inputs, Convention::Reference)?;
    Ok(vec![
        ("ring_s", amount(out.ring_time)),
        ("recursive_doubling_s", amount(out.doubling_time)),
        ("reduce_scatter_all_gather_lower_bound_s", amount(out.halving_time)),
    ])
}

fn critical_tokens(x: &Case<'_>) -> Result<Outputs> {
    let inputs = NetworkIn {
        // Cancels: more parameters mean more work and more bytes.
        parameters: Params(1e9),
        gradient_width: BytesPerParam(x.number("gradient_byte_per_param", f64::NAN)),
        device_tokens: Tokens(1.0),
        dp: x.number("dp", f64::NAN),
        peak: FlopPerSecond(x.number("rate_flop_per_s", f64::NAN)),
        efficiency: x.number("efficiency", f64::NAN),
        nic_bandwidth: BytesPerSecond(x.number("nic_byte_per_s", f64::NAN)),
    };
    let out = walls::solve::<NetworkRoofline>(&inputs, Convention::Reference)?;
    Ok(vec![("tokens", amount(out.critical_tokens))])
}
