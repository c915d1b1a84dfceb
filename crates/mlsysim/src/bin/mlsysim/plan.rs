//! `mlsysim eval plan.yaml`, `mlsysim explain plan.yaml` and `mlsysim schema`.

use crate::args::{Output, SchemaArgs, SchemaKind, unsupported};
use crate::{Answer, pretty};
use mlsysim::Convention;
use mlsysim::plan::{Of, Plan, Report, schema};
use mlsysim::registry::Registry;
use mlsysim::report::bars::{bars, breakdown};
use mlsysim::report::derivation::derivation;
use mlsysim::report::{json, table};
use mlsysim::units::Dimension;
use serde_json::{Map, json};

/// Whether a target is a file rather than a name.
pub(crate) fn is_file(target: &str) -> bool {
    let ending = target.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["yaml", "yml", "toml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// Reads the plan in a file.
pub(crate) fn read(file: &str, set: &[String], registry: &Registry) -> Result<Plan, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    Plan::read(file, &text, set, registry).map_err(|error| error.to_string())
}

/// How a plan is to be shown.
pub(crate) struct Show {
    pub(crate) convention: Convention,
    pub(crate) output: Output,
    pub(crate) explain: bool,
}

pub(crate) fn run(plan: &Plan, show: &Show) -> Result<Answer, String> {
    let report = plan.evaluate(show.convention).map_err(|error| error.to_string())?;
    let text = match show.output {
        Output::Text => text(plan, &report, show.explain),
        Output::Json => pretty(&document(plan, &report, show.convention)),
        Output::Csv => rows(&report, |cells| format!("{}\n", cells.join(","))),
        Output::Markdown => {
            let mut lines = rows(&report, |cells| format!("| {} |\n", cells.join(" | ")));
            let heading = lines.find('\n').map_or(lines.len(), |end| end + 1);
            lines.insert_str(heading, "| --- | ---: | --- |\n");
            lines
        }
        Output::Svg => {
            let title = format!("{}: one step on one accelerator", plan.name);
            let label = format!("{} on {}", plan.model.name, plan.hardware.name);
            bars(&title, "time", Dimension::TIME, &[breakdown(&label, &report.profile)])
        }
        other => return Err(unsupported("eval", other)),
    };
    let broken: Vec<&str> =
        report.violations.iter().map(|violation| violation.message.as_str()).collect();
    let (code, remark) = if !broken.is_empty() {
        (3, Some(broken.join("\n")))
    } else if !report.feasible() {
        (1, Some(format!("{} does not fit {}", plan.model.name, plan.hardware.name)))
    } else if plan.accelerators > 1 && matches!(show.output, Output::Text) {
        let each = "each accelerator infers its share of the batch; a training step of the plan is priced by `mlsysim optimize parallelism`";
        (0, Some(each.into()))
    } else {
        (0, None)
    };
    Ok(Answer { text, code, remark })
}

fn text(plan: &Plan, report: &Report, explain: bool) -> String {
    let mut text = format!(
        "{}\n{}, batch {}, sequences of {}, on {} × {}, {}\n",
        plan.name,
        plan.model.name,
        plan.batch,
        plan.seq_len,
        plan.accelerators,
        plan.hardware.name,
        plan.precision
    );
    for level in &report.levels {
        text.push_str(&format!("\n{:<12} {:<8} {}\n", level.name, level.status, level.summary));
        let rows: Vec<Vec<String>> = level
            .metrics
            .iter()
            .map(|metric| {
                let short = metric.name.split_once('.').map_or(metric.name, |(_, short)| short);
                let value = metric.value.map_or_else(
                    || "unknown".into(),
                    |value| {
                        format!("{:.5} {}", mlsysim::units::Quantity::number(value), metric.unit)
                    },
                );
                vec![format!("  {short}"), value]
            })
            .collect();
        text.push_str(&table::columns(&rows));
    }
    if explain {
        text.push_str(&format!("\nOne step on one accelerator\n\n{}", derivation(&report.trace)));
    }
    text
}

fn rows(report: &Report, line: impl Fn(&[String]) -> String) -> String {
    let mut text = line(&["metric", "value", "unit"].map(String::from));
    for metric in report.levels.iter().flat_map(|level| &level.metrics) {
        let value = metric.value.map_or_else(String::new, |value| value.to_string());
        text.push_str(&line(&[metric.name.into(), value, metric.unit.into()]));
    }
    text
}

fn document(plan: &Plan, report: &Report, convention: Convention) -> serde_json::Value {
    let levels: Map<_, _> = report
        .levels
        .iter()
        .map(|level| {
            let metrics: Map<_, _> = level
                .metrics
                .iter()
                .map(|metric| {
                    let short = metric.name.split_once('.').map_or(metric.name, |(_, short)| short);
                    (short.into(), json!({ "value": metric.value, "unit": metric.unit }))
                })
                .collect();
            let value = json!({
                "status": level.status.key(),
                "summary": level.summary,
                "metrics": metrics,
            });
            (level.name.into(), value)
        })
        .collect();
    let violations: Vec<_> = report
        .violations
        .iter()
        .map(|violation| json!({ "metric": violation.metric, "message": violation.message }))
        .collect();
    json!({
        "schema": "mlsysim.plan/1",
        "version": plan.version,
        "name": plan.name,
        "model": plan.model.id,
        "hardware": plan.hardware.id,
        "accelerators": plan.accelerators,
        "precision": plan.precision.key(),
        "convention": convention.key(),
        "fits": report.feasible(),
        "levels": levels,
        "violations": violations,
        "trace": json::trace(&report.trace),
    })
}

pub(crate) fn print_schema(args: &SchemaArgs) -> Answer {
    Answer::done(pretty(&schema(match args.of {
        SchemaKind::Plan => Of::Plan,
        SchemaKind::Hardware => Of::Hardware,
        SchemaKind::Models => Of::Models,
    })))
}
