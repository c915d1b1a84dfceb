//! How a command ends.

use staffml_bank::Error;

/// A command that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done, or right.
    Yes,
    /// A negative answer.
    No,
}

/// A command that could not.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What went wrong and what to do.
    pub(crate) message: String,
    /// Exit status.
    pub(crate) status: u8,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: 2 }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let remedy = match &error {
            Error::UnknownTemplate { .. } => "; `staffml list` shows all",
            Error::Io { .. } => {
                "; name a folder with bank.toml, misconceptions.toml, ids.txt and q/"
            }
            Error::Require { .. } => "; give other values or leave them to the seed",
            _ => "",
        };
        let status = match &error {
            Error::Oracle { .. } | Error::Expr { .. } | Error::Exhausted { .. } => 1,
            _ => 2,
        };
        Self { message: format!("{error}{remedy}"), status }
    }
}

impl From<std::io::Error> for Failure {
    /// Writing failed: whoever read the output went away, or the disk is full.
    fn from(error: std::io::Error) -> Self {
        Self { message: format!("cannot write the output: {error}"), status: 1 }
    }
}
