//! The files that people write, as JSON Schema: for editors that complete and check while typing.
//!
//! A schema says which fields there are and what kind of value each takes.
//! Units, names and counts that must agree are checked by the readers alone.

use crate::composite::training_memory::Checkpointing;
use crate::precision::Precision;
use crate::registry::{Class, Family};
use alloc::string::String;
use alloc::vec::Vec;
use serde_json::{Map, Value, json};

/// The files there are schemas of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Of {
    /// A plan.
    Plan,
    /// Records of machines.
    Hardware,
    /// Records of models.
    Models,
}

/// Returns the JSON Schema (draft 2020-12) of a kind of file.
#[must_use]
pub fn schema(of: Of) -> Value {
    let mut schema = match of {
        Of::Plan => plan(),
        Of::Hardware => records("hardware", hardware()),
        Of::Models => records("models", models()),
    };
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema
}

fn object(properties: Value, required: &[&str]) -> Value {
    let mut object =
        json!({ "type": "object", "required": required, "additionalProperties": false });
    object["properties"] = properties;
    object
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
}

fn share() -> Value {
    json!({ "type": "number", "minimum": 1e-9, "maximum": 1 })
}

/// An amount with its unit; `example` shows which.
fn amount(example: &str, about: &str) -> Value {
    json!({ "type": "string", "description": about, "examples": [example] })
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

fn precision() -> Value {
    json!({ "enum": Precision::ALL.map(Precision::key) })
}

fn plan() -> Value {
    let metrics: Vec<&str> = super::evaluate::METRICS.iter().map(|metric| metric.0).collect();
    let assertion = object(
        json!({ "metric": { "enum": metrics }, "max": { "type": "number" }, "min": { "type": "number" } }),
        &["metric"],
    );
    let workload = object(
        json!({
            "name": text("Model, by name."),
            "batch_size": count(),
            "seq_len": count(),
        }),
        &["name"],
    );
    let hardware = object(
        json!({
            "name": text("Machine, by name."),
            "accelerators": count(),
            "node_count": count(),
            "accelerators_per_node": count(),
            "intra_node_bw": amount("900 GB/s", "Bandwidth between two accelerators of a node."),
            "fabric_bandwidth": amount("50 GB/s", "Bandwidth of a port of the network between nodes."),
            "precision": precision(),
            "efficiency": share(),
        }),
        &["name"],
    );
    let training = object(
        json!({
            "tp": count(),
            "pp": count(),
            "cp": count(),
            "ep": count(),
            "dp": count(),
            "micro_batch": count(),
            "interleave": count(),
            "zero_stage": { "type": "integer", "minimum": 0, "maximum": 3 },
            "checkpointing": { "enum": Checkpointing::WORDS },
            "overlap": { "type": "number", "minimum": 0, "maximum": 1 },
            "tokens": amount("1.4 Ttoken", "Tokens to train on; or give steps."),
            "steps": count(),
        }),
        &[],
    );
    let ops = object(
        json!({
            "region": text("Electricity grid, by name."),
            "duration_days": { "type": "number", "exclusiveMinimum": 0 },
        }),
        &[],
    );
    let mut plan = object(
        json!({
            "version": text("Version of the file, as its author counts."),
            "name": text("Name of the plan."),
            "workload": workload,
            "hardware": hardware,
            "training": training,
            "records": { "type": "array", "items": { "type": "string" } },
            "ops": ops,
            "constraints": object(json!({ "assert": { "type": "array", "items": assertion } }), &[]),
        }),
        &["version", "name", "workload", "hardware"],
    );
    plan["title"] = json!("A plan of mlsysim");
    plan
}

/// A file with records of one kind, and whatever other sections it has.
fn records(section: &str, record: Value) -> Value {
    let title = alloc::format!("Records of mlsysim: {section}");
    let mut schema = json!({ "title": title, "type": "object" });
    schema["properties"][section] = json!({ "type": "object" });
    schema["properties"][section]["additionalProperties"] = record;
    schema
}

/// What every record may have.
fn common() -> Map<String, Value> {
    let origin = object(
        json!({
            "source": text("Key of a source."),
            "note": text("What the source says, or how the value was found."),
            "basis": text("What kind of knowledge it is."),
        }),
        &[],
    );
    let fields = [
        ("name", text("Name for people.")),
        ("aliases", json!({ "type": "array", "items": { "type": "string" } })),
        ("source", text("Key of the source of every value without an origin of its own.")),
        ("note", text("What to know about the record.")),
        ("origin", json!({ "type": "object", "additionalProperties": origin })),
        ("upstream", json!({ "type": "object", "additionalProperties": { "type": "string" } })),
        ("facts", json!({ "type": "object" })),
    ];
    fields.into_iter().map(|(name, schema)| (name.into(), schema)).collect()
}

fn record(own: Vec<(&str, Value)>, required: &[&str]) -> Value {
    let mut properties = common();
    properties.extend(own.into_iter().map(|(name, schema)| (name.into(), schema)));
    object(Value::Object(properties), required)
}

fn hardware() -> Value {
    let rate = amount("312 TFLOP/s", "Operations per second.");
    let rates: Map<String, Value> =
        Precision::ALL.iter().map(|format| (format.key().into(), rate.clone())).collect();
    let rates = object(Value::Object(rates), &[]);
    let cycles =
        json!({ "type": "array", "items": { "type": "number" }, "minItems": 2, "maxItems": 2 });
    let number = || json!({ "type": "number", "exclusiveMinimum": 0 });
    let fields = alloc::vec![
        ("peak", json!({ "anyOf": [rate, rates] })),
        ("native", precision()),
        ("class", json!({ "enum": Class::ALL.map(Class::key) })),
        ("architecture", text("Family of the chip.")),
        ("bandwidth", amount("3.35 TB/s", "Memory bandwidth.")),
        ("capacity", amount("80 GiB", "Memory size.")),
        ("memory_efficiency", share()),
        ("efficiency", share()),
        ("cache_capacity", amount("256 KiB", "On-chip memory that keeps weights.")),
        ("cache_bandwidth", amount("10 TB/s", "Its bandwidth.")),
        ("flash_capacity", amount("1 MiB", "Memory that weights are read from.")),
        ("flash_bandwidth", amount("256 MB/s", "Its bandwidth.")),
        ("host_link", amount("64 GB/s", "Bandwidth to the host, one way.")),
        ("link", amount("450 GB/s", "Bandwidth to a neighbor, one way.")),
        ("link_latency", amount("500 ns", "Start-up time of a message.")),
        ("nic", amount("50 GB/s", "Bandwidth of a network card.")),
        ("storage_capacity", amount("4 TB", "Size of the storage.")),
        ("storage_bandwidth", amount("7 GB/s", "Its bandwidth.")),
        ("storage_latency", amount("100 us", "Time to its first byte.")),
        ("unit_cost", amount("30 kUSD", "Price.")),
        ("embodied", amount("150 kgCO2e", "Greenhouse gas of making it.")),
        ("compute_units", count()),
        ("last_cache", amount("50 MB", "Size of the last cache.")),
        ("power", amount("700 W", "Rated power.")),
        ("idle_share", json!({ "type": "number", "minimum": 0, "maximum": 1 })),
        ("dispatch", amount("10 us", "Fixed time of a step.")),
        ("layer_time", amount("10 us", "Fixed time of a layer.")),
        ("clock", amount("64 MHz", "Clock.")),
        ("macs_per_cycle", number()),
        ("cycles_per_mac", cycles),
    ];
    record(fields, &["bandwidth", "capacity"])
}

fn models() -> Value {
    let flag = || json!({ "type": "boolean" });
    let elements = || json!({ "type": "number", "minimum": 0 });
    let mut fields = alloc::vec![
        ("family", json!({ "enum": Family::ALL.map(Family::key) })),
        ("parameters", amount("8.03 Gparam", "All parameters.")),
        ("active_parameters", amount("13 Gparam", "Parameters that one token uses.")),
        ("stored", amount("16 GB", "Size in 16 bits, where parameters are not known.")),
        ("ops", amount("8.2 GFLOP", "Operations of one pass.")),
        ("activation_elements", elements()),
        ("working_elements", elements()),
        ("biases", text("Which layers have biases.")),
    ];
    for name in [
        "layers",
        "hidden",
        "heads",
        "kv_heads",
        "head_dim",
        "kv_lora_rank",
        "qk_rope_head_dim",
        "experts",
        "experts_per_token",
        "sliding_window",
        "window_layers",
        "context",
        "state_size",
        "denoising_steps",
        "vocab",
        "ffn",
        "positions",
        "norms",
        "expert_ffn",
        "shared_experts",
        "dense_layers",
        "q_lora_rank",
        "qk_nope_head_dim",
        "v_head_dim",
    ] {
        fields.push((name, count()));
    }
    for name in ["gated", "tied", "norm_shift", "qk_norm", "sinks", "router_bias"] {
        fields.push((name, flag()));
    }
    record(fields, &["family"])
}
