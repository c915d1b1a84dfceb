//! Time of one training step of a dense decoder, from its kernels up.
//!
//! ```text
//! T_layer = products (forward, two backward, once more if recomputed) + attention + other traffic + exchanges
//! T_stage = (L/p)·T_layer,  T_head on the last stage
//! T_body  = m·max(T_stage + T_head, T_stage) + (p − 1)/v·T_stage
//! T       = (T_body ⊕ T_shards) + T_reduce·x + T_optimizer, times 1 + j·log₂(nodes)
//! ```
//!
//! Products are those of [`super::gemm`], at a rate that a warm machine sustains: its power feeds only so many operations
//! per second, which binds recent families more. Sources: Narayanan and others, "Efficient Large-Scale Language Model
//! Training on GPU Clusters" (2021); Korthikanti and others, "Reducing Activation Recomputation" (2022); Rajbhandari and
//! others, "ZeRO" (2020); Dao, "FlashAttention-2" (2023).
//!
//! Limits: dense decoders; one kind of device; the exchange of experts is not modelled; memory pressure costs nothing.

use super::transformer::{Plan, Recompute, Shape, Sharding};
use super::{Calibration, Machine, gemm};
use crate::error::Result;
use crate::precision::Precision;

/// The constants of the model, section `task.training` of the calibration.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Constants {
    /// The constants of matrix products.
    pub gemm: gemm::Constants,
    /// Share of the benchmarked rate of products that training code reaches.
    pub product_share: f64,
    /// 16-bit operations that one joule of the rated power feeds.
    pub ops_per_joule: f64,
    /// Share of the peak that fused attention reaches, as far as multiplying goes.
    pub attention_share: f64,
    /// Cycles of a compute unit that fused attention adds for 512 operations.
    pub attention_cycles: f64,
    /// Time of the backward pass of attention over the forward pass.
    pub attention_backward: f64,
    /// Tokens at which fused attention reaches half of its rate.
    pub attention_half: f64,
    /// Bytes moved per score by attention that writes its scores, each pass.
    pub score_bytes: f64,
    /// Bytes moved per token and width by everything between the products.
    pub width_bytes: f64,
    /// The same per inner width.
    pub inner_bytes: f64,
    /// Bytes moved per logit.
    pub logit_bytes: f64,
    /// Exposed share of the exchanges of tensor parallelism.
    pub tensor_exposed: f64,
    /// Exposed share of the messages between stages.
    pub stage_exposed: f64,
    /// Share of the network bandwidth that gathers and sums reach.
    pub network_share: f64,
    /// Exponent by which gathering shards overlaps with the rest.
    pub shard_overlap: f64,
    /// Exposed share of summing gradients.
    pub reduce_exposed: f64,
    /// Bytes moved per weight by the optimizer.
    pub optimizer_bytes: f64,
    /// Share that each doubling of the nodes adds.
    pub doubling_loss: f64,
    /// Time that issuing the kernels of a layer takes, both passes, s.
    pub issue_time: f64,
}

impl Constants {
    /// Reads the section.
    ///
    /// # Errors
    ///
    /// As [`Calibration::constant`].
    pub fn read(calibration: &Calibration) -> Result<Self> {
        let get = |name| calibration.constant("training", name);
        Ok(Self {
            gemm: gemm::Constants::read(calibration)?,
            product_share: get("product_share")?,
            ops_per_joule: get("ops_per_joule")?,
            attention_share: get("attention_share")?,
            attention_cycles: get("attention_cycles")?,
            attention_backward: get("attention_backward")?,
            attention_half: get("attention_half")?,
            score_bytes: get("score_bytes")?,
            width_bytes: get("width_bytes")?,
            inner_bytes: get("inner_bytes")?,
            logit_bytes: get("logit_bytes")?,
            tensor_exposed: get("tensor_exposed")?,
            stage_exposed: get("stage_exposed")?,
            network_share: get("network_share")?,
            shard_overlap: get("shard_overlap")?,
            reduce_exposed: get("reduce_exposed")?,
            optimizer_bytes: get("optimizer_bytes")?,
            doubling_loss: get("doubling_loss")?,
            issue_time: get("issue_time")?,
        })
    }
}

/// The time of a step and its parts on the slowest stage, s.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Step {
    /// From one update to the next.
    pub total: f64,
    /// Matrix products of the layers.
    pub products: f64,
    /// Attention.
    pub attention: f64,
    /// Other memory traffic of the layers.
    pub traffic: f64,
    /// Logits and loss.
    pub head: f64,
    /// Exchanges of tensor parallelism.
    pub tensor: f64,
    /// Stages that wait, and messages between them.
    pub pipeline: f64,
    /// Gathering, sharding and summing over data-parallel devices, as far as it shows.
    pub data: f64,
    /// The update.
    pub optimizer: f64,
}

/// Network bandwidth of one machine where its record has none, bytes per second: 200 Gbit/s.
const NIC: f64 = 25e9;

/// How sharply the longer of issue and execution decides the time of a layer.
const ISSUE_OVERLAP: f64 = 6.0;

/// How sharply the lower of two rates decides.
const RATE_OVERLAP: f64 = 8.0;

/// Share of the time of issuing that recorded graphs leave, as code for 8-bit training uses them.
const GRAPH_SHARE: f64 = 0.3;

/// The step of a decoder on machines of one kind.
///
/// # Errors
///
/// A size or degree out of range, or a machine without a rate for the format.
pub fn step(
    machine: &Machine<'_>,
    shape: &Shape,
    plan: &Plan,
    constants: &Constants,
) -> Result<Step> {
    plan.check(shape)?;
    let layer = layer(machine, shape, plan, constants)?;
    let layers = shape.layers / plan.pipeline;
    let stage = layers * layer.total;
    let head = head(machine, shape, plan, constants)?;
    let tokens = plan.micro_batch * plan.seq_len / plan.context;
    let nic = machine.nic().unwrap_or(NIC);

    let mut message = 0.0;
    if plan.pipeline > 1.0 {
        let bytes = 2.0 * tokens * shape.hidden / plan.tensor;
        message = 2.0 * bytes * plan.interleave / nic * constants.stage_exposed;
    }
    let turn = stage + head + message;
    let waiting = (plan.pipeline - 1.0) / plan.interleave * (stage + head / plan.pipeline);
    let body = plan.micro_batches * turn + waiting;

    let weights = (layers * shape.layer_weights()
        + 2.0 * shape.vocab * shape.hidden / plan.pipeline)
        / plan.tensor;
    let others = (plan.data - 1.0) / plan.data;
    // Copies on one node share its network; a ring over nodes uses all of it.
    let mut near = (plan.node / (plan.tensor * plan.context)).max(1.0).min(plan.data);
    if plan.sharding == Sharding::Weights && !plan.fused_attention {
        // Libraries from before fused attention gather weight by weight, over one adapter.
        near = 1.0;
    }
    let link = machine.link().unwrap_or(nic) * machine.generation.link_efficiency;
    let rate = if plan.devices() > plan.node {
        link.min(nic * near * constants.network_share)
    } else {
        link
    };
    let pass = 2.0 * weights * others / rate;
    let data = if plan.adapters || plan.data <= 1.0 {
        0.0
    } else {
        match plan.sharding {
            // Gathered for both passes, and gradients summed, for every micro-batch.
            Sharding::Weights => {
                let shards = 3.0 * pass * plan.micro_batches;
                gemm::join(body, shards, constants.shard_overlap) - body
            }
            Sharding::Gradients => gemm::join(body, 3.0 * pass, constants.shard_overlap) - body,
            // Gradients are summed, and weights sent around after the update.
            Sharding::Optimizer | Sharding::Whole => 3.0 * pass * constants.reduce_exposed,
        }
    };
    let updated = if plan.sharding == Sharding::Whole { weights } else { weights / plan.data };
    let optimizer =
        if plan.adapters { 0.0 } else { updated * constants.optimizer_bytes / machine.bandwidth() };
    let nodes = (plan.devices() / plan.node).max(1.0);
    let slower = 1.0 + constants.doubling_loss * libm::log2(nodes);
    let turns = plan.micro_batches * layers;
    Ok(Step {
        total: (body + data + optimizer) * slower,
        products: turns * layer.products,
        attention: turns * layer.attention,
        traffic: turns * layer.traffic,
        head: plan.micro_batches * head,
        tensor: turns * layer.tensor,
        pipeline: waiting + plan.micro_batches * message,
        data,
        optimizer,
    })
}

/// One layer, both passes, s.
struct Layer {
    total: f64,
    products: f64,
    attention: f64,
    traffic: f64,
    tensor: f64,
}

fn layer(
    machine: &Machine<'_>,
    shape: &Shape,
    plan: &Plan,
    constants: &Constants,
) -> Result<Layer> {
    let tokens = plan.micro_batch * plan.seq_len / plan.context;
    let again = if plan.recompute == Recompute::Layers { 1.0 } else { 0.0 };
    let queries = shape.heads * shape.head_dim;
    let ways = if shape.gated { 2.0 } else { 1.0 };
    let keys = 2.0 * shape.kv_width().max(shape.head_dim * plan.tensor);
    let mut products = 0.0;
    for (outputs, inputs) in [
        ((queries + keys) / plan.tensor, shape.hidden),
        (shape.hidden, queries / plan.tensor),
        (ways * shape.ffn_hidden / plan.tensor, shape.hidden),
        (shape.hidden, shape.ffn_hidden / plan.tensor),
    ] {
        let size = [tokens, outputs, inputs];
        let [forward, data, weight] = passes(machine, size, plan.precision, constants)?;
        let weight = if plan.adapters { 0.0 } else { weight };
        products += forward * (1.0 + again) + data + weight;
    }

    let peak = machine.peak(Precision::Bf16)?;
    let heads = shape.heads / plan.tensor;
    let (length, part) = (plan.seq_len, plan.seq_len / plan.context);
    // Half of the scores.
    let ops = 2.0 * plan.micro_batch * heads * part * length * shape.head_dim;
    let attention = if plan.fused_attention {
        let multiply = ops / (peak * constants.attention_share);
        let other = ops / 512.0 * constants.attention_cycles / machine.unit_cycles();
        let forward = (multiply + other) * (1.0 + constants.attention_half / length);
        forward * (1.0 + again + constants.attention_backward)
    } else {
        // All scores, at the rate of small products, and the traffic of writing them.
        let passes = 3.0 + again + if plan.recompute == Recompute::Scores { 1.0 } else { 0.0 };
        let scores = plan.micro_batch * heads * part * length;
        let moved = scores * constants.score_bytes / machine.bandwidth();
        passes * (2.0 * ops / (0.6 * peak) + moved)
    };

    let cut = if plan.sequence_parallel { plan.tensor } else { 1.0 };
    let width = tokens * shape.hidden * constants.width_bytes / cut;
    let inner = tokens * shape.ffn_hidden / plan.tensor * constants.inner_bytes;
    // The forward pass is some two fifths of the traffic.
    let traffic = (width + inner) * (1.0 + 0.4 * again) / machine.bandwidth();

    let mut tensor = 0.0;
    if plan.tensor > 1.0 {
        let link = machine.link().unwrap_or(NIC) * machine.generation.link_efficiency;
        let sum = 2.0 * (plan.tensor - 1.0) / plan.tensor * 2.0 * tokens * shape.hidden / link;
        tensor = (4.0 + 2.0 * again) * sum * constants.tensor_exposed;
    }
    let busy = products + attention + traffic + tensor;
    let graphs = if plan.precision.bits().0 <= 8.0 { GRAPH_SHARE } else { 1.0 };
    let total = gemm::join(busy, constants.issue_time * graphs, ISSUE_OVERLAP);
    Ok(Layer { total, products, attention, traffic, tensor })
}

/// Logits and loss of a micro-batch, both passes, s.
fn head(machine: &Machine<'_>, shape: &Shape, plan: &Plan, constants: &Constants) -> Result<f64> {
    let tokens = plan.micro_batch * plan.seq_len / plan.context;
    let outputs = shape.vocab / plan.tensor;
    let [forward, data, weight] =
        passes(machine, [tokens, outputs, shape.hidden], Precision::Bf16, constants)?;
    let weight = if plan.adapters { 0.0 } else { weight };
    let traffic = tokens * outputs * constants.logit_bytes / machine.bandwidth();
    Ok(forward + data + weight + traffic)
}

/// A product forward, and its two gradients, s.
fn passes(
    machine: &Machine<'_>,
    [m, n, k]: [f64; 3],
    precision: Precision,
    constants: &Constants,
) -> Result<[f64; 3]> {
    let mut times = [0.0; 3];
    for (time, [m, n, k]) in times.iter_mut().zip([[m, n, k], [m, k, n], [n, k, m]]) {
        let product = gemm::Product { m, n, k, precision };
        let body = gemm::body(machine, &product, &constants.gemm)? / constants.product_share;
        // What the power supply feeds, and narrow operands need less of.
        let fed = machine.hardware.power.map_or(f64::INFINITY, |power| {
            power.0 * constants.ops_per_joule * 16.0 / precision.bits().0.max(4.0)
        });
        *time = gemm::join(body, 2.0 * m * n * k / fed, RATE_OVERLAP);
    }
    Ok(times)
}
