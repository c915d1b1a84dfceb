//! What can go wrong with the log; each message says what is safe.

use core::fmt;

/// Why a line is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// It does not end with a checksum, or is no text.
    NoChecksum,
    /// The checksum of its bytes is another one.
    Checksum {
        /// The one that stands there.
        written: u32,
        /// The one of the bytes.
        actual: u32,
    },
    /// Whole, but no event.
    Form(String),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChecksum => f.write_str("it does not end with a checksum"),
            Self::Checksum { written, actual } => {
                write!(f, "its checksum says {written:08x}, its bytes give {actual:08x}")
            }
            Self::Form(why) => write!(f, "its bytes are whole, but it is no event: {why}"),
        }
    }
}

/// An error of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A line that is no event.
    #[error("not an event: {0}")]
    Line(Damage),
    /// An event that cannot be written.
    #[error("cannot write an event `{kind}`: {why}; nothing was written")]
    Unwritable {
        /// Its kind.
        kind: String,
        /// Why.
        why: String,
    },
    /// A file or folder that cannot be used.
    #[error("cannot {op} {path}: {why}; {safe}")]
    Io {
        /// What was tried, for example `read`.
        op: &'static str,
        /// The path.
        path: String,
        /// The reason the system gives.
        why: String,
        /// What became of the log.
        safe: &'static str,
    },
    /// An answer that did not reach the disk, which is full or gone.
    #[error("cannot append to {path}: {why}; this event is not kept, all {kept} before it are")]
    NotKept {
        /// The file.
        path: String,
        /// The reason the system gives.
        why: String,
        /// How many events of this device are safe.
        kept: u64,
    },
    /// Another process writes to the log.
    #[error(
        "the log in {path} is in use{}; close that one first, reading works meanwhile",
        holder(*process)
    )]
    Locked {
        /// The folder.
        path: String,
        /// The process that holds it, where it says so.
        process: Option<u32>,
    },
    /// Something that should be a log and is not.
    #[error("{path} is no log: {why}; nothing was changed")]
    NoLog {
        /// The path.
        path: String,
        /// What was found.
        why: String,
    },
}

fn holder(process: Option<u32>) -> String {
    process.map_or_else(String::new, |id| format!(" by process {id}"))
}

impl LogError {
    /// Returns the stable code of this error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Line(Damage::Form(_)) => "E-LOG-FORM",
            Self::Line(_) => "E-LOG-CRC",
            Self::Unwritable { .. } => "E-LOG-KIND",
            Self::Io { .. } => "E-LOG-IO",
            Self::NotKept { .. } => "E-LOG-FULL",
            Self::Locked { .. } => "E-LOG-LOCKED",
            Self::NoLog { .. } => "E-LOG-NONE",
        }
    }
}
