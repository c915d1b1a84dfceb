//! Shapes and layouts of training, as the tables write them.

use super::text;
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::Precision;
use mlsysim::machine::transformer::{Plan, Recompute, Shape, Sharding};

/// Vocabulary where a table has none.
const VOCAB: f64 = 50_304.0;

/// Width over layers of decoders of some billions of weights, where a table has neither.
const ASPECT: f64 = 100.0;

/// Devices of a node, and chips of a pod.
const NODE: f64 = 8.0;
const POD: f64 = 4096.0;

/// Tokens of a micro-batch where a table does not say: as many as a device's memory holds easily.
const MICRO_TOKENS: f64 = 8192.0;

/// The shape of the model: of the row, else of the record of that name, else the usual one of that many weights.
pub(super) fn shape(inputs: &Inputs, world: &World) -> Result<Shape, String> {
    let record = world.registry.model(inputs.text("model")).ok();
    let count = |value: Option<u32>| value.map(f64::from);
    let parameters = inputs.find("n_params");
    let usual = parameters.map(|n| libm::cbrt(n * ASPECT / 12.0));
    let hidden = inputs.find("hidden").or(record.and_then(|m| count(m.hidden))).or(usual);
    let hidden = hidden.ok_or("neither a width nor a number of weights")?;
    let layers = inputs.find("layers").or(record.and_then(|m| count(m.layers)));
    let layers = layers
        .or(parameters.map(|n| (n / (12.0 * hidden * hidden)).max(1.0)))
        .ok_or("neither layers nor a number of weights")?;
    let heads = inputs.find("heads").or(record.and_then(|m| count(m.heads)));
    let heads = heads.unwrap_or((hidden / 128.0).max(1.0));
    let kv_heads = inputs.find("kv_heads").or(record.and_then(|m| count(m.kv_heads)));
    let gated = inputs.flag("gated_ffn").unwrap_or(false);
    let shape = Shape {
        layers,
        hidden,
        heads,
        kv_heads: kv_heads.unwrap_or(heads),
        head_dim: inputs.find("head_dim").unwrap_or(hidden / heads),
        ffn_hidden: inputs.find("ffn_hidden").unwrap_or(4.0 * hidden),
        gated,
        vocab: inputs.find("vocab").unwrap_or(VOCAB),
    };
    Ok(shape)
}

/// The layout of the row.
pub(super) fn plan(inputs: &Inputs, shape: &Shape) -> Plan {
    let parallel = inputs.table("parallel");
    let degree = |name: &str| parallel.find(name).unwrap_or(1.0).max(1.0);
    let devices = inputs.find("n_accel").unwrap_or(8.0).max(1.0);
    let adapters = inputs.text("task").to_lowercase().contains("lora");
    let batch = inputs.find("global_batch_seqs");
    let (mut tensor, pipeline, context) = (degree("tp"), degree("pp"), degree("cp"));
    // Fully sharded copies are data-parallel ones.
    let copies = parallel.find("dp").or_else(|| Some(parallel.find("fsdp")? * degree("pods")));
    let mut data = copies.unwrap_or(devices / (tensor * pipeline * context)).max(1.0);
    if adapters {
        // A small batch on many devices: each sequence is shared.
        data = devices.min(batch.unwrap_or(devices));
        tensor = (devices / data).max(1.0);
    }
    let seq_len = inputs.find("seq_len").unwrap_or(2048.0);
    let per_copy = inputs.find("batch_seqs_per_dp").or(batch.map(|batch| batch / data));
    let stated = inputs.find("micro_batch_seqs");
    let (micro_batch, micro_batches) = match (stated, per_copy) {
        (Some(micro), Some(sequences)) => (micro, (sequences / micro).max(1.0)),
        (Some(micro), None) => (micro, inputs.find("micro_batches_per_step").unwrap_or(1.0)),
        // Stages want many small micro-batches; without them, as much at once as memory holds.
        (None, Some(sequences)) if pipeline > 1.0 => (sequences.min(1.0), sequences.max(1.0)),
        (None, Some(sequences)) => {
            let micro = sequences.min((MICRO_TOKENS / seq_len).max(1.0));
            (micro, (sequences / micro).max(1.0))
        }
        (None, None) => ((MICRO_TOKENS / seq_len).max(1.0), 1.0),
    };
    let recompute =
        match (inputs.text("activation_checkpointing"), inputs.flag("activation_checkpointing")) {
            ("full", _) | (_, Some(true)) => Recompute::Layers,
            ("selective_attention" | "selective", _) => Recompute::Scores,
            _ => Recompute::Nothing,
        };
    let fused = match (inputs.flag("flash_attention"), inputs.text("attention_impl")) {
        (Some(fused), _) => fused,
        (None, implementation) if !implementation.is_empty() => {
            !implementation.to_lowercase().contains("no flash")
        }
        // Work that recomputes whole layers, or says it is the plain library, is from before fused attention.
        _ => {
            inputs.text("activation_checkpointing") != "full"
                && inputs.text("software") != "megatron-lm"
        }
    };
    let recompute =
        if inputs.text("software") == "megatron-lm" && !fused && recompute == Recompute::Nothing {
            Recompute::Scores
        } else {
            recompute
        };
    let stated = parallel.find("interleave");
    // A table that names sequence parallelism would name interleaving; younger work that names neither uses it.
    let silent = !parallel.has("sequence_parallel") && recompute != Recompute::Layers;
    let interleave = stated.unwrap_or_else(|| {
        let layers = shape.layers / pipeline;
        if pipeline > 1.0 && silent { libm::floor(layers / 2.0).max(1.0) } else { 1.0 }
    });
    let sharding = match parallel.text("sharding") {
        "zero3" => Sharding::Weights,
        "zero2" => Sharding::Gradients,
        "none" => Sharding::Whole,
        // Beside pipelines, whole weights are gathered once a step.
        "fsdp" if pipeline <= 1.0 => Sharding::Weights,
        _ if parallel.has("fsdp") => Sharding::Weights,
        _ => Sharding::Optimizer,
    };
    let sequence_parallel = parallel.flag("sequence_parallel").unwrap_or(
        !inputs.text("software").is_empty() || parallel.text("sharding") == "fsdp" || adapters,
    );
    Plan {
        tensor,
        pipeline,
        context,
        data,
        interleave,
        micro_batches,
        sequence_parallel,
        sharding,
        recompute,
        fused_attention: fused,
        adapters,
        precision: inputs.precision().unwrap_or(Precision::Bf16),
        // The chips of a pod of these are neighbours; others meet over adapters outside their node.
        node: if inputs.text("hardware").to_lowercase().starts_with("tpu") { POD } else { NODE },
        ..Plan::single(micro_batch, seq_len)
    }
}

/// The weights that a source counts: its own number, else the matrices and one table of tokens.
pub(super) fn parameters(inputs: &Inputs, shape: &Shape) -> f64 {
    inputs.find("n_params").unwrap_or_else(|| shape.weights())
}

/// The peak that shares of it are stated against.
pub(super) fn peak(machine: &mlsysim::machine::Machine<'_>, plan: &Plan) -> Result<f64, String> {
    machine.peak(plan.precision).map_err(text)
}
