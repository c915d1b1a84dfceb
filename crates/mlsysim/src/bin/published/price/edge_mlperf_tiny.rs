//! Latency and energy of four networks on microcontrollers.

use super::{Priced, Pricing, constant};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::{Kernels, Layers, cycles_per_mac};

/// Latency, rate and energy.
pub(super) const PRICING: Pricing = Pricing {
    name: "edge_mlperf_tiny",
    pull: 0.0,
    price,
    constants: &[
        constant("core.cortex-m0plus", 2.0, 20.0),
        constant("core.cortex-m4", 1.0, 5.0),
        constant("core.cortex-m33", 0.8, 5.0),
        constant("core.cortex-m7", 0.4, 3.0),
        constant("core.cortex-m85", 0.05, 1.0),
        constant("core.rxv2", 0.5, 5.0),
        constant("core.andes-d25f", 0.3, 3.0),
        constant("core.andes-d45", 0.3, 3.0),
        constant("core.gap9", 0.005, 0.2),
        constant("tiny.small_depthwise", 1.0, 2.5),
        constant("tiny.depthwise", 1.0, 3.0),
        constant("tiny.connected", 1.0, 3.0),
        constant("tiny.wide", 1.0, 8.0),
        constant("tiny.plain", 0.8, 3.0),
        constant("tiny.yearly", 0.7, 1.0),
        constant("tiny.yearly_depthwise", 0.6, 1.0),
        constant("tiny.float", 1.2, 5.0),
        constant("tiny.energy_scalar", 5e-11, 2e-9),
        constant("tiny.energy_fast", 5e-11, 2e-9),
        constant("tiny.energy_cluster", 1e-11, 1e-9),
    ],
};

fn layers(model: &str) -> Layers {
    if model.contains("autoencoder") {
        Layers::Connected
    } else if model.contains("mobilenet") {
        Layers::Depthwise
    } else if model.contains("ds-cnn") {
        Layers::SmallDepthwise
    } else {
        Layers::Convolution
    }
}

/// Whose kernels a software uses.
fn kernels(software: &str) -> Kernels {
    let software = software.to_lowercase();
    let plain = ["tensorflow", "tflm", "tvm", "cmsis", "vendor", "reference"];
    if plain.iter().any(|name| software.contains(name)) { Kernels::Plain } else { Kernels::Tuned }
}

/// Rounds of results since the first.
fn rounds(benchmark: &str) -> f64 {
    let known = [("v0.5", 0.0), ("v0.7", 0.0), ("v1.0", 1.0), ("v1.1", 2.0), ("v1.2", 3.0)];
    known.iter().find(|(name, _)| benchmark.contains(name)).map_or(3.0, |(_, rounds)| *rounds)
}

/// The class of a core as the records name it.
fn class(core: &str) -> Option<&'static str> {
    let classes = [
        ("M0+", "cortex-m0plus"),
        ("M4", "cortex-m4"),
        ("M33", "cortex-m33"),
        ("M7", "cortex-m7"),
        ("M85", "cortex-m85"),
        ("RXv2", "rxv2"),
        ("D25F", "andes-d25f"),
        ("D45", "andes-d45"),
        ("GAP9", "gap9"),
    ];
    classes.iter().find(|(name, _)| core.contains(name)).map(|(_, class)| *class)
}

fn price(inputs: &Inputs, world: &World) -> Priced {
    let text = |error: mlsysim::Error| error.to_string();
    let board = world.registry.hardware(inputs.text("hardware")).ok();
    let core = class(inputs.text("core"));
    let peak = board.and_then(|board| board.macs_per_cycle).unwrap_or(2.0);
    let clock = inputs
        .find("clock_mhz")
        .or_else(|| inputs.find("nominal_clock_mhz"))
        .map(|megahertz| megahertz * 1e6)
        .or_else(|| board.and_then(|board| board.clock).map(|clock| clock.0))
        .ok_or("the clock is not known")?;
    if clock.is_nan() || clock <= 0.0 {
        return Err("the clock must be above zero".into());
    }
    let calibration = &world.calibration;
    let constant = |name: &str| calibration.constant("tiny", name).map_err(text);
    let (cycles, label) = cycles_per_mac(
        calibration,
        core,
        peak,
        kernels(inputs.text("software")),
        layers(inputs.text("model")),
        rounds(inputs.text("benchmark")),
    )
    .map_err(text)?;
    let float = if inputs.text("precision") == "fp32" { constant("float")? } else { 1.0 };
    let seconds = inputs.number("macs_per_inference")? * cycles * float / clock;
    // Energy of a cycle: cores with caches and deep pipelines, small ones, and clusters on a low voltage.
    let per_cycle = constant(match core {
        Some("cortex-m7" | "cortex-m85") => "energy_fast",
        Some("gap9") => "energy_cluster",
        _ => "energy_scalar",
    })?;
    let say = |task, value| world.predict(task, label, value);
    let energy = seconds * clock * per_cycle;
    Ok(vec![
        ("latency_ms", say("tiny_latency", seconds * 1e3)),
        ("latency_ms_in_energy_mode", say("tiny_latency", seconds * 1e3)),
        ("inferences_per_s", say("tiny_latency", 1.0 / seconds)),
        ("energy_uj", say("tiny_energy", energy * 1e6)),
    ])
}
