//! Parameters.

use std::sync::Arc;

use super::expr;
use crate::model::facts::{Fact, Facts};
use crate::model::param::{Choice, Param, ParamKind};
use crate::oracle::Registry;
use crate::quantity::{Quantity, Unit};
use crate::read::{At, Scalar, Table};

pub(super) fn params(top: &Table<'_, '_>, needed: bool) -> Vec<Param> {
    let table = top.table("params");
    let table = if needed { top.need("params", table) } else { table };
    let Some(table) = table else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for name in table.keys() {
        if let Some(part) = table.table(&name.value)
            && let Some(param) = param(&part, name)
        {
            out.push(param);
        }
    }
    out
}

/// Reads the constants that are used and not shown: names here to ids of facts.
pub(super) fn hidden(
    top: &Table<'_, '_>,
    facts: &Facts,
    params: &[Param],
) -> Vec<(String, Arc<Fact>)> {
    let Some(table) = top.table("hidden") else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for name in table.keys() {
        let report = |line, what: String, fix: String| {
            top.source().report("V-HIDDEN", line, what, fix);
        };
        if params.iter().any(|p| p.name == name.value) {
            let what = format!("`{}` is a parameter already", name.value);
            report(name.line, what, "choose another name".to_owned());
        }
        let Some(id) = table.string(&name.value) else { continue };
        match facts.get(&id.value) {
            Some(fact) => out.push((name.value, Arc::clone(fact))),
            None => {
                let fix = facts.near(&id.value).map_or_else(
                    || "add it to facts.toml, with its source".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                report(id.line, format!("`{}` is no fact of facts.toml", id.value), fix);
            }
        }
    }
    out
}

fn param(table: &Table<'_, '_>, name: At<String>) -> Option<Param> {
    let is_name = name.value.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        let what = format!("`{}` is no parameter name", name.value);
        table.source().report("V-PARAM-NAME", name.line, what, "letters, digits and `_`");
    }
    let unit = match table.string("unit") {
        Some(text) => Unit::parse(&text.value)
            .map_err(|e| {
                table.source().report("V-UNIT", text.line, e.to_string(), "name a known unit");
            })
            .ok(),
        None => Some(Unit::pure()),
    };
    let kind = table.need_string("kind");
    let kind = kind.and_then(|kind| match kind.value.as_str() {
        "choice" => choice(table),
        "int" => int(table),
        "grid" => grid(table),
        "device" => Some(record(table, Registry::Device)),
        "model" => Some(record(table, Registry::Model)),
        "derived" => {
            table.need_string("expr").and_then(|text| expr(table, &text)).map(ParamKind::Derived)
        }
        other => {
            let what = format!("`{other}` is no kind of parameter");
            table.source().report(
                "V-ENUM",
                kind.line,
                what,
                "one of choice, int, grid, device, model, derived",
            );
            None
        }
    });
    table.finish();
    Some(Param { name: name.value, unit: unit?, kind: kind?, line: name.line })
}

fn choice(table: &Table<'_, '_>) -> Option<ParamKind> {
    let values = table.need("values", table.scalars("values"))?;
    if values.value.len() < 2 {
        table.source().report(
            "V-PARAM",
            values.line,
            "a choice of fewer than two",
            "give at least two values",
        );
    }
    let mut out: Vec<Choice> = Vec::new();
    for value in values.value {
        let choice = match value.value {
            Scalar::Number(n) => Choice::Number(n),
            Scalar::Text(text) => match quantity_with_unit(&text) {
                Some(Ok((quantity, unit))) => Choice::Quantity(quantity, unit),
                Some(Err(why)) => {
                    table.source().report("V-PARAM", value.line, why, "write `64 MHz`");
                    continue;
                }
                None => Choice::Text(text),
            },
        };
        if out.contains(&choice) {
            table.source().report("V-PARAM", value.line, "a value twice", "list each value once");
        }
        out.push(choice);
    }
    Some(ParamKind::Choice(out))
}

/// Reads `64 MHz`; texts that do not begin with a digit are no quantities.
fn quantity_with_unit(text: &str) -> Option<Result<(Quantity, Unit), String>> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (_, unit) = text.split_once(' ')?;
    let read = Quantity::parse(text).and_then(|q| Unit::parse(unit).map(|u| (q, u)));
    Some(read.map_err(|e| e.to_string()))
}

fn int(table: &Table<'_, '_>) -> Option<ParamKind> {
    let min = table.need("min", table.integer("min"));
    let max = table.need("max", table.integer("max"));
    let step = table.integer("step").map_or(1, |s| s.value);
    let (min, max) = (min?.value, max?.value);
    if step < 1 || max <= min || max.checked_sub(min).is_none() {
        let what = format!("no whole numbers from {min} to {max} in steps of {step}");
        table.source().report("V-PARAM", table.line(), what, "give min < max and step ≥ 1");
        return None;
    }
    Some(ParamKind::Int { min, max, step })
}

fn grid(table: &Table<'_, '_>) -> Option<ParamKind> {
    let mantissas = table.need("mantissas", table.numbers("mantissas"));
    let decades = table.need("decades", table.numbers("decades"))?;
    let bounds: Vec<i8> = decades
        .value
        .iter()
        .filter_map(|d| (-24..=24_i8).find(|n| (f64::from(*n) - d.value).abs() < 1e-9))
        .collect();
    let mantissas: Vec<f64> = mantissas?.value.into_iter().map(|m| m.value).collect();
    match bounds.as_slice() {
        &[low, high] if low <= high && !mantissas.is_empty() => {
            Some(ParamKind::Grid { mantissas, low, high })
        }
        _ => {
            let what = "a grid needs mantissas and decades `[low, high]` within -24..24";
            table.source().report("V-PARAM", decades.line, what, "give both");
            None
        }
    }
}

fn record(table: &Table<'_, '_>, registry: Registry) -> ParamKind {
    let words = |key| {
        table
            .strings(key)
            .map_or_else(Vec::new, |list| list.value.into_iter().map(|w| w.value).collect())
    };
    ParamKind::Record { registry, keys: words("keys"), tags: words("tags") }
}
