//! One event of the log.

use super::{
    Answer, Broken, Config, DeviceId, Erase, EventId, Import, Moment, Note, Placement, Plan,
    Rubric, Session, Skip, StudyDay, Suspend,
};

/// One event of the log: who, when, what.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// Its name, unlike that of any other event.
    pub id: EventId,
    /// When, by the clock of the device.
    pub at: Moment,
    /// How many minutes the learner's local time was ahead of UTC.
    pub tz_minutes: i16,
    /// The device it was made on.
    pub device: DeviceId,
    /// Its number on that device, from 1.
    pub seq: u64,
    /// What happened.
    pub what: What,
}

impl Event {
    /// Returns an event.
    #[must_use]
    pub const fn new(
        id: EventId,
        at: Moment,
        tz_minutes: i16,
        device: DeviceId,
        seq: u64,
        what: What,
    ) -> Self {
        Self { id, at, tz_minutes, device, seq, what }
    }

    /// Returns the learner's study day.
    #[must_use]
    pub fn study_day(&self) -> StudyDay {
        self.at.study_day(self.tz_minutes)
    }
}

/// Defines [`What`] with the word of each kind, and reading and writing of its fields.
macro_rules! kinds {
    ($($(#[$meta:meta])* $name:ident = $word:literal,)*) => {
        /// What happened.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum What {
            $($(#[$meta])* $name($name),)*
            /// A kind, or a form of one, that this version does not know.
            ///
            /// It stays in the log as it was written, and nothing is computed from it.
            Unknown(String),
        }

        impl What {
            /// Returns the word of the kind in files.
            #[must_use]
            pub fn kind(&self) -> &str {
                match self {
                    $(Self::$name(_) => $word,)*
                    Self::Unknown(kind) => kind,
                }
            }

            /// Reads the fields of a kind from a line.
            pub(super) fn read(kind: &str, line: &str) -> Result<Self, serde_json::Error> {
                match kind {
                    $($word => serde_json::from_str(line).map(Self::$name),)*
                    _ => Ok(Self::Unknown(kind.to_owned())),
                }
            }

            /// Returns the fields; nothing for an unknown kind.
            pub(super) fn fields(&self) -> Option<serde_json::Result<serde_json::Value>> {
                match self {
                    $(Self::$name(inner) => Some(serde_json::to_value(inner)),)*
                    Self::Unknown(_) => None,
                }
            }
        }

        $(impl From<$name> for What {
            fn from(inner: $name) -> Self {
                Self::$name(inner)
            }
        })*
    };
}

kinds! {
    /// A graded answer.
    Answer = "answer",
    /// A question passed over.
    Skip = "skip",
    /// Marks of an open question.
    Rubric = "rubric",
    /// Beginning or end of a session.
    Session = "session",
    /// A setting.
    Config = "config",
    /// A note.
    Note = "note",
    /// A card taken out of the schedule, or put back.
    Suspend = "suspend",
    /// Beginning or end of a study plan.
    Plan = "plan",
    /// Result of a placement.
    Placement = "placement",
    /// Events that came from elsewhere.
    Import = "import",
    /// A variant that could not be evaluated.
    Broken = "broken",
    /// Events to be left out.
    Erase = "erase",
}
