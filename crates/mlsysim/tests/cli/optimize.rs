//! `mlsysim optimize`: where to run a plan.

use super::{mlsysim, refused};
use expect_test::expect;

const GRIDS: &str = "
[grids.tidal]
carbon_intensity = \"20 gCO2e/kWh\"
pue = 1.1
price = \"0.20 USD/kWh\"
[grids.lignite]
carbon_intensity = \"1000 gCO2e/kWh\"
pue = 1.1
price = \"0.05 USD/kWh\"
";
const PLAN: &str = "
version: '1'
name: where
workload: { name: llama3_8b }
hardware: { name: h100, accelerators: 8, accelerators_per_node: 8 }
ops: { region: tidal, duration_days: 30 }
";

#[test]
fn a_price_of_carbon_turns_the_order_of_places() {
    let folder = std::env::temp_dir().join(format!("mlsysim-place-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let (grids, plan) = (file("grids.toml", GRIDS), file("plan.yaml", PLAN));
    let best = |tax: &str| {
        let run = mlsysim(&[
            "optimize",
            "placement",
            &plan,
            "--records",
            &grids,
            "--regions",
            "tidal,lignite",
            "--carbon-tax",
            tax,
            "--json",
        ]);
        assert_eq!(run.code, 0, "{}", run.err);
        let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        assert_eq!(
            (&json["schema"], json["searched"].as_u64()),
            (&"mlsysim.placement/1".into(), Some(2))
        );
        json["best_region"].as_str().map(str::to_owned)
    };
    // A kilowatt hour is 0.15 USD cheaper on lignite and 0.98 kg dirtier: the order turns at 153 USD a tonne.
    assert_eq!(best("152 USD/tCO2e").as_deref(), Some("lignite"));
    assert_eq!(best("154 USD/tCO2e").as_deref(), Some("tidal"));
    for format in ["text", "csv", "svg"] {
        let run = mlsysim(&[
            "optimize",
            "placement",
            &plan,
            "--records",
            &grids,
            "--regions",
            "tidal,lignite",
            "-o",
            format,
        ]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.out.contains("lignite"), "{format}: {}", run.out);
    }
    // The plan's own numbers follow its place: the operational carbon is 50 times as high on lignite.
    let carbon = |region: &str| {
        let run = mlsysim(&[
            "eval",
            &plan,
            "--records",
            &grids,
            "--set",
            &format!("ops.region={region}"),
            "--json",
        ]);
        let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
        json["levels"]["macro"]["metrics"]["operational_carbon"]["value"].as_f64().expect("known")
    };
    // Two products of the same factors: a few units in the last place.
    assert!((carbon("lignite") / carbon("tidal") / 50.0 - 1.0).abs() < 1e-12);
    let message =
        mlsysim(&["optimize", "placement", &plan, "--records", &grids, "--regions", "tidl,lignit"]);
    assert_eq!((message.code, message.out.as_str()), (2, ""));
    assert!(
        message.err.contains("did you mean tidal?")
            && message.err.contains("did you mean lignite?"),
        "{}",
        message.err
    );
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn mistakes_of_a_search_are_told() {
    let plan = format!("{}/examples/plans/chat.yaml", env!("CARGO_MANIFEST_DIR"));
    refused(
        &["optimize", "placement", &plan, "--carbon-tax", "100 USD"],
        &expect![[r#"
        mlsysim: --carbon-tax: `100 USD` is money; expected money per greenhouse gas, for example `0.10 USD/kgCO2e`
    "#]],
    );
    let run = mlsysim(&["optimize", "placement", &plan]);
    assert!(
        run.code == 2 && run.err.contains("the plan needs `ops` with duration_days"),
        "{}",
        run.err
    );
}

#[test]
fn layouts_of_a_training_step() {
    let plan = format!("{}/examples/plans/train.yaml", env!("CARGO_MANIFEST_DIR"));
    let run = mlsysim(&["optimize", "parallelism", &plan, "--json"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let front = json["front"].as_array().expect("layouts");
    assert!(!front.is_empty());
    let mut last = (0.0, f64::INFINITY);
    for layout in front {
        let degree = |name: &str| layout[name].as_u64().expect("a degree");
        assert_eq!(degree("tp") * degree("pp") * degree("cp") * degree("ep") * degree("dp"), 64);
        let at = |name: &str| layout[name].as_f64().expect("a number");
        let (time, memory) = (at("step_time_s"), at("memory_byte"));
        // Slower is only on the front if it needs less memory.
        assert!(time >= last.0 && memory < last.1, "{layout}");
        assert!(time >= json["least_time_s"].as_f64().expect("a bound"));
        last = (time, memory);
    }
    for format in ["text", "csv", "svg"] {
        let run = mlsysim(&["optimize", "parallelism", &plan, "-o", format]);
        assert_eq!(run.code, 0, "{format}: {}", run.err);
    }
    let none = mlsysim(&[
        "optimize",
        "parallelism",
        &plan,
        "--set",
        "workload.name=gpt3_175b",
        "--set",
        "hardware.node_count=1",
    ]);
    assert_eq!(none.code, 1, "{}{}", none.out, none.err);
}

#[test]
fn batches_that_keep_their_promises() {
    let plan = format!("{}/examples/plans/chat.yaml", env!("CARGO_MANIFEST_DIR"));
    let run = mlsysim(&[
        "optimize",
        "batching",
        &plan,
        "--arrivals",
        "2 Hz",
        "--output-tokens",
        "100",
        "--first-token",
        "10 s",
        "--json",
    ]);
    assert_eq!(run.code, 0, "{}", run.err);
    let json: serde_json::Value = serde_json::from_str(&run.out).expect("JSON");
    let at = |name: &str| json["best"][name].as_f64().expect("a number");
    assert!(at("p99_latency_s") <= 10.0 && at("itl_s") <= 0.05 && at("batch") >= 1.0);
    let none =
        mlsysim(&["optimize", "batching", &plan, "--arrivals", "2 Hz", "--first-token", "1 us"]);
    assert_eq!(
        (none.code, none.err.contains("no batch keeps these promises")),
        (1, true),
        "{}",
        none.err
    );
    let wrong =
        mlsysim(&["optimize", "batching", &plan, "--arrivals", "2", "--first-token", "1 GB"]);
    assert_eq!((wrong.code, wrong.err.lines().count()), (2, 2), "{}", wrong.err);
}
