//! Tables for people.

use core::fmt::Write as _;

use super::{Report, Row, Verdict};
use crate::case::OURS;
use crate::stats::Spread;

/// Returns the report as text.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    let mut line = |content: String| {
        text.push_str(content.trim_end());
        text.push('\n');
    };
    line(report.machine.line());
    line(format!(
        "limits measured with {} threads: {:.0} GFLOP/s (f32), {:.1} GB/s (read and write)",
        report.machine.threads,
        report.roof.flop_per_s / 1e9,
        report.roof.bytes_per_s / 1e9
    ));
    for (name, version) in &report.peers {
        line(format!("{name} {version}"));
    }
    for (name, how) in &report.absent {
        line(format!("{name} is absent: {how}"));
    }
    let mut packages: Vec<&str> = report.rows.iter().map(|row| row.package).collect();
    packages.dedup();
    for package in packages {
        let rows: Vec<&Row> = report.rows.iter().filter(|row| row.package == package).collect();
        line(String::new());
        line(format!(
            "{package}: median, share of the limit, and our time / theirs (quartiles of the rounds)"
        ));
        for content in aligned(&cells(report, &rows)) {
            line(content);
        }
    }
    line(String::new());
    for row in &report.rows {
        for (goal, ratio) in row.reached() {
            if Verdict::of(goal, ratio) == Verdict::Short {
                line(format!(
                    "short: {} takes {:.2} of {}, goal {}",
                    row.name, ratio.median, goal.peer, goal.ratio
                ));
            }
        }
    }
    for row in &report.rows {
        for (name, text) in &row.outcome.remarks {
            line(format!("note: {name} in {}: {text}", row.name));
        }
    }
    for row in &report.rows {
        for (name, why) in &row.outcome.failures {
            line(format!("failed: {name} in {}: {why}", row.name));
        }
    }
    text
}

/// Header and rows of one crate's table.
fn cells(report: &Report, rows: &[&Row]) -> Vec<Vec<String>> {
    let mut names: Vec<&str> = Vec::new();
    for times in rows.iter().flat_map(|row| &row.outcome.times) {
        if times.name != OURS && !names.contains(&times.name) {
            names.push(times.name);
        }
    }
    let mut header =
        vec!["case".to_owned(), OURS.to_owned(), "rate".to_owned(), "of limit".to_owned()];
    header.extend(names.iter().map(|name| format!("/{name}")));
    header.push("goals".to_owned());
    let mut all = vec![header];
    for row in rows {
        let median = row.ours().and_then(|times| times.spread()).map(|spread| spread.median);
        let mut cells = vec![
            row.name.clone(),
            median.map_or_else(|| "failed".to_owned(), duration),
            median.map_or_else(String::new, |seconds| rate(row, seconds)),
            median
                .map_or_else(String::new, |seconds| share(report.roof.seconds(row.work), seconds)),
        ];
        for name in &names {
            let ratio = row.ratios().find(|(other, _)| other == name);
            cells.push(ratio.map_or_else(String::new, |(_, ratio)| quotient(ratio)));
        }
        let verdicts: Vec<String> = row
            .reached()
            .map(|(goal, ratio)| format!("{} {}", goal.peer, Verdict::of(goal, ratio).word()))
            .collect();
        cells.push(verdicts.join(", "));
        all.push(cells);
    }
    all
}

/// Pads every column to its widest cell: the first and the last to the left, numbers to the right.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.first().map_or(0, Vec::len);
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines = Vec::new();
    for row in rows {
        let mut line = String::new();
        for (i, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let gap = if i == 0 { "" } else { "  " };
            // Writing to a string cannot fail.
            let _ = if i == 0 || i + 1 == columns {
                write!(line, "{gap}{cell:width$}")
            } else {
                write!(line, "{gap}{cell:>width$}")
            };
        }
        lines.push(line);
    }
    lines
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1e-6 => format!("{:.1} ns", s * 1e9),
        s if s < 1e-3 => format!("{:.1} us", s * 1e6),
        s if s < 1.0 => format!("{:.2} ms", s * 1e3),
        s => format!("{s:.2} s"),
    }
}

/// FLOP/s where arithmetic is counted on more than one operation per value, else B/s.
fn rate(row: &Row, seconds: f64) -> String {
    let (flop, bytes) = (row.work.flop, row.work.bytes);
    if flop > bytes {
        format!("{:.1} GFLOP/s", flop / seconds / 1e9)
    } else if bytes > 0.0 {
        format!("{:.1} GB/s", bytes / seconds / 1e9)
    } else {
        String::new()
    }
}

fn share(limit: f64, seconds: f64) -> String {
    if limit > 0.0 { format!("{:.0} %", 100.0 * limit / seconds) } else { String::new() }
}

fn quotient(ratio: Spread) -> String {
    if ratio.median < 0.01 {
        format!("{:.4} ({:.4}-{:.4})", ratio.median, ratio.low, ratio.high)
    } else {
        format!("{:.2} ({:.2}-{:.2})", ratio.median, ratio.low, ratio.high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_readable() {
        let expected = "\
Test CPU, 2 threads, has avx2 fma, built for baseline, rustc 1.0, commit abc
limits measured with 2 threads: 200 GFLOP/s (f32), 10.0 GB/s (read and write)
burn 0.1
torch is absent: set BENCH_PYTHON

tinytorch-core: median, share of the limit, and our time / theirs (quartiles of the rounds)
case        ours           rate  of limit             /burn  goals
gemm-64  20.0 us  100.0 GFLOP/s      50 %  1.50 (1.25-1.75)  burn short

staffml-bank: median, share of the limit, and our time / theirs (quartiles of the rounds)
case     ours  rate  of limit            /naive  goals
grade  1.0 us                  0.50 (0.50-0.50)

short: gemm-64 takes 1.50 of burn, goal 1
note: torch in grade: refuses
failed: candle in gemm-64: panicked: no
";
        assert_eq!(table(&super::super::tests::example()), expected);
    }

    #[test]
    fn durations_take_a_fitting_unit() {
        assert_eq!(duration(1.25e-7), "125.0 ns");
        assert_eq!(duration(0.0025), "2.50 ms");
        assert_eq!(duration(2.0), "2.00 s");
    }
}
