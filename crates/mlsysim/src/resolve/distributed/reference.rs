//! The step by the formulas of the literature: numbers from records, then the reference model.

use super::{Distributed, Request, injection};
use crate::composite::Settings;
use crate::composite::roofline::Bottleneck;
use crate::composite::single_node::{self, Fit, Profile};
use crate::composite::training_step::{
    Cluster, Layout, Plan, Shape, StepEstimate, Tuning, step_estimate,
};
use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::registry::{Fleet, Model, Training};
use crate::resolve::training_memory;
use crate::trace::{NoTrace, Recorder};
use crate::units::{Bytes, FlopPerByte, Seconds};
use crate::walls::fleet::communication::{gradient_sync, pipeline, step};
use crate::walls::solve_traced;
use crate::workload::WorkloadSpec;

const REFERENCE: Convention = Convention::Reference;

/// The numbers of a transformer, a fleet and a batch, prepared for many layouts.
///
/// The degrees of `request` do not matter here; [`layout`] reads them.
///
/// # Errors
///
/// - [`Error::ModelIncomplete`] if the model's record lacks a size.
/// - [`Error::RateMissing`] if the accelerator has no rate for the number format.
/// - [`Error::OutOfRange`] for a count of 0 or a share outside its range.
pub fn plan(model: &Model, fleet: &Fleet, request: &Request) -> Result<Plan> {
    if !model.family.is_transformer() {
        return Err(model.lacks("a transformer's shape", "layouts divide attention layers"));
    }
    let hardware = &fleet.node.accelerator;
    let device = hardware.device(request.precision, REFERENCE)?;
    let (shared, routed) = training_memory::split(model)?;
    let layers = model.layer_count()?;
    let heads = model.head_count(REFERENCE)?;
    let is_sparse = routed.0 > 0.0;
    let shape = Shape {
        layers,
        hidden: model.hidden.ok_or_else(|| model.lacks("the hidden width", "give hidden"))?,
        heads,
        kv_heads: model.kv_heads.unwrap_or(heads),
        head_dim: model.head_width(REFERENCE)?,
        routed,
        experts: if is_sparse { model.experts.unwrap_or(1) } else { 1 },
        chosen: if is_sparse { model.experts_per_token.unwrap_or(1) } else { 1 },
        expert_layers: if is_sparse { layers } else { 0 },
        ..Shape::dense(layers, 1, heads, shared)
    };
    let devices = u32::try_from(u64::from(fleet.nodes) * u64::from(fleet.node.accelerators))
        .unwrap_or(u32::MAX);
    let cluster = Cluster {
        memory_efficiency: device.memory_efficiency,
        intra_latency: fleet.node.start_up(),
        inter_latency: fleet.fabric.start_up(),
        dispatch: device.dispatch,
        layer_time: device.layer_time,
        power: device.power,
        idle_share: device.idle_share,
        ..Cluster::new(
            devices,
            fleet.node.accelerators,
            (device.peak, device.bandwidth, device.capacity),
            fleet.node.intra_bandwidth,
            injection(fleet),
        )
    };
    let tuning = Tuning {
        batch: request.batch,
        seq_len: request.seq_len,
        efficiency: request.efficiency,
        width: request.precision.width(),
        gradient_width: request.precision.width(),
        trained: request.lora_rank.map_or(Ok(1.0), |rank| model.adapter_share(rank))?,
        overlap: request.overlap.unwrap_or(0.0),
        congestion: request.congestion,
        imbalance: request.imbalance,
        slowdown: request.straggler.max(1.0),
        ..Tuning::default()
    };
    Plan::new(shape, cluster, tuning)
}

/// The layout that `request` asks for, with `dp` copies.
///
/// # Errors
///
/// [`Error::LayoutBatch`] if the batch does not split into the microbatches asked for.
pub fn layout(request: &Request, dp: u32) -> Result<Layout> {
    let microbatches = u64::from(request.microbatches) * u64::from(request.accumulation);
    let split = u64::from(dp) * u64::from(request.ep) * microbatches;
    let batch = u64::from(request.batch);
    let refuse = |micro_batch| {
        Err(Error::LayoutBatch { batch: request.batch, dp, ep: request.ep, micro_batch })
    };
    let micro_batch = match batch.checked_div(split) {
        Some(micro_batch) if micro_batch > 0 && micro_batch * split == batch => micro_batch,
        _ => {
            return refuse(
                u32::try_from(batch.checked_div(split).unwrap_or(0)).unwrap_or(0).max(1),
            );
        }
    };
    let Ok(micro_batch) = u32::try_from(micro_batch) else { return refuse(u32::MAX) };
    Ok(Layout {
        tp: request.tp,
        pp: request.pp,
        cp: request.cp,
        ep: request.ep,
        dp,
        micro_batch,
        interleave: request.interleave,
        zero_stage: request.zero_stage,
        checkpointing: training_memory::checkpointing(request.recompute),
        sequence_parallel: true,
    })
}

pub(super) fn solve<R: Recorder>(
    model: &Model,
    fleet: &Fleet,
    request: &Request,
    dp: u32,
    trace: &mut R,
) -> Result<Distributed> {
    if !model.family.is_transformer() {
        return other(model, fleet, request, dp, trace);
    }
    let plan = plan(model, fleet, request)?;
    let layout = layout(request, dp)?;
    let estimate = step_estimate(&plan, &layout, trace)?;
    let parts = &estimate.breakdown;
    let replica = replica(&plan, &layout, &estimate);
    Ok(Distributed {
        replica,
        dp,
        sync_time: estimate.sync_time,
        exposed_sync_time: parts.sync,
        tensor_time: parts.tensor,
        expert_time: parts.expert,
        transfer_time: parts.transfer + parts.context,
        bubble_time: parts.bubble,
        bubble_fraction: estimate.bubble_fraction,
        step_time: estimate.step_time,
        scaling_efficiency: (replica.time / estimate.step_time).min(1.0),
        throughput: f64::from(request.batch) / estimate.step_time,
        estimate: Some(estimate),
    })
}

/// One replica at work without messages.
fn replica(plan: &Plan, layout: &Layout, estimate: &StepEstimate) -> Profile {
    let (cluster, parts) = (plan.cluster(), &estimate.breakdown);
    let compute_time = parts.compute + parts.recompute;
    let overhead = parts.launch + parts.update + parts.dispatch;
    let time = compute_time + parts.memory_stall + overhead;
    let traffic = estimate.traffic_time;
    let sustained_peak = cluster.peak * plan.tuning().efficiency;
    let effective_bandwidth = cluster.bandwidth * cluster.memory_efficiency;
    let need = estimate.memory;
    // Shares of the peak while the replica works: those of the step, without its waiting.
    let working = estimate.step_time / time;
    Profile {
        time,
        compute_time,
        memory_time: traffic,
        overhead,
        throughput: f64::from(plan.tuning().batch) / f64::from(layout.dp) / time,
        bottleneck: if traffic > compute_time { Bottleneck::Memory } else { Bottleneck::Compute },
        overhead_dominated: overhead > compute_time.max(traffic),
        arithmetic_intensity: FlopPerByte(
            compute_time.0 * sustained_peak.0 / (traffic.0 * effective_bandwidth.0),
        ),
        ridge_point: sustained_peak / effective_bandwidth,
        sustained_peak,
        effective_bandwidth,
        mfu: (estimate.mfu * working).min(1.0),
        hfu: (estimate.hfu * working).min(1.0),
        energy: estimate.energy.map(|energy| energy / f64::from(layout.dp)),
        memory: Fit {
            need,
            have: cluster.capacity,
            fits: estimate.fits,
            short_by: (need - cluster.capacity).max(Bytes::ZERO),
        },
        weights: None,
    }
}

/// A model without attention layers: its work divided evenly, its gradients summed once.
///
/// What devices that share a layer exchange depends on the layer and is not counted.
fn other<R: Recorder>(
    model: &Model,
    fleet: &Fleet,
    request: &Request,
    dp: u32,
    trace: &mut R,
) -> Result<Distributed> {
    let device = fleet.node.accelerator.device(request.precision, REFERENCE)?;
    let own =
        request.tp.saturating_mul(request.pp).saturating_mul(request.ep).saturating_mul(request.cp);
    let share = 1.0 / f64::from(own);
    let training = Training {
        batch: (request.batch / dp).max(1),
        seq_len: request.seq_len,
        recompute: request.recompute,
        zero_stage: request.zero_stage,
        data_parallel: dp,
        lora_rank: request.lora_rank,
        ..Training::default()
    };
    let whole = model.training(&training, request.precision, REFERENCE, &mut NoTrace)?;
    let work = WorkloadSpec {
        ops: whole.ops * share,
        useful_ops: whole.useful_ops.map(|ops| ops * share),
        bytes_moved: whole.bytes_moved * share,
        weight_bytes: whole.weight_bytes * share,
        working_bytes: whole.working_bytes * share,
        footprint: whole.footprint.map(|bytes| bytes * share),
        ..whole
    };
    let settings = Settings { efficiency: request.efficiency, ..Settings::default() };
    let replica = single_node::evaluate(&work, &device, &settings, REFERENCE, trace)?;
    let trained = request.lora_rank.map_or(Ok(1.0), |rank| model.adapter_share(rank))?;
    let node = &fleet.node;
    let sync = gradient_sync::SyncIn {
        gradient_bytes: work.weight_bytes * trained,
        gathered_bytes: work.weight_bytes,
        dp: f64::from(dp),
        copies_per_node: f64::from((node.accelerators / own).max(1)),
        intra_bandwidth: node.intra_bandwidth,
        intra_latency: node.start_up(),
        inter_bandwidth: injection(fleet),
        inter_latency: fleet.fabric.start_up(),
        zero_stage: f64::from(request.zero_stage),
        gathers: 2.0,
        accumulation: f64::from(request.accumulation),
        congestion: request.congestion,
        // Two of three products of a step belong to the backward pass.
        backward_time: replica.compute_time * (2.0 / 3.0),
        overlap: request.overlap.unwrap_or(0.0),
    };
    let sync = solve_traced::<gradient_sync::GradientSync, R>(&sync, REFERENCE, trace)?;
    let stages = pipeline::PipelineIn {
        pp: f64::from(request.pp),
        microbatches: f64::from(request.microbatches),
        interleave: f64::from(request.interleave),
        stage_time: replica.time,
        boundary_bytes: Bytes::ZERO,
        pp_bandwidth: injection(fleet),
        pp_latency: fleet.fabric.start_up(),
        overlap: request.overlap.unwrap_or(0.0),
        congestion: request.congestion,
    };
    let stages = solve_traced::<pipeline::Pipeline, R>(&stages, REFERENCE, trace)?;
    let parts = step::StepIn {
        work_time: replica.time,
        exposed_sync_time: sync.exposed_sync_time,
        tensor_time: Seconds::ZERO,
        expert_time: Seconds::ZERO,
        exposed_transfer_time: stages.exposed_transfer_time,
        bubble_time: stages.bubble_time,
        slowdown: request.straggler.max(1.0),
    };
    let whole = solve_traced::<step::Step, R>(&parts, REFERENCE, trace)?;
    Ok(Distributed {
        replica,
        dp,
        sync_time: sync.sync_time,
        exposed_sync_time: sync.exposed_sync_time,
        tensor_time: Seconds::ZERO,
        expert_time: Seconds::ZERO,
        transfer_time: stages.exposed_transfer_time,
        bubble_time: stages.bubble_time,
        bubble_fraction: stages.bubble_fraction,
        step_time: whole.step_time,
        scaling_efficiency: whole.scaling_efficiency,
        throughput: replica.throughput * (f64::from(dp) * whole.scaling_efficiency),
        estimate: None,
    })
}
