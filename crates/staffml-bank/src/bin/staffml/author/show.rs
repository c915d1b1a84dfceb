//! `staffml show`: one question or one equation as its author sees it.

use serde_json::{Value, json};
use staffml_bank::Bank;
use staffml_bank::expr::{Expr, Style};
use staffml_bank::model::Template;
use staffml_bank::oracle::{Builtin, Equation, Mlsysim, Oracle as _};
use toml::Value as Toml;
use toml::de::{DeTable, DeValue};

use super::args::Show;
use super::beside;
use crate::args::Args;
use crate::check::bank;
use crate::draw::warn;
use crate::failure::{Failure, Outcome};
use crate::output;

pub(crate) fn run(args: &Args, command: &Show) -> Result<Outcome, Failure> {
    let (bank, problems) = bank(args.bank.as_deref())?;
    warn(problems.len());
    if let Some(equation) = Builtin::equations().iter().find(|e| e.id == command.id) {
        return show_equation(args, &bank, equation);
    }
    let template = bank.get(&command.id)?;
    let source = bank.source(&template.file).unwrap_or_default();
    if command.source && !args.json {
        output::text(source)?;
        return Ok(Outcome::Yes);
    }
    // It was read before, so it is TOML.
    let content: toml::Table = source.parse().unwrap_or_default();
    let chains: Vec<&str> = bank
        .chains()
        .iter()
        .filter(|c| c.members.iter().any(|m| m == template.id()))
        .map(|c| c.id.as_str())
        .collect();
    if args.json {
        let mut out = json!({
            "schema": "staffml-show/1",
            "id": template.id(),
            "file": template.file,
            "hash": bank.content_hash(template.id()),
            "chains": chains,
            "content": plain(&Toml::Table(content)),
        });
        if command.source
            && let Some(out) = out.as_object_mut()
        {
            out.insert("source".to_owned(), json!(source));
        }
        output::object(&out)?;
    } else {
        output::text(&text(&bank, template, &chains))?;
    }
    Ok(Outcome::Yes)
}

/// TOML as JSON; days become texts.
fn plain(value: &Toml) -> Value {
    match value {
        Toml::String(text) => json!(text),
        Toml::Integer(n) => json!(n),
        Toml::Float(n) => json!(n),
        Toml::Boolean(b) => json!(b),
        Toml::Datetime(day) => json!(day.to_string()),
        Toml::Array(list) => list.iter().map(plain).collect(),
        Toml::Table(table) => {
            let entries = table.iter().map(|(key, value)| (key.clone(), plain(value)));
            Value::Object(entries.collect())
        }
    }
}

fn text(bank: &Bank, template: &Template, chains: &[&str]) -> String {
    let (head, class) = (&template.head, &template.class);
    let words = |list: Vec<&str>| list.join(", ");
    let mut out = format!(
        "{} {} ({}, {})\n{}\n\n",
        head.id, head.version, head.kind, head.status, head.title
    );
    let tracks = words(class.tracks.iter().map(|t| t.name()).collect());
    let walls: Vec<String> = class.walls.iter().map(u8::to_string).collect();
    let mut row = |name: &str, value: String| {
        if !value.is_empty() {
            out.push_str(&beside(name, &value, 11));
        }
    };
    row("for", format!("{tracks}; {}; {}: {}", class.level, class.area, class.topic));
    row("zone", format!("{}, {}, {}, {} s", class.zone, class.bloom, class.mode, class.time_s));
    row("walls", walls.join(", "));
    row("tags", class.tags.join(", "));
    row("chains", chains.join(", "));
    row("authors", head.authors.join(", "));
    let review = head.reviewed.as_ref().map(|r| format!("by {} on {}: {}", r.by, r.on, r.note));
    row("reviewed", review.unwrap_or_else(|| "not yet".to_owned()));
    row("file", template.file.clone());
    row("hash", bank.content_hash(template.id()).unwrap_or_default());
    const ABOVE: [&str; 24] = [
        "format",
        "id",
        "version",
        "kind",
        "title",
        "status",
        "license",
        "origin",
        "contributor",
        "authors",
        "created",
        "updated",
        "reviewed",
        "tracks",
        "level",
        "area",
        "topic",
        "zone",
        "bloom",
        "mode",
        "phase",
        "walls",
        "time_s",
        "tags",
    ];
    let source = bank.source(&template.file).unwrap_or_default();
    // Read before, so it reads again; this form knows the order of the file, in which parameters mean something.
    let (document, _) = DeTable::parse_recoverable(source);
    for (key, value) in in_order(document.get_ref()) {
        if !ABOVE.contains(&key) {
            out.push('\n');
            section(&mut out, key, value, 0);
        }
    }
    out
}

/// Keys and values in the order of the file.
fn in_order<'t>(table: &'t DeTable<'_>) -> Vec<(&'t str, &'t DeValue<'t>)> {
    let mut out: Vec<_> = table.iter().collect();
    out.sort_by_key(|(key, _)| key.span().start);
    out.into_iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref())).collect()
}

/// A key with its value, in lines of at most 78 characters.
fn section(out: &mut String, key: &str, value: &DeValue<'_>, indent: usize) {
    let mut line = |text: &str| {
        out.push_str(&output::indent(&format!("{key}: {text}"), indent, indent + 2));
    };
    match value {
        DeValue::Table(table) => {
            line("");
            for (key, value) in in_order(table) {
                section(out, key, value, indent + 2);
            }
        }
        DeValue::Array(list) if list.iter().any(|item| item.get_ref().is_table()) => {
            for (i, item) in list.iter().enumerate() {
                section(out, &format!("{key} {}", i + 1), item.get_ref(), indent);
            }
        }
        DeValue::Array(list) => {
            let items: Vec<String> = list.iter().map(|item| bare(item.get_ref())).collect();
            line(&items.join(", "));
        }
        other => line(bare(other).trim()),
    }
}

fn bare(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.replace('\n', " "),
        DeValue::Integer(n) => n.as_str().to_owned(),
        DeValue::Float(n) => n.as_str().to_owned(),
        DeValue::Boolean(b) => b.to_string(),
        DeValue::Datetime(day) => day.to_string(),
        DeValue::Array(list) => {
            let items: Vec<String> = list.iter().map(|item| bare(item.get_ref())).collect();
            format!("[{}]", items.join(", "))
        }
        DeValue::Table(table) => {
            let entry = |(key, value): (&str, &DeValue<'_>)| format!("{key} = {}", bare(value));
            let entries: Vec<String> = in_order(table).into_iter().map(entry).collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}

/// An expression with the names of inputs and steps.
fn formula(expr: &Expr) -> String {
    expr.print(Style::Symbols, &str::to_owned)
}

fn show_equation(args: &Args, bank: &Bank, equation: &Equation) -> Result<Outcome, Failure> {
    let wall = Mlsysim::compared().into_iter().find(|(ours, _)| *ours == equation.id);
    let asks = |t: &&std::sync::Arc<Template>| {
        t.body.computed().iter().any(|(_, c)| c.answer.equation == equation.id)
    };
    let used: Vec<&str> = bank.templates().iter().filter(asks).map(|t| t.id()).collect();
    let signature = Mlsysim.signature(&equation.id);
    let terms = |name: &str| {
        let node = signature.as_ref().and_then(|s| s.node(name));
        node.map_or_else(Vec::new, |n| n.terms.clone())
    };
    if args.json {
        let inputs: Vec<Value> = equation
            .inputs
            .iter()
            .map(|i| json!({ "name": i.name, "unit": i.unit.text(), "meaning": i.meaning }))
            .collect();
        let steps: Vec<Value> = equation
            .steps
            .iter()
            .map(|s| {
                json!({
                    "name": s.name,
                    "unit": s.unit.text(),
                    "meaning": s.meaning,
                    "expr": formula(&s.expr),
                    "terms": terms(&s.name),
                })
            })
            .collect();
        output::object(&json!({
            "schema": "staffml-show/1",
            "equation": equation.id,
            "source": equation.source,
            "inputs": inputs,
            "steps": steps,
            "wall": wall.map(|(_, theirs)| theirs),
            "questions": used,
        }))?;
        return Ok(Outcome::Yes);
    }
    let mut out = format!("{}\n", equation.id);
    out.push_str(&output::wrap(&equation.source));
    out.push_str("\ninputs\n");
    let unit = |text: &str| if text.is_empty() { "number".to_owned() } else { text.to_owned() };
    for input in &equation.inputs {
        let (name, unit) = (&input.name, unit(input.unit.text()));
        out.push_str(&beside(&format!("  {name:<20} {unit}"), &input.meaning, 38));
    }
    out.push_str("\nsteps\n");
    for step in &equation.steps {
        let (name, unit) = (&step.name, unit(step.unit.text()));
        out.push_str(&beside(&format!("  {name:<20} {unit}"), &step.meaning, 38));
        out.push_str(&output::indent(&format!("= {}", formula(&step.expr)), 23, 25));
        let terms = terms(&step.name);
        if !terms.is_empty() {
            out.push_str(&output::indent(&format!("terms to drop: {}", terms.join(", ")), 23, 25));
        }
    }
    out.push('\n');
    out.push_str(&match wall {
        Some((_, theirs)) => output::wrap(&format!("The wall {theirs} computes the same.")),
        None => output::wrap("No wall computes the same; a question needs `check` all the more."),
    });
    out.push_str(&output::wrap(&match used.len() {
        0 => "No question asks for it.".to_owned(),
        _ => format!("Asked for by {}.", used.join(", ")),
    }));
    output::text(&out)?;
    Ok(Outcome::Yes)
}
