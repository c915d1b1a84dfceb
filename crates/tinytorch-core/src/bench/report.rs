//! Tables of measurements.

use core::fmt::Write as _;

use super::environment::Environment;
use super::samples::{Samples, Summary};

/// One line of a report.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// Unit of the figures, `s` or `B` for example.
    pub unit: String,
    /// The figures.
    pub summary: Summary,
}

/// Measurements and where they were taken.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// Title.
    pub title: String,
    /// Machine and build.
    pub environment: Environment,
    /// Lines, in the order in which they were added.
    pub rows: Vec<Row>,
}

impl Report {
    /// Returns a report without lines that describes this machine.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), environment: Environment::read(), rows: Vec::new() }
    }

    /// Adds a line.
    pub fn add(&mut self, name: impl Into<String>, unit: impl Into<String>, samples: &Samples) {
        self.rows.push(Row { name: name.into(), unit: unit.into(), summary: samples.summary() });
    }

    /// Returns a Markdown table: median, interval of the mean, deviation, tail.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# {}\n\n", line(&self.title));
        for (name, value) in self.environment.entries() {
            let _ = writeln!(out, "- {name}: {value}");
        }
        out.push_str("\n| what | n | median | mean, 95 % | deviation | p90 | p99 | unit |\n");
        out.push_str("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
        for row in &self.rows {
            let s = &row.summary;
            let mean = s.mean_95.map_or_else(
                || format!("{}, one sample", figure(s.mean)),
                |i| format!("{} to {}", figure(i.low), figure(i.high)),
            );
            let std = s.std.map_or_else(|| "none".to_owned(), figure);
            let _ = writeln!(
                out,
                "| {} | {} | {} | {mean} | {std} | {} | {} | {} |",
                line(&row.name).replace('|', "\\|"),
                s.n,
                figure(s.median),
                figure(s.p90),
                figure(s.p99),
                line(&row.unit),
            );
        }
        out
    }

    /// Returns comma-separated values with a header; every figure in full.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut out =
            String::from("name,unit,n,mean,std,min,median,p90,p99,max,mean_low,mean_high\n");
        for row in &self.rows {
            let s = &row.summary;
            let maybe = |v: Option<f64>| v.map(|v| v.to_string()).unwrap_or_default();
            let _ = writeln!(
                out,
                "{},{},{},{},{},{},{},{},{},{},{},{}",
                quoted(&row.name),
                quoted(&row.unit),
                s.n,
                s.mean,
                maybe(s.std),
                s.min,
                s.median,
                s.p90,
                s.p99,
                s.max,
                maybe(s.mean_95.map(|i| i.low)),
                maybe(s.mean_95.map(|i| i.high)),
            );
        }
        out
    }

    /// Returns one JSON object with schema `tinytorch-bench/1`.
    #[cfg(feature = "json")]
    #[must_use]
    pub fn json(&self) -> String {
        use serde_json::{Map, Value, json};
        let environment: Map<String, Value> = self
            .environment
            .entries()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect();
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let s = &row.summary;
                json!({
                    "name": row.name, "unit": row.unit, "n": s.n, "mean": s.mean, "std": s.std,
                    "min": s.min, "median": s.median, "p90": s.p90, "p99": s.p99, "max": s.max,
                    "mean_95": s.mean_95.map(|i| [i.low, i.high]),
                })
            })
            .collect();
        json!({
            "schema": "tinytorch-bench/1", "title": self.title, "environment": environment,
            "rows": rows,
        })
        .to_string()
    }
}

/// Text on one line.
fn line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// A field of comma-separated values (RFC 4180).
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Four significant figures.
fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    match digits {
        0..=9 => format!("{value:.*}", digits as usize),
        -6..0 => format!("{value:.0}"),
        _ => format!("{value:.3e}"),
    }
}
