//! Where a session writes what happened.

use crate::log::{DeviceId, Event, EventId, Log, Moment, What};
use crate::variant::rng::mix;

/// Where a session writes what happened, one event at a time.
///
/// An implementer owes that an event is safe when [`Journal::append`] returns: the session then shows what follows from
/// it. If it returns an error nothing must have been written.
pub trait Journal {
    /// Writes an event and returns it with its name, number and device.
    ///
    /// # Errors
    ///
    /// What went wrong, and what the learner can do about it.
    fn append(&mut self, at: Moment, tz_minutes: i16, what: What) -> Result<Event, String>;
}

/// A journal in memory: for tests, demonstrations, and services that keep their own records.
#[derive(Debug, Clone, Default)]
pub struct MemoryJournal {
    /// The events, oldest first.
    pub events: Vec<Event>,
}

impl Journal for MemoryJournal {
    fn append(&mut self, at: Moment, tz_minutes: i16, what: What) -> Result<Event, String> {
        let seq = self.events.len() as u64 + 1;
        let id = EventId::new(at, u128::from(mix(seq)));
        let event = Event::new(id, at, tz_minutes, DeviceId::new(0), seq, what);
        self.events.push(event.clone());
        Ok(event)
    }
}

impl Journal for Log {
    fn append(&mut self, at: Moment, tz_minutes: i16, what: What) -> Result<Event, String> {
        Self::append(self, what, at, tz_minutes).map_err(|error| error.to_string())
    }
}
