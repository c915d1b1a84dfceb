//! What is wrong with a submission, and where.

use core::fmt;

/// One fault of a submission.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The field, from the outside in, such as `baseline.metrics.accuracy`; empty for the whole file.
    pub path: String,
    /// What stands there, as JSON; `missing` for nothing.
    pub value: String,
    /// What has to stand there.
    pub need: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    pub(super) fn new(
        path: impl Into<String>,
        value: impl fmt::Display,
        need: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let mut value = value.to_string();
        if let Some((end, _)) = value.char_indices().nth(60) {
            value.truncate(end);
            value.push_str("..");
        }
        Self { path: path.into(), value, need: need.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the file" } else { &self.path };
        write!(f, "{path} is {}: {} is needed; {}", self.value, self.need, self.remedy)
    }
}
