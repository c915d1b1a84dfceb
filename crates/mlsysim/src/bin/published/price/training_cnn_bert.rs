//! Training throughput of a network that sees images and of one that reads text.

use super::{Priced, Pricing, constant, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::Precision;
use mlsysim::machine::throughput::{Constants, Sample, step};

/// Samples per second of a whole system.
pub(super) const PRICING: Pricing = Pricing {
    name: "training_cnn_bert",
    pull: 0.0,
    price,
    constants: &[
        constant("throughput.image_share", 0.2, 1.0),
        constant("throughput.image_passes", 2.0, 40.0),
        constant("throughput.token_share", 0.2, 1.0),
        constant("throughput.token_passes", 2.0, 200.0),
        constant("throughput.narrow_share", 0.2, 1.0),
        constant("throughput.fixed_time", 1e-4, 1e-2),
        constant("throughput.exposed", 0.05, 3.0),
        constant("throughput.node_network", 5e9, 5e11),
    ],
};

/// Tokens of an unpadded sequence of the text corpus, of 512 at most.
const MEAN_TOKENS: f64 = 256.0;

/// Operations of a forward pass over one image and elements that its layers write, the standard 50-layer residual
/// network: He and others, "Deep Residual Learning" (2015).
const IMAGE_OPS: f64 = 8.2e9;
const IMAGE_ELEMENTS: f64 = 11.1e6;
const IMAGE_WEIGHTS: f64 = 25.6e6;

/// The large bidirectional encoder: Devlin and others, "BERT" (2018).
const TEXT_WEIGHTS: f64 = 336e6;
const TEXT_LAYERS: f64 = 24.0;
const TEXT_WIDTH: f64 = 1024.0;

fn price(inputs: &Inputs, world: &World) -> Priced {
    let machine = world.machine(inputs)?;
    let constants = Constants::read(&world.calibration).map_err(text)?;
    let devices = inputs.number("n_accel")?;
    let nodes = inputs.find("n_nodes").unwrap_or(1.0);
    let batch = inputs.number("global_batch")?;
    let images = inputs.text("model").contains("resnet");
    let precision = inputs.precision().unwrap_or(Precision::Fp16);
    let sample = if images {
        Sample {
            ops: 3.0 * IMAGE_OPS,
            elements: IMAGE_ELEMENTS,
            weights: IMAGE_WEIGHTS,
            images,
            precision: Precision::Fp16,
        }
    } else {
        Sample {
            ops: 6.0 * TEXT_WEIGHTS * MEAN_TOKENS,
            elements: TEXT_LAYERS * TEXT_WIDTH * MEAN_TOKENS,
            weights: TEXT_WEIGHTS,
            images,
            precision,
        }
    };
    let time = step(&machine, &sample, batch, devices, nodes, &constants).map_err(text)?;
    let rate = world.predict("training_cnn_bert", machine.label, batch / time);
    Ok(vec![("images_per_s", rate.clone()), ("sequences_per_s", rate)])
}
