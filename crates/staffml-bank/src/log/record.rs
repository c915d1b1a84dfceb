//! An event together with its line.

use core::cmp::Ordering;

use super::{Event, LogError, wire};
use crate::problem::Problem;

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

    /// Returns the same record chained to another line.
    ///
    /// The text is changed in two places only, so fields that this version does not know stay.
    pub(super) fn after(&self, prev: u64) -> Self {
        let line = wire::chain_anew(&self.line, self.prev, prev);
        Self { prev, line, ..self.clone() }
    }

    /// Returns the line without its place in the chain and its checksum: two records of one event agree in it even if
    /// one of them was chained anew.
    fn content(&self) -> (&str, &str) {
        let end = self.line.rfind(wire::BEFORE_CRC).unwrap_or(self.line.len());
        let body = self.line.get(..end).unwrap_or_default();
        // A quotation mark inside of a text is escaped, so this can only be the key.
        body.split_once("\"prev\":\"")
            .map_or((body, ""), |(head, tail)| (head, tail.get(16..).unwrap_or_default()))
    }

    /// Compares two records of one event: by what they say, then by their lines.
    fn order(&self, other: &Self) -> Ordering {
        self.content().cmp(&other.content()).then_with(|| self.line.cmp(&other.line))
    }

    /// Meets a record of the same name: the lesser of the two stays, whichever came first, so that merging does not
    /// depend on its order. Returns a warning if they say different things.
    pub(super) fn meet(&mut self, other: &Self, file: &str, line: usize) -> Option<Problem> {
        let differ = self.content() != other.content();
        if other.order(self) == Ordering::Less {
            self.clone_from(other);
        }
        differ.then(|| {
            let what = format!("two different events are named {}", self.event.id);
            let fix = "the same one of them is kept on every device; no other event is touched";
            Problem::new("W-LOG-TWIN", file, line, what, fix)
        })
    }
}
