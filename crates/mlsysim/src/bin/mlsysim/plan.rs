//! `mlsysim eval plan.yaml`, `mlsysim explain plan.yaml` and `mlsysim schema`.

use crate::args::{Output, SchemaArgs, SchemaKind, add, texts, unsupported};
use crate::{Answer, pretty};
use mlsysim::Convention;
use mlsysim::plan::{Of, Plan, Report, TrainingReport, schema};
use mlsysim::registry::Registry;
use mlsysim::report::bars::{Group, bars, breakdown};
use mlsysim::report::derivation::derivation;
use mlsysim::report::{json, table};
use mlsysim::units::Dimension;
use serde_json::{Map, json};
use std::path::{Path, PathBuf};

/// Whether a target is a file rather than a name.
pub(crate) fn is_file(target: &str) -> bool {
    let ending = target.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["yaml", "yml", "toml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}

/// Reads the plan in a file, and returns it with all records: those that ship, those of the plan, and before both of
/// them those of the files in `extra`.
pub(crate) fn read(
    file: &str,
    set: &[String],
    extra: &[PathBuf],
) -> Result<(Plan, Registry), String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("cannot read {file}: {error}"))?;
    let extra = texts(extra)?;
    let mut registry = Registry::shipped();
    add(&mut registry, &extra)?;
    let folder = Path::new(file).parent().unwrap_or(Path::new(""));
    let plan = Plan::read_with(file, &text, set, &mut registry, |registry, name| {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        registry.add(&path.display().to_string(), &text).map_err(|error| error.to_string())?;
        // A record of the same name is that of the command line.
        add(registry, &extra)
    });
    Ok((plan.map_err(|error| error.to_string())?, registry))
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
            let label = format!("{} on {}", plan.model.name, plan.hardware.name);
            let (what, group) = match &report.training {
                Some(training) => ("a training step", parts(&label, training)),
                None => ("one step on one accelerator", breakdown(&label, &report.profile)),
            };
            bars(&format!("{}: {what}", plan.name), "time", Dimension::TIME, &[group])
        }
        other => return Err(unsupported("eval", other)),
    };
    let broken: Vec<&str> =
        report.violations.iter().map(|violation| violation.message.as_str()).collect();
    let (code, remark) = if !broken.is_empty() {
        (3, Some(broken.join("\n")))
    } else if !report.feasible() {
        (1, Some(format!("{} does not fit {}", plan.model.name, plan.hardware.name)))
    } else {
        (0, None)
    };
    Ok(Answer { text, code, remark })
}

/// What a training step consists of.
fn parts(label: &str, training: &TrainingReport) -> Group {
    let step = ("step".into(), training.trained.step.step_time.0);
    let parts = training.trained.parts().into_iter();
    let parts = parts.map(|(name, time)| (name.replace('_', " "), time.0));
    Group { label: label.into(), bars: core::iter::once(step).chain(parts).collect() }
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
    if let Some(training) = &report.training {
        text.push_str(&format!("Trained with {}\n", training.layout()));
    }
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
        let what = match (&report.training, plan.accelerators) {
            (None, _) | (_, 1) => "One step on one accelerator".into(),
            (Some(_), all) => format!("One training step on {all} accelerators"),
        };
        text.push_str(&format!("\n{what}\n\n{}", derivation(&report.trace)));
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
        "training": report.training.as_ref().map(training),
        "levels": levels,
        "violations": violations,
        "trace": json::trace(&report.trace),
    })
}

fn training(training: &TrainingReport) -> serde_json::Value {
    let (trained, layout) = (&training.trained, &training.trained.layout);
    let parts: Map<_, _> =
        trained.parts().into_iter().map(|(name, time)| (name.into(), json!(time.0))).collect();
    json!({
        "layout": {
            "tp": layout.tp,
            "pp": layout.pp,
            "cp": layout.cp,
            "ep": layout.ep,
            "dp": layout.dp,
            "micro_batch": layout.micro_batch,
            "interleave": layout.interleave,
            "zero_stage": layout.zero_stage,
            "checkpointing": layout.checkpointing.key(),
        },
        "microbatches": trained.microbatches,
        "found": training.found,
        "step_time_s": trained.step.step_time.0,
        "parts_s": parts,
        "run": training.run.map(|run| json!({
            "steps": run.steps,
            "time_s": run.time.0,
            "tokens": run.tokens.map(|tokens| tokens.0),
        })),
    })
}

pub(crate) fn print_schema(args: &SchemaArgs) -> Answer {
    Answer::done(pretty(&schema(match args.of {
        SchemaKind::Plan => Of::Plan,
        SchemaKind::Hardware => Of::Hardware,
        SchemaKind::Models => Of::Models,
    })))
}
