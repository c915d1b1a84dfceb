//! Practice as a library: what to ask, in which order, by which rules. No terminal, no clock, no file.
//!
//! # For front ends
//!
//! A [`Runner`] is one session as a state machine. A front end (plain lines, full screen, a web page, a service) does
//! four things and nothing else:
//!
//! 1. It makes a [`Course`] (bank and oracle), folds the log into a [`State`](crate::state::State), picks a [`Setup`]
//!    and calls [`Runner::start`].
//! 2. It draws [`Runner::view`]: a [`View`] is one of four [`Stage`]s as plain data, and serializes to the JSON that
//!    `--json` and the web page share.
//! 3. It hands over what the learner does: an [`Input`] (a key, a click), or a typed line by [`Runner::line`], which
//!    knows `?`, `s`, `k`, `=` and `q`. [`Runner::prompt`] says what kind of line is wanted.
//! 4. It passes the time: every call takes the [`Moment`](crate::log::Moment) it happens at, and while a timed session
//!    waits, [`Runner::tick`] every second or so ends it when its time is over.
//!
//! ```text
//!           Answer, Pick                Confidence                   Next
//!   Ask ───────────────────▶ Confidence ───────────▶ Feedback ─────────────▶ Ask … Done
//!    │  ▲ unreadable, no unit,            ▲ (skipped where confidence is off or the answer is "don't know")
//!    │  └ Hint, Calculate: Ask again      Feedback is skipped where nothing is revealed before the end
//!    └─ Skip ▶ Ask                        Quit, time over ▶ Done
//! ```
//!
//! A question may have several steps: the parts of a question in parts, the figures, text and marks of an open one, the
//! two sides of a card. Each is a view of its own ([`Ask::part`], [`Form`]); the verdict comes after the last.
//!
//! What the machine promises:
//!
//! - An answer is in the [`Journal`] before its verdict can be seen and before the next question is put. If the journal
//!   fails, the call returns [`SessionError::Journal`] and the session stays where it was.
//! - An input that does not fit the moment does nothing: a front end cannot break a session.
//! - [`Input::Quit`] is good at any moment: use it for Ctrl-C, for end of input and for a closed window. An answer that
//!   waits for its confidence is kept without one.
//! - Everything follows from log, bank, day and seed: the same inputs at the same moments give the same views.
//!
//! ```
//! use std::sync::Arc;
//! use staffml_bank::Bank;
//! use staffml_bank::log::Moment;
//! use staffml_bank::oracle::Builtin;
//! use staffml_bank::sched::Aim;
//! use staffml_bank::session::{Course, MemoryJournal, Runner, Setup, Stage};
//! use staffml_bank::state::{Filter, State};
//!
//! let course = Course::new(Arc::new(Bank::embedded()), Arc::new(Builtin));
//! let state = State::new(Arc::clone(&course.catalog));
//! let mut journal = MemoryJournal::default();
//! let at = |seconds: i64| Moment::from_ms(1_772_352_000_000 + seconds * 1000);
//!
//! let filter = Filter::default().id("w02-flash-for-weights");
//! let setup = Setup::practice(1, filter, Aim::Practice);
//! let mut session = Runner::start(course, state, setup, at(0), &mut journal)?;
//! assert!(matches!(session.view(at(0)).stage, Stage::Ask(_)));
//! session.line("12 bananas", at(20), &mut journal)?; // not readable: asked again
//! session.line("k", at(30), &mut journal)?;
//! let Stage::Feedback(feedback) = session.view(at(30)).stage else { panic!("no verdict") };
//! assert_eq!(feedback.message, "here is how it goes");
//! session.line("q", at(40), &mut journal)?;
//! assert!(session.is_done());
//! assert_eq!(journal.events.len(), 3); // beginning, answer, end
//! # Ok::<(), staffml_bank::session::SessionError>(())
//! ```

mod calculator;
mod chain;
mod code;
mod course;
mod daily;
mod draw;
mod error;
mod gaps;
pub mod gauntlet;
mod input;
mod journal;
mod marking;
mod plan;
mod question;
mod quiz;
mod runner;
mod setup;
mod source;
mod steps;
mod view;

#[cfg(test)]
mod marking_tests;
#[cfg(test)]
mod tests;

pub use calculator::calculate;
pub use chain::chain;
pub use code::Share;
pub use course::Course;
pub use daily::{Candidate, Pick, daily};
pub use error::SessionError;
pub use gaps::{Gap, GapKind, gaps};
pub use input::{Input, Prompt};
pub use journal::{Journal, MemoryJournal};
pub use plan::{Offer, PlanDay, Schedule, StudyPlan, from_gaps, plans};
pub use quiz::quiz;
pub use runner::Runner;
pub use setup::Setup;
pub use source::{Planned, Source};
pub use view::{
    Ask, Ending, Feedback, Form, Line, Marked, PartOf, PartVerdict, Parting, Progress, Stage,
    Summary, Sure, View,
};
