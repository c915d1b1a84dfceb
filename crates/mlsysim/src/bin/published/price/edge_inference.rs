//! Small networks on the cores and accelerators of small computers.

use super::{Priced, Pricing, constant, networks};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::{Label, Layered};

/// Latencies, rates and power.
pub(super) const PRICING: Pricing = Pricing {
    name: "edge_inference",
    pull: 0.0,
    price,
    constants: &[
        constant("cores.scaling", 0.05, 1.0),
        constant("cores.wide_formats", 0.5, 6.0),
        constant("ruy.layer_cycles", 1e3, 1e6),
        constant("ruy.share", 0.02, 20.0),
        constant("neon.layer_cycles", 1e3, 1e6),
        constant("neon.share", 0.02, 20.0),
        constant("opencl.layer_cycles", 1e3, 1e6),
        constant("opencl.share", 0.02, 20.0),
    ],
};

/// The slowest of ten pictures over the mean.
const TENTH: f64 = 1.12;

/// Multiply-accumulates per cycle of machines that tell none.
const MACS_PER_CYCLE: f64 = 48.0;

fn price(inputs: &Inputs, world: &World) -> Priced {
    if inputs.has("n_accel") && !inputs.has("width_multiplier") && !inputs.has("software") {
        return networks::price(inputs, world, "network_edge", true);
    }
    let text = |error: mlsysim::Error| error.to_string();
    let board = world.registry.hardware(inputs.text("hardware")).map_err(text)?;
    let clock = board.clock.ok_or("the clock is not known")?.0;
    let image: f64 =
        inputs.text("image").split('x').next().and_then(|side| side.parse().ok()).unwrap_or(224.0);
    let width = inputs.find("width_multiplier").unwrap_or(1.0);
    let model = inputs.text("model");
    let network = match model {
        "mobilenet-v1" => Layered::mobilenet_v1(width, image),
        "mobilenet-v2" => Layered::mobilenet_v2(width, image),
        _ if model.starts_with("resnet50") => {
            Layered { layers: 54.0, macs: 1e9 * inputs.find("gmacs_per_sample").unwrap_or(4.1) }
        }
        _ => return Err(format!("no layers are counted for {model}")),
    };
    let wide = if inputs.text("precision") == "fp32" {
        world.calibration.constant("cores", "wide_formats").map_err(text)?
    } else {
        1.0
    };
    let network = Layered { macs: network.macs * wide, ..network };
    let software = inputs.text("software");
    let section = if software.contains("opencl") {
        "opencl"
    } else if software.contains("armnn") {
        "neon"
    } else {
        "ruy"
    };
    let macs = board.macs_per_cycle.unwrap_or(MACS_PER_CYCLE);
    let seconds = network.on_cores(&world.calibration, section, macs, clock).map_err(text)?;
    let say = |value| world.predict("edge_latency", Label::Calibrated, value);
    Ok(vec![
        ("latency_mean_ms", say(seconds * 1e3)),
        ("latency_p90_ms", say(seconds * TENTH * 1e3)),
        ("samples_per_s", say(1.0 / seconds)),
    ])
}
