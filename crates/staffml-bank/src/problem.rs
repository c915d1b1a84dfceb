//! What is wrong with a bank, one finding at a time.
//!
//! Reading and checking collect problems and go on, so that an author sees all of them at once.

use core::fmt;

use serde::Serialize;

/// One finding, with its place and its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// Stable code: `V-…` and `E-…` are errors, `W-…` warnings.
    pub code: &'static str,
    /// The file, relative to the bank.
    pub file: String,
    /// The line, counted from 1; 0 if the finding concerns the whole file.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl Problem {
    /// Returns a problem of a place in a file.
    pub(crate) fn new(
        code: &'static str,
        file: &str,
        line: usize,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { code, file: file.to_owned(), line, what: what.into(), fix: fix.into() }
    }

    /// Returns whether this is a warning, which does not fail a check.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.code.starts_with("W-")
    }
}

impl fmt::Display for Problem {
    /// Writes `file:line: CODE: what; fix`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, file, line, what, fix } = self;
        write!(f, "{file}:{line}: {code}: {what}")?;
        if fix.is_empty() { Ok(()) } else { write!(f, "; {fix}") }
    }
}
