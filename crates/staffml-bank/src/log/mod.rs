//! The progress log: what a learner did, one event after the other.
//!
//! Everything else (cards, mastery, plans, calibration) is a pure fold over it ([`crate::state`]).
//! The log itself is one file per device, written at its end only: one event is one line of JSON with a checksum and
//! the hash of the line before it ([`Record`]).
//!
//! What can happen to such a file has an answer each:
//!
//! | what | answer |
//! |---|---|
//! | the process is killed while it writes | the last line is no whole event: `W-LOG-TORN`, moved aside |
//! | a bit flips, a line is edited | `E-LOG-CRC`: that line is left out, all others stay |
//! | a line is removed or exchanged | `E-LOG-CHAIN`: the line after it no longer fits |
//! | two processes write | the second one gets [`LogError::Locked`]; reading works |
//! | the disk is full | [`LogError::NotKept`]: that event is refused, those before it are safe |
//! | two devices | [`EventSet::merge`]: set union by name |
//! | a folder copied to a second machine | both go on; the merge keeps both, `W-LOG-FORK` tells |
//! | a clock years off | [`EventSet::timeline`] keeps the order of each device, `W-LOG-CLOCK` tells |
//!
//! Reading order: [`Event`], [`Answer`], [`Session`] and their like, [`Record`], [`scan`], [`EventSet`], [`Log`].
//!
//! ```
//! use staffml_bank::log::{Answer, Log, Moment, Outcome, Sync, TemplateRef, read};
//!
//! let data = std::env::temp_dir().join(format!("staffml-doc-{}", std::process::id()));
//! let (mut log, before) = Log::open(&data, 42, Sync::Each)?;
//! assert!(before.events.is_empty());
//! let template = TemplateRef::new("w05-kv-per-token", 1);
//! let noon = Moment::from_ms(1_772_366_400_000);
//! log.append(Answer::new(template, 7, Outcome::Correct, 41_000), noon, 60)?;
//!
//! let reading = read(&data)?;
//! assert_eq!((reading.events.len(), reading.problems.len()), (1, 0));
//! # drop(log);
//! # std::fs::remove_dir_all(&data).ok();
//! # Ok::<(), staffml_bank::log::LogError>(())
//! ```

mod answer;
mod compact;
pub(crate) mod crc;
mod error;
mod event;
mod exchange;
mod folder;
mod id;
mod kinds;
mod record;
mod scan;
mod set;
mod store;
mod time;
mod wire;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Mode, Outcome};
pub use compact::Compacted;
pub use error::{Damage, LogError};
pub use event::{Event, What};
pub use exchange::{export, export_anonymous};
pub use folder::{Reading, assemble, read, read_any};
pub use id::{DeviceId, EventId, TemplateRef};
pub use kinds::{
    Broken, Config, Erase, Import, Item, Mark, Note, Placement, Plan, Rubric, Session, Skip,
    SkipReason, Step, Suspend,
};
pub use record::Record;
pub use scan::{Scan, breaks, scan};
pub use set::{EventSet, Timeline};
pub use store::{Log, Sync};
pub use time::{Moment, StudyDay};
