//! An event together with its line.

use super::{Event, LogError, wire};

/// An event together with the line that it was read from or is to be written as.
///
/// Lines travel between devices unchanged, so that each keeps its checksum and its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    event: Event,
    prev: u64,
    odd: Option<String>,
    line: String,
}

impl Record {
    /// Returns an event as the line that follows a line with the hash `prev`; 0 for the first of a device.
    ///
    /// # Errors
    ///
    /// [`LogError::Unwritable`] if the kind of the event is unknown to this version, or a number in it is not finite.
    pub fn write(event: Event, prev: u64) -> Result<Self, LogError> {
        let unwritable =
            |why: String| LogError::Unwritable { kind: event.what.kind().to_owned(), why };
        let line = match wire::encode(&event, prev) {
            Ok(Some(line)) => line,
            Ok(None) => return Err(unwritable("this version does not know its form".to_owned())),
            Err(error) => return Err(unwritable(error.to_string())),
        };
        Ok(Self { event, prev, odd: None, line })
    }

    /// Reads a line, without its newline.
    ///
    /// # Errors
    ///
    /// [`LogError::Line`] if the line is damaged or holds no event. An event of an unknown kind is no error.
    pub fn parse(line: &[u8]) -> Result<Self, LogError> {
        let decoded = wire::decode(line).map_err(LogError::Line)?;
        let line = String::from_utf8_lossy(line).into_owned(); // decoded, so it is UTF-8
        Ok(Self { event: decoded.event, prev: decoded.prev, odd: decoded.odd, line })
    }

    /// Returns the event.
    #[must_use]
    pub const fn event(&self) -> &Event {
        &self.event
    }

    /// Returns the line, without its newline.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Returns the hash that the line has of the line before it.
    #[must_use]
    pub const fn prev(&self) -> u64 {
        self.prev
    }

    /// Returns the hash that the next line is to have of this one.
    #[must_use]
    pub fn hash(&self) -> u64 {
        wire::hash(self.line.as_bytes())
    }

    /// Returns why an event of a known kind could not be understood.
    #[must_use]
    pub fn odd(&self) -> Option<&str> {
        self.odd.as_deref()
    }
}
