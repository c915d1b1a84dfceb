//! `template_samples`: computed instances of the catalog.
//!
//! Every instance is graded from its numbers. Where the shipped bank has the template, it is also evaluated from its
//! parameters and compared.

use serde_json::Value;
use staffml_bank::Bank;
use staffml_bank::grade::{Class, Key, Tolerance};
use staffml_bank::oracle::Builtin;
use staffml_bank::variant::{Draw, Instance};

use crate::report::{Report, each, number};

pub(crate) fn run(report: &mut Report, data: &Value) {
    let bank = Bank::embedded();
    for (_, template) in each(&data["templates"]) {
        let id = template["id"].as_str().unwrap_or_default();
        for (i, instance) in each(&template["instances"]) {
            report.case(&format!("{id}/{i} graded"), graded(template, instance));
            if bank.get(id).is_ok() {
                report.case(&format!("{id}/{i} computed"), computed(&bank, id, template, instance));
            }
        }
    }
}

/// The answer as text is right, and every listed wrong value is told by its own name.
fn graded(template: &Value, instance: &Value) -> Result<(), String> {
    let unit = template["unit"].as_str().ok_or("no unit")?;
    let scale = template["answer_scale"].as_f64().unwrap_or(1.0);
    let tolerance = Tolerance::relative(number(&template["tolerance_rel"]));
    let value = number(&instance["answer"]) * scale;
    let mut key = Key::new(value, unit, tolerance).map_err(|e| e.to_string())?;
    let wrong = instance["misconceptions"].as_object().ok_or("no misconceptions")?;
    for (id, value) in wrong {
        key = key.wrong(id, number(value) * scale);
    }
    let text = |value: f64| format!("{value} {unit}");
    let verdict = key.grade(&text(value));
    if !verdict.is_correct() {
        return Err(format!("`{}` is {} {}", text(value), verdict.class.name(), verdict.code));
    }
    for (id, value) in wrong {
        let text = text(number(value) * scale);
        let verdict = key.grade(&text);
        if verdict.class != Class::Misconception || verdict.code != id.as_str() {
            return Err(format!(
                "`{text}` is {} {} instead of {id}",
                verdict.class.name(),
                verdict.code
            ));
        }
    }
    Ok(())
}

/// The shipped template gives the same answer and the same wrong values from the same parameters.
fn computed(bank: &Bank, id: &str, template: &Value, instance: &Value) -> Result<(), String> {
    let params = instance["params"].as_object().ok_or("no parameters")?;
    let draw = params.iter().fold(Draw::given(), |draw, (name, value)| match value.as_str() {
        Some(text) => draw.text(name, text),
        None => draw.number(name, number(value)),
    });
    let ours: Instance = bank.instantiate(id, &Builtin, &draw).map_err(|e| e.to_string())?;
    // Samples count in thousands to trillions where the bank counts one by one.
    let scale = template["answer_scale"].as_f64().unwrap_or(1.0);
    near("answer", ours.key.value, number(&instance["answer"]) * scale)?;
    let wrong = instance["misconceptions"].as_object().ok_or("no misconceptions")?;
    for (id, value) in wrong {
        let turn = ours.wrong.iter().find(|w| w.id == *id);
        near(
            id,
            turn.ok_or_else(|| format!("{id} did not survive"))?.value,
            number(value) * scale,
        )?;
    }
    Ok(())
}

/// The samples are printed with ten significant figures.
fn near(name: &str, got: f64, want: f64) -> Result<(), String> {
    if (got - want).abs() <= 1e-9 * want.abs() {
        Ok(())
    } else {
        Err(format!("{name}: {got} instead of {want}"))
    }
}
