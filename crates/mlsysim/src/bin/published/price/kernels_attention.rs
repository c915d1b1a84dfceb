//! Causal attention over whole sequences.

use super::{Priced, Pricing, constant, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::Precision;
use mlsysim::machine::attention::{Constants, Prefill, time};

/// Time of one layer's attention.
pub(super) const PRICING: Pricing = Pricing {
    name: "kernels_attention",
    pull: 0.0,
    price,
    constants: &[
        constant("attention.peak_share", 0.1, 1.0),
        constant("attention.block", 1.0, 2048.0),
        constant("attention.traffic", 0.5, 10.0),
        constant("attention.launch", 0.1, 10.0),
    ],
};

fn price(inputs: &Inputs, world: &World) -> Priced {
    let machine = world.machine(inputs)?;
    let heads = inputs.number("heads")?;
    let prefill = Prefill {
        batch: inputs.find("batch").unwrap_or(1.0),
        seq_len: inputs.number("seq_len")?,
        heads,
        kv_heads: inputs.find("kv_heads").unwrap_or(heads),
        head_dim: inputs.find("head_dim").unwrap_or(128.0),
        precision: inputs.precision().unwrap_or(Precision::Bf16),
    };
    let constants = Constants::read(&world.calibration).map_err(text)?;
    let time = time(&machine, &prefill, &constants).map_err(text)?;
    Ok(vec![("latency_ms", world.predict("kernels_attention", machine.label, time * 1e3))])
}
