//! Sheets for paper: Markdown and HTML, with the key apart.

use super::xml::escape;
use super::{Frozen, Set};

/// Returns the questions as Markdown; with `key`, answers, wrong turns and worked solutions follow on a page of their
/// own.
#[must_use]
pub fn markdown(set: &Set, key: bool) -> String {
    let mut out = format!("# {}\n\n", plain(&set.title));
    for (i, question) in set.questions.iter().enumerate() {
        out.push_str(&format!("{}. {}\n\n", i + 1, indented(&plain(&question.stem))));
    }
    if key {
        out.push_str("---\n\n## Key\n\n");
        for (i, question) in set.questions.iter().enumerate() {
            out.push_str(&format!("### {}. {}\n\n", i + 1, plain(&question.display)));
            for wrong in &question.wrong {
                out.push_str(&format!(
                    "- {}: {}\n",
                    wrong_value(question, wrong.value),
                    plain(&wrong.say)
                ));
            }
            out.push_str(&format!("\n{}\n", question.solution_markdown));
        }
    }
    out.push_str(&format!("\n{}\n", plain(&imprint(set))));
    for question in &set.questions {
        out.push_str(&format!(
            "<!-- {}, {} -->\n",
            question.name(),
            question.license.replace("--", "- -")
        ));
    }
    out
}

/// Where the questions come from.
pub(super) fn imprint(set: &Set) -> String {
    format!("Questions from the bank {}, {}.", set.bank, set.licenses().join(", "))
}

pub(super) fn wrong_value(question: &Frozen, value: f64) -> String {
    let number = crate::quantity::format::number(value, 4);
    format!("{number} {}", question.unit).trim_end().to_owned()
}

/// Text without any meaning to Markdown.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '$' | '&')
        {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Lines after the first within the item of a list.
fn indented(text: &str) -> String {
    text.replace('\n', "\n   ")
}

/// Style of a printed page: no colors, a key on pages of its own.
pub(super) const STYLE: &str = "body{font:11pt/1.5 serif;max-width:46em;margin:2em auto;padding:0 1em}li{margin:0 0 1.5em}.answer{border-bottom:1px solid #000;display:block;height:2em;margin-top:.5em}pre{white-space:pre-wrap;font-size:9pt}section{break-after:page}section:last-of-type{break-after:auto}.imprint{font-size:8pt}";

/// Returns the questions as a page for printing, with the key on pages of its own if asked for.
#[must_use]
pub fn html(set: &Set, key: bool) -> String {
    let mut out = head(&set.title);
    section(&set.title, "", &set.questions, &mut out);
    if key {
        key_section("Key", &set.questions, &mut out);
    }
    out.push_str(&foot(&imprint(set)));
    out
}

pub(super) fn head(title: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{}</title><style>{STYLE}</style></head>\n<body>\n",
        escape(title)
    )
}

pub(super) fn foot(imprint: &str) -> String {
    format!("<p class=\"imprint\">{}</p>\n</body>\n</html>\n", escape(imprint))
}

pub(super) fn section(title: &str, name: &str, questions: &[Frozen], out: &mut String) {
    out.push_str(&format!("<section>\n<h1>{}</h1>\n", escape(title)));
    if !name.is_empty() {
        out.push_str(&format!("<p>{}</p>\n", escape(name)));
    }
    out.push_str("<ol>\n");
    for question in questions {
        let stem = escape(&question.stem).replace('\n', "<br>");
        out.push_str(&format!("<li>{stem}<span class=\"answer\"></span></li>\n"));
    }
    out.push_str("</ol>\n</section>\n");
}

pub(super) fn key_section(title: &str, questions: &[Frozen], out: &mut String) {
    out.push_str(&format!("<section>\n<h2>{}</h2>\n<ol>\n", escape(title)));
    for question in questions {
        out.push_str(&format!(
            "<li><strong>{}</strong> ({})",
            escape(&question.display),
            escape(&question.name())
        ));
        if !question.wrong.is_empty() {
            out.push_str("<ul>");
            for wrong in &question.wrong {
                out.push_str(&format!(
                    "<li>{}: {}</li>",
                    escape(&wrong_value(question, wrong.value)),
                    escape(&wrong.say)
                ));
            }
            out.push_str("</ul>");
        }
        out.push_str(&format!("<pre>{}</pre></li>\n", escape(&question.solution)));
    }
    out.push_str("</ol>\n</section>\n");
}
