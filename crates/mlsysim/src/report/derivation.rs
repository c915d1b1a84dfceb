//! A trace as a derivation to read: what is given, then step by step, each with its numbers put in, then the sources.

use super::table::columns;
use crate::trace::{Node, Trace};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Renders a trace as a derivation.
///
/// ```
/// use mlsysim::units::{Bytes, BytesPerSecond};
/// use mlsysim::{Convention, report::derivation::derivation, walls};
///
/// let inputs = [("bytes_moved", Bytes(16e9).into()), ("bandwidth", BytesPerSecond(2e12).into())];
/// let text = derivation(&walls::evaluate("memory.step_time", &inputs, Convention::Reference)?.trace);
/// assert!(text.contains("= 16 GB / 2 TB/s"), "{text}");
/// # Ok::<(), mlsysim::Error>(())
/// ```
#[must_use]
pub fn derivation(trace: &Trace) -> String {
    let mut sources: Vec<String> = Vec::new();
    let mut cite = |node: &Node| {
        let source = format!("{}: {}", node.kind, node.source);
        let at = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
            sources.push(source);
            sources.len() - 1
        });
        format!("[{}]", at + 1)
    };
    let words = |node: &Node| node.name.replace('_', " ");
    let mut given = Vec::new();
    let mut steps = String::new();
    let mut number = 0;
    for node in trace.nodes() {
        if node.formula.is_empty() {
            given.push(alloc::vec![
                format!("  {}", node.symbol),
                format!("= {:.6}", node.value),
                words(node),
                cite(node),
            ]);
            continue;
        }
        number += 1;
        let label = format!("  {number}. {}", node.symbol);
        let gap = " ".repeat(label.chars().count());
        steps.push_str(&format!("{label} = {}   ({}) {}\n", node.formula, words(node), cite(node)));
        let filled = filled(node, trace);
        if filled != node.formula {
            steps.push_str(&format!("{gap} = {filled}\n"));
        }
        let result = format!("{:.6}", node.value);
        if filled != result {
            steps.push_str(&format!("{gap} = {result}\n"));
        }
    }
    let mut text = String::new();
    if !given.is_empty() {
        text.push_str(&format!("Given\n{}\n", columns(&given)));
    }
    if !steps.is_empty() {
        text.push_str(&format!("Then\n{steps}\n"));
    }
    text.push_str("Sources\n");
    for (index, source) in sources.iter().enumerate() {
        text.push_str(&format!("  [{}] {source}\n", index + 1));
    }
    text
}

/// The formula with the value of each symbol that it reads in the place of the symbol.
fn filled(node: &Node, trace: &Trace) -> String {
    let mut read: Vec<(&str, String)> = node
        .reads
        .iter()
        .filter_map(|name| trace.node(name))
        .map(|node| (node.symbol, format!("{:.6}", node.value)))
        .collect();
    // The longest first: `W_r` is not `W` with something after it.
    read.sort_by_key(|(symbol, _)| core::cmp::Reverse(symbol.len()));
    let part_of_a_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '\'' | '*');
    let mut text = String::new();
    let mut rest = node.formula;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let found = read.iter().find(|(symbol, _)| {
            !symbol.is_empty()
                && !part_of_a_name(before)
                && rest.strip_prefix(symbol).is_some_and(|after| !after.starts_with(part_of_a_name))
        });
        if let Some((symbol, value)) = found {
            text.push_str(value);
            rest = &rest[symbol.len()..];
            before = 'x';
        } else {
            text.push(first);
            rest = &rest[first.len_utf8()..];
            before = first;
        }
    }
    text.trim().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Recorder;
    use crate::units::{Bytes, BytesPerSecond};

    #[test]
    fn numbers_take_the_place_of_whole_symbols_only() {
        let mut trace = Trace::new();
        trace.given("weights", "W", Bytes(1e9), "record");
        trace.given("weights_read", "W_r", Bytes(2e9), "record");
        trace.given("bandwidth", "BW", BytesPerSecond(1e9), "record");
        let reads: &'static [&'static str] = &["weights", "weights_read", "bandwidth"];
        trace.computed("t", "T", 3.0, "(W + W_r) / BW + W'", reads, "counting");
        assert_eq!(filled(&trace.nodes()[3], &trace), "(1 GB + 2 GB) / 1 GB/s + W'");
    }

    #[test]
    fn equal_sources_are_listed_once() {
        let mut trace = Trace::new();
        trace.given("a", "a", 1.0, "record");
        trace.given("b", "b", 2.0, "record");
        trace.computed("c", "c", 3.0, "a + b", &["a", "b"], "counting");
        let text = derivation(&trace);
        assert_eq!(text.matches("record").count(), 1);
        assert!(text.contains("  1. c = a + b   (c) [2]\n       = 1 + 2\n       = 3\n"), "{text}");
    }
}
