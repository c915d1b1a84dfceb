//! Tables of plain text.

use crate::composite::single_node::{Fit, Profile};
use crate::trace::Trace;
use crate::units::{Quantity, Seconds};
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

/// Renders a profile: the time and its parts, what limits it, energy, and whether it fits.
///
/// `complete` says whether all the memory that the work needs is known; if not, the table says "more than".
#[must_use]
pub fn profile(profile: &Profile, complete: bool) -> String {
    let share = |part: Seconds| {
        if profile.time > Seconds::ZERO {
            format!("{:.0} %", 100.0 * (part / profile.time))
        } else {
            String::new()
        }
    };
    let line = |name: &str, value: String, note: String| vec![name.into(), value, note];
    let time = |value: Seconds| format!("{:.4}", Quantity::from(value));
    let mut rows = vec![
        line(
            "time",
            time(profile.time),
            format!("{:.4} results per second", Quantity::number(profile.throughput.0)),
        ),
        line("  arithmetic", time(profile.compute_time), share(profile.compute_time)),
        line("  memory traffic", time(profile.memory_time), share(profile.memory_time)),
        line("  fixed", time(profile.overhead), share(profile.overhead)),
    ];
    let limit = if profile.overhead_dominated { "fixed time" } else { profile.bottleneck.key() };
    rows.push(line("limited by", limit.to_ascii_lowercase(), String::new()));
    rows.push(line(
        "intensity",
        format!("{:.4}", Quantity::from(profile.arithmetic_intensity)),
        format!("ridge at {:.4}", Quantity::from(profile.ridge_point)),
    ));
    rows.push(line("share of the peak", format!("{:.3} %", 100.0 * profile.mfu), String::new()));
    let energy = profile
        .energy
        .map_or_else(|| "unknown".into(), |energy| format!("{:.4}", Quantity::from(energy)));
    rows.push(line("energy", energy, String::new()));
    if let Some(weights) = &profile.weights {
        rows.push(line("weight store", verdict(weights), sizes(weights, true)));
    }
    rows.push(line("memory", verdict(&profile.memory), sizes(&profile.memory, complete)));
    columns(&rows)
}

fn verdict(fit: &Fit) -> String {
    if fit.fits { "fits".into() } else { format!("short by {:.5}", Quantity::from(fit.short_by)) }
}

fn sizes(fit: &Fit, complete: bool) -> String {
    let needs = if complete { "needs" } else { "activations unknown, needs more than" };
    format!("{needs} {:.5}, has {:.5}", Quantity::from(fit.need), Quantity::from(fit.have))
}
