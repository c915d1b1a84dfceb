//! What each kind of question asks for.

use super::answer::{self, answer, bindings};
use super::{Context, body, expr, length, phrase, wrong};
use crate::model::body::{
    Alternative, Best, Body, Computed, Contender, Decision, Multi, Part, Worth, WrongIdea,
};
use crate::model::{Misconceptions, Phrase};
use crate::read::{At, Table};

/// Reads a number to compute, with at least `least` misconceptions.
pub(super) fn computed(
    table: &Table<'_, '_>,
    context: Context<'_>,
    least: usize,
) -> Option<Computed> {
    let answer = answer(table);
    let misconceptions = wrong::misconceptions(table, context.misconceptions, least);
    let steps = body::steps(table);
    Some(Computed { answer: answer?, misconceptions, steps })
}

/// Reads a choice: computed if there is an `answer`, else written.
pub(super) fn choice(top: &Table<'_, '_>, context: Context<'_>) -> Option<Body> {
    if !top.has("options") {
        return computed(top, context, 2).map(|c| Body::Choice(c.into()));
    }
    let tables = top.tables("options");
    let line = tables.first().map_or(top.line(), Table::line);
    let report = |what: String, fix: &str| top.source().report("V-OPTIONS", line, what, fix);
    if !(3..=5).contains(&tables.len()) {
        report(format!("{} options", tables.len()), "give 3 to 5");
    }
    let options: Vec<Alternative> =
        tables.iter().filter_map(|t| alternative(t, context.misconceptions)).collect();
    let n_right = options.iter().filter(|o| o.wrong.is_none()).count();
    if options.len() == tables.len() && n_right != 1 {
        report(format!("{n_right} right options"), "mark exactly one with `right = true`");
    }
    for (i, option) in options.iter().enumerate() {
        if options[..i].iter().any(|other| other.text == option.text) {
            let what = "two options say the same";
            top.source().report("V-OPTIONS", option.line, what, "change one");
        }
    }
    Some(Body::Concept(options))
}

fn alternative(table: &Table<'_, '_>, registry: &Misconceptions) -> Option<Alternative> {
    let text = text(table, "text", "V-OPTIONS", 2, 240);
    let say = text_say(table);
    let right = table.boolean("right").is_some_and(|r| r.value);
    if right && table.has("misconception") {
        let what = "the right option names a misconception";
        table.source().report("V-OPTIONS", table.line(), what, "drop one of the two");
    }
    let wrong = if right { None } else { idea(table, registry) };
    if !right && wrong.is_none() && !table.has("misconception") {
        let what = "a wrong option without misconception";
        let fix = "name the misconception that leads to it, or mark it `right = true`";
        table.source().report("V-OPTIONS", table.line(), what, fix);
    }
    table.finish();
    if !right && wrong.is_none() {
        return None;
    }
    Some(Alternative { text: text?, say: say?, wrong, line: table.line() })
}

/// Reads the key `misconception`.
fn idea(table: &Table<'_, '_>, registry: &Misconceptions) -> Option<WrongIdea> {
    let id = table.string("misconception")?;
    let family = wrong::family(table, &id, registry)?;
    Some(WrongIdea { id: id.value, family })
}

fn text(
    table: &Table<'_, '_>,
    key: &str,
    code: &'static str,
    least: usize,
    most: usize,
) -> Option<Phrase> {
    let mut text = table.need_string(key)?;
    text.value = body::unfold(&text.value);
    body::plain(table, key, &text);
    length(table, code, &format!("`{key}`"), &text, least, most);
    phrase(table, &text)
}

fn text_say(table: &Table<'_, '_>) -> Option<Phrase> {
    text(table, "say", "V-MISC-SAY", 20, 240)
}

/// Reads the back of a card.
pub(super) fn back(top: &Table<'_, '_>) -> Option<Phrase> {
    text(top, "back", "V-RECALL", 2, 400)
}

/// Reads the parts of a question with several numbers.
pub(super) fn multi(top: &Table<'_, '_>, context: Context<'_>) -> Option<Multi> {
    let tables = top.tables("parts");
    let n = tables.len();
    if !(2..=6).contains(&n) {
        let what = format!("{n} parts");
        top.source().report("V-PARTS", top.line(), what, "a multi-part question has 2 to 6");
    }
    let (mut parts, mut decision) = (Vec::new(), None);
    for (i, table) in tables.iter().enumerate() {
        if !table.has("decision") {
            parts.extend(part(table, context));
        } else if i + 1 == n {
            decision = decide(table, context.misconceptions);
        } else {
            let what = "a decision that is not the last part";
            top.source().report("V-PARTS", table.line(), what, "move it to the end");
        }
    }
    if parts.is_empty() && n > 0 {
        let what = "no part asks for a number";
        top.source().report("V-PARTS", top.line(), what, "give a part an `answer`");
    }
    different(top, &parts);
    Some(Multi { parts, decision })
}

/// Reports parts of equal names.
pub(super) fn different(top: &Table<'_, '_>, parts: &[Part]) {
    for (i, part) in parts.iter().enumerate() {
        if parts[..i].iter().any(|other| other.id == part.id) {
            let what = format!("part `{}` twice", part.id);
            top.source().report("V-PARTS", part.line, what, "name the parts differently");
        }
    }
}

/// Reads one number of several.
pub(super) fn part(table: &Table<'_, '_>, context: Context<'_>) -> Option<Part> {
    let id = part_id(table);
    let ask = asks(table);
    let computed = computed(table, context, 1);
    table.finish();
    Some(Part { id: id?, ask: ask?, computed: computed?.into(), line: table.line() })
}

fn part_id(table: &Table<'_, '_>) -> Option<String> {
    let id = table.need_string("id")?;
    let is_name = id.value.starts_with(|c: char| c.is_ascii_alphabetic())
        && id.value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        let what = format!("`{}` is no name of a part", id.value);
        table.source().report("V-PARTS", id.line, what, "letters, digits and `_`");
    }
    Some(id.value)
}

/// Reads `ask`: one question.
fn asks(table: &Table<'_, '_>) -> Option<Phrase> {
    let mut text = table.need_string("ask")?;
    text.value = body::unfold(&text.value);
    body::plain(table, "the question", &text);
    length(table, "V-PARTS", "the question", &text, 10, 400);
    body::one_question(table, "V-PARTS", "the question", &text);
    phrase(table, &text)
}

fn decide(table: &Table<'_, '_>, registry: &Misconceptions) -> Option<Decision> {
    let id = part_id(table);
    let ask = asks(table);
    let inner = table.table("decision");
    table.finish();
    let inner = inner?;
    let best = inner.need_keyword::<Best>("best");
    let unit = answer::unit(&inner);
    let tables = inner.tables("option");
    if !(2..=5).contains(&tables.len()) {
        let what = format!("{} options", tables.len());
        table.source().report("V-OPTIONS", inner.line(), what, "give 2 to 5");
    }
    let options = tables.iter().filter_map(|t| contender(t, registry)).collect();
    inner.finish();
    Some(Decision { id: id?, ask: ask?, best: best?, unit: unit?, options, line: table.line() })
}

fn contender(table: &Table<'_, '_>, registry: &Misconceptions) -> Option<Contender> {
    let text = text(table, "text", "V-OPTIONS", 2, 240);
    let say = text_say(table);
    let wrong = table.need("misconception", idea(table, registry));
    let worth = worth(table);
    let check = table.string("check").and_then(|text| expr(table, &text));
    table.finish();
    Some(Contender {
        text: text?,
        worth: worth?,
        check,
        wrong: wrong?,
        say: say?,
        line: table.line(),
    })
}

fn worth(table: &Table<'_, '_>) -> Option<Worth> {
    if table.has("value") == table.has("eq") {
        let what = "an option is worth either a `value` or an `eq`";
        table.source().report("V-OPTIONS", table.line(), what, "give one of the two");
        return None;
    }
    let value: Option<At<String>> = table.string("value");
    match value {
        Some(text) => expr(table, &text).map(Worth::Expr),
        None => Some(Worth::Equation {
            equation: table.string("eq")?.value,
            bind: bindings(table, "bind"),
            output: table.string("output").map(|o| o.value),
        }),
    }
}
