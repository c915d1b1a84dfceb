//! One function per group of vectors: read the inputs, call the library, name the outputs.

mod analysis;
mod data;
mod evaluate;
pub(crate) mod fleet;
mod formulas;
pub(crate) mod node;
pub(crate) mod operations;
pub(crate) mod records;

use crate::case::Case;
use crate::compare::Verdict;
use serde_json::Value;

/// Every file of groups.
const FILES: [fn(&str, &Case<'_>) -> Option<Verdict>; 8] = [
    records::run,
    node::run,
    data::run,
    fleet::run,
    operations::run,
    formulas::run,
    analysis::run,
    evaluate::run,
];

/// Runs one case of a group.
pub(crate) fn run(group: &str, case: &Value, objects: &Value) -> Verdict {
    let x = Case { case, objects };
    FILES.iter().find_map(|run| run(group, &x)).unwrap_or_else(|| {
        Verdict::Unsupported("no resolver for this group in this version".into())
    })
}
