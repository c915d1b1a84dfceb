//! Texts of a template, and whether the names in it mean anything.

use super::{expr, length, phrase};
use crate::expr::Expr;
use crate::model::answer::{Bind, Change};
use crate::model::head::Reference;
use crate::model::{ParamKind, Phrase, Template};
use crate::read::{At, Table, nearest};

pub(super) fn stem(top: &Table<'_, '_>) -> Option<Phrase> {
    let mut text = top.need_string("stem")?;
    plain(top, "the stem", &text);
    text.value = unfold(&text.value);
    length(top, "V-STEM", "the stem", &text, 40, 900);
    if !text.value.ends_with('?') || text.value.matches('?').count() != 1 {
        let fix = "ask one question, at the end";
        top.source().report(
            "V-STEM",
            text.line,
            "the stem does not end with its one question",
            fix,
        );
    }
    phrase(top, &text)
}

/// Joins the lines of each paragraph: files break lines where it suits their authors.
fn unfold(text: &str) -> String {
    let join = |p: &str| p.split_ascii_whitespace().collect::<Vec<&str>>().join(" ");
    let paragraphs: Vec<String> = text.split("\n\n").map(join).filter(|p| !p.is_empty()).collect();
    paragraphs.join("\n\n")
}

/// Reports HTML and control characters.
fn plain(top: &Table<'_, '_>, what: &str, text: &At<String>) {
    let is_tag = |(at, _): (usize, &str)| {
        text.value[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
    };
    if text.value.match_indices('<').any(is_tag) {
        top.source().report("V-STEM", text.line, format!("{what} holds a tag"), "write plain text");
    }
    if text.value.chars().any(|c| c.is_control() && c != '\n') {
        top.source().report(
            "V-STEM",
            text.line,
            format!("{what} holds a control character"),
            "remove it",
        );
    }
}

pub(super) fn conditions(top: &Table<'_, '_>, key: &str) -> Vec<(String, Expr)> {
    let list = top.strings(key).map_or_else(Vec::new, |list| list.value);
    list.into_iter().filter_map(|text| expr(top, &text).map(|e| (text.value, e))).collect()
}

pub(super) fn names(top: &Table<'_, '_>, key: &str) -> Vec<At<String>> {
    top.strings(key).map_or_else(Vec::new, |list| list.value)
}

pub(super) fn hints(top: &Table<'_, '_>) -> Vec<String> {
    let list = names(top, "hints");
    if list.len() > 3 {
        top.source().report(
            "V-HINT",
            list[3].line,
            format!("{} hints", list.len()),
            "three at most",
        );
    }
    for hint in &list {
        length(top, "V-HINT", "a hint", hint, 10, 200);
    }
    list.into_iter().map(|h| h.value).collect()
}

pub(super) fn steps(top: &Table<'_, '_>) -> Vec<(String, Phrase)> {
    let Some(table) = top.table("steps") else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for node in table.keys() {
        if let Some(text) = table.string(&node.value)
            && let Some(text) = phrase(top, &text)
        {
            out.push((node.value, text));
        }
    }
    out
}

pub(super) fn takeaway(top: &Table<'_, '_>) -> Option<String> {
    let text = top.need_string("takeaway")?;
    length(top, "V-TAKEAWAY", "the takeaway", &text, 20, 240);
    Some(text.value)
}

pub(super) fn references(top: &Table<'_, '_>) -> Vec<Reference> {
    let mut out = Vec::new();
    for table in top.tables("refs") {
        if let Some(wall) = table.integer("wall") {
            match u8::try_from(wall.value).ok().filter(|w| (1..=22).contains(w)) {
                Some(wall) => out.push(Reference::Wall(wall)),
                None => {
                    let what = format!("there is no wall {}", wall.value);
                    top.source().report("V-WALL", wall.line, what, "1 to 22");
                }
            }
        } else if let (Some(title), Some(url)) =
            (table.need_string("title"), table.need_string("url"))
        {
            if !url.value.starts_with("https://") {
                let what = format!("`{}` is no https address", url.value);
                top.source().report("V-URL", url.line, what, "give an https address");
            }
            out.push(Reference::Document { title: title.value, url: url.value });
        }
        table.finish();
    }
    out
}

/// Reports names in texts and expressions that no parameter defines.
pub(super) fn names_are_known(top: &Table<'_, '_>, t: &Template) {
    let all: Vec<&str> = t.params.iter().map(|p| p.name.as_str()).collect();
    let report = |code, line, place: &str, name: &str, known: &[&str]| {
        let fix = nearest(name, known.iter().copied()).map_or_else(
            || "define the parameter".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        top.source().report(code, line, format!("{place}: `{name}` is not a parameter"), fix);
    };
    let base = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let exprs = |place: &str, line: usize, expr: &Expr, known: &[&str]| {
        for name in expr.names() {
            if !known.contains(&base(name).as_str()) {
                report("V-EXPR", line, place, name, known);
            }
        }
    };
    for (i, param) in t.params.iter().enumerate() {
        if let ParamKind::Derived(expr) = &param.kind {
            exprs(&format!("params.{}", param.name), param.line, expr, &all[..i]);
        }
    }
    for (text, expr) in t.require.iter().chain(&t.draw_if) {
        exprs(&format!("condition `{text}`"), 0, expr, &all);
    }
    if let Some(check) = &t.answer.check {
        exprs("answer.check", t.answer.line, check, &all);
    }
    for (name, _) in &t.answer.scales {
        if !all.contains(&name.as_str()) {
            report("V-SCALE", t.answer.line, "answer.scales", name, &all);
        }
    }
    let binds = |place: &str, line: usize, bind: &[(String, Bind)]| {
        for (input, bind) in bind {
            if let Bind::Expr(expr) = bind {
                exprs(&format!("{place}.{input}"), line, expr, &all);
            }
        }
    };
    binds("answer.bind", t.answer.line, &t.answer.bind);
    for wrong in &t.misconceptions {
        let place = format!("misconception `{}`", wrong.id);
        match &wrong.change {
            Change::Mutate { set, scale } => {
                binds(&place, wrong.line, set);
                scale.iter().for_each(|(_, factor)| exprs(&place, wrong.line, factor, &all));
            }
            Change::Equation { bind, .. } => binds(&place, wrong.line, bind),
            Change::Expr(expr) => exprs(&place, wrong.line, expr, &all),
            Change::Drop(_) | Change::Swap(..) => {}
        }
        if let Some(when) = &wrong.when {
            exprs(&place, wrong.line, when, &all);
        }
        for name in wrong.say.names().filter(|n| !matches!(*n, "got" | "want")) {
            if !all.contains(&base(name).as_str()) {
                report("V-PLACEHOLDER", wrong.line, &place, name, &all);
            }
        }
    }
    let texts = core::iter::once(("stem".to_owned(), &t.stem))
        .chain(t.steps.iter().map(|(node, text)| (format!("steps.{node}"), text)));
    for (place, text) in texts {
        for name in text.names() {
            if !all.contains(&base(name).as_str()) {
                report("V-PLACEHOLDER", 0, &place, name, &all);
            }
        }
    }
    for name in &t.decoys {
        if !all.contains(&name.as_str()) {
            report("V-DECOY", 0, "decoys", name, &all);
        }
    }
}
