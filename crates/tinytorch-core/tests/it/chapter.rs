//! Chapters of the guide, held against what the tests compute.

use std::{fs, path::Path};

/// The text of one chapter.
pub(crate) struct Chapter(String);

impl Chapter {
    /// Opens a chapter by its name under `docs/guide/tinytorch`. `None` outside the repository: a published crate comes
    /// without the guide.
    pub(crate) fn open(name: &str) -> Option<Self> {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        if !docs.join("SUMMARY.md").exists() {
            return None;
        }
        Some(Self(fs::read_to_string(docs.join("guide/tinytorch").join(name)).unwrap()))
    }

    /// Fails unless the chapter contains this text, figures included.
    #[track_caller]
    pub(crate) fn says(&self, text: impl AsRef<str>) {
        assert!(self.0.contains(text.as_ref()), "the chapter does not say: {}", text.as_ref());
    }

    /// Returns whether the chapter contains this text.
    #[cfg(feature = "safetensors")]
    pub(crate) fn contains(&self, text: &str) -> bool {
        self.0.contains(text)
    }

    /// Returns the cells of the row that starts so, the bars between them left out; fails if there is none.
    #[cfg(feature = "safetensors")]
    #[track_caller]
    pub(crate) fn row(&self, start: &str) -> Vec<String> {
        let row = self.0.lines().find(|line| line.starts_with(start));
        let row = row.unwrap_or_else(|| panic!("the chapter has no row: {start}"));
        row.split(" | ").map(str::to_owned).collect()
    }

    /// Fails unless the lines of the chapter's program stand in this order in `source`, where they are compiled and run.
    #[track_caller]
    pub(crate) fn shows_program_of(&self, source: &str) {
        let program = self.0.split("```rust\n").nth(1).and_then(|t| t.split("```").next()).unwrap();
        let mut lines = source.lines().map(str::trim);
        for line in program.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with("fn main()") {
                assert!(lines.any(|l| l == line), "no test runs the line: {line}");
            }
        }
    }
}

/// A count with a comma after every third digit, as the chapters write it.
pub(crate) fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(d);
    }
    out
}

#[test]
fn counts_are_grouped_in_threes() {
    assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
}
