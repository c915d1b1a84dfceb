//! GIFT: questions as plain text, read by Moodle and many others.
//!
//! # Source
//!
//! Moodle documentation, "GIFT format", numerical questions with several answers.

use super::Set;

/// Returns the questions in GIFT.
///
/// The right value has weight 100, each recognized wrong value weight 0 and its own feedback.
#[must_use]
pub fn gift(set: &Set) -> String {
    let mut out = format!("// {}\n// bank: {}\n", line(&set.title), line(&set.bank));
    for license in set.licenses() {
        out.push_str(&format!("// license: {}\n", line(license)));
    }
    for question in &set.questions {
        let name = question.name();
        out.push_str(&format!("\n// {name}, {}\n", line(&question.license)));
        out.push_str(&format!(
            "::{}::[plain]{}",
            escape(&name),
            escape(&question.stem_with_unit())
        ));
        out.push_str("{#\n");
        let answer = |value: f64, (low, high): (f64, f64), weight: u32, say: &str| {
            // Tolerances are symmetric here, except for those by a factor: they are written as an interval.
            let (below, above) = (value - low, high - value);
            let number = if (below - above).abs() <= 1e-9 * value.abs() {
                format!("{value}:{above}")
            } else {
                format!("{low}..{high}")
            };
            format!("={}{number}#{}\n", weight_of(weight), escape(say))
        };
        out.push_str(&answer(question.value, question.accepted, 100, &question.takeaway));
        for wrong in &question.wrong {
            out.push_str(&answer(wrong.value, wrong.accepted, 0, &wrong.say));
        }
        out.push_str(&format!("####{}\n}}\n", escape(&question.solution)));
    }
    out
}

fn weight_of(percent: u32) -> String {
    format!("%{percent}%")
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
