//! One sequence at a time, and prompts.

use super::decoders::{decoder, formats, layout, width};
use super::{Priced, Pricing, constant};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::{Decoder, Interpreter, Machine, Packed, Requests, Server, Stack};

/// Tokens per second, latencies.
pub(super) const PRICING: Pricing = Pricing {
    name: "inference_llm_decode",
    pull: 0.0,
    price,
    constants: &[
        constant("ada.memory_efficiency", 0.6, 1.0),
        constant("ampere.memory_efficiency", 0.6, 1.0),
        constant("interpreter.unpack_half", 0.5, 40.0),
        constant("interpreter.unpack_half_stacked", 0.5, 60.0),
        constant("interpreter.unpack_blocks", 0.5, 40.0),
        constant("interpreter.layer_time", 5e-6, 2e-4),
        constant("interpreter.blocks_layer", 1.0, 8.0),
        constant("interpreter.cache_reads", 0.5, 10.0),
        constant("interpreter.attention_ops", 30.0, 3000.0),
        constant("interpreter.hop_time", 1e-6, 1e-3),
        constant("interpreter.gemm_share", 0.2, 2.0),
        constant("interpreter.gemm_rate", 2e13, 3e15),
        constant("interpreter.blocks_gemm", 0.4, 1.5),
        constant("interpreter.prompt_attention_ops", 10.0, 5000.0),
        constant("interpreter.turns_overlap", 0.05, 1.0),
        constant("compiled.layer_time", 2e-6, 1e-4),
        constant("compiled.expert_memory", 0.3, 1.2),
    ],
};

fn price(inputs: &Inputs, world: &World) -> Priced {
    let text = |error: mlsysim::Error| error.to_string();
    let machine = world.machine(inputs)?;
    let decoder = decoder(inputs, world)?;
    if !inputs.has("weight_gib") {
        return compiled(inputs, world, &machine, &decoder);
    }
    let format = inputs.text("weight_precision");
    let weights = Packed {
        bytes: inputs.number("weight_gib")? * 1024.0 * 1024.0 * 1024.0,
        parameters: inputs.number("n_params")?,
        blocks: !(format == "f16" || format == "bf16" || format == "fp16"),
    };
    let count = inputs.number("n_accel")?;
    let interpreter = Interpreter::new(&machine, &decoder, weights, count).map_err(text)?;
    let calibration = &world.calibration;
    let prompt = inputs.find("prompt_len").unwrap_or(0.0);
    let answer = inputs.find("output_len").unwrap_or(0.0);
    let token = interpreter.token(calibration, prompt + answer / 2.0).map_err(text)?;
    let first = interpreter.prompt(calibration, prompt.max(1.0)).map_err(text)?;
    Ok(vec![
        ("decode_tokens_per_s", world.predict("decode", machine.label, 1.0 / token)),
        ("prefill_tokens_per_s", world.predict("prefill", machine.label, prompt.max(1.0) / first)),
    ])
}

/// Layers cut over all accelerators, by a compiler.
fn compiled(inputs: &Inputs, world: &World, machine: &Machine<'_>, decoder: &Decoder) -> Priced {
    let text = |error: mlsysim::Error| error.to_string();
    let calibration = &world.calibration;
    let stack = Stack::new(calibration, "compiled").map_err(text)?;
    let format = inputs.text("weight_precision");
    let mut formats = formats(format, decoder, machine, 2.0)?;
    // Weights alone are packed: products run in 16 bits.
    formats.peak = machine.peak(mlsysim::Precision::Bf16).map_err(text)?;
    formats.four_bit = false;
    let count = inputs.number("n_accel")?;
    let server =
        Server::new(machine, decoder, formats, layout(count, count, 1.0), stack, calibration)
            .map_err(text)?;
    let batch = inputs.find("batch").unwrap_or(1.0);
    let prompt = inputs.find("prompt_len").unwrap_or(0.0);
    let answer = inputs.find("output_len").filter(|tokens| *tokens > 0.0);
    let context = inputs.find("context_len").map_or(prompt, |tokens| tokens / 2.0);
    let requests = Requests { prompt: context.max(1.0), answer: 1.0, beams: 1.0 };
    let step = server.at_batch(&requests, batch).map_err(text)?.step.total();
    // Bits that are unpacked stream at a share of the rate.
    let unpacking = if width(format) < 1.5 { stack.expert_memory } else { 1.0 };
    let token = step / unpacking;
    let label = machine.label;
    let stored = inputs.find("n_params").unwrap_or(0.0) * width(format) / count;
    let mut prices = vec![
        ("decode_tokens_per_s", world.predict("decode", label, batch / token)),
        ("achieved_weight_bandwidth_gb_s", world.predict("decode", label, stored / token / 1e9)),
    ];
    if inputs.has("phase") {
        let prefill = inputs.text("phase") == "prefill";
        let tokens = if prefill { prompt } else { answer.unwrap_or(1.0) };
        let seconds = if prefill { server.prompt(prompt) * batch + token } else { token * tokens };
        let peak = machine.peak(mlsysim::Precision::Bf16).map_err(text)?;
        let ops = 2.0 * inputs.number("n_params")? * tokens * batch;
        let used = ops / (count * peak * seconds);
        prices.push(("latency_s", world.predict("decode_latency", label, seconds)));
        prices.push(("mfu_pct", world.predict("decode_latency", label, 100.0 * used)));
    }
    Ok(prices)
}
