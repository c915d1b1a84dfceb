//! What can go wrong in a session.

use crate::state::Nothing;

/// Why a session cannot start or go on.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There is nothing to ask.
    #[error("nothing to ask: {}", why(*.0))]
    Nothing(Nothing),
    /// An event could not be written. The session stays where it was; the same input may be given again.
    #[error("cannot write the log: {0}")]
    Journal(String),
    /// A question could not be made.
    #[error(transparent)]
    Bank(Box<crate::Error>),
    /// A share code that is none, or of another bank.
    #[error("code `{code}`: {why}")]
    Code {
        /// The code.
        code: String,
        /// What is wrong with it.
        why: String,
    },
    /// A session that cannot be resumed.
    #[error("cannot resume: {0}")]
    Resume(String),
    /// A name that is not known.
    #[error("no {what} `{name}`; known are {known}")]
    Unknown {
        /// What was named.
        what: &'static str,
        /// The name.
        name: String,
        /// Names there are.
        known: String,
    },
}

impl From<crate::Error> for SessionError {
    fn from(error: crate::Error) -> Self {
        Self::Bank(Box::new(error))
    }
}

const fn why(nothing: Nothing) -> &'static str {
    match nothing {
        Nothing::NoItem => "no question fits what was asked for; ask for less at once",
        Nothing::Resting => {
            "every question that fits rests today: a sibling was shown, or it left the schedule"
        }
        Nothing::NewIsUsedUp => {
            "only new questions are left, and today's share of them is used up; raise it with --new"
        }
    }
}
