//! Everything that can be wrong with a submission, found in one walk.
//!
//! The walk goes over JSON, not over the types, so that one field of a wrong type does not hide the faults of all others. What was
//! computed from other fields (improvements, statistics of the times) is computed again.

use serde_json::{Map, Value};

use super::{Fault, Improvements, Metrics, SCHEMA, SUBMISSION_TYPE, metrics, number::unmarked};
use crate::bench::Samples;

/// Statistics that this crate wrote come back to the last bits: texts of JSON keep every `f64`.
const EXACT: f64 = 1e-9;
/// Writers of version 1 may have rounded to four figures.
const ROUNDED: f64 = 1e-3;

/// Returns all faults of a submission.
pub(super) fn faults(value: &Value) -> Vec<Fault> {
    let mut walk = Walk(Vec::new());
    walk.submission(value);
    walk.0
}

/// A place in the file: the object and its path.
#[derive(Clone, Copy)]
struct At<'v> {
    object: &'v Map<String, Value>,
    path: &'v str,
}

impl At<'_> {
    fn field(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// What a number has to be.
struct Range {
    holds: fn(f64) -> bool,
    need: &'static str,
    remedy: &'static str,
}

const POSITIVE: Range =
    Range { holds: |v| v > 0.0, need: "a positive number", remedy: "measure it again" };
const NOT_NEGATIVE: Range =
    Range { holds: |v| v >= 0.0, need: "a number of at least 0", remedy: "measure it again" };
const SHARE: Range = Range {
    holds: |v| (0.0..=1.0).contains(&v),
    need: "a share from 0 to 1",
    remedy: "divide the right answers by all of them; 92 % is 0.92",
};
const ANY: Range = Range { holds: |_| true, need: "a number", remedy: "compute it again" };

struct Walk(Vec<Fault>);

impl Walk {
    fn add(
        &mut self,
        path: impl Into<String>,
        value: impl core::fmt::Display,
        need: &str,
        remedy: &str,
    ) {
        self.0.push(Fault::new(path, value, need, remedy));
    }

    fn submission(&mut self, value: &Value) {
        let known = [
            "schema",
            "tinytorch_version",
            "submission_type",
            "timestamp",
            "system_info",
            "student_name",
            "baseline",
            "optimized",
            "improvements",
            "evidence",
            "extra",
        ];
        let Some(top) = self.object(value, "", &known) else { return };
        let second = match top.object.get("schema") {
            None => false,
            Some(Value::String(text)) if text == SCHEMA => true,
            Some(other) => {
                let need = format!("\"{SCHEMA}\", or nothing for version 1");
                self.add("schema", shown(other), &need, "leave it out, or use a newer library");
                false
            }
        };
        self.text(top, "tinytorch_version", true);
        let kind = self.text(top, "submission_type", true);
        if let Some(other) = kind.filter(|kind| *kind != SUBMISSION_TYPE) {
            let need = format!("\"{SUBMISSION_TYPE}\"");
            self.add("submission_type", format!("\"{other}\""), &need, "write just that");
        }
        self.text(top, "timestamp", true);
        if let Some(info) =
            self.part(top, "system_info", true, &["platform", "python_version", "numpy_version"])
        {
            self.text(info, "platform", true);
            self.text(info, "python_version", false);
            self.text(info, "numpy_version", false);
        }
        self.text(top, "student_name", false);
        let baseline = self.model(top, "baseline", true);
        let optimized = self.model(top, "optimized", false);
        let tolerance = if second { EXACT } else { ROUNDED };
        self.improvements(top, [&baseline, &optimized], second, tolerance);
        self.evidence(top, second, [&baseline, &optimized]);
        match top.object.get("extra") {
            None => {}
            Some(Value::Object(extra)) => extra.iter().for_each(|(name, value)| {
                self.finite(&format!("extra.{name}"), value);
            }),
            Some(other) => self.add("extra", shown(other), "an object", "give each remark a name"),
        }
    }

    /// The object at `path`, with a fault for each field that is not known.
    fn object<'v>(&mut self, value: &'v Value, path: &'v str, known: &[&str]) -> Option<At<'v>> {
        let Value::Object(object) = value else {
            self.add(path, shown(value), "an object", "write its fields between { and }");
            return None;
        };
        let at = At { object, path };
        for (name, value) in object.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let need = "a field of the schema";
            self.add(
                at.field(name),
                shown(value),
                need,
                "correct its name, or move it into `extra`",
            );
        }
        Some(at)
    }

    /// The object in the field `name` of the top.
    fn part<'v>(
        &mut self,
        top: At<'v>,
        name: &'v str,
        needed: bool,
        known: &[&str],
    ) -> Option<At<'v>> {
        match top.object.get(name) {
            Some(value) => self.object(value, name, known),
            None => {
                if needed {
                    self.missing(name.to_owned(), "an object");
                }
                None
            }
        }
    }

    fn missing(&mut self, path: String, need: &str) {
        self.add(path, "missing", need, "add the field");
    }

    fn text<'v>(&mut self, at: At<'v>, name: &str, needed: bool) -> Option<&'v str> {
        match at.object.get(name) {
            None if needed => self.missing(at.field(name), "a text"),
            None => {}
            Some(Value::String(text)) if !text.starts_with('\0') && !text.trim().is_empty() => {
                return Some(text);
            }
            Some(other) => {
                self.add(at.field(name), shown(other), "a text", "write it between quotes");
            }
        }
        None
    }

    /// A number that is finite and inside of `range`.
    fn number(&mut self, at: At<'_>, name: &str, needed: bool, range: &Range) -> Option<f64> {
        let Some(value) = at.object.get(name) else {
            if needed {
                self.missing(at.field(name), range.need);
            }
            return None;
        };
        match value.as_f64() {
            Some(number) if (range.holds)(number) => return Some(number),
            Some(_) => self.add(at.field(name), shown(value), range.need, range.remedy),
            None if unmarked(value).is_some() => {
                self.add(at.field(name), shown(value), range.need, "measure it again");
            }
            None => {
                let remedy = "write a number without quotes and units";
                self.add(at.field(name), shown(value), range.need, remedy);
            }
        }
        None
    }

    /// A model with its metrics, if all of them are there and right.
    fn model(&mut self, top: At<'_>, name: &str, needed: bool) -> Option<Metrics> {
        let known: &[&str] = match name {
            "optimized" => &["model_name", "metrics", "techniques_applied"],
            _ => &["model_name", "metrics"],
        };
        let at = self.part(top, name, needed, known)?;
        self.text(at, "model_name", true);
        match at.object.get("techniques_applied") {
            None => {}
            Some(Value::Array(list)) => {
                for (i, technique) in list.iter().enumerate().filter(|(_, v)| !is_text(v)) {
                    let path = format!("{name}.techniques_applied[{i}]");
                    self.add(path, shown(technique), "a text", "name the technique");
                }
            }
            Some(other) => {
                let path = at.field("techniques_applied");
                self.add(path, shown(other), "a list of texts", "write them between [ and ]");
            }
        }
        let path = format!("{name}.metrics");
        let Some(value) = at.object.get("metrics") else {
            self.missing(path, "an object");
            return None;
        };
        let known = [
            "parameter_count",
            "model_size_mb",
            "accuracy",
            "latency_ms_mean",
            "latency_ms_std",
            "latency_ms_median",
            "throughput_samples_per_sec",
        ];
        let at = self.object(value, &path, &known)?;
        let before = self.0.len();
        let parameter_count = self.count(at, "parameter_count");
        let model_size_mb = self.number(at, "model_size_mb", true, &POSITIVE);
        let accuracy = self.number(at, "accuracy", true, &SHARE);
        let latency_ms_mean = self.number(at, "latency_ms_mean", true, &POSITIVE);
        let found = Metrics {
            parameter_count: parameter_count.unwrap_or(0),
            model_size_mb: model_size_mb.unwrap_or(0.0),
            accuracy: accuracy.unwrap_or(0.0),
            latency_ms_mean: latency_ms_mean.unwrap_or(0.0),
            latency_ms_std: self.number(at, "latency_ms_std", false, &NOT_NEGATIVE),
            latency_ms_median: self.number(at, "latency_ms_median", false, &POSITIVE),
            throughput_samples_per_sec: self.number(
                at,
                "throughput_samples_per_sec",
                false,
                &POSITIVE,
            ),
        };
        (self.0.len() == before).then_some(found)
    }

    fn count(&mut self, at: At<'_>, name: &str) -> Option<u64> {
        let need = "a whole number above 0";
        match at.object.get(name) {
            None => self.missing(at.field(name), need),
            Some(value) => match value.as_u64() {
                Some(count) if count > 0 => return Some(count),
                _ => self.add(at.field(name), shown(value), need, "count weights and biases"),
            },
        }
        None
    }

    /// The change that is claimed against the one that follows from the metrics.
    fn improvements(
        &mut self,
        top: At<'_>,
        [baseline, optimized]: [&Option<Metrics>; 2],
        second: bool,
        tolerance: f64,
    ) {
        let name = "improvements";
        let there = top.object.get("optimized").is_some();
        let known = ["speedup", "compression_ratio", "accuracy_delta"];
        let Some(at) = self.part(top, name, second && there, &known) else { return };
        if !there {
            let remedy = "add `optimized`, or leave the improvements out";
            self.add(name, "there", "an optimized model to compare with", remedy);
        }
        let claimed = known.map(|name| self.number(at, name, true, &ANY));
        let (Some(baseline), Some(optimized)) = (baseline, optimized) else { return };
        let Improvements { speedup, compression_ratio, accuracy_delta } =
            Improvements::between(baseline, optimized);
        for ((name, claimed), value) in
            known.into_iter().zip(claimed).zip([speedup, compression_ratio, accuracy_delta])
        {
            self.agrees(at.field(name), claimed, value, tolerance, "the metrics of both models");
        }
    }

    /// A number that follows from others.
    fn agrees(
        &mut self,
        path: String,
        claimed: Option<f64>,
        value: f64,
        tolerance: f64,
        from: &str,
    ) {
        let Some(claimed) = claimed else { return };
        if (claimed - value).abs() > tolerance * value.abs().max(1e-3) {
            let need = format!("{value}, which follows from {from},");
            self.add(path, claimed, &need, "compute it again; do not edit figures by hand");
        }
    }

    fn evidence(
        &mut self,
        top: At<'_>,
        second: bool,
        [baseline, optimized]: [&Option<Metrics>; 2],
    ) {
        let known = ["environment", "seeds", "latency_ms", "sha256", "own_work"];
        let Some(at) = self.part(top, "evidence", second, &known) else { return };
        if !second {
            let need = format!("`schema` with \"{SCHEMA}\" beside it");
            self.add("evidence", "there", &need, "add the field `schema`");
        }
        let two = top.object.get("optimized").is_some();
        match at.object.get("environment") {
            None => self.missing(at.field("environment"), "an object"),
            Some(Value::Object(entries)) => {
                for (name, value) in entries.iter().filter(|(_, v)| !is_text(v)) {
                    let path = format!("evidence.environment.{name}");
                    self.add(path, shown(value), "a text", "write it between quotes");
                }
            }
            Some(other) => {
                let remedy = "give each fact a name";
                self.add(at.field("environment"), shown(other), "an object", remedy);
            }
        }
        self.list(at, "seeds", "a list of whole numbers", |walk, path, value| {
            if value.as_u64().is_none() {
                walk.add(path, shown(value), "a whole number", "write the seed of the program");
            }
        });
        self.times(at, two, [baseline, optimized]);
        self.digests(at, two);
        self.list(at, "own_work", "a list of slots", Self::slot);
    }

    fn list(
        &mut self,
        at: At<'_>,
        name: &str,
        need: &str,
        mut each: impl FnMut(&mut Self, &str, &Value),
    ) {
        match at.object.get(name) {
            None => self.missing(at.field(name), need),
            Some(Value::Array(values)) => {
                for (i, value) in values.iter().enumerate() {
                    each(self, &format!("{}[{i}]", at.field(name)), value);
                }
            }
            Some(other) => {
                self.add(at.field(name), shown(other), need, "write it between [ and ]");
            }
        }
    }

    fn slot(&mut self, path: &str, value: &Value) {
        let known = ["slot", "core", "student", "reference"];
        let Some(at) = self.object(value, path, &known) else { return };
        self.text(at, "slot", true);
        let mut is = |name: &str, need: &str, holds: fn(&Value) -> bool| match at.object.get(name) {
            None => self.missing(at.field(name), need),
            Some(value) if holds(value) => {}
            Some(other) => {
                self.add(at.field(name), shown(other), need, "take the table of the course");
            }
        };
        is("core", "true or false", Value::is_boolean);
        is("student", "a whole number", Value::is_u64);
        is("reference", "a whole number", Value::is_u64);
    }

    /// Raw times, and the statistics that were claimed of them.
    fn times(&mut self, at: At<'_>, two: bool, metrics: [&Option<Metrics>; 2]) {
        let Some(value) = at.object.get("latency_ms") else {
            self.missing(at.field("latency_ms"), "an object");
            return;
        };
        let Some(at) = self.object(value, "evidence.latency_ms", &["baseline", "optimized"]) else {
            return;
        };
        for (name, metrics) in ["baseline", "optimized"].into_iter().zip(metrics) {
            if !two && name == "optimized" {
                self.unwanted(at, name);
                continue;
            }
            let before = self.0.len();
            let mut times = Vec::new();
            self.list(at, name, "a list of times", |walk, path, value| match value.as_f64() {
                Some(time) if time >= 0.0 => times.push(time),
                _ => walk.add(path, shown(value), "a time in milliseconds", "measure it again"),
            });
            if self.0.len() > before {
                continue;
            }
            let Ok(times) = Samples::new(times) else {
                self.add(at.field(name), "empty", "at least one time", "measure the model");
                continue;
            };
            let Some(claimed) = metrics else { continue };
            let field = |metric: &str| format!("{name}.metrics.{metric}");
            let from = format!("evidence.latency_ms.{name}");
            let per_second = 1000.0 / times.mean().max(metrics::LEAST_LATENCY_MS);
            for (metric, claimed, value) in [
                ("latency_ms_mean", Some(claimed.latency_ms_mean), times.mean()),
                ("latency_ms_std", claimed.latency_ms_std, times.std().unwrap_or(0.0)),
                ("latency_ms_median", claimed.latency_ms_median, times.median()),
                ("throughput_samples_per_sec", claimed.throughput_samples_per_sec, per_second),
            ] {
                self.agrees(field(metric), claimed, value, EXACT, &from);
            }
        }
    }

    fn digests(&mut self, at: At<'_>, two: bool) {
        let Some(value) = at.object.get("sha256") else {
            self.missing(at.field("sha256"), "an object");
            return;
        };
        let Some(at) = self.object(value, "evidence.sha256", &["baseline", "optimized", "data"])
        else {
            return;
        };
        for name in ["baseline", "optimized", "data"] {
            if !two && name == "optimized" {
                self.unwanted(at, name);
                continue;
            }
            let Some(text) = self.text(at, name, true) else { continue };
            let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if text.len() != 64 || !digits {
                let (need, remedy) =
                    ("64 hexadecimal digits in lower case", "take the output of sha256sum");
                self.add(at.field(name), format!("\"{text}\""), need, remedy);
            }
        }
    }

    fn unwanted(&mut self, at: At<'_>, name: &str) {
        if let Some(value) = at.object.get(name) {
            let remedy = "add `optimized`, or leave this out";
            self.add(at.field(name), shown(value), "an optimized model beside it", remedy);
        }
    }

    /// Remarks are free, but a file of JSON holds finite numbers only.
    fn finite(&mut self, path: &str, value: &Value) {
        match value {
            Value::Array(values) => {
                for (i, value) in values.iter().enumerate() {
                    self.finite(&format!("{path}[{i}]"), value);
                }
            }
            Value::Object(values) => {
                for (name, value) in values {
                    self.finite(&format!("{path}.{name}"), value);
                }
            }
            other if unmarked(other).is_some() => {
                self.add(path, shown(other), "a value of JSON", "write null for what is unknown");
            }
            _ => {}
        }
    }
}

fn is_text(value: &Value) -> bool {
    value.is_string() && unmarked(value).is_none()
}

/// A value as it stands in the file.
fn shown(value: &Value) -> String {
    unmarked(value).map_or_else(|| value.to_string(), str::to_owned)
}
