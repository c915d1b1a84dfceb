//! Collects the outcome of every case and reports it.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

/// What became of the cases of one run.
pub(crate) struct Report {
    folder: PathBuf,
    only: Option<Vec<String>>,
    group: String,
    known: Vec<String>,
    lines: Vec<Value>,
}

impl Report {
    pub(crate) fn from_environment() -> Self {
        let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/data");
        let folder = std::env::var_os("STAFFML_GOLDEN_DIR").map_or(own, PathBuf::from);
        let only = std::env::var("GOLDEN_ONLY").ok().filter(|o| !o.trim().is_empty());
        let only = only.map(|o| o.split(',').map(|g| g.trim().to_owned()).collect());
        assert!(
            folder.is_dir(),
            "{} is no folder; name one in STAFFML_GOLDEN_DIR",
            folder.display()
        );
        Self { folder, only, group: String::new(), known: Vec::new(), lines: Vec::new() }
    }

    fn wanted(&self, group: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|g| g == group))
    }

    fn start(&mut self, group: &str, file: &str) -> bool {
        group.clone_into(&mut self.group);
        self.known.push(file.to_owned());
        self.wanted(group)
    }

    /// Runs one group on the contents of its file.
    pub(crate) fn group(&mut self, group: &str, file: &str, run: impl FnOnce(&mut Self, &Value)) {
        if !self.start(group, file) {
            return;
        }
        let path = self.folder.join(file);
        if !path.is_file() {
            eprintln!("{group}: skipped, there is no {}", path.display());
            return;
        }
        let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        match serde_json::from_str(&text) {
            Ok(data) => run(self, &data),
            Err(error) => self.case("file", Err(format!("not JSON: {error}"))),
        }
    }

    /// Counts every further file of the folder as unsupported.
    pub(crate) fn others(&mut self) {
        let entries =
            fs::read_dir(&self.folder).map(|d| d.flatten().collect::<Vec<_>>()).unwrap_or_default();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let group = name.strip_suffix(".json").unwrap_or_default().to_owned();
            if !group.is_empty() && !self.known.contains(&name) && self.wanted(&group) {
                self.group = group;
                self.line("all", "unsupported", "no such group is known");
            }
        }
    }

    /// Records one case: passed, or the first difference.
    pub(crate) fn case(&mut self, case: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.line(case, "passed", ""),
            Err(detail) => self.line(case, "failed", &detail),
        }
    }

    /// Records a case that this version cannot run.
    pub(crate) fn cannot(&mut self, case: &str, why: &str) {
        self.line(case, "unsupported", why);
    }

    fn line(&mut self, case: &str, status: &str, detail: &str) {
        let line = json!({ "group": self.group, "case": case, "status": status, "detail": detail });
        self.lines.push(line);
    }

    /// Writes the report, prints a summary and fails if any case did.
    pub(crate) fn finish(self) {
        if let Some(path) = std::env::var_os("GOLDEN_REPORT") {
            let text: String = self.lines.iter().map(|l| format!("{l}\n")).collect();
            fs::write(&path, text)
                .unwrap_or_else(|e| panic!("{}: {e}", PathBuf::from(&path).display()));
        }
        let count = |status: &str| self.lines.iter().filter(|l| l["status"] == status).count();
        eprintln!(
            "{} passed, {} failed, {} unsupported",
            count("passed"),
            count("failed"),
            count("unsupported")
        );
        let failed: Vec<String> = self
            .lines
            .iter()
            .filter(|l| l["status"] == "failed")
            .map(|l| format!("{} {}: {}", l["group"], l["case"], l["detail"]))
            .collect();
        assert!(failed.is_empty(), "{} cases failed\n{}", failed.len(), failed.join("\n"));
    }
}

/// The elements of a list, each with its number as text.
pub(crate) fn each(data: &Value) -> impl Iterator<Item = (String, &Value)> {
    data.as_array().into_iter().flatten().enumerate().map(|(i, v)| (i.to_string(), v))
}

/// A number, or not-a-number where there is none.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// Compares with relative tolerance 1e-9, and 1e-9 absolute for numbers printed with nine decimals.
pub(crate) fn near(name: &str, got: f64, want: f64) -> Result<(), String> {
    if (got - want).abs() <= 1e-9 * want.abs().max(1.0) {
        Ok(())
    } else {
        Err(format!("{name}: {got} instead of {want}"))
    }
}
