//! Every mistake of a plan with its place; counts that contradict each other; limits; random bytes.

use super::*;
use crate::convention::Convention;
use crate::registry::Registry;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;

const PLAN: &str = "\
version: \"1.0\"
name: test
workload: { name: llama3_8b, batch_size: 8 }
hardware: { name: h100 }
";

fn read(text: &str, set: &[&str]) -> Result<Plan, String> {
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    Plan::read("plan.yaml", text, &set, &Registry::shipped()).map_err(|error| error.to_string())
}

#[test]
fn what_a_plan_does_not_say_has_a_default() {
    let plan = read(PLAN, &[]).unwrap();
    assert_eq!((plan.batch, plan.seq_len, plan.accelerators), (8, 2048, 1));
    assert_eq!((plan.precision, plan.efficiency), (Precision::Fp16, 0.5));
    assert_eq!((plan.fabric, plan.ops.is_none()), (BytesPerSecond(50e9), true));
}

#[test]
fn five_mistakes_are_reported_together_with_line_and_column() {
    let text = "\
version: 1
name: broken
workload: { name: lama3_8b, batchsize: 8 }
hardware:
  name: h100
  fabric_bandwidth: 50
  efficiency: 1.5
constraint: {}
";
    let message = read(text, &[]).unwrap_err();
    let lines: Vec<&str> = message.lines().collect();
    for (line, expected) in lines.iter().zip([
        "plan.yaml:1:10: plan.version: expected a text in quotes, got the number 1",
        "plan.yaml:3:19: unknown model `lama3_8b`; did you mean llama3_8b",
        "plan.yaml:3:29: plan.workload: unknown field `batchsize`; did you mean `batch_size`?",
        "plan.yaml:6:21: plan.hardware.fabric_bandwidth: expected data per time in quotes, for example \"3.35 TB/s\", got the number 50",
        "plan.yaml:7:15: plan.hardware.efficiency must be finite and from 0.000000001 to 1, got 1.5",
        "plan.yaml:8:1: plan: unknown field `constraint`; did you mean `constraints`?",
    ]) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
    assert_eq!(lines.len(), 6, "{message}");
}

#[test]
fn counts_of_accelerators_may_not_contradict_each_other() {
    let with =
        |fields: &str| read(&PLAN.replace("name: h100", &format!("name: h100, {fields}")), &[]);
    let counts =
        |fields: &str| with(fields).map(|plan| (plan.accelerators, plan.accelerators_per_node));
    assert_eq!(counts("node_count: 4, accelerators_per_node: 8"), Ok((32, 8)));
    assert_eq!(counts("node_count: 4, accelerators_per_node: 8, accelerators: 32"), Ok((32, 8)));
    assert_eq!(counts("accelerators: 16, accelerators_per_node: 8"), Ok((16, 8)));
    for (fields, message) in [
        ("node_count: 4", "plan.hardware.node_count: needs accelerators_per_node beside it"),
        (
            "node_count: 4, accelerators_per_node: 8, accelerators: 30",
            "30 contradicts 4 nodes with 8 accelerators each, which are 32",
        ),
        (
            "accelerators: 12, accelerators_per_node: 8",
            "12 accelerators do not make up whole nodes of 8",
        ),
        ("node_count: 4000000000, accelerators_per_node: 8", "do not fit 32 bits"),
        ("accelerators: 0", "must be a whole number"),
    ] {
        let error = counts(fields).unwrap_err();
        assert!(error.contains(message) && error.starts_with("plan.yaml:4:"), "{error}");
    }
}

#[test]
fn values_from_outside_replace_those_of_the_file() {
    let plan =
        read(PLAN, &["workload.batch_size=16", "hardware.name=a100", "hardware.efficiency=0.25"])
            .unwrap();
    assert_eq!((plan.batch, plan.hardware.id.as_str(), plan.efficiency), (16, "a100", 0.25));
    let error =
        read(PLAN, &["workload.batchsize=16", "workload", "hardware.name=h1000"]).unwrap_err();
    assert_eq!(error.lines().count(), 3, "{error}");
}

#[test]
fn limits_are_checked_by_name_and_value() {
    let with = |limits: &str| format!("{PLAN}constraints:\n  assert:\n{limits}");
    let error = read(
        &with("    - { metric: performance.latncy, max: 3 }\n    - { metric: performance.mfu }\n    - { metric: performance.mfu, min: 1, max: 0 }\n"),
        &[],
    )
    .unwrap_err();
    assert!(
        error.contains("unknown metric `performance.latncy`; did you mean performance.latency or"),
        "{error}"
    );
    assert!(
        error.contains("give `max`, `min` or both")
            && error.contains("nothing is at least 1 and at most 0"),
        "{error}"
    );

    let plan = read(&with("    - { metric: performance.latency, max: 1 }\n    - { metric: performance.mfu, max: 1 }\n    - { metric: macro.energy_kwh, max: 1 }\n"), &[]).unwrap();
    let report = plan.evaluate(Convention::Reference).unwrap();
    let broken: Vec<&str> = report.violations.iter().map(|v| v.metric.as_str()).collect();
    // Without a region the energy is not known, so a limit on it does not hold.
    assert_eq!(broken, ["performance.latency", "macro.energy_kwh"]);
}

#[test]
fn copies_share_a_batch_and_energy_follows_the_grid() {
    let mut registry = Registry::shipped();
    registry
        .add("grids.toml", "[grids.tidal]\ncarbon_intensity = \"36 gCO2e/kWh\"\npue = 1.25\n")
        .unwrap();
    let text = format!("{PLAN}ops: {{ region: tidal, duration_days: 10 }}\n");
    let set = vec![String::from("hardware.accelerators=4")];
    let plan = Plan::read("plan.yaml", &text, &set, &registry).unwrap();
    let report = plan.evaluate(Convention::Reference).unwrap();
    // Each of four holds two of the eight sequences, as one machine with two does.
    let alone =
        read(PLAN, &["workload.batch_size=2"]).unwrap().evaluate(Convention::Reference).unwrap();
    assert_eq!(report.profile, alone.profile);
    let value = |name: &str| report.metric(name).and_then(|metric| metric.value).unwrap();
    assert_eq!(value("performance.throughput").to_bits(), (8.0 / alone.profile.time.0).to_bits());
    // Mean power of one machine × 4 × 240 h × PUE.
    let watts = alone.profile.energy.unwrap().0 / alone.profile.time.0;
    let kwh = watts * 4.0 * 240.0 * 1.25 / 1000.0;
    assert!(
        (value("macro.energy_kwh") / kwh - 1.0).abs() < 1e-12,
        "the same product in another order"
    );
    // Energy, and 10 days of the 4 years that 164 kg of making each machine are spread over; in tonnes.
    let made = 4.0 * 0.164 * 10.0 / (4.0 * 365.0);
    assert!((value("macro.carbon_footprint") / (kwh * 36e-6 + made) - 1.0).abs() < 1e-12);
    // A grid without a price of its own: 0.12 USD/kWh.
    assert!((value("macro.energy_cost") / (kwh * 0.12) - 1.0).abs() < 1e-12);
}

#[test]
fn what_does_not_fit_fails() {
    let report =
        read(PLAN, &["workload.name=llama3_70b"]).unwrap().evaluate(Convention::Reference).unwrap();
    assert!(!report.feasible());
    assert_eq!(report.levels[0].status, Status::Fail);
}

/// Bytes that look like a plan more often than chance would have it.
fn noise(seed: &mut u64) -> Vec<u8> {
    const PIECES: [&str; 16] = [
        "version", ": ", "\n", "  ", "workload", "{", "}", "[", "]", "- ", "\"", "name", "h100",
        "50 GB/s", "&a *a", "!!x",
    ];
    let mut next = || {
        // Steele & Vigna (2014), SplitMix64.
        *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut bytes = Vec::new();
    for _ in 0..next() % 40 {
        let random = next();
        if random % 3 == 0 {
            bytes.push((random >> 8).to_le_bytes()[0]);
        } else {
            let piece = usize::try_from((random >> 8) % 16).unwrap();
            bytes.extend(PIECES[piece].as_bytes());
        }
    }
    bytes
}

#[test]
fn no_bytes_make_a_reader_panic() {
    let registry = Registry::new();
    let mut seed = 1;
    for _ in 0..10_000 {
        let bytes = noise(&mut seed);
        let text = String::from_utf8_lossy(&bytes);
        for file in ["plan.yaml", "plan.toml"] {
            let plan = Plan::read(file, &text, &[], &registry);
            // An empty registry knows no model, so nothing is a plan.
            assert!(plan.is_err_and(|error| !error.to_string().is_empty()), "{text:?}");
        }
        if let Ok(quantity) = crate::units::parse(&text) {
            assert!(quantity.value.is_finite(), "{text:?}");
        }
    }
}
