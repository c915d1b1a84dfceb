//! Counting cases and elements, and writing them down.

use core::fmt::Write as _;
use std::{collections::BTreeMap, io::Write as _};

use serde_json::{Value, json};

/// How many elements two results have, how many differ, and where the first difference is.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    pub(crate) elements: usize,
    pub(crate) differing: usize,
    pub(crate) first: Option<String>,
}

/// Passed, failed, unsupported cases; elements compared and differing.
type Counts = [usize; 5];

/// The outcome of every case so far.
pub(crate) struct Report {
    only: Option<Vec<String>>,
    lines: String,
    groups: BTreeMap<String, Counts>,
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
        self.add(group, case, 2, reason, &Compared::default());
    }

    /// Records a case: `Err` holds the first difference.
    pub(crate) fn case(&mut self, group: &str, case: &str, outcome: Result<(), String>) {
        self.compared(group, case, outcome.map(|()| Compared::default()));
    }

    /// Records a comparison element by element; `Err` holds why there was nothing to compare.
    pub(crate) fn compared(&mut self, group: &str, case: &str, outcome: Result<Compared, String>) {
        let (found, difference) = match outcome {
            Ok(mut compared) => {
                let first = compared.first.take();
                (compared, first)
            }
            Err(reason) => (Compared::default(), Some(reason)),
        };
        match difference {
            None => self.add(group, case, 0, "", &found),
            Some(difference) => {
                self.failures.push(format!("{group}/{case}: {difference}"));
                self.add(group, case, 1, &difference, &found);
            }
        }
    }

    fn add(&mut self, group: &str, case: &str, kind: usize, detail: &str, found: &Compared) {
        if !self.wants(group) {
            return;
        }
        let counts = self.groups.entry(group.to_owned()).or_default();
        counts[kind] += 1;
        counts[3] += found.elements;
        counts[4] += found.differing;
        let status = ["passed", "failed", "unsupported"][kind];
        let line = json!({
            "group": group, "case": case, "status": status, "detail": detail,
            "elements": found.elements, "differing": found.differing,
        });
        let _ = writeln!(self.lines, "{line}");
    }

    /// Adds a row to a table that is printed with the counts.
    pub(crate) fn row(&mut self, table: &str, columns: &[&str], row: &[Value]) {
        let line = json!({ "table": table, "columns": columns, "row": row });
        let _ = writeln!(self.lines, "{line}");
        let cells: Vec<String> =
            row.iter().map(|c| c.as_str().map_or_else(|| c.to_string(), str::to_owned)).collect();
        eprintln!("{table}: {}", cells.join(", "));
    }

    /// Writes the report file, prints a summary, and fails if a case failed.
    pub(crate) fn finish(self) {
        if let Some(path) = std::env::var_os("GOLDEN_REPORT") {
            let mut file = std::fs::File::create(&path).expect("GOLDEN_REPORT can be written");
            file.write_all(self.lines.as_bytes()).expect("GOLDEN_REPORT can be written");
        }
        let mut total = Counts::default();
        let say = |name: &str, [passed, failed, unsupported, elements, differing]: &Counts| {
            eprintln!(
                "{name}: {passed} passed, {failed} failed, {unsupported} unsupported; \
                 {elements} elements, {differing} differ"
            );
        };
        for (group, counts) in &self.groups {
            say(group, counts);
            for (sum, n) in total.iter_mut().zip(counts) {
                *sum += n;
            }
        }
        say("total", &total);
        let [passed, failed, unsupported, ..] = total;
        assert!(passed + failed + unsupported > 0, "no case was found");
        assert!(
            self.failures.is_empty(),
            "{failed} cases failed, first: {}",
            self.failures.iter().take(5).cloned().collect::<Vec<_>>().join("\n")
        );
    }
}
