//! Plans on the command line, their exit codes, and the schemas of the files that people write.

use super::{check, mlsysim, refused};
use expect_test::expect;
use mlsysim::document::{Node, Problems, Value as Tree, parse};
use serde_json::{Value, json};

fn example(name: &str) -> String {
    format!("{}/examples/plans/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_plan_is_evaluated() {
    check(
        &["eval", &example("chat.yaml")],
        0,
        &expect![[r#"
        Chat on one accelerator
        Llama 3 8B, batch 8, sequences of 2048, on 1 × NVIDIA H100 SXM5 80 GB, fp16

        feasibility  PASS     18.21 GB of 85.9 GB on each accelerator
          memory_used_gb      18.208 GB
          memory_capacity_gb  85.899 GB
          memory_utilization  0.21197

        performance  PASS     6.958 ms a step of 8 items, limited by memory
          latency           6.9583 ms
          step_latency      6.9583 ms
          throughput        1149.7 1/s
          fleet_throughput  1149.7 1/s
          mfu               0.019918
          energy_per_step   1.5292 J

        macro        SKIPPED  the plan names no region and no duration
    "#]],
    );
    check(
        &["eval", &example("fleet.toml"), "-o", "markdown"],
        0,
        &expect![[r#"
        | metric | value | unit |
        | --- | ---: | --- |
        | feasibility.memory_used_gb | 0.051114064 | GB |
        | feasibility.memory_capacity_gb | 85.89934592 | GB |
        | feasibility.memory_utilization | 0.0005950460210442543 |  |
        | performance.latency | 3.3115811965811965 | ms |
        | performance.step_latency | 3.3115811965811965 | ms |
        | performance.throughput | 154608.9223264637 | 1/s |
        | performance.fleet_throughput | 154608.9223264637 | 1/s |
        | performance.mfu | 0.2533455498057839 |  |
        | performance.energy_per_step | 10.116841025641026 | J |
    "#]],
    );
}

#[test]
fn a_plan_that_trains_is_priced_as_a_step_and_a_run() {
    let plan = example("train.yaml");
    // What the search finds is no slower than what is named here; naming everything leaves nothing to find.
    let named = "tp=2 pp=2 dp=16 zero_stage=1 micro_batch=1 interleave=1 checkpointing=none";
    let mut args = vec!["eval", &plan];
    let set: Vec<String> = named.split(' ').map(|part| format!("training.{part}")).collect();
    args.extend(set.iter().flat_map(|set| ["--set", set]));
    check(
        &args,
        0,
        &expect![[r#"
        Training on eight nodes
        Llama 2 7B, batch 256, sequences of 4096, on 64 × NVIDIA H100 SXM5 80 GB, bf16
        Trained with tp 2 × pp 2 × dp 16, ZeRO stage 1, 16 microbatches of 1, checkpointing none

        feasibility  PASS     60.28 GB of 85.9 GB on each accelerator
          memory_used_gb      60.28 GB
          memory_capacity_gb  85.899 GB
          memory_utilization  0.70176

        performance  PASS     1.933 s a training step of 256 items, 75 % of it compute
          latency             1933.1 ms
          step_latency        1933.1 ms
          comm_overhead       382.23 ms
          throughput          132.43 1/s
          fleet_throughput    132.43 1/s
          token_throughput    542440 token/s
          mfu                 0.37409
          node_mfu            0.49696
          scaling_efficiency  0.75275
          energy_per_step     48658 J
          run_steps           95368
          run_days            2.1337 days
          run_tokens          100000000000 token

        macro        PASS     1444 kWh in 2.134 days on the grid US Average, PUE 1.12
          energy_kwh          1443.7 kWh
          energy_cost         173.24 USD
          capex               3117.8 USD
          tco_usd             3758.7 USD
          carbon_footprint    0.56394 t
          operational_carbon  0.5486 t
          water_m3            2.3202 m^3
    "#]],
    );
    let time = |args: &[&str]| {
        let run = mlsysim(&[args, &["--json"]].concat());
        assert_eq!((run.code, run.err.as_str()), (0, ""));
        let json: Value = serde_json::from_str(&run.out).expect("JSON");
        let training = &json["training"];
        let step = training["step_time_s"].as_f64().expect("a time");
        let parts = training["parts_s"].as_object().expect("parts");
        let sum: f64 = parts.values().filter_map(Value::as_f64).sum();
        // A sum of at most 13 numbers in another order.
        assert!((sum / step - 1.0).abs() < 1e-12, "{training}");
        let metrics = &json["levels"]["performance"]["metrics"];
        let latency = metrics["step_latency"]["value"].as_f64().expect("a time");
        // Read from decimal text and multiplied.
        assert!((latency / (step * 1e3) - 1.0).abs() < 1e-12, "{metrics}");
        assert_eq!(training["run"]["steps"].as_f64(), Some(95_368.0), "1e11 / (256 × 4096)");
        (step, training["found"].as_array().map_or(0, Vec::len))
    };
    let (all, some) = (time(&args), time(&["eval", &plan]));
    assert!(some.0 <= all.0 && all.1 == 0 && some.1 == 7, "{all:?} {some:?}");
    // The search of the plan is that of `optimize parallelism`.
    let best = mlsysim(&["optimize", "parallelism", &plan, "--top", "1", "--json"]);
    let best: Value = serde_json::from_str(&best.out).expect("JSON");
    assert_eq!(best["front"][0]["step_time_s"].as_f64(), Some(some.0));
    let fixed = mlsysim(&["optimize", "parallelism", &plan, "--set", "training.tp=4", "--json"]);
    let fixed: Value = serde_json::from_str(&fixed.out).expect("JSON");
    let front = fixed["front"].as_array().expect("layouts");
    assert!(!front.is_empty() && front.iter().all(|layout| layout["tp"] == 4), "{fixed}");
    let svg = mlsysim(&["eval", &plan, "-o", "svg"]);
    assert!(svg.out.contains("a training step") && svg.out.contains(">compute</text>"));
    let text = mlsysim(&["explain", &plan]);
    assert!(text.out.contains("One training step on 64 accelerators"), "{}", text.out);
}

#[test]
fn contradictory_layouts_are_a_wrong_call() {
    let folder = std::env::temp_dir().join(format!("mlsysim-layout-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("plan.toml");
    let text = "version = '1'\nname = 'n'\nworkload = { name = 'llama2_7b', batch_size = 64 }\n\
        hardware = { name = 'h100', accelerators = 64 }\n[training]\ntp = 8\npp = 4\ndp = 4\nmicro_batch = 3\n";
    std::fs::write(&path, text).expect("written");
    let path = path.display().to_string();
    for command in [&["eval", &path][..], &["explain", &path], &["optimize", "parallelism", &path]]
    {
        let run = mlsysim(command);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{command:?}");
        let lines: Vec<&str> = run.err.lines().collect();
        assert_eq!(lines.len(), 2, "{}", run.err);
        assert!(lines[0].ends_with("plan.toml:8:6: plan.training.dp: tp 8 × pp 4 × dp 4 = 128, but the plan has 64 accelerators"));
        assert!(lines[1].ends_with("plan.toml:9:15: plan.training.micro_batch: a batch of 64 does not split into dp 4 × micro_batch 3"));
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_plan_names_its_own_records() {
    // The files stand beside the plan, wherever the program runs.
    let plan = example("service.yaml");
    let run = mlsysim(&["eval", &plan]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert!(run.out.contains("on the grid A mixed grid, PUE 1.2"), "{}", run.out);
    let placed = mlsysim(&["optimize", "placement", &plan, "--regions", "hydro,coal", "--json"]);
    assert_eq!(placed.code, 0, "{}", placed.err);

    let folder = std::env::temp_dir().join(format!("mlsysim-records-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    // Records of the command line count before those of the plan.
    let other =
        file("other.toml", "[grids.mixed]\ncarbon_intensity = \"1 gCO2e/kWh\"\npue = 1.5\n");
    let given = mlsysim(&["eval", &plan, "--records", &other]);
    assert!(given.out.contains("PUE 1.5"), "{}{}", given.out, given.err);

    let broken = "version: '1'\nname: n\nrecords: [none.toml, bad.toml]\nworkload: { name: llama3_8b }\nhardware: { name: h10 }\n";
    let (broken, _) = (file("broken.yaml", broken), file("bad.toml", "[grids.x]\npue = 0\n"));
    let run = mlsysim(&["eval", &broken]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    for part in [
        "broken.yaml:3:11: cannot read ",
        "broken.yaml:3:22: ",
        "bad.toml:2:7: ",
        "broken.yaml:5:19: unknown hardware",
    ] {
        assert!(run.err.contains(part), "{part}: {}", run.err);
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn exit_codes_of_a_plan() {
    let plan = example("chat.yaml");
    let code = |set: &[&str]| {
        let mut args = vec!["eval", plan.as_str()];
        args.extend(set.iter().flat_map(|set| ["--set", set]));
        let run = mlsysim(&args);
        (run.code, run.err)
    };
    assert_eq!(code(&[]).0, 0);
    let (status, err) = code(&["workload.batch_size=400"]);
    assert_eq!(status, 3, "{err}");
    assert!(
        err.contains("performance.latency is") && err.contains("above the limit of 20 ms"),
        "{err}"
    );
    // Without its limits the plan that does not fit is a negative answer.
    let folder = std::env::temp_dir().join(format!("mlsysim-plan-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let bare = folder.join("bare.toml");
    std::fs::write(&bare, "version = '1'\nname = 'bare'\nworkload = { name = 'llama3_70b' }\nhardware = { name = 'a100' }\n").expect("written");
    let run = mlsysim(&["eval", &bare.display().to_string()]);
    assert_eq!(run.code, 1, "{}", run.err);
    std::fs::remove_dir_all(&folder).expect("removed");
    let (status, err) = code(&["workload.batchsize=4", "hardware.name=h1000"]);
    assert_eq!(status, 2);
    assert_eq!(err.lines().count(), 2, "{err}");
    refused(
        &["eval", "none.yaml"],
        &expect![[r#"
        mlsysim: cannot read none.yaml: No such file or directory (os error 2)
    "#]],
    );
    refused(
        &["eval", "llama3_8b", "h100", "--set", "a=1"],
        &expect![[r#"
        mlsysim: --set changes a plan: give the file of one
    "#]],
    );
}

#[test]
fn names_alone_are_enough() {
    let short = mlsysim(&["eval", "llama3_8b", "h100", "--batch", "8"]);
    let long = mlsysim(&["eval", "--hardware", "h100", "--model", "llama3_8b", "--batch", "8"]);
    assert_eq!((short.code, short.out), (long.code, long.out));
}

#[test]
fn a_plan_as_json_and_as_a_derivation() {
    let run = mlsysim(&["eval", &example("chat.yaml"), "--json"]);
    let json: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!((&json["schema"], &json["fits"]), (&json!("mlsysim.plan/1"), &json!(true)));
    assert_eq!(json["levels"]["feasibility"]["status"], "PASS");
    assert_eq!(json["levels"]["performance"]["metrics"]["latency"]["unit"], "ms");
    let text = mlsysim(&["explain", &example("chat.yaml")]);
    assert_eq!(text.code, 0, "{}", text.err);
    assert!(text.out.contains("Given\n") && text.out.contains("Sources\n"));
}

/// The tree of a file as JSON.
fn tree(node: &Node<'_>) -> Value {
    match &node.value {
        Tree::Empty => Value::Null,
        Tree::Flag(flag) => json!(flag),
        Tree::Number(number) => json!(number),
        Tree::Text(text) => json!(text),
        Tree::List(items) => items.iter().map(tree).collect(),
        Tree::Table(entries) => {
            Value::Object(entries.iter().map(|e| (e.key.to_string(), tree(&e.node))).collect())
        }
        other => panic!("no JSON for {other:?}"),
    }
}

/// Checks the part of JSON Schema that the schemas use; panics at a keyword it does not know.
fn problems(schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut wrong = |what: String| found.push(format!("{at}: {what}"));
    let mut inner = Vec::new();
    for (keyword, rule) in schema.as_object().expect("a schema") {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "examples" | "additionalProperties" => {}
            "type" => {
                let is = match rule.as_str().expect("a type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.as_f64().is_some_and(|n| n.fract() == 0.0),
                    other => panic!("type {other}"),
                };
                if !is {
                    wrong(format!("{value} is not of type {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().expect("a list").contains(value) {
                    wrong(format!("{value} is not one of {rule}"));
                }
            }
            "anyOf" => {
                let options = rule.as_array().expect("a list");
                if options.iter().all(|option| !problems(option, value, at).is_empty()) {
                    wrong(format!("{value} matches none of {} options", options.len()));
                }
            }
            "minimum" | "maximum" | "exclusiveMinimum" => {
                let (limit, number) = (rule.as_f64().expect("a limit"), value.as_f64());
                let holds = number.is_none_or(|number| match keyword.as_str() {
                    "minimum" => number >= limit,
                    "maximum" => number <= limit,
                    _ => number > limit,
                });
                if !holds {
                    wrong(format!("{value} against {keyword} {rule}"));
                }
            }
            "minItems" | "maxItems" => {
                let length = value.as_array().map(Vec::len);
                let limit =
                    rule.as_u64().and_then(|limit| usize::try_from(limit).ok()).expect("a limit");
                let holds = length
                    .is_none_or(|n| if keyword == "minItems" { n >= limit } else { n <= limit });
                if !holds {
                    wrong(format!("{length:?} items against {keyword} {limit}"));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    inner.extend(problems(rule, item, &format!("{at}[{index}]")));
                }
            }
            "required" => {
                for name in rule.as_array().expect("a list") {
                    if value.get(name.as_str().expect("a name")).is_none() {
                        wrong(format!("{name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, field) in value.as_object().into_iter().flatten() {
                    let place = format!("{at}.{name}");
                    match (rule.get(name), schema.get("additionalProperties")) {
                        (Some(rule), _) => inner.extend(problems(rule, field, &place)),
                        (None, Some(Value::Bool(false))) => wrong(format!("unknown field {name}")),
                        (None, _) => {}
                    }
                }
            }
            other => panic!("keyword {other}"),
        }
    }
    if let (None, Some(rule @ Value::Object(_))) =
        (schema.get("properties"), schema.get("additionalProperties"))
    {
        for (name, field) in value.as_object().into_iter().flatten() {
            inner.extend(problems(rule, field, &format!("{at}.{name}")));
        }
    }
    found.extend(inner);
    found
}

fn schema(of: &str) -> Value {
    let run = mlsysim(&["schema", of]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    serde_json::from_str(&run.out).expect("JSON")
}

fn file(path: &str) -> Value {
    let text = std::fs::read_to_string(path).expect(path);
    let mut mistakes = Problems::new();
    let value = tree(&parse(path, &text, &mut mistakes));
    mistakes.finish(path).expect("no mistakes");
    value
}

#[test]
fn the_shipped_plans_match_their_schema() {
    let schema = schema("plan");
    for name in ["chat.yaml", "fleet.toml", "service.yaml", "train.yaml"] {
        assert_eq!(
            problems(&schema, &file(&example(name)), "plan"),
            Vec::<String>::new(),
            "{name}"
        );
    }
    let mut named = file(&example("train.yaml"));
    named["training"] = json!({ "tp": 8, "pp": 2, "cp": 1, "ep": 1, "dp": 4, "micro_batch": 1, "interleave": 1,
        "zero_stage": 1, "checkpointing": "full", "overlap": 0.5, "steps": 3 });
    assert_eq!(problems(&schema, &named, "plan"), Vec::<String>::new());
    named["training"]["zero_stage"] = json!(4);
    named["training"]["checkpointing"] = json!("some");
    named["records"] = json!([3]);
    assert_eq!(problems(&schema, &named, "plan").len(), 3);
    // The checker finds what is wrong.
    let mut broken = file(&example("chat.yaml"));
    broken["workload"]["batchsize"] = json!(3);
    broken["hardware"]["efficiency"] = json!(1.5);
    broken["name"] = json!(3);
    assert_eq!(problems(&schema, &broken, "plan").len(), 3);
}

#[test]
fn the_shipped_records_match_their_schemas() {
    let (hardware, models) = (schema("hardware"), schema("models"));
    let folder = format!("{}/data", env!("CARGO_MANIFEST_DIR"));
    let mut records = 0;
    for entry in std::fs::read_dir(&folder).expect("the records") {
        let path = entry.expect("a file").path().display().to_string();
        if !path.ends_with(".toml") {
            continue;
        }
        let value = file(&path);
        for (section, schema) in [("hardware", &hardware), ("models", &models)] {
            records +=
                value.get(section).and_then(Value::as_object).map_or(0, serde_json::Map::len);
            assert_eq!(problems(schema, &value, section), Vec::<String>::new(), "{path}");
        }
    }
    assert!(records > 100, "{records} records");
}

#[test]
fn every_field_of_a_schema_is_one_that_the_reader_knows() {
    for (of, section) in [("hardware", "hardware"), ("models", "models")] {
        let schema = schema(of);
        let fields = schema["properties"][section]["additionalProperties"]["properties"]
            .as_object()
            .expect("fields")
            .clone();
        for name in fields.keys() {
            let mut registry = mlsysim::registry::Registry::shipped();
            let text = format!("[{section}.x]\n{name} = 2000-01-01\n");
            let error =
                registry.add("x.toml", &text).expect_err("a date is no field's value").to_string();
            assert!(!error.contains("unknown field"), "{section}.{name}: {error}");
        }
    }
}
