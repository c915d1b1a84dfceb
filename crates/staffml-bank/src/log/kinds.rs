//! Events other than answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{EventId, Mode, TemplateRef};
use crate::model::taxonomy::{Area, Level, Track};

/// Defines events as structs with a constructor from their required fields; the others start empty.
macro_rules! records {
    ($(
        $(#[$meta:meta])*
        $name:ident { $($(#[$rmeta:meta])* $req:ident: $rtype:ty,)* }
        optional { $($(#[$ometa:meta])* $opt:ident: $otype:ty,)* }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$rmeta])* pub $req: $rtype,)*
            $(
                $(#[$ometa])*
                #[serde(default, skip_serializing_if = "is_default")]
                pub $opt: $otype,
            )*
        }

        impl $name {
            /// Returns the event with its required fields; the others are empty.
            #[must_use]
            pub fn new($($req: $rtype),*) -> Self {
                Self { $($req,)* $($opt: <$otype>::default(),)* }
            }
        }
    )*};
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Beginning or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Begins.
    Start,
    /// Ends.
    End,
}

/// Why a question was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The learner wanted another one.
    #[default]
    Asked,
    /// The time of the session was over.
    Timeout,
}

/// One mark of a rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The row.
    pub row: String,
    /// The mark given before the model answer was shown.
    pub blind: u8,
    /// The mark given after.
    #[serde(rename = "final")]
    pub last: u8,
    /// The sentence of the learner's text that earns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<String>,
}

/// A question of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The template.
    #[serde(rename = "tpl")]
    pub template: TemplateRef,
    /// The seed of its variant.
    pub seed: u64,
}

records! {
    /// A question that was passed over; it does not touch the card.
    Skip {
        /// The template.
        #[serde(rename = "tpl")]
        template: TemplateRef,
        /// The seed of the variant.
        seed: u64,
    } optional {
        /// Why.
        why: SkipReason,
        /// Milliseconds it was shown.
        ms: u64,
        /// The kind of session.
        mode: Option<Mode>,
        /// The session.
        session: Option<String>,
    }

    /// Marks of an open question.
    Rubric {
        /// The template.
        #[serde(rename = "tpl")]
        template: TemplateRef,
        /// The seed of the variant.
        seed: u64,
        /// The marks, row by row.
        marks: Vec<Mark>,
        /// Weighted share of the full marks, 0 to 1, after any cap.
        score: f64,
    } optional {
        /// Who marked; empty for the learner.
        by: String,
        /// The learner's text, where texts are kept.
        text: Option<String>,
        /// Milliseconds of writing.
        ms: u64,
        /// The kind of session.
        mode: Option<Mode>,
        /// The session.
        session: Option<String>,
    }

    /// Beginning or end of a session.
    Session {
        /// Its name, given by the program and repeated in its answers.
        session: String,
        /// Beginning or end.
        step: Step,
        /// Its kind.
        mode: Mode,
        /// The seed everything in it follows from.
        seed: u64,
    } optional {
        /// The preset of a gauntlet, the chain, the topic.
        preset: Option<String>,
        /// Hash of the bank.
        bank: Option<String>,
        /// Track.
        track: Option<Track>,
        /// Level aimed at.
        level: Option<Level>,
        /// Time limit in seconds.
        limit_s: Option<u32>,
        /// The questions, where they are fixed at the beginning.
        items: Vec<Item>,
        /// At the end: how it ended, for example `finished`, `time`, `left`.
        why: Option<String>,
    }

    /// A setting; the latest of a key holds.
    Config {
        /// The key, for example `retention`.
        key: String,
        /// The value.
        value: String,
    } optional {}

    /// A note of the learner.
    Note {
        /// The text.
        text: String,
    } optional {
        /// The template it is about.
        #[serde(rename = "tpl")]
        template: Option<TemplateRef>,
        /// The seed of the variant.
        seed: Option<u64>,
    }

    /// A card taken out of the schedule, or put back.
    Suspend {
        /// The template.
        #[serde(rename = "tpl")]
        template: TemplateRef,
        /// Whether it is out.
        on: bool,
    } optional {
        /// Why, for example `leech`.
        why: Option<String>,
    }

    /// Beginning or end of a study plan.
    Plan {
        /// The plan.
        plan: String,
        /// Beginning or end.
        step: Step,
    } optional {
        /// Track.
        track: Option<Track>,
        /// Length in study days.
        days: Option<u32>,
        /// Minutes of a day.
        minutes: Option<u32>,
        /// Areas with their weights.
        areas: BTreeMap<Area, f64>,
        /// At the end: how it ended.
        why: Option<String>,
    }

    /// Result of a placement.
    Placement {
        /// Its session.
        session: String,
        /// Skill over all areas.
        skill: f64,
        /// Standard error of the skill.
        error: f64,
    } optional {
        /// Skill by area, on top of the skill over all.
        areas: BTreeMap<Area, f64>,
        /// Track.
        track: Option<Track>,
        /// Suggested level.
        level: Option<Level>,
        /// How many items it took.
        n_items: u32,
    }

    /// Events that came from elsewhere.
    Import {
        /// Where from.
        source: String,
        /// How many.
        count: u64,
    } optional {}

    /// A variant that could not be evaluated; it is not shown again.
    Broken {
        /// The template.
        #[serde(rename = "tpl")]
        template: TemplateRef,
        /// The seed of the variant.
        seed: u64,
        /// What went wrong.
        error: String,
    } optional {}

    /// Events to be left out of everything computed from the log.
    Erase {
        /// Their names.
        ids: Vec<EventId>,
    } optional {}
}
