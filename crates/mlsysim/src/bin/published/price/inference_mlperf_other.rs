//! Pictures, volumes and sentences on servers.

use super::{Priced, Pricing, constant, networks};
use crate::inputs::Inputs;
use crate::world::World;

/// Rates, latencies and wall power.
pub(super) const PRICING: Pricing = Pricing {
    name: "inference_mlperf_other",
    pull: 0.0,
    price,
    constants: &[
        constant("network.convolution", 0.3, 1.2),
        constant("network.grouped", 0.2, 1.2),
        constant("network.volume", 0.3, 1.2),
        constant("network.encoder", 0.3, 1.2),
        constant("network.diffusion", 0.3, 1.2),
        constant("network.ops_per_joule", 3e11, 2e13),
        constant("network.ops_per_byte", 50.0, 2e4),
        constant("network.kernel_time", 1e-6, 3e-5),
        constant("network.small_batch", 0.8, 2.0),
        constant("network.tuned_rate", 0.5, 1.0),
        constant("network.at_target", 0.6, 1.0),
        constant("network.p99_share", 0.2, 1.0),
        constant("network.mean_share", 0.1, 1.0),
        constant("network.host_power", 20.0, 1500.0),
        constant("network.tuned_power", 0.2, 1.2),
    ],
};

fn price(inputs: &Inputs, world: &World) -> Priced {
    networks::price(inputs, world, "network", false)
}
