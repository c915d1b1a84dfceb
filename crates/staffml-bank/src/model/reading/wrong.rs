//! Recognized wrong answers.

use std::sync::Arc;

use super::{answer::bindings, expr, length, phrase};
use crate::model::answer::{Change, Misconception};
use crate::model::misconceptions::{Family, Misconceptions};
use crate::read::{At, Table, nearest};

/// Reads the misconceptions, of which there are at least `least`.
pub(super) fn misconceptions(
    top: &Table<'_, '_>,
    registry: &Misconceptions,
    least: usize,
) -> Vec<Misconception> {
    let tables = top.tables("misconception");
    if !(least..=6).contains(&tables.len()) {
        let what = format!("{} misconceptions", tables.len());
        let fix = format!("a number asked for has {least} to 6");
        top.source().report("V-MISC-NUMBER", top.line(), what, fix);
    }
    let mut out: Vec<Misconception> = Vec::new();
    for table in &tables {
        if let Some(found) = misconception(table, registry) {
            if out.iter().any(|m| m.id == found.id) {
                let what = format!("misconception `{}` twice", found.id);
                top.source().report("V-MISC-TWICE", table.line(), what, "keep one");
            }
            out.push(found);
        }
    }
    out
}

fn misconception(table: &Table<'_, '_>, registry: &Misconceptions) -> Option<Misconception> {
    let id = table.need_string("id");
    let family = id.as_ref().and_then(|id| family(table, id, registry));
    let change = change(table);
    let when = table.string("when").and_then(|text| expr(table, &text));
    let say = table.need_string("say");
    if let Some(say) = &say {
        length(table, "V-MISC-SAY", "`say`", say, 20, 240);
    }
    let say = say.and_then(|say| phrase(table, &say));
    table.finish();
    Some(Misconception {
        id: id?.value,
        family: family?,
        change: change?,
        when,
        say: say?,
        line: table.line(),
    })
}

/// Returns the family of a misconception, reporting an id that is not in the registry.
pub(super) fn family(
    table: &Table<'_, '_>,
    id: &At<String>,
    registry: &Misconceptions,
) -> Option<Arc<Family>> {
    let family = registry.family_of(&id.value);
    if family.is_none() {
        let near = nearest(
            &id.value,
            registry.families().flat_map(|f| f.members.iter().map(String::as_str)),
        );
        let fix = near.map_or_else(
            || "take an id of misconceptions.toml".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let what = format!("`{}` is not a known misconception", id.value);
        table.source().report("V-MISC-UNKNOWN", id.line, what, fix);
    }
    family.cloned()
}

fn change(table: &Table<'_, '_>) -> Option<Change> {
    let ways = ["set", "scale", "drop", "swap", "eq", "expr"];
    let used: Vec<&str> = ways.into_iter().filter(|key| table.has(key)).collect();
    match used.as_slice() {
        ["set" | "scale"] | ["set", "scale"] => mutate(table),
        ["drop"] => drop_terms(table),
        ["swap"] => swap(table),
        ["eq"] => Some(Change::Equation {
            equation: table.string("eq")?.value,
            bind: bindings(table, "bind"),
            output: table.string("output").map(|o| o.value),
        }),
        ["expr"] => table.string("expr").and_then(|text| expr(table, &text)).map(Change::Expr),
        [] => {
            let what = "the misconception says nothing about how its value comes about";
            let fix = format!("give one of {}", ways.join(", "));
            table.source().report("V-MISC-NONE", table.line(), what, fix);
            None
        }
        several => {
            let what = format!("{} cannot be combined", several.join(" and "));
            table.source().report(
                "V-MISC-TWO",
                table.line(),
                what,
                "only `set` and `scale` go together",
            );
            None
        }
    }
}

fn mutate(table: &Table<'_, '_>) -> Option<Change> {
    let set = if table.has("set") { bindings(table, "set") } else { Vec::new() };
    let mut scale = Vec::new();
    if let Some(part) = table.table("scale") {
        for node in part.keys() {
            if let Some(text) = part.string(&node.value) {
                scale.push((node.value, expr(table, &text)?));
            }
        }
    }
    Some(Change::Mutate { set, scale })
}

fn drop_terms(table: &Table<'_, '_>) -> Option<Change> {
    let list = table.strings("drop")?;
    let mut out = Vec::new();
    for item in list.value {
        match item.value.split_once('.') {
            Some((node, term)) => out.push((node.to_owned(), term.to_owned())),
            None => {
                let what = format!("`{}` names no term", item.value);
                table.source().report("V-MISC-DROP", item.line, what, "write `node.term`");
            }
        }
    }
    Some(Change::Drop(out))
}

fn swap(table: &Table<'_, '_>) -> Option<Change> {
    let list = table.strings("swap")?;
    let names: Vec<String> = list.value.into_iter().map(|n| n.value).collect();
    match <[String; 2]>::try_from(names) {
        Ok([a, b]) => Some(Change::Swap(a, b)),
        Err(names) => {
            let what = format!("`swap` names {} inputs", names.len());
            table.source().report("V-MISC-SWAP", list.line, what, "name two");
            None
        }
    }
}
