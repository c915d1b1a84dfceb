//! Energy and greenhouse gas of training and of use.

use super::{Priced, Pricing, layout, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::training::{Constants, step};
use mlsysim::machine::transformer::{Plan, Sharding};
use mlsysim::machine::{Label, Prediction};

/// Hours times watts times overhead, and what their electricity emits; energy of a request by its passes.
pub(super) const PRICING: Pricing = Pricing { name: "carbon", pull: 0.0, price, constants: &[] };

/// Overhead and intensity where a source prints neither: those of Touvron and others, "LLaMA" (2023).
const PUE: f64 = 1.1;
const INTENSITY: f64 = 0.385;

/// Power of an accelerator that serves now and then, over its rated power.
const WAITING: f64 = 0.33;

/// Power of training over the rated power.
const TRAINING: f64 = 0.93;

/// Rated power where the machine is not known, W.
const RATED: f64 = 400.0;

/// Power of one accelerator and its share of the node during single requests, W.
const SINGLE: f64 = 300.0;

/// Seconds of a forward pass of a small network, one request at a time.
const PASS: f64 = 0.025;

/// Passes of small networks that a task takes; the last ones stand for larger networks.
const TASKS: [(&str, f64); 9] = [
    ("text classification", 1.0),
    ("token classification", 1.0),
    ("masked language", 1.0),
    ("question answering", 1.0),
    ("image classification", 2.0),
    ("object detection", 12.0),
    ("summarization", 20.0),
    ("captioning", 25.0),
    ("text generation", 20.0),
];

/// Passes of fifty guided steps of a network that makes images.
const IMAGE_PASSES: f64 = 1400.0;

fn price(inputs: &Inputs, world: &World) -> Priced {
    if let Some(parts) = total(inputs) {
        return Ok(vec![("total_co2e_t", world.predict("carbon", Label::Exact, parts))]);
    }
    let task = inputs.text("task");
    if !task.is_empty() {
        let passes = TASKS.iter().find(|(name, _)| task.contains(name)).map(|(_, passes)| *passes);
        let passes = passes.unwrap_or(if task.contains("image") { IMAGE_PASSES } else { 1.0 });
        let joules = 1000.0 * passes * PASS * SINGLE;
        let value = world.predict("carbon_requests", Label::Spec, joules / 3.6e6);
        return Ok(vec![("energy_kwh_per_1000", value)]);
    }
    let rated = world.machine(inputs).ok().and_then(|m| m.hardware.power).map(|power| power.0);
    let rated = rated.unwrap_or(RATED);
    if let Some(hours) = phase_hours(inputs.text("phase")) {
        let energy = hours * rated * WAITING / 1000.0;
        return Ok(vec![("energy_kwh", world.predict("carbon_requests", Label::Spec, energy))]);
    }
    if inputs.find("accelerator_hours").or(inputs.find("wall_days")).is_none() {
        let energy = training_energy(inputs, world, rated)?;
        return Ok(vec![("gpu_energy_mwh", energy)]);
    }
    let watts = inputs.find("avg_power_w").or(inputs.find("avg_system_power_per_accel_w"));
    let hours = inputs
        .find("accelerator_hours")
        .or_else(|| Some(inputs.find("wall_days")? * 24.0 * inputs.find("n_accel")?));
    let hours = hours.ok_or("neither hours nor days and devices")?;
    let pue = inputs.find("pue").unwrap_or(PUE);
    let intensity = inputs.find("carbon_intensity_kg_per_kwh");
    let intensity =
        intensity.or(inputs.find("net_carbon_intensity_kg_per_kwh")).unwrap_or(INTENSITY);
    let energy = hours * watts.unwrap_or(rated) * pue / 1000.0;
    let gas = energy * intensity / 1000.0;
    let predict = |value| world.predict("carbon", Label::Calibrated, value);
    Ok(vec![
        ("energy_kwh", predict(energy)),
        ("energy_mwh", predict(energy / 1000.0)),
        ("co2e_t", predict(gas)),
        ("net_co2e_t", predict(gas)),
        ("dynamic_co2e_t", predict(gas)),
        ("location_based_co2e_t", predict(gas)),
    ])
}

/// The sum of the parts that a row lists.
fn total(inputs: &Inputs) -> Option<f64> {
    Some(
        inputs.find("dynamic_co2e_t")?
            + inputs.find("idle_co2e_t").unwrap_or(0.0)
            + inputs.find("embodied_co2e_t").unwrap_or(0.0),
    )
}

/// Accelerator-hours of a text like `16x A100-40GB, 18 days`.
fn phase_hours(text: &str) -> Option<f64> {
    let words = || text.split(|c: char| c == ',' || c.is_whitespace());
    let number = |word: &str, end: &str| word.strip_suffix(end)?.parse::<f64>().ok();
    let devices = words().find_map(|word| number(word, "x"))?;
    let days = words().zip(words().skip(1)).find_map(|(word, next)| {
        if next.starts_with("day") { word.parse::<f64>().ok() } else { None }
    })?;
    Some(devices * days * 24.0)
}

/// Energy of the accelerators of a run, from the time of its steps.
fn training_energy(inputs: &Inputs, world: &World, rated: f64) -> Result<Prediction, String> {
    let machine = world.machine(inputs)?;
    let shape = layout::shape(inputs, world)?;
    let plan = Plan { sharding: Sharding::Weights, ..layout::plan(inputs, &shape) };
    let constants = Constants::read(&world.calibration).map_err(text)?;
    let time = step(&machine, &shape, &plan, &constants).map_err(text)?.total;
    let seconds = inputs.number("tokens")? / (plan.tokens() / time) * plan.devices();
    let energy = seconds * rated * TRAINING / 3.6e9;
    Ok(world.predict("carbon_training", machine.label, energy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_are_read() {
        // 16 · 18 · 24 = 6912.
        assert_eq!(phase_hours("inference API, 16x A100-40GB, 18 days"), Some(6912.0));
        assert_eq!(phase_hours("training"), None);
    }
}
