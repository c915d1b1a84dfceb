//! The plan as text: one row per operator, memory from left to right.

use core::fmt::Write;

use super::{Plan, Problem};

/// Columns of the map.
const WIDTH: usize = 64;

/// Draws which bytes each operator reads, writes and leaves alone.
///
/// `labels` names the operators. `i` is read for the last time, `+` is read and kept, `o` is
/// written, `x` is read and overwritten, `.` waits for a later operator, and a space is free.
#[must_use]
pub fn ascii_map(
    problem: &Problem,
    plan: &Plan,
    labels: &[String],
    reads: &[Vec<usize>],
) -> String {
    let mut out = String::new();
    let width = labels.iter().map(String::len).max().unwrap_or(0);
    let _ = writeln!(out, "{:width$} |0{:>end$}|", "", plan.peak, end = WIDTH - 1);
    let peak = u64::from(plan.peak).max(1);
    for (op, label) in labels.iter().enumerate() {
        let mut row = [' '; WIDTH];
        for (i, buffer) in problem.buffers.iter().enumerate() {
            if buffer.first > op || buffer.last < op {
                continue;
            }
            let read = reads.get(op).is_some_and(|r| r.contains(&i));
            let written = buffer.first == op && !read;
            let mark = match (read, written) {
                (true, _) if buffer.last == op => 'i',
                (true, _) => '+',
                (_, true) => 'o',
                _ => '.',
            };
            let start = u64::from(plan.offsets[i]);
            let end = start + u64::from(buffer.bytes);
            let width = WIDTH as u64;
            let columns = start * width / peak..(end * width).div_ceil(peak);
            for (column, cell) in (0..).zip(&mut row) {
                if !columns.contains(&column) {
                    continue;
                }
                *cell = match (*cell, mark) {
                    ('o', 'i') | ('i', 'o') => 'x',
                    (' ', mark) => mark,
                    (old, _) => old,
                };
            }
        }
        let row: String = row.iter().collect();
        let _ = writeln!(out, "{label:width$} |{row}|");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Buffer;

    #[test]
    fn rows_show_what_is_read_and_written() {
        let problem = Problem {
            buffers: vec![
                Buffer { bytes: 32, first: 0, last: 0 },
                Buffer { bytes: 32, first: 0, last: 2 },
            ],
            overlaps: Vec::new(),
            align: 16,
        };
        let plan = Plan { offsets: vec![0, 32], peak: 64 };
        let labels = ["0 CONV".to_owned(), "1 RELU".to_owned()];
        let text = ascii_map(&problem, &plan, &labels, &[vec![0], vec![1]]);
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(rows[1], format!("0 CONV |{}{}|", "i".repeat(32), "o".repeat(32)));
        assert_eq!(rows[2], format!("1 RELU |{}{}|", " ".repeat(32), "+".repeat(32)));
    }
}
