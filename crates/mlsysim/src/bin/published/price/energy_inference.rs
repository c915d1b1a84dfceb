//! Power, energy per token and the time between tokens of served decoders.

use super::decoders::{decoder, formats, layout};
use super::{Priced, Pricing, constant};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::{Requests, Server, Stack, power};

/// Rates, power and energy of batches of a stated mean size.
pub(super) const PRICING: Pricing = Pricing {
    name: "energy_inference",
    // Of 0.0003, 0.003, 0.01 and 0.03 this pull did best on groups that were not fitted.
    pull: 0.003,
    price,
    constants: &[
        constant("hopper.power_share", 0.3, 1.0).near(0.8),
        constant("blackwell.power_share", 0.3, 1.0).near(0.8),
        constant("power.traffic", 0.05, 0.9).near(0.45),
        constant("power.arithmetic", 0.05, 1.0).near(0.6),
        constant("vllm_v1.layer_time", 5e-6, 2e-4).near(2e-5),
        constant("vllm_v1.expert_layer_time", 2e-6, 2e-4).near(2e-5),
        constant("vllm_v1.request_time", 1e-6, 1e-4).near(8e-6),
        constant("vllm_v1.expert_memory", 0.2, 1.2).near(0.75),
        constant("vllm_v1.expert_memory_8", 0.2, 1.2).near(0.75),
        constant("vllm_v1.expert_gemm", 0.1, 1.0).near(0.4),
        constant("vllm_v1.exposed", 0.2, 1.3).near(0.8),
        constant("energy.prompts_at_once", 0.05, 5.0).near(2.0),
        constant("energy.jitter", 1.0, 1.5).near(1.1),
    ],
};

/// Mean prompt of the two tasks, tokens.
const PROMPTS: [(&str, f64); 2] = [("gpqa", 300.0), ("lm-arena-chat", 150.0)];

fn price(inputs: &Inputs, world: &World) -> Priced {
    let text = |error: mlsysim::Error| error.to_string();
    let machine = world.machine(inputs)?;
    let decoder = decoder(inputs, world)?;
    let formats = formats(inputs.text("weight_precision"), &decoder, &machine, 2.0)?;
    let count = inputs.number("n_accel")?;
    let calibration = &world.calibration;
    let stack = Stack::new(calibration, "vllm_v1").map_err(text)?;
    let server =
        Server::new(&machine, &decoder, formats, layout(count, count, 1.0), stack, calibration)
            .map_err(text)?;
    let task = inputs.text("task");
    let prompt =
        PROMPTS.iter().find(|(name, _)| *name == task).map_or(200.0, |(_, tokens)| *tokens);
    let requests = Requests { prompt, answer: inputs.number("avg_output_len")?, beams: 1.0 };
    let batch = inputs.find("avg_batch_size").map_or_else(|| inputs.number("max_num_seqs"), Ok)?;
    let seen = server.at_batch(&requests, batch).map_err(text)?;
    // Prompts arrive as requests end, `batch/answer` of them per step; a step in a hundred sees many more.
    let arrivals = batch / requests.answer;
    let at_once = calibration.constant("energy", "prompts_at_once").map_err(text)?;
    let jitter = calibration.constant("energy", "jitter").map_err(text)?;
    let many = (arrivals + 2.33 * libm::sqrt(arrivals)) * arrivals / (arrivals + 0.01);
    let median = seen.step.total();
    let slow = median * jitter + at_once * many * seen.prompt;
    let label = machine.label;
    let mut prices = vec![
        ("output_tokens_per_s", world.predict("energy_rate", label, seen.rate)),
        ("median_itl_ms", world.predict("energy_itl", label, median * 1e3)),
        ("p99_itl_ms", world.predict("energy_itl_p99", label, slow * 1e3)),
    ];
    let each = power(&machine, calibration, seen.memory_share, seen.gemm_share).map_err(text)?;
    if let Some(each) = each {
        let all = each * count;
        prices.push(("gpu_power_w_total", world.predict("energy_power", label, all)));
        let joules = world.predict("energy_per_token", label, all / seen.rate);
        prices.push(("energy_j_per_token", joules));
    }
    Ok(prices)
}
