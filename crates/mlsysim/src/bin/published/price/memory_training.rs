//! Memory of training, as the paper that derived its formula tells it.

use super::layout::{plan, shape};
use super::{Priced, Pricing, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::Label;
use mlsysim::machine::training_memory::{layer_activations, memory};
use mlsysim::machine::transformer::{Plan, Recompute};

/// States and activations of one device, and what techniques leave of the activations.
pub(super) const PRICING: Pricing =
    Pricing { name: "memory_training", pull: 0.0, price, constants: &[] };

const GIB: f64 = 1_073_741_824.0;

fn price(inputs: &Inputs, world: &World) -> Priced {
    let shape = shape(inputs, world)?;
    let plan = plan(inputs, &shape);
    let found = memory(&shape, &plan).map_err(text)?;
    let predict = |value| world.predict("memory_training", Label::Calibrated, value);
    let mut prices = vec![
        ("params_grads_optimizer_gib_per_gpu", predict(found.layers / GIB)),
        ("activations_gib_per_gpu", predict(found.activations / GIB)),
    ];
    let technique = inputs.text("technique");
    if !technique.is_empty() {
        let base = Plan { sequence_parallel: false, recompute: Recompute::Nothing, ..plan };
        let used = Plan {
            sequence_parallel: technique.contains("sequence_parallel"),
            recompute: if technique.contains("full") {
                Recompute::Layers
            } else if technique.contains("selective") {
                Recompute::Scores
            } else {
                Recompute::Nothing
            },
            ..plan
        };
        let share = layer_activations(&shape, &used).map_err(text)?
            / layer_activations(&shape, &base).map_err(text)?;
        prices.push(("activation_pct_of_tp_baseline", predict(100.0 * share)));
    }
    Ok(prices)
}
