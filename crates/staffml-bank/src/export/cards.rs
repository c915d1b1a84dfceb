//! Cards for Anki and its like: one line per card, fields parted by tabs.
//!
//! # Source
//!
//! Anki manual, "Text files: file headers".

use super::{Item, Set, sheet};

/// Returns the questions as cards: front, back, tags, and a name that stays the same when the set is exported again.
#[must_use]
pub fn anki(set: &Set) -> String {
    let deck = set.title.replace(['\n', '\t'], " ");
    let mut out = format!(
        "#separator:tab\n#html:false\n#notetype:Basic\n#deck:{deck}\n#tags column:3\n#guid column:4\n"
    );
    for question in &set.questions {
        let front = sheet::front(question);
        let right: Vec<String> = question.items.iter().map(Item::right).collect();
        let back = format!(
            "{}\n\n{}{}\n{}",
            right.join("\n"),
            question.solution,
            question.takeaway,
            question.license
        );
        let tags: Vec<String> =
            question.tags.iter().map(|t| t.replace(char::is_whitespace, "-")).collect();
        let guid = format!("{}@{}:{}", question.id, question.major, question.seed);
        let fields = [front.as_str(), &back, &tags.join(" "), &guid];
        out.push_str(&fields.map(field).join("\t"));
        out.push('\n');
    }
    out
}

/// A field: in quotes where it holds a line break or quotes; a tab becomes a space.
fn field(text: &str) -> String {
    let text = text.replace('\t', " ");
    let plain = !text.contains(['"', '\n', '\r']) && !text.starts_with('#');
    if plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
