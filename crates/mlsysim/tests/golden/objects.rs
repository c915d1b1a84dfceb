//! Machines, models, fleets and sites from the records inside a golden file.

use mlsysim::composite::Tier;
use mlsysim::provenance::{Basis, Origins, Provenance};
use mlsysim::registry::{
    Direction, Fabric, Family, Fleet, Grid, Hardware, Link, Model, Node, Site, Storage,
};
use mlsysim::units::{
    Bytes, BytesPerSecond, CubicMetersPerJoule, Flop, FlopPerSecond, KgCo2, KgCo2PerJoule, Params,
    Seconds, Usd, Watts,
};
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
    machine.host = link(&record["interconnect"]);
    machine.link = link(&record["nvlink"]);
    machine.storage = number(&record["storage"]["bandwidth_byte_per_s"]).map(|bandwidth| Storage {
        capacity: Bytes(number(&record["storage"]["capacity_byte"]).unwrap_or(0.0)),
        bandwidth: BytesPerSecond(bandwidth),
        latency: number(&record["storage"]["latency_s"]).map(Seconds),
    });
    machine.unit_cost = number(&record["unit_cost_USD"]).map(Usd);
    machine.embodied = number(&record["embodied_carbon_kg"]).map(KgCo2);
    machine.compute_units = count(&compute["sm_count"]);
    machine.power = number(&record["tdp_W"]).map(Watts);
    machine.dispatch = number(&record["dispatch_tax_s"]).map(Seconds);
    machine
}

fn link(record: &Value) -> Option<Link> {
    let bandwidth = BytesPerSecond(record["bandwidth_byte_per_s"].as_f64()?);
    let direction = match record["direction"].as_str() {
        Some("bidirectional_total") => Direction::BothTogether,
        _ => Direction::PerDirection,
    };
    Some(Link { bandwidth, direction, latency: record["latency_s"].as_f64().map(Seconds) })
}

/// The network of a record in base units.
pub(crate) fn fabric(record: &Value) -> Fabric {
    let bandwidth = record["bandwidth_byte_per_s"].as_f64().expect("a complete fabric record");
    let name = record["name"].as_str().unwrap_or("?");
    let mut fabric = Fabric::new(name, BytesPerSecond(bandwidth), origin());
    fabric.latency = record["latency_s"].as_f64().map(Seconds);
    fabric.oversubscription = record["oversubscription_ratio"].as_f64().unwrap_or(1.0);
    fabric
}

/// The grid of a record in base units.
pub(crate) fn grid(record: &Value) -> Grid {
    let number = |name: &str| record[name].as_f64();
    let carbon = number("carbon_intensity_kg_per_J").expect("a complete grid record");
    let name = record["name"].as_str().unwrap_or("?");
    let mut grid = Grid::new(name, KgCo2PerJoule(carbon), origin());
    grid.pue = number("pue").unwrap_or(1.0);
    grid.wue = CubicMetersPerJoule(number("wue_m3_per_J").unwrap_or(0.0));
    grid.renewable = number("renewable_pct").map(|percent| percent / 100.0);
    grid
}

/// The facility of a record in base units.
pub(crate) fn site(record: &Value) -> Site {
    let name = record["name"].as_str().unwrap_or("?").to_owned();
    Site {
        id: name.clone(),
        name,
        grid: grid(&record["grid"]),
        pue_override: record["pue_override"].as_f64(),
        origins: Origins::new(origin()),
    }
}

/// The fleet of a record in base units.
pub(crate) fn fleet(record: &Value) -> Fleet {
    let node = &record["node"];
    let name = record["name"].as_str().unwrap_or("?").to_owned();
    Fleet {
        id: name.clone(),
        name,
        node: Node {
            id: "node".into(),
            name: node["name"].as_str().unwrap_or("?").to_owned(),
            accelerator: hardware(&node["accelerator"]),
            accelerators: count(&node["accelerators_per_node"]).unwrap_or(1),
            intra_bandwidth: BytesPerSecond(
                node["intra_node_bw_byte_per_s"].as_f64().expect("a complete node record"),
            ),
            nics: count(&node["nics_per_node"]).unwrap_or(1),
            psus: count(&node["psus_per_node"]).unwrap_or(2),
            psu_redundancy: count(&node["psu_redundancy"]).unwrap_or(0),
            max_power: node["max_power_W"].as_f64().map(Watts),
            facts: Vec::new(),
            upstream: Vec::new(),
            origins: Origins::new(origin()),
        },
        nodes: count(&record["count"]).unwrap_or(1),
        fabric: fabric(&record["fabric"]),
        grid: record["region"].is_object().then(|| grid(&record["region"])),
        site: record["datacenter"].is_object().then(|| site(&record["datacenter"])),
        mtbf: record["mtbf_s"].as_f64().map(Seconds),
        origins: Origins::new(origin()),
    }
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
