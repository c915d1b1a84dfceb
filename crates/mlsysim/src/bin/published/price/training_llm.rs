//! Steps of training decoders.

use super::layout::{parameters, peak, plan, shape};
use super::{Priced, Pricing, constant, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::training::{Constants, step};
use mlsysim::machine::training_memory::memory;
use mlsysim::machine::transformer::{Plan, Recompute, Shape};

/// Step time, what follows from it, and peak memory.
pub(super) const PRICING: Pricing = Pricing {
    name: "training_llm",
    pull: 0.0,
    price,
    constants: &[
        constant("training.product_share", 0.5, 1.1),
        constant("training.ops_per_joule", 0.3e12, 3e12),
        constant("training.attention_share", 0.3, 0.98),
        constant("training.attention_cycles", 0.05, 2.0),
        constant("training.attention_backward", 2.0, 5.0),
        constant("training.attention_half", 50.0, 4000.0),
        constant("training.score_bytes", 4.0, 100.0),
        constant("training.width_bytes", 20.0, 300.0),
        constant("training.inner_bytes", 5.0, 150.0),
        constant("training.logit_bytes", 1.0, 60.0),
        constant("training.tensor_exposed", 0.1, 3.0),
        constant("training.stage_exposed", 0.05, 3.0),
        constant("training.network_share", 0.1, 1.0),
        constant("training.shard_overlap", 1.2, 10.0),
        constant("training.reduce_exposed", 0.02, 1.0),
        constant("training.optimizer_bytes", 16.0, 60.0),
        constant("training.doubling_loss", 0.001, 0.05),
        constant("training.issue_time", 1e-4, 1e-2),
    ],
};

/// Tokens of the run that some tables scale to.
const LONG_RUN: f64 = 300e9;

const GIB: f64 = 1_073_741_824.0;

/// Operations that the hardware runs for a token, recomputation included, as the tables count them.
pub(super) fn hardware_ops(shape: &Shape, plan: &Plan, parameters: f64) -> f64 {
    let model = shape.training_ops(parameters, plan.seq_len);
    match plan.recompute {
        // One more forward pass of three.
        Recompute::Layers => model * 4.0 / 3.0,
        // The scores of the forward pass once more: a third of their twelve operations.
        Recompute::Scores => {
            model + 4.0 * shape.layers * shape.heads * shape.head_dim * plan.seq_len
        }
        Recompute::Nothing => model,
    }
}

fn price(inputs: &Inputs, world: &World) -> Priced {
    let machine = world.machine(inputs)?;
    let shape = shape(inputs, world)?;
    let plan = plan(inputs, &shape);
    let constants = Constants::read(&world.calibration).map_err(text)?;
    let time = step(&machine, &shape, &plan, &constants).map_err(text)?.total;
    let devices = inputs.find("n_accel").unwrap_or_else(|| plan.devices());
    let parameters = parameters(inputs, &shape);
    let peak = peak(&machine, &plan)?;
    let tokens = plan.tokens() / time;
    let model = tokens * shape.training_ops(parameters, plan.seq_len);
    let hardware = tokens * hardware_ops(&shape, &plan, parameters);
    let predict = |value| world.predict("training_llm", machine.label, value);
    let bytes = memory(&shape, &plan).map_err(text)?.total(&plan);
    Ok(vec![
        ("step_time_s", predict(time)),
        ("step_time_ms", predict(time * 1e3)),
        ("step_time_s_derived", predict(time)),
        ("tokens_per_s", predict(tokens)),
        ("tokens_per_s_per_gpu", predict(tokens / devices)),
        ("sequences_per_s", predict(tokens / plan.seq_len)),
        ("days_for_300B_tokens", predict(LONG_RUN / tokens / 86_400.0)),
        ("mfu_pct", predict(100.0 * model / (devices * peak))),
        ("hfu_pct", predict(100.0 * hardware / (devices * peak))),
        ("pct_of_peak", predict(100.0 * hardware / (devices * peak))),
        ("model_tflops_per_gpu", predict(model / devices / 1e12)),
        ("hw_tflops_per_gpu", predict(hardware / devices / 1e12)),
        ("aggregate_pflops", predict(hardware / 1e15)),
        ("peak_alloc_gib", world.predict("training_memory", machine.label, bytes / GIB)),
    ])
}
