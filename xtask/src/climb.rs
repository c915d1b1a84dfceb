//! The main job as a check: it runs, and its report holds what it promises.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::process::{built, run as run_command};

/// The sections of the report, in order: the rungs of the curriculum.
const SECTIONS: [&str; 6] = ["use", "build", "model", "deploy", "test", "teach"];

/// Runs the climb with its defaults, in the build of the tests, and checks the JSON report it writes.
///
/// The README runs it in release mode, for which everything would be compiled once more: only the times it measures differ.
///
/// # Errors
///
/// If the run fails, a section is missing, or a claim of the report does not hold.
pub(crate) fn run() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("climb-{}", std::process::id()));
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let report = folder.join("climb.json");
    let done =
        run_command(built("--bin", "climb")?.arg("--json").arg(&report).arg("--svg").arg(&folder));
    let checked = done.and_then(|()| {
        let text = std::fs::read_to_string(&report).context("the climb wrote no report")?;
        let report: Value = serde_json::from_str(&text).context("the report is not JSON")?;
        let problems = problems(&report);
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        pictures(&folder)
    });
    let _ = std::fs::remove_dir_all(&folder);
    checked?;
    println!("climb: {} sections, all claims hold", SECTIONS.len());
    Ok(())
}

/// Returns the claims of the report that do not hold.
fn problems(report: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    let mut claim = |holds: bool, text: String| {
        if !holds {
            problems.push(format!("climb: {text}"));
        }
    };
    claim(report["schema"] == "climb/1", format!("schema is {}", report["schema"]));
    for section in SECTIONS {
        claim(report[section].is_object(), format!("no section `{section}`"));
    }
    let accuracy = report["build"]["test_accuracy"].as_f64().unwrap_or(0.0);
    claim(accuracy >= 0.94, format!("float test accuracy {accuracy} is below 0.94"));
    let int8 = report["deploy"]["int8_accuracy"].as_f64().unwrap_or(0.0);
    claim(
        (accuracy - int8).abs() <= 0.01,
        format!("int8 accuracy {int8} is more than a point from {accuracy}"),
    );
    let fit = &report["deploy"]["fit"];
    claim(fit["fits"] == true, "the default model does not fit the default board".to_owned());
    let refusal = &report["deploy"]["refusal"];
    let short = |name: &str| refusal[name].as_u64().unwrap_or(0);
    claim(
        short("need") > short("have") && short("need") - short("have") == short("short_by"),
        format!("the refusal does not add up: {refusal}"),
    );
    let emulated = &report["deploy"]["emulated"];
    claim(emulated["ran"] == true, format!("the board image did not run: {}", emulated["reason"]));
    claim(
        emulated["equal"] == emulated["images"],
        format!("host and emulated board differ: {emulated}"),
    );
    for verdict in ["right", "wrong"] {
        let verdict = &report["test"]["graded"][verdict];
        claim(!verdict.is_null(), "the question was not graded".to_owned());
    }
    problems
}

/// Checks that each plot is a complete SVG document.
fn pictures(folder: &std::path::Path) -> Result<()> {
    for name in ["training.svg", "roofline.svg", "arena.svg"] {
        let text = std::fs::read_to_string(folder.join(name))
            .with_context(|| format!("the climb drew no {name}"))?;
        if !(text.contains("<svg") && text.trim_end().ends_with("</svg>")) {
            bail!("{name} is not a complete SVG document");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good() -> Value {
        json!({
            "schema": "climb/1", "use": {}, "model": {}, "teach": {},
            "build": { "test_accuracy": 0.975 },
            "deploy": {
                "int8_accuracy": 0.972, "fit": { "fits": true },
                "refusal": { "need": 300, "have": 200, "short_by": 100 },
                "emulated": { "ran": true, "images": 360, "equal": 360 },
            },
            "test": { "graded": { "right": "correct", "wrong": "misconception" } },
        })
    }

    #[test]
    fn a_good_report_has_no_problem() {
        assert_eq!(problems(&good()), Vec::<String>::new());
    }

    #[test]
    fn each_broken_claim_is_found() {
        let breaks: [(&str, Value); 6] = [
            ("/schema", json!("climb/0")),
            ("/teach", Value::Null),
            ("/build/test_accuracy", json!(0.5)),
            ("/deploy/refusal/short_by", json!(99)),
            ("/deploy/emulated/equal", json!(359)),
            ("/test/graded/wrong", Value::Null),
        ];
        for (at, value) in breaks {
            let mut report = good();
            *report.pointer_mut(at).expect("the path exists") = value;
            assert!(!problems(&report).is_empty(), "{at}");
        }
    }
}
