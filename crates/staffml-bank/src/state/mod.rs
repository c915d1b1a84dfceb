//! What follows from the log: a pure fold over its events.
//!
//! ```
//! use staffml_bank::log::{Answer, DeviceId, Event, EventId, Moment, Outcome, StudyDay, TemplateRef};
//! use staffml_bank::sched::Rating;
//! use staffml_bank::state::State;
//!
//! let at = Moment::parse("2026-03-01T08:00:00.000Z").ok_or("no moment")?;
//! let answer = Answer::new(TemplateRef::new("w02-weight-footprint", 1), 7, Outcome::Correct, 41_000)
//!     .rated(Rating::Good);
//! let event = Event::new(EventId::new(at, 1), at, 0, DeviceId::new(1), 1, answer.into());
//!
//! let state = State::fold([&event]);
//! let card = state.cards.get("w02-weight-footprint").ok_or("no card")?;
//! // The first good answer is remembered for 2.3065 days, so it is due after two.
//! assert_eq!(card.due(state.cards.fsrs(), 0.9), StudyDay::parse("2026-03-03").ok_or("no day")?);
//! # Ok::<(), &str>(())
//! ```

mod cards;

pub use cards::{Card, Cards};

use crate::log::Event;

/// Everything computed from a log.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct State {
    /// The memory of each template.
    pub cards: Cards,
}

impl State {
    /// Returns the state after events in their order.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut state = Self::default();
        events.into_iter().for_each(|event| state.apply(event));
        state
    }

    /// Takes the next event in order.
    pub fn apply(&mut self, event: &Event) {
        self.cards.apply(event);
    }
}
