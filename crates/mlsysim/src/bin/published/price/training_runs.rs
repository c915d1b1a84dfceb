//! Whole runs of training: hours, days, and rates that their authors report.

use super::layout::{parameters, peak, plan, shape};
use super::training_llm::hardware_ops;
use super::{Priced, Pricing, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::training::{Constants, step};
use mlsysim::machine::transformer::{Plan, Shape, Sharding};

/// Hours of a run and the rates of its steps.
pub(super) const PRICING: Pricing =
    Pricing { name: "training_runs", pull: 0.0, price, constants: &[] };

/// The layout that the row leaves open: a model that does not fit one device is sharded over all.
fn completed(inputs: &Inputs, shape: &Shape, capacity: f64) -> Plan {
    let mut plan = plan(inputs, shape);
    if !inputs.has("parallel") {
        // Sixteen bytes a weight, in at most half of the memory.
        let fits = shape.weights() * 16.0 < 0.5 * capacity;
        plan.sharding = if fits { Sharding::Optimizer } else { Sharding::Weights };
    }
    plan
}

fn price(inputs: &Inputs, world: &World) -> Priced {
    let machine = world.machine(inputs)?;
    let shape = shape(inputs, world)?;
    let plan = completed(inputs, &shape, machine.hardware.capacity.0);
    let constants = Constants::read(&world.calibration).map_err(text)?;
    let time = step(&machine, &shape, &plan, &constants).map_err(text)?.total;
    let devices = plan.devices().max(inputs.find("n_accel").unwrap_or(1.0));
    let parameters = parameters(inputs, &shape);
    let peak = peak(&machine, &plan)?;
    let tokens = plan.tokens() / time;
    let model = tokens * shape.training_ops(parameters, plan.seq_len);
    let hardware = tokens * hardware_ops(&shape, &plan, parameters);
    let predict = |value| world.predict("training_runs", machine.label, value);
    let mut prices = vec![
        ("step_time_s", predict(time)),
        ("tokens_per_s_per_gpu", predict(tokens / devices)),
        ("mfu_pct", predict(100.0 * model / (devices * peak))),
        ("hfu_pct", predict(100.0 * hardware / (devices * peak))),
        ("model_tflops_per_gpu", predict(model / devices / 1e12)),
        ("hw_tflops_per_gpu", predict(hardware / devices / 1e12)),
        ("peak_hw_tflops_per_gpu", predict(hardware / devices / 1e12)),
    ];
    if let Some(total) = inputs.find("tokens") {
        let hours = total / tokens / 3600.0;
        prices.push(("accelerator_hours", predict(hours * devices)));
        prices.push(("wall_days", predict(hours / 24.0)));
    }
    Ok(prices)
}
