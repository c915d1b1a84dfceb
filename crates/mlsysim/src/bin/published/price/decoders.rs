//! Decoders, formats and layouts as the rows of several data sets name them.

use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::Precision;
use mlsysim::machine::{Decoder, Formats, Layout, Machine};

/// The decoder of a row: what the row says, and the record of its model for the rest.
pub(super) fn decoder(inputs: &Inputs, world: &World) -> Result<Decoder, String> {
    let recorded = world
        .registry
        .model(inputs.text("model"))
        .and_then(Decoder::new)
        .map_err(|e| e.to_string());
    if let Ok(decoder) = recorded {
        return Ok(decoder);
    }
    let (Some(layers), Some(hidden)) = (inputs.find("layers"), inputs.find("hidden")) else {
        return from_size(inputs).map_or(recorded, Ok);
    };
    let heads = inputs.find("heads").unwrap_or(hidden / 128.0);
    let head = inputs.find("head_dim").unwrap_or(hidden / heads);
    let groups = inputs.find("kv_heads").unwrap_or(heads);
    let matrices = if inputs.flag("gated_ffn").unwrap_or(true) { 3.0 } else { 2.0 };
    let inner = inputs.find("ffn_hidden").unwrap_or(4.0 * hidden);
    let inner = inputs.find("moe_ffn_hidden").unwrap_or(inner);
    let experts = inputs.find("experts").unwrap_or(0.0);
    let expert = if experts > 0.0 { layers * matrices * hidden * inner } else { 0.0 };
    let output = inputs.find("vocab").unwrap_or(50_400.0) * hidden;
    let total = inputs.number("n_params")?;
    Ok(Decoder {
        layers,
        hidden,
        attention_width: heads * head,
        shared: (total - 2.0 * output - expert * experts).max(0.0),
        expert,
        experts,
        experts_per_token: inputs.find("top_k").unwrap_or(0.0),
        output,
        cached: 2.0 * layers * groups * head,
        window: inputs.find("sliding_window"),
    })
}

/// A decoder of which only the parameters are told: width and depth as in models of that size, `N = 12·L·h²` with
/// `h = 128·L^0.9`, eight groups of keys, 128 experts.
fn from_size(inputs: &Inputs) -> Option<Decoder> {
    let total = inputs.find("total_params_b").map(|billions| billions * 1e9);
    let total = total.or_else(|| inputs.find("n_params"))?;
    let active = inputs.find("active_params_b").map_or(total, |billions| billions * 1e9);
    let layers = libm::round(libm::pow(active.min(total) / (12.0 * 128.0 * 128.0), 1.0 / 2.8));
    let hidden = 128.0 * libm::pow(layers, 0.9);
    let output = 128_000.0 * hidden;
    let sparse = active < 0.9 * total;
    let experts = if sparse { 128.0 } else { 0.0 };
    let expert = if sparse { (total - active) / 120.0 } else { 0.0 };
    Some(Decoder {
        layers,
        hidden,
        attention_width: hidden,
        shared: (active - 2.0 * output - 8.0 * expert).max(0.1 * active),
        expert,
        experts,
        experts_per_token: if sparse { 8.0 } else { 0.0 },
        output,
        cached: 2.0 * layers * 8.0 * 128.0,
        window: None,
    })
}

/// Bytes of a parameter in a format, with the scales of its blocks.
pub(super) fn width(format: &str) -> f64 {
    match format {
        // 4 bits and an 8-bit scale for each 16, or for each 32.
        "nvfp4" | "fp4" => 0.5625,
        "mxfp4" => 0.53125,
        "fp8" | "fp8_block" | "int8" | "int8_weight" => 1.0,
        // 4 bits, a 16-bit scale and a 16-bit zero for each 32.
        "int4_weight_g32" => 0.625,
        _ => 2.0,
    }
}

/// Formats of weights that are multiplied in `format`.
///
/// Models that ship with 4-bit experts keep everything else in 16 bits; machines without 4-bit arithmetic widen to 16.
pub(super) fn formats(
    format: &str,
    decoder: &Decoder,
    machine: &Machine<'_>,
    cache: f64,
) -> Result<Formats, String> {
    let bytes = width(format);
    let has = |precision| machine.hardware.rates.iter().any(|(own, _)| *own == precision);
    let four = bytes < 0.6;
    let precision = if four && has(Precision::Fp4) {
        Precision::Fp4
    } else if bytes < 1.5 && !four && has(Precision::Fp8) {
        Precision::Fp8
    } else {
        Precision::Bf16
    };
    let sliding = decoder.is_sparse() && decoder.window.is_some();
    Ok(Formats {
        shared: if four && sliding { 2.0 } else { bytes },
        expert: bytes,
        cache,
        peak: machine.peak(precision).map_err(|error| error.to_string())?,
        four_bit: precision == Precision::Fp4,
    })
}

/// One replica on `accelerators` of them, each layer cut over `tensor`.
pub(super) const fn layout(accelerators: f64, tensor: f64, pipeline: f64) -> Layout {
    Layout { accelerators, tensor, pipeline }
}
