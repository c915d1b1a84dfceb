//! The tools of those who write questions.

pub(crate) mod args;
pub(crate) mod bank;
pub(crate) mod fresh;
pub(crate) mod oracle;
pub(crate) mod report;
pub(crate) mod search;
pub(crate) mod show;
mod stats;
pub(crate) mod tidy;
mod write;

use crate::output;

/// A name in a column of `width` characters, and text beside it in lines that end before the 79th.
fn beside(name: &str, text: &str, width: usize) -> String {
    let block = output::indent(text, width, width);
    if name.chars().count() >= width {
        return format!("{name}\n{block}");
    }
    format!("{name:<width$}{}", block.trim_start_matches(' '))
}
