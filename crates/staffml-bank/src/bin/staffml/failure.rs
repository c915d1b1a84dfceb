//! How a command ends.

use staffml_bank::Error;
use staffml_bank::log::LogError;
use staffml_bank::session::SessionError;

/// A command that did its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done, or right.
    Yes,
    /// A negative answer.
    No,
    /// Left by the learner before its end.
    Left,
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

    /// A file or a stream that cannot be used.
    pub(crate) fn io(message: impl Into<String>) -> Self {
        Self { message: message.into(), status: 3 }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Bank(error) => Self::from(*error),
            SessionError::Journal(_) => Self::io(error.to_string()),
            SessionError::Nothing(_) => Self { message: error.to_string(), status: 1 },
            _ => Self::usage(error.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if let Error::Log(error) = error {
            return error.into();
        }
        let remedy = match &error {
            Error::UnknownTemplate { .. } => "; `staffml list` shows all",
            Error::Io { .. } => {
                "; name a folder with bank.toml, misconceptions.toml, ids.txt and q/"
            }
            Error::Require { .. } => "; give other values or leave them to the seed",
            _ => "",
        };
        let status = match &error {
            Error::Expr { .. } | Error::Exhausted { .. } => 1,
            Error::Io { .. } => 3,
            Error::Oracle { .. } => 4,
            _ => 2,
        };
        Self { message: format!("{error}{remedy}"), status }
    }
}

impl From<LogError> for Failure {
    /// What stands in the log is damaged (6), or a file cannot be used (3).
    fn from(error: LogError) -> Self {
        let status = if matches!(error, LogError::Line(_)) { 6 } else { 3 };
        Self { message: format!("{}: {error}", error.code()), status }
    }
}

impl From<std::io::Error> for Failure {
    /// Writing failed: whoever read the output went away, or the disk is full.
    fn from(error: std::io::Error) -> Self {
        Self { message: format!("cannot write the output: {error}"), status: 1 }
    }
}
