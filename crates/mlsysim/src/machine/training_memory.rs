//! Memory of one device while a dense decoder trains.
//!
//! ```text
//! M_state = N_device · (2 + 4 + 12), each part over d where it is sharded
//! M_act   = s·b·h·(a_whole + a_cut/t) · L · (1 + (p − 1)/(p·v))
//! ```
//!
//! A weight in 16 bits, its gradient in 32, and master weight with two moments in 32 bits. Activations are those that
//! the backward pass reads; the first stage holds as many micro-batches as there are stages.
//! Source: Korthikanti and others, "Reducing Activation Recomputation" (2022), equations 1 to 6.
//!
//! Limits: 16-bit activations; no fragmentation of the allocator.

use super::transformer::{Plan, Recompute, Shape, Sharding};
use crate::error::Result;

/// Bytes of one device.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Memory {
    /// Weights of the layers, their gradients and optimizer states.
    pub layers: f64,
    /// The same of the tables of tokens.
    pub tables: f64,
    /// Activations.
    pub activations: f64,
    /// Logits and their gradient on the last stage; with one stage that is every device.
    pub logits: f64,
}

impl Memory {
    /// All of it, on the first stage.
    #[must_use]
    pub fn total(&self, plan: &Plan) -> f64 {
        let logits = if plan.pipeline > 1.0 { 0.0 } else { self.logits };
        self.layers + self.tables + self.activations + logits
    }
}

/// Bytes of activations per layer, `[s·b]` tokens.
///
/// # Errors
///
/// A size or degree out of range.
pub fn layer_activations(shape: &Shape, plan: &Plan) -> Result<f64> {
    plan.check(shape)?;
    let tokens = plan.micro_batch * plan.seq_len / plan.context;
    let width = tokens * shape.hidden;
    if plan.recompute == Recompute::Layers {
        // The input of the layer, in 16 bits.
        let cut = if plan.sequence_parallel { plan.tensor } else { 1.0 };
        return Ok(2.0 * width / cut);
    }
    // Two norms and two inputs of products, 16 bits each; two masks of dropout, a byte each, which gated models have not.
    let masks = if shape.gated { 0.0 } else { 2.0 };
    let whole = (2.0 * 2.0 + 2.0 * 2.0 + masks) * width;
    let queries = tokens * shape.heads * shape.head_dim;
    // Queries, keys, values and the input of the projection.
    let attention = 2.0 * (2.0 * queries + 2.0 * tokens * shape.kv_width());
    // The inner width before and after its nonlinearity; a gate doubles both.
    let copies = if shape.gated { 4.0 } else { 2.0 };
    let inner = 2.0 * copies * tokens * shape.ffn_hidden;
    // Scores, their softmax and its mask.
    let scores = if plan.fused_attention || plan.recompute == Recompute::Scores {
        0.0
    } else {
        5.0 * shape.heads * plan.micro_batch * plan.seq_len * plan.seq_len / plan.context
    };
    let cut = if plan.sequence_parallel { plan.tensor } else { 1.0 };
    Ok(whole / cut + (attention + inner + scores) / plan.tensor)
}

/// The memory of one device.
///
/// # Errors
///
/// A size or degree out of range.
///
/// # Examples
///
/// A model of 175 billion weights on 64 devices, everything kept: 23 bytes per token and width in each layer
/// (10 whole, 24/8 cut, 5·96·2048/(12288·8) scores), 96 layers, and 7/24 more for the stages, which 64 micro-batches
/// keep full.
///
/// ```
/// use mlsysim::machine::training_memory::memory;
/// use mlsysim::machine::transformer::{Plan, Shape};
///
/// let shape = Shape {
///     layers: 96.0, hidden: 12288.0, heads: 96.0, kv_heads: 96.0, head_dim: 128.0,
///     ffn_hidden: 49152.0, gated: false, vocab: 51200.0,
/// };
/// let plan = Plan {
///     tensor: 8.0, pipeline: 8.0, interleave: 3.0, micro_batches: 64.0, fused_attention: false,
///     ..Plan::single(1.0, 2048.0)
/// };
/// let bytes = memory(&shape, &plan)?.activations;
/// let by_hand = 2048.0 * 12288.0 * 23.0 * 96.0 * (1.0 + 7.0 / 24.0);
/// assert!((bytes / by_hand - 1.0).abs() < 1e-12);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn memory(shape: &Shape, plan: &Plan) -> Result<Memory> {
    let one = layer_activations(shape, plan)?;
    let mut stages = 1.0 + (plan.pipeline - 1.0) / (plan.pipeline * plan.interleave);
    if plan.interleave <= 1.0 {
        stages = 1.0;
    }
    let share = |sharding| if plan.sharding >= sharding { plan.data } else { 1.0 };
    let state = 2.0 / share(Sharding::Weights)
        + 4.0 / share(Sharding::Gradients)
        + 12.0 / share(Sharding::Optimizer);
    let layers = shape.layers / plan.pipeline * shape.layer_weights() / plan.tensor;
    // The first stage reads tokens, the last one writes logits.
    let tables = if plan.pipeline > 1.0 { 1.0 } else { 2.0 };
    let tables = tables * shape.vocab * shape.hidden / plan.tensor;
    let tokens = plan.micro_batch * plan.seq_len / plan.context;
    // Logits in 16 bits, their softmax and its gradient in 32.
    let logits = tokens * shape.vocab / plan.tensor * 10.0;
    // As many micro-batches wait on the first stage as there are stages, if there are that many.
    let waiting = plan.micro_batches.min(plan.pipeline) / plan.pipeline;
    Ok(Memory {
        layers: layers * state,
        tables: tables * state,
        activations: one * shape.layers * stages * waiting,
        logits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The model of 22 billion weights of the source: 48 layers of width 6144 with 64 heads, 8 devices.
    fn small() -> (Shape, Plan) {
        let shape = Shape {
            layers: 48.0,
            hidden: 6144.0,
            heads: 64.0,
            kv_heads: 64.0,
            head_dim: 96.0,
            ffn_hidden: 24576.0,
            gated: false,
            vocab: 51200.0,
        };
        let plan = Plan { tensor: 8.0, fused_attention: false, ..Plan::single(4.0, 2048.0) };
        (shape, plan)
    }

    #[test]
    fn layers_follow_the_closed_form() {
        let (shape, plan) = small();
        let sbh = 2048.0 * 4.0 * 6144.0;
        let scores = 5.0 * 64.0 * 2048.0 / (6144.0 * 8.0);
        let of = |plan: &Plan| layer_activations(&shape, plan).expect("in range") / sbh;
        // Equations 2 and 4, and the input alone; whole numbers over 8 are exact.
        assert!((of(&plan) - (10.0 + 24.0 / 8.0 + scores)).abs() < 1e-12);
        let cut = Plan { sequence_parallel: true, ..plan };
        assert!((of(&cut) - (34.0 / 8.0 + scores)).abs() < 1e-12);
        let selective = Plan { recompute: Recompute::Scores, ..cut };
        assert!((of(&selective) - 34.0 / 8.0).abs() < 1e-12);
        let full = Plan { recompute: Recompute::Layers, ..plan };
        assert!((of(&full) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_weight_takes_eighteen_bytes_until_it_is_shared() {
        let (shape, plan) = small();
        let whole = memory(&shape, &plan).expect("in range");
        // 12 h² weights a layer.
        let weights = 12.0 * 6144.0 * 6144.0 * 48.0 / 8.0;
        assert!((whole.layers / (18.0 * weights) - 1.0).abs() < 1e-12);
        let shared = Plan { data: 4.0, sharding: Sharding::Weights, ..plan };
        let shared = memory(&shape, &shared).expect("in range");
        assert!((shared.layers * 4.0 / whole.layers - 1.0).abs() < 1e-12);
    }

    #[test]
    fn bad_sizes_are_refused() {
        let (shape, plan) = small();
        assert!(memory(&Shape { hidden: f64::NAN, ..shape }, &plan).is_err());
        assert!(memory(&shape, &Plan { tensor: 0.0, ..plan }).is_err());
    }
}
