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
