//! GIFT: questions as plain text, read by Moodle and many others.
//!
//! # Source
//!
//! Moodle documentation, "GIFT format", numerical questions with several answers.

use super::{Set, Wants};

/// Returns the questions in GIFT.
///
/// The right value has weight 100, each recognized wrong value weight 0 and its own feedback.
#[must_use]
pub fn gift(set: &Set) -> String {
    let mut out = format!("// {}\n// bank: {}\n", line(&set.title), line(&set.bank));
    for license in set.licenses() {
        out.push_str(&format!("// license: {}\n", line(license)));
    }
    for (question, item) in set.items() {
        let name = question.item_name(item);
        out.push_str(&format!("\n// {}, {}\n", line(&name), line(&question.license)));
        let text = question.text_with_unit(item);
        out.push_str(&format!("::{}::[plain]{}", escape(&name), escape(&text)));
        match &item.wants {
            Wants::Number(number) => {
                out.push_str("{#\n");
                let right = (number.value, number.accepted, "%100%", question.takeaway.as_str());
                let wrong =
                    number.wrong.iter().map(|w| (w.value, w.accepted, "%0%", w.say.as_str()));
                for (value, accepted, weight, say) in core::iter::once(right).chain(wrong) {
                    let interval = interval(value, accepted);
                    out.push_str(&format!("={weight}{interval}#{}\n", escape(say)));
                }
            }
            Wants::Choice(options) => {
                out.push_str("{\n");
                for option in options {
                    let sign = if option.is_right { '=' } else { '~' };
                    out.push_str(&format!(
                        "{sign}{}#{}\n",
                        escape(&option.text),
                        escape(&option.say)
                    ));
                }
            }
            Wants::Text(_) => out.push_str("{\n"), // an essay has no answers
        }
        out.push_str(&format!("####{}\n}}\n", escape(&question.solution)));
    }
    out
}

/// A value with its tolerance; one that is wider on one side is written as an interval.
fn interval(value: f64, (low, high): (f64, f64)) -> String {
    let (below, above) = (value - low, high - value);
    if (below - above).abs() <= 1e-9 * value.abs() {
        format!("{value}:{above}")
    } else {
        format!("{low}..{high}")
    }
}

/// Text of a comment: on one line.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<&str>>().join(" ")
}

/// Text of a question: its own signs escaped, its lines joined, as an empty line would end the question.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.trim_end().chars() {
        match c {
            '~' | '=' | '#' | '{' | '}' | ':' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => {}
            c => out.push(c),
        }
    }
    out
}
