//! Identity, history and classification of a template.

use core::fmt;

use serde::Serialize;

use super::taxonomy::{
    Area, Bloom, Kind, Knowledge, Level, Mode, Origin, Phase, Principle, Status, Track, Zone,
};
use super::topics::Topic;

/// Identity and history.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Head {
    /// Identifier: lower case words joined by hyphens, equal to the stem of the file name.
    pub id: String,
    /// Major when answer, parameters or meaning change; minor for wording; patch for typing errors.
    pub version: Version,
    /// Form.
    pub kind: Kind,
    /// Title.
    pub title: String,
    /// Where it stands on its way to learners.
    pub status: Status,
    /// License of its text, as an SPDX expression.
    pub license: String,
    /// Who wrote it.
    pub origin: Origin,
    /// Who brought it, if contributed.
    pub contributor: Option<String>,
    /// Who wrote it, by handle.
    pub authors: Vec<String>,
    /// Day of the first version.
    pub created: Day,
    /// Day of this version.
    pub updated: Day,
    /// The review, once there was one.
    pub reviewed: Option<Review>,
}

/// A review by somebody who is not an author.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Review {
    /// Handle of the reviewer.
    pub by: String,
    /// Day.
    pub on: Day,
    /// What was found.
    pub note: String,
}

/// A version number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Changes with the answer; part of every seed.
    pub major: u32,
    /// Changes with the wording.
    pub minor: u32,
    /// Changes with corrections.
    pub patch: u32,
}

impl Version {
    /// Reads `1.0.2`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| {
            let plain =
                part.bytes().all(|b| b.is_ascii_digit()) && (part == "0" || !part.starts_with('0'));
            if plain { part.parse().ok() } else { None }
        });
        let version = Self { major: parts.next()??, minor: parts.next()??, patch: parts.next()?? };
        parts.next().is_none().then_some(version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Version {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no version")))
    }
}

/// A day of the calendar; ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where a template belongs.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Classification {
    /// Tracks it is for.
    pub tracks: Vec<Track>,
    /// Level.
    pub level: Level,
    /// Area.
    pub area: Area,
    /// Topic.
    pub topic: Topic,
    /// Zone.
    pub zone: Zone,
    /// Verb.
    pub bloom: Bloom,
    /// Mode.
    pub mode: Mode,
    /// Phase.
    pub phase: Phase,
    /// Walls, 1 to 22.
    pub walls: Vec<u8>,
    /// Principles of reasoning.
    pub principles: Vec<Principle>,
    /// Fields of knowledge.
    pub knowledge: Vec<Knowledge>,
    /// Free words.
    pub tags: Vec<String>,
    /// Expected answer time in seconds.
    pub time_s: u32,
    /// How hard it is, where that is known better than from the level.
    pub difficulty: Option<Difficulty>,
}

/// The three parameters of an item response curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Difficulty {
    /// Discrimination, 0.3 to 3.
    pub a: f64,
    /// Difficulty on the scale of skill, -4 to 4.
    pub b: f64,
    /// Chance of a right guess, 0 to 0.5.
    pub c: f64,
}

impl Difficulty {
    /// Returns the parameters, or nothing if one is outside its interval.
    #[must_use]
    pub fn new(a: f64, b: f64, c: f64) -> Option<Self> {
        let sound =
            (0.3..=3.0).contains(&a) && (-4.0..=4.0).contains(&b) && (0.0..=0.5).contains(&c);
        sound.then_some(Self { a, b, c })
    }
}

/// Something to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum Reference {
    /// A document.
    Document {
        /// Title.
        title: String,
        /// Address, `https` only.
        url: String,
    },
    /// A wall, 1 to 22.
    Wall(u8),
}
