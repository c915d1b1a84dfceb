//! Texts of a template.

use super::{expr, length, phrase};
use crate::expr::Expr;
use crate::model::Phrase;
use crate::model::head::Reference;
use crate::model::taxonomy::{Kind, Track};
use crate::read::{At, Table};

/// Reads what is asked, or the situation that the parts ask about, or the front of a card.
pub(super) fn stem(top: &Table<'_, '_>, kind: Kind) -> Option<Phrase> {
    if kind == Kind::Recall {
        let mut text = top.need_string("front")?;
        text.value = unfold(&text.value);
        plain(top, "the front", &text);
        length(top, "V-RECALL", "the front", &text, 10, 300);
        return phrase(top, &text);
    }
    wording(top, kind, top.need_string("stem")?)
}

/// Reads `stem_<track>`.
pub(super) fn track_stems(top: &Table<'_, '_>, kind: Kind) -> Vec<(Track, Phrase)> {
    let own = |track: &Track| {
        let text = top.string(&format!("stem_{track}"))?;
        Some((*track, wording(top, kind, text)?))
    };
    Track::ALL.iter().filter_map(own).collect()
}

fn wording(top: &Table<'_, '_>, kind: Kind, mut text: At<String>) -> Option<Phrase> {
    plain(top, "the stem", &text);
    text.value = unfold(&text.value);
    let most = if kind == Kind::Open { 1500 } else { 900 };
    length(top, "V-STEM", "the stem", &text, 40, most);
    // The parts of a question with several numbers ask for themselves; an open one sets a task.
    if matches!(kind, Kind::Numeric | Kind::Choice) {
        one_question(top, "V-STEM", "the stem", &text);
    }
    phrase(top, &text)
}

/// Reports a text that does not end with its one question.
pub(super) fn one_question(top: &Table<'_, '_>, code: &'static str, what: &str, text: &At<String>) {
    if !text.value.ends_with('?') || text.value.matches('?').count() != 1 {
        let what = format!("{what} does not end with its one question");
        top.source().report(code, text.line, what, "ask one question, at the end");
    }
}

/// Reads why a model may be larger than the machine it meets.
pub(super) fn infeasible(top: &Table<'_, '_>) -> Option<String> {
    let text = top.string("infeasible_ok")?;
    length(top, "V-FITS", "`infeasible_ok`", &text, 10, 240);
    Some(text.value)
}

/// Joins the lines of each paragraph: files break lines where it suits their authors.
pub(super) fn unfold(text: &str) -> String {
    let join = |p: &str| p.split_ascii_whitespace().collect::<Vec<&str>>().join(" ");
    let paragraphs: Vec<String> = text.split("\n\n").map(join).filter(|p| !p.is_empty()).collect();
    paragraphs.join("\n\n")
}

/// Reports HTML and control characters.
pub(super) fn plain(top: &Table<'_, '_>, what: &str, text: &At<String>) {
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
