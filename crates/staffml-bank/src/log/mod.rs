//! The progress log: what a learner did, one event after the other.
//!
//! Everything else (cards, mastery, plans, calibration) is computed from it.
//! An [`Event`] says who, when and what; [`What`] lists the kinds.
//!
//! Reading order: [`Event`], [`Answer`], [`Session`] and their like, [`Moment`].

mod answer;
mod crc;
mod error;
mod event;
mod id;
mod kinds;
mod record;
mod time;
mod wire;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Mode, Outcome};
pub use error::{Damage, LogError};
pub use event::{Event, What};
pub use id::{DeviceId, EventId, TemplateRef};
pub use kinds::{
    Broken, Config, Erase, Import, Item, Mark, Note, Placement, Plan, Rubric, Session, Skip,
    SkipReason, Step, Suspend,
};
pub use record::Record;
pub use time::{Moment, StudyDay};
