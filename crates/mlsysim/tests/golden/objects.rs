//! Machines and models from the records inside a golden file.

use mlsysim::composite::Tier;
use mlsysim::provenance::{Basis, Provenance};
use mlsysim::registry::{Family, Hardware, Model};
use mlsysim::units::{Bytes, BytesPerSecond, Flop, FlopPerSecond, Params, Seconds, Watts};
use serde_json::Value;

fn origin() -> Provenance {
    Provenance::new(Basis::Literature, "mlsysim 0.3.0 (Python)")
}

/// A count, which some records write as a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of the vectors are small"
)]
pub(crate) fn count(value: &Value) -> Option<u32> {
    value.as_f64().map(|number| number as u32)
}

/// The machine of a record in base units.
pub(crate) fn hardware(record: &Value) -> Hardware {
    let number = |value: &Value| value.as_f64();
    let (compute, memory) = (&record["compute"], &record["memory"]);
    let required = |value: &Value| number(value).expect("a complete machine record");
    let mut machine = Hardware::new(
        record["name"].as_str().unwrap_or("?"),
        FlopPerSecond(required(&compute["peak_flops_flop_per_s"])),
        BytesPerSecond(required(&memory["bandwidth_byte_per_s"])),
        Bytes(required(&memory["capacity_byte"])),
        origin(),
    );
    for (key, rate) in compute["precision_flops_flop_per_s"].as_object().into_iter().flatten() {
        // Keys such as `fp16_sparse` name no format that can be asked for.
        if let (Ok(precision), Some(rate)) = (key.parse(), number(rate)) {
            machine.rates.push((precision, FlopPerSecond(rate)));
        }
    }
    let tier = |name: &str| {
        let capacity = number(&memory[format!("{name}_capacity_byte")])?;
        let bandwidth = number(&memory[format!("{name}_bandwidth_byte_per_s")]).map(BytesPerSecond);
        Some(Tier { capacity: Bytes(capacity), bandwidth })
    };
    machine.cache = tier("sram");
    machine.flash = tier("flash");
    let link = &record["interconnect"];
    machine.host_link = number(&link["bandwidth_byte_per_s"]).map(|bandwidth| {
        let both_ways = link["direction"].as_str() == Some("bidirectional_total");
        BytesPerSecond(if both_ways { bandwidth / 2.0 } else { bandwidth })
    });
    machine.power = number(&record["tdp_W"]).map(Watts);
    machine.dispatch = number(&record["dispatch_tax_s"]).map(Seconds);
    machine
}

/// The model of a record in base units.
pub(crate) fn model(record: &Value) -> Model {
    let number = |name: &str| record[name].as_f64();
    let family = match record["type"].as_str().unwrap_or_default() {
        "TransformerWorkload" => Family::Decoder,
        "SparseTransformerWorkload" => Family::SparseDecoder,
        "CNNWorkload" => Family::Convolutional,
        "SSMWorkload" => Family::StateSpace,
        "DiffusionWorkload" => Family::Diffusion,
        _ => Family::Other,
    };
    let mut model = Model::new(record["name"].as_str().unwrap_or("?"), family, origin());
    model.parameters =
        number("parameters_param").or_else(|| record["parameters"]["value"].as_f64()).map(Params);
    model.active_parameters = number("active_parameters_param").map(Params);
    model.stored = number("model_size_byte").map(Bytes);
    model.ops = number("inference_flops_flop").map(Flop);
    model.layers = count(&record["layers"]);
    model.hidden = count(&record["hidden_dim"]);
    model.heads = count(&record["heads"]);
    model.kv_heads = count(&record["kv_heads"]);
    model.head_dim = count(&record["head_dim"]);
    model.kv_lora_rank = count(&record["kv_lora_rank"]);
    model.qk_rope_head_dim = count(&record["qk_rope_head_dim"]);
    model.experts = count(&record["experts"]);
    model.experts_per_token = count(&record["active_experts_per_token"]);
    model.state_size = count(&record["state_size"]);
    model.denoising_steps = count(&record["denoising_steps"]);
    model
}
