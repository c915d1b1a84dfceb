//! Matrix products.

use super::{Priced, Pricing, constant};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::Precision;

/// Time and rate of one product.
pub(super) const PRICING: Pricing = Pricing {
    name: "kernels_gemm",
    price,
    constants: &[
        constant("ampere.gemm_efficiency", 0.3, 1.0),
        constant("hopper.gemm_efficiency", 0.3, 1.0),
        constant("blackwell.gemm_efficiency", 0.3, 1.0),
        constant("ada.gemm_efficiency", 0.3, 1.0),
    ],
};

fn price(inputs: &Inputs, world: &World) -> Priced {
    let machine = world.machine(inputs)?;
    let precision = inputs.precision().unwrap_or(Precision::Bf16);
    let [m, n, k] = [inputs.number("m")?, inputs.number("n")?, inputs.number("k")?];
    let peak = machine.peak(precision).map_err(|error| error.to_string())?;
    let ops = 2.0 * m * n * k;
    let bytes = precision.width().0 * (m * k + k * n) + 2.0 * m * n;
    let constants = machine.generation;
    let time = constants.kernel_time
        + (ops / (peak * constants.gemm_efficiency))
            .max(bytes / (machine.bandwidth() * constants.memory_efficiency));
    Ok(vec![
        ("latency_ms", world.predict("kernels_gemm", machine.label, time * 1e3)),
        ("tflops", world.predict("kernels_gemm", machine.label, ops / time / 1e12)),
    ])
}
