//! The shipped machines and models against the reference inputs of the published measurements.
#![cfg(feature = "registry")]

use mlsysim::registry::{Hardware, Model, Registry};
use mlsysim::units::{Bytes, BytesPerSecond, BytesPerToken, Flop, Params, Watts};
use mlsysim::{Convention, Precision};
use serde_json::Value;

/// Agreement of numbers that both sides round to three digits.
const ROUNDED: f64 = 0.006;

fn near(what: &str, got: f64, expected: f64, tolerance: f64) {
    assert!((got / expected - 1.0).abs() <= tolerance, "{what}: {got} instead of {expected}");
}

fn check_machine(machine: &Hardware, expected: &Value) {
    let id = &machine.id;
    for (format, rate) in expected["peak"].as_object().expect("rates") {
        let precision: Precision = format.parse().expect("a known format");
        // One machine has half precision and no bf16: its 16-bit rate is meant.
        let (got, _) = machine.rate(precision, Convention::Reference).expect("a rate");
        near(&format!("{id} {format}"), got.0, rate.as_f64().expect("a number") * 1e12, ROUNDED);
    }
    let number = |field: &str| expected[field].as_f64();
    if let Some(gigabytes) = number("memory_gb") {
        // Makers call binary gibibytes GB: the two differ by 7.4 %.
        near(&format!("{id} capacity"), machine.capacity.0, gigabytes * 1e9, 0.075);
    }
    if let Some(bandwidth) = number("memory_bw_gb_s") {
        near(&format!("{id} bandwidth"), machine.bandwidth.0, bandwidth * 1e9, ROUNDED);
    }
    if let Some(watts) = number("tdp_w") {
        assert_eq!(machine.power, Some(Watts(watts)), "{id}");
    }
    if let Some(link) = number("intra_node_link_gb_s_per_direction") {
        let got = machine.link.expect("a link").one_way();
        near(&format!("{id} link"), got.0, link * 1e9, 0.02);
    }
    if let Some(gigabits) = number("nic_gbit_s_per_accel") {
        assert_eq!(machine.nic, Some(BytesPerSecond(gigabits * 1e9 / 8.0)), "{id}");
    }
    if let Some(megahertz) = number("clock_mhz") {
        near(&format!("{id} clock"), machine.clock.expect("a clock").0, megahertz * 1e6, 1e-9);
    }
    if let Some(kilobytes) = number("sram_kb") {
        near(&format!("{id} memory"), machine.capacity.0, kilobytes * 1024.0, 0.03);
    }
    if let Some(kilobytes) = number("flash_kb") {
        let flash = machine.flash.expect("flash").capacity;
        assert_eq!(flash, Bytes(kilobytes * 1024.0), "{id}");
    }
}

#[test]
fn published_machines_are_found_with_their_rates() {
    let registry = Registry::shipped();
    let list: Vec<Value> = serde_json::from_str(include_str!("data/hardware.json")).unwrap();
    assert_eq!(list.len(), 63);
    for expected in &list {
        let name = expected["name"].as_str().unwrap();
        let machine = registry.hardware(name).unwrap_or_else(|error| panic!("{error}"));
        assert!(machine.architecture.is_some(), "{name} has no architecture");
        // A Raspberry Pi and the boards state sizes where the list has none.
        if name != "RaspberryPi4" {
            check_machine(machine, expected);
        }
    }
}

#[test]
fn machines_of_single_rows_are_found() {
    let registry = Registry::shipped();
    for name in [
        "Khadas-VIM4-GPU",
        "RX65N-Cloud-Kit",
        "GAP9 0.65V",
        "GAP9 0.80V",
        "AndesCore-D25F",
        "AndesCore-D45",
    ] {
        assert!(registry.hardware(name).is_ok(), "{name}");
    }
    let error = registry.hardware("H100-SMX-80GB").unwrap_err().to_string();
    assert!(error.contains("did you mean"), "{error}");
}

fn models() -> serde_json::Map<String, Value> {
    let file: Value = serde_json::from_str(include_str!("data/models.json")).expect("valid JSON");
    file["models"].as_object().expect("a table of models").clone()
}

#[test]
fn published_models_have_their_exact_parameters() {
    let registry = Registry::shipped();
    let mut counted = 0;
    for (name, expected) in models() {
        let model: &Model = registry.model(&name).unwrap_or_else(|error| panic!("{error}"));
        let Some(parameters) = expected["n_params"].as_f64() else { continue };
        assert_eq!(model.parameters, Some(Params(parameters)), "{name}");
        // A count with six zeros at its end is a name, not a count.
        let exact = parameters % 1e6 != 0.0;
        if let (true, Some(count)) = (exact, model.count_parameters().unwrap()) {
            assert_eq!(count.total, Params(parameters), "{name} counted from its widths");
            counted += 1;
        }
        if let (Some(active), Some(count)) =
            (expected["n_active_params"].as_f64(), model.active_parameters)
        {
            // The names round to two or three digits.
            near(&format!("{name} active"), count.0, active, 0.02);
        }
    }
    assert_eq!(counted, 15, "every model whose widths and exact count are published");
}

#[test]
fn published_models_have_their_widths() {
    let registry = Registry::shipped();
    for (name, expected) in models() {
        let model = registry.model(&name).unwrap();
        let count = |field: &str| expected[field].as_u64().map(|n| u32::try_from(n).unwrap());
        for (field, got) in [
            ("layers", model.layers),
            ("hidden", model.hidden),
            ("heads", model.heads),
            ("experts", model.experts),
            ("top_k", model.experts_per_token),
            ("kv_lora_rank", model.kv_lora_rank),
            ("sliding_window", model.sliding_window),
            ("ffn_hidden", model.architecture.map(|a| a.ffn)),
            ("vocab", model.architecture.map(|a| a.vocab)),
        ] {
            if let Some(expected) = count(field) {
                assert_eq!(got, Some(expected), "{name} {field}");
            }
        }
        if let Some(macs) = expected["macs_per_inference"].as_f64() {
            let ops = model.ops_per_item(Convention::Reference).unwrap();
            assert_eq!(ops, Flop(2.0 * macs), "{name}: a multiply-accumulate is two operations");
        }
    }
}

#[test]
fn caches_by_hand() {
    let registry = Registry::shipped();
    let per_token = |name: &str| {
        let model = registry.model(name).unwrap();
        model.kv_bytes_per_token(Precision::Bf16, Convention::Reference).unwrap()
    };
    // Dense attention: 2 × 96 layers × 12 288 × 2 bytes.
    assert_eq!(per_token("gpt3_175b"), BytesPerToken(4_718_592.0));
    // Grouped queries: 2 × 80 × 8 × 128 × 2.
    assert_eq!(per_token("llama3_70b"), BytesPerToken(327_680.0));
    // Head width beside the hidden width: 2 × 94 × 4 × 128 × 2.
    assert_eq!(per_token("qwen3_235b_a22b"), BytesPerToken(192_512.0));
    // Latent attention: 61 × (512 + 64) × 2.
    assert_eq!(per_token("deepseek_v3"), BytesPerToken(70_272.0));
    // Half of the 36 layers keep 128 tokens: 2 × 8 × 64 × 2 × (18 × 4096 + 18 × 128).
    let windowed = registry.model("gpt_oss_120b").unwrap();
    let cache = windowed.kv_cache(4096, 1, Precision::Bf16, Convention::Reference).unwrap();
    assert_eq!(cache, Bytes(2048.0 * (18.0 * 4096.0 + 18.0 * 128.0)));
    // The Python package knows no windows.
    let cache = windowed.kv_cache(4096, 1, Precision::Bf16, Convention::Upstream030).unwrap();
    assert_eq!(cache, Bytes(2048.0 * 36.0 * 4096.0));
}
