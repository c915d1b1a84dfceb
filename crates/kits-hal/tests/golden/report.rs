//! Counting cases and writing them down.

use core::fmt::Write as _;
use std::{collections::BTreeMap, io::Write as _};

/// The outcome of every case so far.
pub(crate) struct Report {
    only: Option<Vec<String>>,
    lines: String,
    /// Passed, failed, unsupported.
    groups: BTreeMap<String, [usize; 3]>,
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn new() -> Self {
        let only = std::env::var("GOLDEN_ONLY")
            .ok()
            .map(|list| list.split(',').map(|s| s.trim().to_owned()).collect());
        Self { only, lines: String::new(), groups: BTreeMap::new(), failures: Vec::new() }
    }

    /// Returns `true` if the group is to be run.
    pub(crate) fn wants(&self, group: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|o| o == group))
    }

    pub(crate) fn unsupported(&mut self, group: &str, case: &str, reason: &str) {
        self.add(group, case, 2, reason);
    }

    /// Records a case: `Err` holds the first difference.
    pub(crate) fn case(&mut self, group: &str, case: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.add(group, case, 0, ""),
            Err(difference) => {
                self.failures.push(format!("{group}/{case}: {difference}"));
                self.add(group, case, 1, &difference);
            }
        }
    }

    fn add(&mut self, group: &str, case: &str, kind: usize, detail: &str) {
        if !self.wants(group) {
            return;
        }
        self.groups.entry(group.to_owned()).or_default()[kind] += 1;
        let status = ["passed", "failed", "unsupported"][kind];
        let line = serde_json::json!({
            "group": group, "case": case, "status": status, "detail": detail,
        });
        let _ = writeln!(self.lines, "{line}");
    }

    /// Writes the report file, prints a summary, and fails if a case failed.
    pub(crate) fn finish(self) {
        if let Some(path) = std::env::var_os("GOLDEN_REPORT") {
            let mut file = std::fs::File::create(&path).expect("GOLDEN_REPORT can be written");
            file.write_all(self.lines.as_bytes()).expect("GOLDEN_REPORT can be written");
        }
        let mut total = [0; 3];
        for (group, counts) in &self.groups {
            let [passed, failed, unsupported] = counts;
            eprintln!("{group}: {passed} passed, {failed} failed, {unsupported} unsupported");
            for (sum, n) in total.iter_mut().zip(counts) {
                *sum += n;
            }
        }
        let [passed, failed, unsupported] = total;
        eprintln!("total: {passed} passed, {failed} failed, {unsupported} unsupported");
        assert!(passed + failed + unsupported > 0, "no case was found");
        assert!(
            self.failures.is_empty(),
            "{failed} cases failed, first: {}",
            self.failures.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
        );
    }
}
