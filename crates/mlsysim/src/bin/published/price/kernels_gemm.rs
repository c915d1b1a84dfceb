//! Matrix products.

use super::{Priced, Pricing, constant, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::Precision;
use mlsysim::machine::gemm::{Constants, Product, time};

/// Time and rate of one product.
pub(super) const PRICING: Pricing = Pricing {
    name: "kernels_gemm",
    pull: 0.0,
    price,
    constants: &[
        constant("ampere.gemm_efficiency", 0.3, 1.0),
        constant("hopper.gemm_efficiency", 0.3, 1.0),
        constant("blackwell.gemm_efficiency", 0.3, 1.0),
        constant("ada.gemm_efficiency", 0.3, 1.0),
        constant("gemm.narrow_share", 0.5, 1.0),
        constant("gemm.four_bit_share", 0.5, 1.0),
        constant("gemm.tile_exponent", 0.2, 3.0),
        constant("gemm.wave_softness", 0.05, 1.0),
        constant("gemm.unit_bandwidth", 0.5, 10.0),
        constant("gemm.memory_share", 0.5, 1.0),
        constant("gemm.cached_share", 0.01, 1.0),
        constant("gemm.cached_rate", 1.0, 8.0),
        constant("gemm.overlap", 1.0, 8.0),
        constant("gemm.launch", 0.05, 2.0),
        constant("gemm.quantize_time", 1e-7, 3e-5),
        constant("gemm.quantize_time_four_bit", 1e-7, 3e-5),
        constant("gemm.quantize_traffic", 1.0, 8.0),
    ],
};

fn price(inputs: &Inputs, world: &World) -> Priced {
    let machine = world.machine(inputs)?;
    let product = Product {
        m: inputs.number("m")?,
        n: inputs.number("n")?,
        k: inputs.number("k")?,
        precision: inputs.precision().unwrap_or(Precision::Bf16),
    };
    let constants = Constants::read(&world.calibration).map_err(text)?;
    let time = time(&machine, &product, &constants).map_err(text)?.total;
    let ops = 2.0 * product.m * product.n * product.k;
    let predict = |value| world.predict("kernels_gemm", machine.label, value);
    Ok(vec![("latency_ms", predict(time * 1e3)), ("tflops", predict(ops / time / 1e12))])
}
