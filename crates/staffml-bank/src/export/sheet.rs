//! Sheets for paper: Markdown and HTML, with the key apart.

use super::xml::escape;
use super::{Choice, Frozen, Item, Set, Wants};
use crate::variant::Menu;

/// Returns the questions as Markdown; with `key`, answers, wrong turns and worked solutions follow on a page of their
/// own.
#[must_use]
pub fn markdown(set: &Set, key: bool) -> String {
    let mut out = format!("# {}\n\n", plain(&set.title));
    for (i, question) in set.questions.iter().enumerate() {
        out.push_str(&format!("{}. {}\n\n", i + 1, indented(&markdown_text(question))));
    }
    if key {
        out.push_str("---\n\n## Key\n\n");
        for (i, question) in set.questions.iter().enumerate() {
            out.push_str(&format!("### {}\n\n", i + 1));
            markdown_key(question, "", &mut out);
            out.push_str(&format!("\n{}\n", question.solution_markdown));
        }
    }
    out.push_str(&format!("\n{}\n\n", plain(&imprint(set))));
    for question in &set.questions {
        let license = question.license.replace("--", "- -");
        out.push_str(&format!("<!-- {}, {license} -->\n", question.name()));
    }
    out
}

/// Where the questions come from.
pub(super) fn imprint(set: &Set) -> String {
    format!("Questions from the bank {}, {}.", set.bank, set.licenses().join(", "))
}

/// A question as plain text: the stem, what is asked, the options with their letters.
pub(super) fn front(question: &Frozen) -> String {
    let mut out = question.stem.clone();
    for (i, item) in question.items.iter().enumerate() {
        if !item.ask.is_empty() {
            out.push_str(&format!("\n({}) {}", i + 1, item.ask));
        }
        for (k, option) in options(item).iter().enumerate() {
            out.push_str(&format!("\n{}. {}", Menu::letter(k), option.text));
        }
    }
    out
}

fn options(item: &Item) -> &[Choice] {
    if let Wants::Choice(options) = &item.wants { options } else { &[] }
}

/// A question in Markdown: parts and options as paragraphs of their own.
pub(super) fn markdown_text(question: &Frozen) -> String {
    let text = front(question);
    let paragraphs = text.split('\n').filter(|line| !line.trim().is_empty());
    paragraphs.map(plain).collect::<Vec<String>>().join("\n\n")
}

/// The answers of a question and what wrong ones mean, as lists.
pub(super) fn markdown_key(question: &Frozen, indent: &str, out: &mut String) {
    for item in &question.items {
        let part =
            if item.part.is_empty() { String::new() } else { format!("{}: ", plain(&item.part)) };
        out.push_str(&format!("{indent}- {part}**{}**\n", plain(&item.right())));
        for (wrong, say) in item.wrong() {
            out.push_str(&format!("{indent}  - {}: {}\n", plain(&wrong), plain(say)));
        }
    }
}

/// Text without any meaning to Markdown.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        let means = r"\`*_[]<>#|~$&";
        if means.contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Lines after the first within the item of a list.
pub(super) fn indented(text: &str) -> String {
    text.replace('\n', "\n   ")
}

/// Style of a printed page: no colors, a key on pages of its own.
const STYLE: &str = "body{font:11pt/1.5 serif;max-width:46em;margin:2em auto;padding:0 1em}\
    li{margin:0 0 1em}.answer{border-bottom:1px solid #000;display:block;height:2em;margin-top:.5em}\
    pre{white-space:pre-wrap;font-size:9pt}section{break-after:page}\
    section:last-of-type{break-after:auto}.imprint{font-size:8pt}";

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

/// Text in HTML with its line breaks.
fn lines(text: &str) -> String {
    escape(text).replace('\n', "<br>")
}

pub(super) fn section(title: &str, name: &str, questions: &[Frozen], out: &mut String) {
    out.push_str(&format!("<section>\n<h1>{}</h1>\n", escape(title)));
    if !name.is_empty() {
        out.push_str(&format!("<p>{}</p>\n", escape(name)));
    }
    out.push_str("<ol>\n");
    for question in questions {
        out.push_str(&format!("<li>{}", lines(&question.stem)));
        for item in &question.items {
            if !item.ask.is_empty() {
                out.push_str(&format!("<p>{}</p>", lines(&item.ask)));
            }
            let options = options(item);
            if options.is_empty() {
                out.push_str("<span class=\"answer\"></span>");
                continue;
            }
            out.push_str("<ol type=\"A\">");
            for option in options {
                out.push_str(&format!("<li>{}</li>", lines(&option.text)));
            }
            out.push_str("</ol>");
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ol>\n</section>\n");
}

pub(super) fn key_section(title: &str, questions: &[Frozen], out: &mut String) {
    out.push_str(&format!("<section>\n<h2>{}</h2>\n<ol>\n", escape(title)));
    for question in questions {
        out.push_str(&format!("<li>{}<ul>", escape(&question.name())));
        for item in &question.items {
            let part =
                if item.part.is_empty() { String::new() } else { format!("{}: ", item.part) };
            let (part, right) = (escape(&part), escape(&item.right()));
            out.push_str(&format!("<li>{part}<strong>{right}</strong>"));
            let wrong = item.wrong();
            if !wrong.is_empty() {
                out.push_str("<ul>");
                for (wrong, say) in wrong {
                    out.push_str(&format!("<li>{}: {}</li>", escape(&wrong), escape(say)));
                }
                out.push_str("</ul>");
            }
            out.push_str("</li>");
        }
        out.push_str(&format!("</ul><pre>{}</pre></li>\n", escape(&question.solution)));
    }
    out.push_str("</ol>\n</section>\n");
}
