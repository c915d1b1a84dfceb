//! Relative links between the Markdown files of the tree.

use std::path::Path;

use anyhow::Result;

use crate::workspace::{files, relative};

/// Returns every relative link whose target does not exist, as `file:line: target`.
///
/// # Errors
///
/// If a file cannot be read.
pub(crate) fn broken(root: &Path) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in files(root, &|path| path.extension().is_some_and(|kind| kind == "md"))? {
        let text = std::fs::read_to_string(&path)?;
        let folder = path.parent().unwrap_or(root);
        for (line, target) in targets(&text) {
            let file = target.split('#').next().unwrap_or_default();
            // A path of items is a link of rustdoc, which checks it itself.
            let outside = file.is_empty()
                || file.contains("::")
                || file.contains("://")
                || file.starts_with("mailto:");
            if !outside && !folder.join(file).exists() {
                problems.push(format!("{}:{line}: no such file: {target}", relative(&path)));
            }
        }
    }
    Ok(problems)
}

/// Returns line number and target of each inline link outside code.
fn targets(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Every second piece between backticks is code.
        for piece in line.split('`').step_by(2) {
            let ends = piece.match_indices("](").map(|(at, mark)| &piece[at + mark.len()..]);
            found.extend(
                ends.filter_map(|rest| rest.split_once(')')).map(|(target, _)| (index + 1, target)),
            );
        }
    }
    // A link whose text is code loses its opening half to the rule above; its target starts the next piece.
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_links_outside_code() {
        let text = "see [a](b.md) and [`c`](d.md#e)\n```\n[no](no.md)\n```\n`[no](no.md)`\n";
        assert_eq!(targets(text), [(1, "b.md"), (1, "d.md#e")]);
    }
}
