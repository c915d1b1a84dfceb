//! The step of the Python package: a replica by the roofline of one device, messages added to it.

use super::{Distributed, Request};
use crate::composite::roofline::{self, Bottleneck};
use crate::composite::single_node::{self, Fit, Profile};
use crate::composite::{HOST_LINK, LAYER_TIME, Settings};
use crate::convention::Convention;
use crate::error::Result;
use crate::registry::{Fleet, Model, Recompute, Training};
use crate::resolve::training_memory;
use crate::trace::{NoTrace, Recorder};
use crate::units::{Bytes, Joules, Seconds, Tokens};
use crate::walls::fleet::communication::{experts, gradient_sync, pipeline, step, tensor};
use crate::walls::solve_traced;

const UPSTREAM: Convention = Convention::Upstream030;
/// Share of the gradients that adapters are taken to have.
const ADAPTER_GRADIENTS: f64 = 0.01;

pub(super) fn solve<R: Recorder>(
    model: &Model,
    fleet: &Fleet,
    request: &Request,
    dp: u32,
    trace: &mut R,
) -> Result<Distributed> {
    let local_batch = (request.batch / dp).max(1);
    let replica = replica(model, fleet, request, local_batch, dp)?;
    let node = &fleet.node;
    let (port, fabric_latency) = (fleet.fabric.port(), fleet.fabric.start_up());
    let element = Bytes(request.precision.width().0);
    let hidden = f64::from(model.hidden.unwrap_or(4096));
    let layers = model.layers.unwrap_or(1);
    let tokens = Tokens(f64::from(local_batch) * f64::from(request.seq_len));

    let weights = model.weight_bytes(request.precision, UPSTREAM)?;
    let shard = weights / (f64::from(request.tp) * f64::from(request.pp));
    let devices = request.tp.saturating_mul(request.pp).saturating_mul(request.ep);
    let sync = gradient_sync::SyncIn {
        gradient_bytes: if request.lora_rank.is_some() { shard * ADAPTER_GRADIENTS } else { shard },
        gathered_bytes: Bytes::ZERO,
        dp: f64::from(dp),
        copies_per_node: f64::from((node.accelerators / devices).max(1)),
        intra_bandwidth: node.intra_bandwidth,
        intra_latency: node.start_up(),
        inter_bandwidth: port,
        inter_latency: fabric_latency,
        zero_stage: f64::from(request.zero_stage),
        gathers: 2.0,
        accumulation: f64::from(request.accumulation),
        congestion: request.congestion,
        backward_time: Seconds::ZERO,
        overlap: request.overlap.unwrap_or(0.0),
    };
    let sync = solve_traced::<gradient_sync::GradientSync, R>(&sync, UPSTREAM, trace)?;

    let inside = request.tp <= node.accelerators;
    let sums = tensor::TensorIn {
        tokens,
        hidden,
        element,
        stage_layers: f64::from(layers.div_ceil(request.pp)),
        sums_per_layer: 4.0,
        tp: f64::from(request.tp),
        tp_bandwidth: if inside { node.intra_bandwidth } else { port },
        tp_latency: if inside { node.start_up() } else { fabric_latency },
        congestion: request.congestion,
    };
    let sums = solve_traced::<tensor::TensorParallel, R>(&sums, UPSTREAM, trace)?;

    let routed = experts::ExpertsIn {
        tokens,
        hidden,
        element,
        chosen: f64::from(model.experts_per_token.unwrap_or(1)),
        imbalance: request.imbalance,
        expert_layers: f64::from(layers),
        exchanges_per_layer: 4.0,
        ep: f64::from(request.ep),
        ep_bandwidth: port,
        ep_latency: fabric_latency,
        congestion: request.congestion,
    };
    let routed = solve_traced::<experts::ExpertParallel, R>(&routed, UPSTREAM, trace)?;

    let stages = pipeline::PipelineIn {
        pp: f64::from(request.pp),
        microbatches: f64::from(request.microbatches),
        interleave: f64::from(request.interleave),
        stage_time: replica.time,
        boundary_bytes: Bytes::ZERO,
        pp_bandwidth: port,
        pp_latency: fabric_latency,
        overlap: 0.0,
        congestion: request.congestion,
    };
    let stages = solve_traced::<pipeline::Pipeline, R>(&stages, UPSTREAM, trace)?;

    let parts = step::StepIn {
        work_time: replica.time,
        exposed_sync_time: sync.exposed_sync_time,
        tensor_time: sums.tensor_time,
        expert_time: routed.expert_time,
        exposed_transfer_time: Seconds::ZERO,
        bubble_time: stages.bubble_time,
        slowdown: request.straggler.max(1.0),
    };
    let whole = solve_traced::<step::Step, R>(&parts, UPSTREAM, trace)?;
    Ok(Distributed {
        replica,
        dp,
        sync_time: sync.sync_time,
        exposed_sync_time: sync.exposed_sync_time,
        tensor_time: sums.tensor_time,
        expert_time: routed.expert_time,
        transfer_time: Seconds::ZERO,
        bubble_time: stages.bubble_time,
        bubble_fraction: stages.bubble_fraction,
        step_time: whole.step_time,
        scaling_efficiency: whole.scaling_efficiency,
        throughput: replica.throughput * (f64::from(dp) * whole.scaling_efficiency),
        estimate: None,
    })
}

/// One replica at work, all its devices together.
fn replica(
    model: &Model,
    fleet: &Fleet,
    request: &Request,
    local_batch: u32,
    dp: u32,
) -> Result<Profile> {
    let hardware = &fleet.node.accelerator;
    let device = hardware.device(request.precision, UPSTREAM)?;
    let devices = f64::from(request.tp) * f64::from(request.pp) * f64::from(request.ep);
    let full = request.recompute == Recompute::Full;
    let is_transformer = model.family.is_transformer();
    if !is_transformer && devices <= 1.0 {
        let training = Training {
            batch: local_batch,
            seq_len: request.seq_len,
            recompute: request.recompute,
            zero_stage: request.zero_stage,
            data_parallel: dp,
            lora_rank: request.lora_rank,
            ..Training::default()
        };
        let work = model.training(&training, request.precision, UPSTREAM, &mut NoTrace)?;
        let settings = Settings { efficiency: request.efficiency, ..Settings::default() };
        return single_node::evaluate(&work, &device, &settings, UPSTREAM, &mut NoTrace);
    }
    let batch = f64::from(local_batch);
    let tokens = if is_transformer { f64::from(request.seq_len) } else { 1.0 };
    let per_sample = model.ops_per_item(UPSTREAM)? * tokens;
    let useful = per_sample * (3.0 * batch);
    let ops = if full { per_sample * (4.0 * batch) } else { useful };
    let sustained_peak = device.peak * request.efficiency;
    let compute_time = ops / (sustained_peak * devices);

    let weights = model.weight_bytes(request.precision, UPSTREAM)?;
    let need = if is_transformer {
        let memory = training_memory::Request {
            batch: local_batch.saturating_mul(dp),
            seq_len: request.seq_len,
            precision: request.precision,
            recompute: if full { Recompute::Full } else { Recompute::Selective },
            tp: request.tp,
            pp: request.pp,
            dp,
            ep: request.ep,
            zero_stage: request.zero_stage,
            accumulation: request.accumulation.saturating_mul(if request.pp > 1 {
                (request.microbatches / request.pp).max(1)
            } else {
                1
            }),
            trained: request.lora_rank.map_or(Ok(1.0), |rank| model.adapter_share(rank))?,
            ..training_memory::Request::default()
        };
        training_memory::solve(model, hardware, &memory, UPSTREAM, &mut NoTrace)?.total
    } else {
        let state = weights * 2.0 + Bytes(12.0 * (weights / request.precision.width()).0);
        state / devices
    };
    let memory = Fit {
        need,
        have: device.capacity,
        fits: need <= device.capacity,
        short_by: (need - device.capacity).max(Bytes::ZERO),
    };
    let effective_bandwidth = if memory.fits {
        device.bandwidth
    } else {
        device.bandwidth.min(device.host_link.unwrap_or(HOST_LINK))
    };
    let traffic = weights * (1.0 + 0.1 * batch);
    let memory_time = traffic / devices / effective_bandwidth;
    let layers = f64::from(model.layers.unwrap_or(1));
    let overhead = device.dispatch + LAYER_TIME * (3.0 * layers);
    let time = compute_time.max(memory_time) + overhead;
    let all = device.peak * devices;
    let hfu = roofline::utilization(ops, all, time);
    let energy = device.power.map(|power| Joules(power.0 * (0.3 + 0.7 * hfu) * time.0 * devices));
    Ok(Profile {
        time,
        compute_time,
        memory_time,
        overhead,
        throughput: batch / time,
        bottleneck: if memory_time > compute_time {
            Bottleneck::Memory
        } else {
            Bottleneck::Compute
        },
        overhead_dominated: overhead > compute_time.max(memory_time),
        arithmetic_intensity: roofline::intensity(ops, traffic),
        ridge_point: sustained_peak / effective_bandwidth,
        sustained_peak,
        effective_bandwidth,
        mfu: roofline::utilization(useful, all, time),
        hfu,
        energy,
        memory,
        weights: None,
    })
}
