//! The submission as data, and its way to JSON and back.

use alloc::collections::BTreeMap;
use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{BenchmarkReport, Evidence, Fault, Improvements, Metrics, number, validate};
use crate::{Error, Result, dispatch, io::replace};

/// What `schema` says in version 2.
pub const SCHEMA: &str = "tinytorch-rs/2";
/// What `submission_type` says.
pub const SUBMISSION_TYPE: &str = "capstone_benchmark";

/// A baseline, what it was improved to, and the evidence.
///
/// Fields that are not named here are faults, everywhere but inside [`extra`](Self::extra).
///
/// # Examples
///
/// A file of the Python original:
///
/// ```
/// use tinytorch_core::olympics::Submission;
///
/// let text = r#"{
///     "tinytorch_version": "0.1.0", "submission_type": "capstone_benchmark", "timestamp": "2026-11-02 10:30:00",
///     "system_info": {"platform": "Linux", "python_version": "3.12.3", "numpy_version": "2.1.0"},
///     "baseline": {"model_name": "mlp", "metrics": {
///         "parameter_count": 273, "model_size_mb": 0.001, "accuracy": 92, "latency_ms_mean": NaN}}
/// }"#;
/// let faults = Submission::from_json(text).unwrap_err();
/// let paths: Vec<&str> = faults.iter().map(|f| f.path.as_str()).collect();
/// assert_eq!(paths, ["baseline.metrics.accuracy", "baseline.metrics.latency_ms_mean"]);
/// let mended = text.replace("92", "0.92").replace("NaN", "0.03");
/// assert_eq!(Submission::from_json(&mended).unwrap().baseline.metrics.accuracy, 0.92);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// [`SCHEMA`] in version 2, nothing in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Version of the library.
    pub tinytorch_version: String,
    /// [`SUBMISSION_TYPE`].
    pub submission_type: String,
    /// When it was measured, in the words of the writer.
    pub timestamp: String,
    /// Where it was measured.
    pub system_info: SystemInfo,
    /// Who submits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student_name: Option<String>,
    /// The model to begin with.
    pub baseline: Entry,
    /// The model after optimization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub optimized: Option<Optimized>,
    /// What the optimization changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub improvements: Option<Improvements>,
    /// What makes the claims checkable: version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Anything else that the writer wants to say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Value>,
}

/// Where a submission was measured.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SystemInfo {
    /// Operating system and architecture.
    pub platform: String,
    /// Version of Python, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_version: Option<String>,
    /// Version of NumPy, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numpy_version: Option<String>,
}

/// One model and what was measured on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name of the model.
    pub model_name: String,
    /// What was measured.
    pub metrics: Metrics,
}

/// The optimized model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimized {
    /// Name of the model.
    pub model_name: String,
    /// What was measured.
    pub metrics: Metrics,
    /// What was done to it, in order.
    #[serde(default)]
    pub techniques_applied: Vec<String>,
}

/// What a submission says beside its measurements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Version of the library.
    pub version: String,
    /// When it was measured.
    pub timestamp: String,
    /// Operating system and architecture.
    pub platform: String,
    /// Who submits.
    pub student: Option<String>,
}

impl Submission {
    /// Returns the submission of a baseline and, if there is one, of an optimized model with the techniques that made it, in
    /// version 1: without evidence.
    ///
    /// # Errors
    ///
    /// What a student's slot returns.
    pub fn build(
        about: &About,
        baseline: &BenchmarkReport,
        optimized: Option<(&BenchmarkReport, &[String])>,
    ) -> Result<Self> {
        dispatch::build_submission(about, baseline, optimized)
    }

    /// Returns the submission in version 2.
    #[must_use]
    pub fn with_evidence(self, evidence: Evidence) -> Self {
        Self { schema: Some(SCHEMA.to_owned()), evidence: Some(evidence), ..self }
    }

    /// Returns the submission in a text of JSON, of either version.
    ///
    /// # Errors
    ///
    /// All faults of the text, in the order of its fields.
    pub fn from_json(text: &str) -> Result<Self, Vec<Fault>> {
        let whole = |value: String, need: &str, remedy: &str| {
            vec![Fault::new(String::new(), value, need, remedy)]
        };
        let value: Value = serde_json::from_str(&number::python_words(text)).map_err(|e| {
            whole(
                format!("broken: {e}"),
                "JSON",
                "write the file with a program, or mend the place",
            )
        })?;
        let faults = validate::faults(&value);
        if !faults.is_empty() {
            return Err(faults);
        }
        serde_json::from_value(value).map_err(|e| {
            whole(format!("unreadable: {e}"), "a submission", "compare it with one that is valid")
        })
    }

    /// Returns all faults, in the order of the fields: none for a valid submission.
    ///
    /// Types are right by construction; ranges, sums that do not add up, and missing parts are what remains.
    #[must_use]
    pub fn validate(&self) -> Vec<Fault> {
        match serde_json::to_value(self) {
            Ok(value) => validate::faults(&value),
            Err(e) => vec![Fault::new(String::new(), e, "data that JSON can hold", "mend `extra`")],
        }
    }

    /// Returns the submission as JSON of several lines.
    ///
    /// # Errors
    ///
    /// All its faults: a file with faults is not written.
    pub fn to_json(&self) -> Result<String, Vec<Fault>> {
        let faults = self.validate();
        if !faults.is_empty() {
            return Err(faults);
        }
        serde_json::to_string_pretty(self)
            .map(|text| text + "\n")
            .map_err(|e| vec![Fault::new(String::new(), e, "data that JSON can hold", "mend it")])
    }

    /// Returns the submission in a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read; [`Error::Format`] with all faults of its content.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
        Self::from_json(&text).map_err(|faults| faulty(&faults))
    }

    /// Writes the submission, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] with all its faults; [`Error::Io`] if it cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let text = self.to_json().map_err(|faults| faulty(&faults))?;
        replace(path.as_ref(), text.as_bytes())
    }

    /// Returns the model that competes: the optimized one, or the baseline if there is none.
    #[must_use]
    pub fn contender(&self) -> (&str, &Metrics) {
        match &self.optimized {
            Some(optimized) => (&optimized.model_name, &optimized.metrics),
            None => (&self.baseline.model_name, &self.baseline.metrics),
        }
    }
}

/// All faults as one error.
pub(super) fn faulty(faults: &[Fault]) -> Error {
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    Error::format("submission", lines.join("; "))
}
