//! Why a device could not be measured.

use std::io;
use std::string::String;
use std::vec::Vec;

/// Why a command or a measurement failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The device was silent for too long.
    #[error("device: no `{waiting_for}` within {after_us} us")]
    Timeout {
        /// The line waited for.
        waiting_for: &'static str,
        /// Microseconds without a byte.
        after_us: u64,
    },
    /// The port gives nothing and does not wait: its other end is gone.
    #[error("port: closed by its other end while waiting for `{waiting_for}`")]
    Closed {
        /// The line waited for.
        waiting_for: &'static str,
    },
    /// The port failed.
    #[error("port: {operation} failed: {source}")]
    Port {
        /// `read` or `write`.
        operation: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The device answered with an error line.
    #[error("device: {line}")]
    Device {
        /// The line.
        line: String,
    },
    /// The answer lacks a line.
    #[error("device: no `{what}` in its answer {lines:?}")]
    Missing {
        /// What the line starts with.
        what: String,
        /// The answer.
        lines: Vec<String>,
    },
    /// A line does not hold what it should.
    #[error("device: cannot read `{line}`")]
    Unreadable {
        /// The line, or its part.
        line: String,
    },
    /// A line does not end.
    #[error("device: a line of more than {most} bytes")]
    LongLine {
        /// The longest line that is read.
        most: usize,
    },
    /// As many inferences as are allowed do not last long enough.
    #[error("device: {iterations} inferences took {elapsed_us} us, less than {least_us} us")]
    TooFast {
        /// Inferences run.
        iterations: u32,
        /// Microseconds they took.
        elapsed_us: u64,
        /// Microseconds they must take.
        least_us: u64,
    },
    /// There is no input to measure with.
    #[error("benchmark: no input given")]
    NoInput,
}
