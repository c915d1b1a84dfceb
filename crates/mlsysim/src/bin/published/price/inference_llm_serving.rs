//! Decoders served to many: closed loops, the largest rate, and the scenarios of a benchmark.

use super::decoders::{decoder, formats, layout, width};
use super::{Priced, Pricing, constant};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::{Machine, Requests, Server, Stack, Validity};

/// Tokens per second, times to and between tokens.
pub(super) const PRICING: Pricing = Pricing {
    name: "inference_llm_serving",
    // Of 0.0005, 0.003, 0.01 and 0.03 this pull did best on groups that were not fitted.
    pull: 0.03,
    price,
    constants: &[
        constant("hopper.memory_efficiency", 0.5, 1.0).near(0.83),
        constant("blackwell.memory_efficiency", 0.5, 1.0).near(0.83),
        constant("blackwell-gddr.memory_efficiency", 0.5, 1.0).near(0.83),
        constant("blackwell-gddr.gemm_efficiency", 0.4, 1.0).near(0.75),
        constant("hopper.step_time", 1e-4, 4e-3).near(1e-3),
        constant("blackwell.step_time", 1e-4, 4e-3).near(1e-3),
        constant("blackwell-gddr.step_time", 1e-4, 4e-3).near(1e-3),
        constant("serving.gemm_share", 0.4, 1.0).near(0.8),
        constant("serving.four_bit_gemm", 0.4, 1.0).near(0.85),
        constant("serving.four_bit_memory", 0.5, 1.2).near(0.9),
        constant("serving.cache_memory", 0.5, 1.3).near(1.0),
        constant("serving.message_time", 3e-6, 2e-5).near(8e-6),
        constant("serving.link_share", 0.15, 1.0).near(0.4),
        constant("serving.prompt_link_share", 0.2, 1.0).near(0.6),
        constant("serving.routing", 0.5, 1.0).near(0.8),
        constant("serving.headroom_bytes", 5e8, 8e9).near(2e9),
        constant("serving.at_target", 0.6, 1.0).near(0.9),
        constant("vllm.layer_time", 5e-6, 2e-4).near(2e-5),
        constant("vllm.expert_layer_time", 2e-6, 2e-4).near(2e-5),
        constant("vllm.request_time", 1e-6, 1e-4).near(8e-6),
        constant("vllm.expert_memory", 0.2, 1.2).near(0.75),
        constant("vllm.expert_memory_8", 0.2, 1.2).near(0.75),
        constant("vllm.expert_gemm", 0.1, 1.0).near(0.4),
        constant("vllm.exposed", 0.2, 1.3).near(0.8),
        constant("vllm.queueing", 0.2, 3.0).near(1.0),
        constant("vllm.burst", 0.01, 1.0).near(0.15),
        constant("vllm.first_time", 2e-3, 0.2).near(0.015),
        constant("vllm.first_layer_time", 5e-5, 3e-3).near(5e-4),
        constant("vllm.reserve", 0.3, 1.0).near(0.7),
        constant("trtllm.layer_time", 5e-6, 2e-4).near(2e-5),
        constant("trtllm.expert_layer_time", 2e-6, 2e-4).near(2e-5),
        constant("trtllm.request_time", 1e-6, 1e-4).near(8e-6),
        constant("trtllm.expert_memory", 0.2, 1.2).near(0.75),
        constant("trtllm.expert_gemm", 0.1, 1.0).near(0.4),
        constant("trtllm.exposed", 0.2, 1.3).near(0.8),
        constant("trtllm.queueing", 0.2, 3.0).near(1.0),
        constant("trtllm.burst", 0.01, 1.0).near(0.15),
        constant("trtllm.first_time", 2e-3, 0.2).near(0.015),
        constant("trtllm.first_layer_time", 5e-5, 3e-3).near(5e-4),
        constant("trtllm.reserve", 0.5, 1.0).near(0.7),
        constant("sglang.layer_time", 5e-6, 2e-4).near(2e-5),
        constant("sglang.expert_layer_time", 2e-6, 2e-4).near(2e-5),
        constant("sglang.request_time", 1e-6, 1e-4).near(8e-6),
        constant("sglang.expert_memory", 0.2, 1.2).near(0.75),
        constant("sglang.expert_gemm", 0.1, 1.0).near(0.4),
        constant("sglang.exposed", 0.2, 1.3).near(0.8),
        constant("sglang.queueing", 0.2, 3.0).near(1.0),
        constant("sglang.burst", 0.05, 1.0).near(0.15),
        constant("sglang.first_time", 2e-3, 0.2).near(0.015),
        constant("sglang.first_layer_time", 5e-5, 3e-3).near(5e-4),
        constant("sglang.reserve", 0.3, 1.0).near(0.7),
    ],
};

/// Requests that a scheduler runs at once where the row does not say, by default.
const SEQUENCES: f64 = 128.0;

/// The same for engines built for the largest rate.
const SEQUENCES_MAX: f64 = 2048.0;

/// Share of the rate, and of the power, that a machine tuned for efficiency keeps.
const TUNED: (f64, f64) = (0.72, 0.6);

/// Power of a whole server over the rated power of its accelerators, at full load.
const SERVER: f64 = 1.3;

/// The section of the calibration for a software stack; stacks that were not measured lie between those that were.
pub(super) fn stack(software: &str) -> &'static str {
    let name = software.to_lowercase();
    if name.starts_with("trtllm") || name.starts_with("tensorrt") {
        "trtllm"
    } else if name.starts_with("vllm") {
        "vllm"
    } else {
        "sglang"
    }
}

fn price(inputs: &Inputs, world: &World) -> Priced {
    let machine = world.machine(inputs)?;
    if inputs.has("scenario") {
        return scenario(inputs, world, &machine);
    }
    let text = |error: mlsysim::Error| error.to_string();
    let decoder = decoder(inputs, world)?;
    let name = stack(inputs.text("software"));
    let parallel = inputs.table("parallel");
    let of = |field: &str| parallel.find(field).unwrap_or(1.0);
    let (tensor, pipeline) = (of("tp"), of("pp"));
    let experts = if decoder.is_sparse() { of("moe_tp") * of("moe_ep") } else { 1.0 };
    let closed = inputs.has("concurrency");
    let accelerators = (tensor * pipeline).max(experts);
    let accelerators =
        if closed { accelerators.max(inputs.number("n_accel")?) } else { accelerators };
    // Checkpoints for one compiler carry 8-bit caches, and so do those for machines with 4-bit arithmetic.
    let has_four = machine.hardware.rates.iter().any(|(own, _)| *own == mlsysim::Precision::Fp4);
    let cache = match inputs.text("kv_precision") {
        "" if name == "vllm" && !has_four => 2.0,
        "" => 1.0,
        format => width(format),
    };
    let formats = formats(inputs.text("precision"), &decoder, &machine, cache)?;
    let calibration = &world.calibration;
    let server = Server::new(
        &machine,
        &decoder,
        formats,
        layout(accelerators, tensor, pipeline),
        Stack::new(calibration, name).map_err(text)?,
        calibration,
    )
    .map_err(text)?;
    let requests = Requests {
        prompt: inputs.number("input_len")?,
        answer: inputs.number("output_len")?,
        beams: 1.0,
    };
    let validity = if server.room() > 0.0 {
        Validity::Inside
    } else {
        Validity::Outside("the weights fill the memory")
    };
    let label = machine.label;
    let task = |dense, sparse| if decoder.is_sparse() { sparse } else { dense };
    let say = |task, value| world.predict(task, label, value).valid(validity);
    if !closed {
        let rate = server.at_capacity(&requests, SEQUENCES_MAX).map_err(text)?.rate;
        return Ok(vec![("output_tokens_per_s", say("serving_rate", rate))]);
    }
    let limit = if name == "vllm" { SEQUENCES } else { f64::INFINITY };
    let seen = server.closed_loop(&requests, inputs.number("concurrency")?, limit).map_err(text)?;
    Ok(vec![
        ("ttft_ms", say(task("serving_ttft", "serving_ttft_moe"), seen.first_token * 1e3)),
        ("tpot_ms", say(task("serving_tpot", "serving_tpot_moe"), seen.between_tokens * 1e3)),
    ])
}

/// Mean prompt and answer of the benchmark's data, in tokens, and beams.
fn requests(inputs: &Inputs) -> Requests {
    let benchmark = inputs.text("benchmark");
    let (prompt, answer) = if benchmark.contains("gptj") {
        (880.0, 69.0)
    } else if benchmark.contains("mixtral") {
        (300.0, 145.9)
    } else {
        (294.0, 291.0)
    };
    Requests {
        prompt,
        answer: inputs.find("mean_output_tokens").unwrap_or(answer),
        beams: inputs.find("beam").unwrap_or(1.0),
    }
}

/// All requests at once, or as many as the latency target allows.
fn scenario(inputs: &Inputs, world: &World, machine: &Machine<'_>) -> Priced {
    let text = |error: mlsysim::Error| error.to_string();
    let decoder = decoder(inputs, world)?;
    let formats = formats(inputs.text("precision"), &decoder, machine, 1.0)?;
    let count = inputs.number("n_accel")?;
    // The fewest accelerators that hold the weights make a replica.
    let bytes = (decoder.shared + decoder.expert * decoder.experts) * formats.expert * 1.05 + 4e9;
    let mut size = inputs.table("parallel").find("tp").unwrap_or(1.0);
    while size < count && bytes > 0.85 * machine.hardware.capacity.0 * size {
        size *= 2.0;
    }
    let calibration = &world.calibration;
    let server = Server::new(
        machine,
        &decoder,
        formats,
        layout(size, size, 1.0),
        Stack::new(calibration, "trtllm").map_err(text)?,
        calibration,
    )
    .map_err(text)?;
    let requests = requests(inputs);
    let full = server.at_capacity(&requests, SEQUENCES_MAX).map_err(text)?;
    let tuned = inputs.has("power_mode");
    let (rate_share, power_share) = if tuned { TUNED } else { (1.0, 1.0) };
    let offline = full.rate * (count / size).max(1.0) * rate_share;
    let target = calibration.constant("serving", "at_target").map_err(text)?;
    let served = offline * target;
    let between = full.between_tokens / rate_share;
    let say = |value| world.predict("serving_scenario", machine.label, value);
    let is_server = inputs.text("scenario") == "server";
    let power = machine.hardware.power.map(|rated| rated.0 * count * SERVER * power_share);
    let samples = offline / requests.answer;
    let mut prices = vec![
        ("samples_per_s", say(samples)),
        ("output_tokens_per_s", say(offline)),
        ("samples_per_s_at_slo", say(served / requests.answer)),
        ("output_tokens_per_s_at_slo", say(served)),
        ("ttft_p99_ms", say(1e3 * (0.35 + 4.0 * server.prompt(requests.prompt)))),
        ("tpot_p99_ms", say(1e3 * between)),
        ("latency_mean_ms", say(0.8e3 * requests.answer * between)),
        ("latency_p99_ms", say(1.6e3 * requests.answer * between)),
    ];
    if let Some(power) = power {
        prices.push(("system_power_w", say(power)));
        let samples = if is_server { served / requests.answer } else { samples };
        prices.push(("joules_per_sample", say(power / samples)));
    }
    Ok(prices)
}
