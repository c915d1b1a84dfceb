//! Networks of the scenarios of a benchmark, on accelerators of servers and of the edge.

use super::Priced;
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::Precision;
use mlsysim::machine::{Machine, Network, Work};

/// The networks of the benchmark: operations and kernels of one sample.
///
/// Operations: two for each multiply-accumulate that the papers and model cards count. A sentence has 177 tokens on
/// average, a scan about 55 windows of 128 pixels a side at 0.947 tera multiply-accumulates, a picture of the
/// diffusion model 20 steps with and without its prompt at 3 tera multiply-accumulates and a decoder.
const NETWORKS: [(&str, Work, f64, f64); 5] = [
    ("resnet50", Work::Convolution, 8.2e9, 60.0),
    ("retinanet", Work::Grouped, 303e9, 150.0),
    ("3d-unet", Work::Volume, 1.04e14, 1500.0),
    ("bert", Work::Encoder, 1.1e11, 240.0),
    ("stable-diffusion-xl", Work::Diffusion, 2.5e14, 40_000.0),
];

/// Latency target of the scenario `server`, s: `p99<=15 ms`, `p99<=20 s`.
fn target(slo: &str) -> Option<f64> {
    let (number, unit) = slo.rsplit_once("<=")?.1.split_once(' ')?;
    let scale = if unit == "s" { 1.0 } else { 1e-3 };
    number.parse::<f64>().ok().map(|value| value * scale)
}

/// The price of one scenario; `edge` machines have no server around them.
pub(super) fn price(inputs: &Inputs, world: &World, task: &'static str, edge: bool) -> Priced {
    let text = |error: mlsysim::Error| error.to_string();
    let machine: Machine<'_> = world.machine(inputs)?;
    let model = inputs.text("model");
    let (_, work, ops, kernels) = NETWORKS
        .iter()
        .find(|(name, ..)| model.contains(name))
        .ok_or_else(|| format!("no operations are counted for {model}"))?;
    let network = Network { work: *work, ops: *ops, kernels: *kernels };
    // Diffusion runs in 16 bits; everything else in what the row says, 8 bits if it says nothing.
    let precision = match (work, inputs.precision()) {
        (Work::Diffusion, None) => Precision::Bf16,
        (_, precision) => precision.unwrap_or(Precision::Int8),
    };
    // Half of the 8-bit rate where the sheet tells no other.
    let peak = machine
        .peak(precision)
        .or_else(|error| machine.peak(Precision::Int8).map(|rate| rate / 2.0).map_err(|_| error))
        .map_err(text)?;
    let calibration = &world.calibration;
    let of = |name: &str| calibration.constant("network", name).map_err(text);
    let tuned = inputs.has("power_mode");
    let slow = if tuned { of("tuned_rate")? } else { 1.0 };
    let count = inputs.number("n_accel")?;
    let sample = network.sample(&machine, calibration, peak).map_err(text)? / slow;
    let batch = inputs.find("batch").unwrap_or(1.0);
    let alone = network.alone(&machine, calibration, peak, batch).map_err(text)? / slow;
    let offline = count / sample;
    let served = offline * of("at_target")?;
    let rated = machine.hardware.power.map(|power| power.0 * count);
    let draw = of(match (edge, tuned) {
        (true, _) => "edge_power",
        (false, true) => "tuned_power",
        (false, false) => "power",
    })?;
    let host = if edge { 0.0 } else { of("host_power")? };
    let label = machine.label;
    let say = |value| world.predict(task, label, value);
    let scenario = inputs.text("scenario");
    let mut prices = vec![("samples_per_s", say(offline)), ("samples_per_s_at_slo", say(served))];
    let mean = match target(inputs.text("slo")).filter(|_| scenario == "server") {
        Some(limit) => {
            let task = "network_latency";
            prices.push((
                "latency_p99_ms",
                world.predict(task, label, 1e3 * limit * of("p99_share")?),
            ));
            limit * of("mean_share")?
        }
        None => alone,
    };
    let latency_task = if scenario == "server" { "network_latency" } else { task };
    prices.push(("latency_mean_ms", world.predict(latency_task, label, mean * 1e3)));
    if let Some(rated) = rated {
        let power = host + draw * rated;
        let each = match scenario {
            "offline" => 1.0 / offline,
            "server" => 1.0 / served,
            _ => alone / batch,
        };
        prices.push(("system_power_w", world.predict("network_power", label, power)));
        prices.push((
            "joules_per_sample",
            world.predict("network_power", label, power * each * batch),
        ));
    }
    Ok(prices)
}
