//! Plans that train: a step by hand, a search against enumeration, the Python package, mistakes, files of records.

use super::*;
use crate::convention::Convention;
use crate::registry::Registry;
use crate::units::Quantity;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;

/// A machine without memory and network limits, a model of round numbers, a grid.
const RECORDS: &str = "
[hardware.fast]
peak = { fp16 = \"1 PFLOP/s\" }
bandwidth = \"1e30 B/s\"
capacity = \"20 GB\"
power = \"500 W\"
idle_share = 0.2
dispatch = \"0 s\"
layer_time = \"0 s\"
unit_cost = \"10 kUSD\"

[models.round]
family = \"decoder\"
parameters = \"1 Gparam\"
layers = 10
hidden = 1000
heads = 10

[models.llama_as_in_the_package]
family = \"decoder\"
parameters = \"8.03 Gparam\"
layers = 32
hidden = 4096
heads = 32
kv_heads = 8

[grids.us_as_in_the_package]
carbon_intensity = \"429 gCO2e/kWh\"
pue = 1.12

[grids.tidal]
carbon_intensity = \"36 gCO2e/kWh\"
pue = 1.25
";
const PLAN: &str = "\
version: \"1\"
name: test
workload: { name: round, batch_size: 4, seq_len: 1000 }
hardware: { name: fast, accelerators: 2, accelerators_per_node: 2, intra_node_bw: 1e30 B/s }
ops: { region: tidal }
training:
  tp: 1
  pp: 1
  zero_stage: 0
  micro_batch: 1
  checkpointing: none
  tokens: 1 Gtoken
";

fn read(text: &str, set: &[&str]) -> Result<Plan, String> {
    let mut registry = Registry::shipped();
    registry.add("records.toml", RECORDS).unwrap();
    let set: Vec<String> = set.iter().map(ToString::to_string).collect();
    Plan::read("plan.yaml", text, &set, &registry).map_err(|error| error.to_string())
}

fn evaluate(text: &str, set: &[&str], convention: Convention) -> Report {
    read(text, set).unwrap().evaluate(convention).unwrap()
}

#[track_caller]
fn near(report: &Report, name: &str, expected: f64) {
    let found = report.metric(name).and_then(|metric| metric.value).unwrap();
    // Sums and products of the same numbers in another order.
    assert!((found / expected - 1.0).abs() < 1e-12, "{name} = {found}, by hand {expected}");
}

#[test]
fn a_step_and_its_run_by_hand() {
    let report = evaluate(PLAN, &[], Convention::Reference);
    // 6·1e9·4000 operations and causal attention 6·10 layers·1000²·4 sequences·1000 wide, over two halves of 1e15;
    // then the gradients of two copies: two messages of 0.5 us each.
    let ops = 2.4e13 + 2.4e11;
    let time = ops / 1e15 + 1e-6;
    near(&report, "performance.latency", time * 1e3);
    near(&report, "performance.step_latency", time * 1e3);
    near(&report, "performance.throughput", 4.0 / time);
    near(&report, "performance.token_throughput", 4000.0 / time);
    let mfu = ops / (2e15 * time);
    near(&report, "performance.mfu", mfu);
    near(&report, "performance.node_mfu", 0.5);
    near(&report, "performance.scaling_efficiency", (time - 1e-6) / time);
    near(&report, "performance.comm_overhead", 1e-3);
    let joules = 1000.0 * (0.2 + 0.8 * mfu) * time;
    near(&report, "performance.energy_per_step", joules);
    // Weights, gradients, Adam, buffers of 5 % of the gradients; 34 + 5·10·1000/1000 bytes a token, width and layer.
    near(&report, "feasibility.memory_used_gb", 16.0 + 0.1 + 0.84);
    assert_eq!(report.levels[0].status, Status::Pass);
    // 1e9 tokens are 250 000 steps of 4000.
    near(&report, "performance.run_steps", 250_000.0);
    near(&report, "performance.run_tokens", 1e9);
    let seconds = 250_000.0 * time;
    near(&report, "performance.run_days", seconds / 86_400.0);
    let kwh = 250_000.0 * joules * 1.25 / 3.6e6;
    near(&report, "macro.energy_kwh", kwh);
    near(&report, "macro.operational_carbon", kwh * 36e-6);
    near(&report, "macro.energy_cost", kwh * 0.12);
    // Two machines of 10 000 USD over three years, and 5 % a year of their price for maintenance.
    let years = seconds / (365.0 * 86_400.0);
    near(&report, "macro.capex", 2e4 * years / 3.0);
    near(&report, "macro.tco_usd", 2e4 * years / 3.0 + 2e4 * 0.05 * years + kwh * 0.12);
    let training = report.training.unwrap();
    assert_eq!((training.trained.layout.dp, training.trained.microbatches), (2, 2));
    assert_eq!(training.found, Vec::<&str>::new(), "the copies follow from tp and pp");
}

#[test]
fn a_run_is_as_long_as_it_says_or_as_the_machines_are_there() {
    let steps =
        evaluate(&PLAN.replace("tokens: 1 Gtoken", "steps: 10"), &[], Convention::Reference);
    near(&steps, "performance.run_tokens", 40_000.0);
    let without = PLAN.replace("  tokens: 1 Gtoken\n", "");
    let month = evaluate(&without, &["ops.duration_days=3"], Convention::Reference);
    near(&month, "performance.run_days", 3.0);
    let rate = month.metric("performance.token_throughput").unwrap().value.unwrap();
    near(&month, "performance.run_tokens", 3.0 * 86_400.0 * rate);
    let nowhere = PLAN.replace("ops: { region: tidal }\n", "");
    let nowhere = evaluate(&nowhere, &[], Convention::Reference);
    assert_eq!(nowhere.levels[2].status, Status::Skipped);
    assert!(nowhere.metric("performance.run_days").is_some());
}

const EIGHT: &str = "\
version: \"1\"
name: test
workload: { name: llama2_7b, batch_size: 16, seq_len: 2048 }
hardware: { name: h100, accelerators: 8, accelerators_per_node: 8 }
training: {}
";

#[test]
fn the_layout_left_open_is_the_fastest_of_all_that_could_be_named() {
    let open = evaluate(EIGHT, &[], Convention::Reference);
    let time = |report: &Report| report.training.as_ref().unwrap().trained.step.step_time.0;
    let mut fastest = f64::INFINITY;
    for (tp, pp, dp) in [
        (1, 1, 8),
        (1, 2, 4),
        (1, 4, 2),
        (1, 8, 1),
        (2, 1, 4),
        (2, 2, 2),
        (2, 4, 1),
        (4, 1, 2),
        (4, 2, 1),
        (8, 1, 1),
    ] {
        for zero in 0..=3 {
            for keep in ["none", "selective", "full"] {
                let set = [
                    format!("training.tp={tp}"),
                    format!("training.pp={pp}"),
                    format!("training.dp={dp}"),
                    format!("training.zero_stage={zero}"),
                    format!("training.checkpointing={keep}"),
                ];
                let set: Vec<&str> = set.iter().map(String::as_str).collect();
                let report = evaluate(EIGHT, &set, Convention::Reference);
                let layout = report.training.as_ref().unwrap().trained.layout;
                assert_eq!((layout.tp, layout.pp, layout.dp), (tp, pp, dp));
                if report.feasible() {
                    fastest = fastest.min(time(&report));
                }
            }
        }
    }
    assert!(open.feasible());
    assert_eq!(time(&open).to_bits(), fastest.to_bits());
    let said = open.training.unwrap().layout();
    assert!(said.ends_with("by search: the fastest that fits"), "{said}");
}

#[test]
fn what_no_layout_makes_fit_fails_by_the_least_memory() {
    let report = evaluate(EIGHT, &["workload.name=gpt3_175b"], Convention::Reference);
    assert!(!report.feasible());
    let need = |set: &[&str]| {
        let all = [&["workload.name=gpt3_175b"], set].concat();
        let report = evaluate(EIGHT, &all, Convention::Reference);
        report.metric("feasibility.memory_used_gb").unwrap().value.unwrap()
    };
    let least = need(&[]);
    for set in ["training.tp=1", "training.zero_stage=1", "training.checkpointing=selective"] {
        assert!(need(&[set]) >= least, "{set}");
    }
}

#[test]
fn models_without_layers_to_divide_train_on_copies() {
    let text = EIGHT.replace("llama2_7b", "resnet50");
    let report = evaluate(&text, &["training.steps=10"], Convention::Reference);
    let training = report.training.as_ref().unwrap();
    assert_eq!((training.trained.layout.dp, training.found.len()), (8, 0));
    let parts: f64 = training.trained.parts().iter().map(|(_, time)| time.0).sum();
    let whole = training.trained.step.step_time.0;
    assert!((parts / whole - 1.0).abs() < 1e-12, "the parts are the step");
    assert_eq!(report.metric("performance.run_tokens"), None);
    let error = read(&text, &["training.tokens=1 Gtoken"]).unwrap_err();
    assert!(error.contains("does not train on tokens; give steps"), "{error}");
}

#[test]
fn upstream_trains_every_fleet_as_the_python_package_does() {
    // Printed by `mlsysim eval p.yaml -o json` of the package, version 0.3.0.
    let text = |rest: &str| {
        format!(
            "version: '1.0'\nname: plan\nworkload: {{ name: llama_as_in_the_package, batch_size: 256 }}\n\
             hardware: {{ name: h100, {rest}\n"
        )
    };
    let check = |text: &str, expected: &[(&str, f64)]| {
        let report = evaluate(text, &[], Convention::Upstream030);
        assert_eq!(report.levels[0].status, Status::Skipped);
        for (name, expected) in expected {
            let found = report.metric(name).and_then(|metric| metric.value).unwrap();
            // The same formulas in another order of operations.
            assert!((found / expected - 1.0).abs() < 1e-9, "{name} = {found}, package {expected}");
        }
    };
    check(
        &text("node_count: 4, accelerators_per_node: 8 }"),
        &[
            ("performance.step_latency", 1_720.009_335_130_884_2),
            ("performance.comm_overhead", 122.717_555_555_555_55),
            ("performance.fleet_throughput", 148.836_401_507_390_46),
            ("performance.mfu", 0.464_044_510_390_362_65),
            ("performance.node_mfu", 0.499_696_361_049_244_86),
            ("performance.scaling_efficiency", 0.928_652_971_208_311_9),
        ],
    );
    check(
        &text("accelerators: 16 }\nops: { region: us_as_in_the_package, duration_days: 14 }"),
        &[
            ("performance.step_latency", 3_796.013_559_150_658),
            ("performance.mfu", 0.420_525_837_092_241_23),
            ("macro.tco_usd", 6_387.052_618_812_786),
            ("macro.carbon_footprint", 1.808_142_336_000_000_2),
            ("macro.energy_cost", 505.774_08),
            ("macro.capex", 5_114.155_251_141_553),
        ],
    );
}

#[test]
fn every_contradiction_of_a_layout_is_told_at_its_place() {
    let text = "\
version: \"1\"
name: broken
workload: { name: llama2_7b, batch_size: 100, seq_len: 1001 }
hardware: { name: h100, accelerators: 64, accelerators_per_node: 8 }
training:
  tp: 3
  pp: 40
  cp: 2
  ep: 2
  dp: 5
  micro_batch: 7
  interleave: 2
  zero_stage: 4
  checkpointing: some
  tokens: 3 GB
  steps: 0
  zero: 1
ops: { duration_days: 3 }
";
    let message = read(text, &[]).unwrap_err();
    let lines: Vec<&str> = message.lines().collect();
    for (line, expected) in lines.iter().zip([
        "plan.yaml:6:7: plan.training.tp: 3 does not divide the 32 heads of Llama 2 7B",
        "plan.yaml:7:7: plan.training.pp: 80 stages × parts are more than the 32 layers of Llama 2 7B",
        "plan.yaml:8:7: plan.training.cp: 2 does not divide the sequence of 1001 tokens",
        "plan.yaml:9:7: plan.training.ep: Llama 2 7B has no experts to divide",
        "plan.yaml:10:7: plan.training.dp: tp 3 × pp 40 × cp 2 × ep 2 × dp 5 = 2400, but the plan has 64 accelerators",
        "plan.yaml:11:16: plan.training.micro_batch: a batch of 100 does not split into dp 5 × ep 2 × micro_batch 7",
        "plan.yaml:13:15: plan.training.zero_stage must be",
        "plan.yaml:14:18: plan.training.checkpointing: expected one of none, selective, full, got the text",
        "plan.yaml:15:11: plan.training.tokens",
        "plan.yaml:15:11: plan.training.tokens: give tokens or steps, not both",
        "plan.yaml:16:10: plan.training.steps must be a whole number",
        "plan.yaml:17:3: plan.training: unknown field `zero`",
    ]) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
    assert_eq!(lines.len(), 12, "{message}");
}

#[test]
fn degrees_must_make_up_the_devices() {
    let with =
        |fields: &str| read(&EIGHT.replace("training: {}", &format!("training: {fields}")), &[]);
    for (fields, message) in [
        (
            "{ tp: 2, pp: 2, dp: 4 }",
            "5:31: plan.training.dp: tp 2 × pp 2 × dp 4 = 16, but the plan has 8 accelerators",
        ),
        (
            "{ tp: 2, pp: 2, dp: 1 }",
            "5:31: plan.training.dp: tp 2 × pp 2 × dp 1 = 4, but the plan has 8 accelerators",
        ),
        ("{ dp: 3 }", "plan.training.dp: dp 3 = 3 does not divide the 8 accelerators of the plan"),
        ("{ pp: 16 }", "plan.training.pp: pp 16 = 16 does not divide the 8 accelerators"),
        ("{ interleave: 2, pp: 1 }", "plan.training.interleave: one stage has no turns to take"),
        (
            "{ tp: 1, pp: 1, micro_batch: 4 }",
            "a batch of 16 does not split into dp 8 × micro_batch 4",
        ),
    ] {
        let error = with(fields).unwrap_err();
        assert!(error.contains(message), "{error}\n{message}");
    }
    for huge in ["tp", "pp", "cp", "ep", "dp"] {
        let all = ["tp", "pp", "cp", "ep", "dp"].map(|name| format!("{name}: 4294967295"));
        let error = with(&format!("{{ {} }}", all.join(", "))).unwrap_err();
        assert!(error.contains("plan.training."), "{huge}: {error}");
    }
    // What only the search can see is told by it: one sequence on 8 devices of nodes of 1, which is more than dp 1.
    let plan = read(EIGHT, &["workload.batch_size=1", "training.tp=1", "training.pp=1"]);
    assert!(plan.unwrap_err().contains("a batch of 1 does not split into dp 8"));
    let set = ["workload.batch_size=1", "hardware.accelerators=64", "workload.name=round"];
    let error = read(EIGHT, &set).unwrap().evaluate(Convention::Reference).unwrap_err();
    assert!(matches!(error, crate::Error::LayoutNone { devices: 64, .. }), "{error}");
}

#[test]
fn files_of_records_are_opened_in_order_and_their_mistakes_placed() {
    let text = "version: '1'\nname: n\nrecords: [machines.toml, places.toml]\nworkload: { name: round }\nhardware: { name: fast }\n";
    let mut opened = vec![];
    let plan =
        Plan::read_with("plan.yaml", text, &[], &mut Registry::shipped(), |registry, name| {
            opened.push(String::from(name));
            let text = if name == "machines.toml" { RECORDS } else { "" };
            registry.add(name, text).map_err(|error| error.to_string())
        });
    assert_eq!(plan.unwrap().hardware.id, "fast");
    assert_eq!(opened, ["machines.toml", "places.toml"]);

    let failing =
        Plan::read_with("plan.yaml", text, &[], &mut Registry::shipped(), |registry, name| {
            match name {
                "machines.toml" => Err("cannot read machines.toml".into()),
                _ => {
                    registry.add(name, "[grids.x]\npue = 0\nyear = 1\n").map_err(|e| e.to_string())
                }
            }
        });
    let message = failing.unwrap_err().to_string();
    let starts = [
        "plan.yaml:3:11: cannot read machines.toml",
        "plan.yaml:3:26: places.toml:",
        "plan.yaml:3:26: places.toml:",
    ];
    for (line, start) in message.lines().zip(starts) {
        assert!(line.starts_with(start), "{message}");
    }
    assert!(
        message.contains("unknown model `round`") && message.contains("unknown hardware `fast`")
    );

    let shipped = Registry::shipped();
    let message =
        |text: &str| Plan::read("plan.yaml", text, &[], &shipped).unwrap_err().to_string();
    assert!(message(text).contains("plan.yaml:3:11: `machines.toml` is not opened here"));
    let wrong = message(
        "version: '1'\nname: n\nrecords: [3]\nworkload: { name: llama3_8b }\nhardware: { name: h100 }\n",
    );
    assert_eq!(
        wrong,
        "plan.yaml:3:11: plan.records: expected the name of a file in quotes, got the number 3"
    );
    assert!(message("records: 3\n").contains("plan.records: expected a list of files in quotes"));
}

#[test]
fn the_trace_of_a_training_step_holds_its_time() {
    let report = evaluate(PLAN, &[], Convention::Reference);
    let step = report.training.unwrap().trained.step.step_time;
    assert_eq!(report.trace.quantity("step_time"), Some(Quantity::from(step)));
}
