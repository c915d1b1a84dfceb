//! Tables of plain text.

use crate::trace::Trace;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Lays out rows of cells in columns as wide as their widest cell, two spaces apart, each line with its newline.
///
/// ```
/// use mlsysim::report::table::columns;
///
/// assert_eq!(columns(&[vec!["T_c", "20 ms"], vec!["I*", "7"]]), "T_c  20 ms\nI*   7\n");
/// ```
#[must_use]
pub fn columns<S: AsRef<str>>(rows: &[Vec<S>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.as_ref().chars().count());
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let missing = width.saturating_sub(cell.as_ref().chars().count());
            line.push_str(cell.as_ref());
            line.extend(core::iter::repeat_n(' ', missing + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Renders a trace: symbol, value to five digits, name, formula, and what kind of knowledge from where.
#[must_use]
pub fn trace(trace: &Trace) -> String {
    let mut rows =
        vec![["symbol", "value", "name", "formula", "origin"].map(String::from).to_vec()];
    for node in trace.nodes() {
        let formula = if node.formula.is_empty() { "-" } else { node.formula };
        rows.push(vec![
            node.symbol.into(),
            format!("{:.5}", node.value),
            node.name.into(),
            formula.into(),
            format!("{}: {}", node.kind, node.source),
        ]);
    }
    columns(&rows)
}
