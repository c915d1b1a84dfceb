//! Counting and reporting outcomes.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use serde_json::json;

/// What became of a case.
pub(crate) enum Outcome {
    Passed,
    /// The first difference.
    Failed(String),
    /// What is missing.
    Unsupported(String),
}

#[derive(Default)]
struct Group {
    passed: usize,
    failed: usize,
    unsupported: usize,
    first_failure: Option<String>,
    first_unsupported: Option<String>,
}

/// The outcomes of all cases.
pub(crate) struct Report {
    only: Option<Vec<String>>,
    groups: BTreeMap<String, Group>,
    lines: Vec<String>,
}

impl Report {
    pub(crate) fn new(only: Option<Vec<String>>) -> Self {
        Self { only, groups: BTreeMap::new(), lines: Vec::new() }
    }

    /// True if this group was asked for.
    pub(crate) fn wants(&self, group: &str) -> bool {
        self.only.as_ref().is_none_or(|list| list.iter().any(|g| g == group))
    }

    pub(crate) fn add(&mut self, group: &str, case: &str, outcome: &Outcome) {
        let entry = self.groups.entry(group.to_owned()).or_default();
        let (status, detail) = match outcome {
            Outcome::Passed => {
                entry.passed += 1;
                ("passed", "")
            }
            Outcome::Failed(why) => {
                entry.failed += 1;
                entry.first_failure.get_or_insert_with(|| format!("{case}: {why}"));
                ("failed", why.as_str())
            }
            Outcome::Unsupported(what) => {
                entry.unsupported += 1;
                entry.first_unsupported.get_or_insert_with(|| format!("{case}: {what}"));
                ("unsupported", what.as_str())
            }
        };
        let line = json!({ "group": group, "case": case, "status": status, "detail": detail });
        self.lines.push(line.to_string());
    }

    pub(crate) fn ran(&self) -> usize {
        self.lines.len()
    }

    pub(crate) fn failed(&self) -> usize {
        self.groups.values().map(|g| g.failed).sum()
    }

    /// Writes one line of JSON per case.
    pub(crate) fn write(&self, path: &Path) {
        fs::write(path, self.lines.join("\n") + "\n")
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:12} {:>7} {:>7} {:>12}", "group", "passed", "failed", "unsupported")?;
        for (name, g) in &self.groups {
            writeln!(f, "{name:12} {:7} {:7} {:12}", g.passed, g.failed, g.unsupported)?;
            for (kind, first) in
                [("failed", &g.first_failure), ("unsupported", &g.first_unsupported)]
            {
                if let Some(first) = first {
                    writeln!(f, "    first {kind}: {first}")?;
                }
            }
        }
        Ok(())
    }
}
