//! Edges between topics that a bank adds to those of the crate.
//!
//! The crate knows what comes before what ([`prerequisites`](crate::sched::prerequisites)). A course with an order of its
//! own says so in `taxonomy.toml`; its prerequisites count beside those of the crate, the other kinds are for readers.

use core::fmt;

use super::misconceptions::format_is_one;
use super::taxonomy::words;
use super::topics::Topic;
use crate::problem::Problem;
use crate::read::{Keyword, Source};

words! {
    /// What one topic is to another.
    EdgeKind, "kind of edge", {
        /// `from` should be known before `to`:
        Prerequisite = "prerequisite",
        /// `from` holds `to` and more:
        Broader = "broader",
        /// `from` is a part of `to`:
        Narrower = "narrower",
        /// Both touch:
        Related = "related",
    }
}

/// What one topic is to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// The topic it starts from.
    pub from: Topic,
    /// The topic it leads to.
    pub to: Topic,
    /// What the first is to the second.
    pub kind: EdgeKind,
    /// Line in the file.
    pub line: usize,
}

/// Reads the edges of a file, collecting what is wrong with it.
pub(crate) fn read_edges(path: &str, text: &str) -> (Vec<Edge>, Vec<Problem>) {
    let source = Source::new(path, text);
    let mut edges: Vec<Edge> = Vec::new();
    source.read(|top| {
        format_is_one(top);
        for table in top.tables("edge") {
            let from = table.need_keyword::<Topic>("from");
            let to = table.need_keyword::<Topic>("to");
            let kind = table.need_keyword::<EdgeKind>("kind");
            table.finish();
            let (Some(from), Some(to), Some(kind)) = (from, to, kind) else { continue };
            if edges.iter().any(|e| (e.from, e.to, e.kind) == (from, to, kind)) {
                let what = format!("{from} is {kind} of {to} twice");
                source.report("V-TAX-TWICE", table.line(), what, "list it once");
                continue;
            }
            edges.push(Edge { from, to, kind, line: table.line() });
        }
        Some(())
    });
    (edges, source.into_problems())
}
