//! Reads equations and machines from TOML.

use super::{Equation, Input, Record, Step};
use crate::expr::Expr;
use crate::problem::Problem;
use crate::quantity::{Quantity, Unit};
use crate::read::{At, Source, Table};

/// Reads a file of `[[equation]]` tables.
pub(super) fn equations(path: &str, text: &str) -> (Vec<Equation>, Vec<Problem>) {
    let source = Source::new(path, text);
    let out = source.read(|top| Some(top.tables("equation").iter().filter_map(equation).collect()));
    (out.unwrap_or_default(), source.into_problems())
}

/// Reads a file of `[[device]]` tables.
pub(super) fn devices(path: &str, text: &str) -> (Vec<Record>, Vec<Problem>) {
    let source = Source::new(path, text);
    let out = source.read(|top| Some(top.tables("device").iter().filter_map(device).collect()));
    (out.unwrap_or_default(), source.into_problems())
}

fn equation(table: &Table<'_, '_>) -> Option<Equation> {
    let id = table.need_string("id");
    let source = table.need_string("source");
    let inputs: Vec<Input> = table.tables("input").iter().filter_map(input).collect();
    let mut known: Vec<String> = inputs.iter().map(|i| i.name.clone()).collect();
    let mut steps = Vec::new();
    for part in table.tables("step") {
        if let Some(step) = step(&part, &known) {
            known.push(step.name.clone());
            steps.push(step);
        }
    }
    if steps.is_empty() {
        table.source().report(
            "V-ORACLE",
            table.line(),
            "an equation without a step",
            "add [[equation.step]]",
        );
    }
    table.finish();
    Some(Equation { id: id?.value, source: source?.value, inputs, steps })
}

fn input(table: &Table<'_, '_>) -> Option<Input> {
    let name = table.need_string("name");
    let symbol = table.need_string("symbol");
    let meaning = table.need_string("meaning");
    let unit = unit(table, "unit");
    table.finish();
    Some(Input { name: name?.value, symbol: symbol?.value, unit: unit?, meaning: meaning?.value })
}

fn step(table: &Table<'_, '_>, known: &[String]) -> Option<Step> {
    let name = table.need_string("name");
    let symbol = table.need_string("symbol");
    let meaning = table.need_string("meaning");
    let unit = unit(table, "unit");
    let text = table.need_string("expr");
    let counts = table.boolean("counts").is_some_and(|c| c.value);
    table.finish();
    let text = text?;
    let expr = match Expr::parse(&text.value) {
        Ok(expr) => expr,
        Err(error) => {
            table.source().report("V-EXPR", text.line, error.to_string(), "correct the expression");
            return None;
        }
    };
    for used in expr.names() {
        if !known.iter().any(|k| k == used) {
            let what = format!("`{used}` is neither an input nor an earlier step");
            table.source().report("V-EXPR", text.line, what, "define it before it is used");
        }
    }
    Some(Step {
        name: name?.value,
        symbol: symbol?.value,
        unit: unit?,
        meaning: meaning?.value,
        expr,
        counts,
    })
}

/// Reads a unit, recording why it cannot be read.
pub(crate) fn unit(table: &Table<'_, '_>, key: &str) -> Option<Unit> {
    let text = table.need_string(key)?;
    read_unit(table, &text)
}

/// Parses a unit text, recording why it cannot be read.
pub(crate) fn read_unit(table: &Table<'_, '_>, text: &At<String>) -> Option<Unit> {
    Unit::parse(&text.value)
        .map_err(|e| table.source().report("V-UNIT", text.line, e.to_string(), "name a known unit"))
        .ok()
}

fn device(table: &Table<'_, '_>) -> Option<Record> {
    let key = table.need_string("key");
    let name = table.need_string("name");
    let source = table.need_string("source");
    let tags = table.strings("tags");
    let mut fields = std::collections::BTreeMap::new();
    if let Some(part) = table.need("fields", table.table("fields")) {
        for field in part.keys() {
            if let Some(text) = part.string(&field.value)
                && let Some(value) = figure(&part, &text)
            {
                fields.insert(field.value, value);
            }
        }
    }
    table.finish();
    Some(Record {
        key: key?.value,
        name: name?.value,
        fields,
        tags: tags.map_or_else(Vec::new, |t| t.value.into_iter().map(|t| t.value).collect()),
        source: source?.value,
    })
}

/// Reads `3.35 TB/s` as a quantity and the unit it is written in.
fn figure(table: &Table<'_, '_>, text: &At<String>) -> Option<(Quantity, Unit)> {
    let (_, unit) = text.value.split_once(' ').unwrap_or((&text.value, ""));
    let quantity = Quantity::parse(&text.value)
        .map_err(|e| {
            table.source().report("V-QUANTITY", text.line, e.to_string(), "write `3.35 TB/s`");
        })
        .ok()?;
    let unit = read_unit(table, &At { value: unit.to_owned(), line: text.line })?;
    Some((quantity, unit))
}
