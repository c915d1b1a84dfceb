//! Checks on the order of topics: none comes before itself.

use crate::bank::Bank;
use crate::model::{EdgeKind, Topic};
use crate::problem::Problem;

/// Reports every prerequisite of a bank that closes a circle.
pub(super) fn check(bank: &Bank) -> Vec<Problem> {
    let before = |topic: Topic| bank.prerequisites(topic).collect::<Vec<Topic>>();
    let mut problems = Vec::new();
    for edge in bank.edges().iter().filter(|e| e.kind == EdgeKind::Prerequisite) {
        let Some(path) = path(edge.from, edge.to, &before) else { continue };
        let names: Vec<&str> = path.iter().rev().map(|t| t.name()).collect();
        let what =
            format!("{} comes before itself: {} -> {}", edge.to, names.join(" -> "), edge.to);
        problems.push(Problem::new(
            "V-TAX-CYCLE",
            Bank::EDGES,
            edge.line,
            what,
            "drop one of these prerequisites",
        ));
    }
    problems
}

/// Returns the topics on the way from `topic` back to `goal`, both included; nothing if there is none.
fn path(topic: Topic, goal: Topic, before: &dyn Fn(Topic) -> Vec<Topic>) -> Option<Vec<Topic>> {
    // Each topic found, with the place of the one that led to it.
    let mut found: Vec<(Topic, Option<usize>)> = vec![(topic, None)];
    let mut i = 0;
    while let Some((here, _)) = found.get(i).copied() {
        if here == goal {
            let mut out = Vec::new();
            let mut at = Some(i);
            while let Some((topic, led)) = at.and_then(|at| found.get(at)) {
                out.push(*topic);
                at = *led;
            }
            out.reverse();
            return Some(out);
        }
        for next in before(here) {
            if !found.iter().any(|(topic, _)| *topic == next) {
                found.push((next, Some(i)));
            }
        }
        i += 1;
    }
    None
}
