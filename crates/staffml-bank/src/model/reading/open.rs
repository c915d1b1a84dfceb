//! Open questions: figures, rubric, model answer.

use super::kinds::{different, part};
use super::{Context, body, length, phrase};
use crate::model::body::{About, Mark, Open, Row};
use crate::read::Table;

pub(super) fn open(top: &Table<'_, '_>, context: Context<'_>) -> Option<Open> {
    let tables = top.tables("parts");
    if tables.len() > 5 {
        let what = format!("{} figures", tables.len());
        top.source().report("V-PARTS", top.line(), what, "five at most");
    }
    let parts: Vec<_> = tables.iter().filter_map(|t| part(t, context)).collect();
    different(top, &parts);
    let model_answer = top.need_string("model_answer").and_then(|mut text| {
        text.value = body::unfold(&text.value);
        body::plain(top, "the model answer", &text);
        length(top, "V-RUBRIC", "the model answer", &text, 200, 4000);
        phrase(top, &text)
    });
    let rubric = top.need("rubric", top.table("rubric"))?;
    let must_compute = rubric.strings("must_compute").map_or_else(Vec::new, |list| list.value);
    for name in &must_compute {
        if tables.len() == parts.len() && !parts.iter().any(|p| p.id == name.value) {
            let what = format!("`must_compute` names `{}`, which no part computes", name.value);
            top.source().report("V-RUBRIC", name.line, what, "name a part");
        }
    }
    let rows: Vec<Row> = rubric.tables("row").iter().filter_map(row).collect();
    rubric.finish();
    let report = |what: String, fix: &str| {
        top.source().report("V-RUBRIC", rubric.line(), what, fix);
    };
    if !(3..=6).contains(&rows.len()) {
        report(format!("{} rows", rows.len()), "a rubric has 3 to 6");
    }
    let about = |wanted: &[About]| rows.iter().any(|row| wanted.contains(&row.about));
    if !about(&[About::Number]) {
        report("no row is about a number".to_owned(), "mark one with `about = \"number\"`");
    }
    if must_compute.is_empty() {
        let what = "no number must be computed".to_owned();
        report(what, "name at least one part in `must_compute`");
    }
    if !about(&[About::TradeOff, About::FailureMode]) {
        let fix = "mark one with `about = \"trade-off\"` or `\"failure-mode\"`";
        report("no row is about a trade-off or a failure mode".to_owned(), fix);
    }
    for (i, row) in rows.iter().enumerate() {
        if rows[..i].iter().any(|other| other.id == row.id) {
            report(format!("row `{}` twice", row.id), "name the rows differently");
        }
    }
    Some(Open {
        parts,
        must_compute: must_compute.into_iter().map(|m| m.value).collect(),
        rows,
        model_answer: model_answer?,
    })
}

fn row(table: &Table<'_, '_>) -> Option<Row> {
    let report = |line, what: String, fix: &str| {
        table.source().report("V-RUBRIC", line, what, fix);
    };
    let id = table.need_string("id");
    let ask = table.need_string("ask");
    if let Some(ask) = &ask {
        length(table, "V-RUBRIC", "`ask`", ask, 10, 200);
    }
    let about = table.need_keyword::<About>("about");
    let levels = table.need("levels", table.strings("levels"));
    let anchors = table.need("anchors", table.strings("anchors"));
    let weight = table.integer("weight").map_or(Some(1), |w| {
        let weight = u32::try_from(w.value).ok().filter(|w| (1..=10).contains(w));
        if weight.is_none() {
            report(w.line, format!("weight {}", w.value), "1 to 10");
        }
        weight
    });
    let quoted = match table.string("evidence") {
        None => true,
        Some(word) if word.value == "quote" => true,
        Some(word) if word.value == "none" => false,
        Some(word) => {
            report(word.line, format!("evidence `{}`", word.value), "`quote` or `none`");
            true
        }
    };
    table.finish();
    let (levels, anchors) = (levels?, anchors?);
    if !(2..=4).contains(&levels.value.len()) {
        report(levels.line, format!("{} levels", levels.value.len()), "give 2 to 4, worst first");
    }
    if anchors.value.len() != levels.value.len() {
        let what = format!("{} anchors for {} levels", anchors.value.len(), levels.value.len());
        report(anchors.line, what, "give one example sentence for each level");
    }
    for anchor in &anchors.value {
        length(table, "V-RUBRIC", "an anchor", anchor, 10, 300);
    }
    let marks = levels.value.into_iter().zip(anchors.value);
    Some(Row {
        id: id?.value,
        ask: ask?.value,
        about: about?,
        levels: marks.map(|(l, a)| Mark { earns: l.value, anchor: a.value }).collect(),
        weight: weight?,
        quoted,
    })
}
