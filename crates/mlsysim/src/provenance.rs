//! Where a number comes from.
//!
//! A number without a unit and a source is a bug.
//! Every value of the registry carries a [`Provenance`]; every node of a trace says whether its value was
//! measured, computed, sourced or assumed.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What kind of knowledge a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Read from an instrument or a timer, on the machine in question.
    Measured,
    /// The result of a formula.
    Computed,
    /// Printed in a source that is named.
    Sourced,
    /// Neither: a default, a convention, an estimate, or a number that somebody typed.
    Assumed,
}

impl Kind {
    /// The word in reports.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Computed => "computed",
            Self::Sourced => "sourced",
            Self::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

/// How a recorded value came to be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Basis {
    /// The maker's data sheet or product page.
    Datasheet,
    /// A published paper, report or benchmark result.
    Literature,
    /// A formula over sourced values, written in the note.
    Derived,
    /// An educated guess, its reasoning in the note.
    Estimate,
    /// A custom of the field, its reasoning in the note.
    Convention,
    /// Measured by whoever wrote the entry.
    Measured,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 6] = [
        Self::Datasheet,
        Self::Literature,
        Self::Derived,
        Self::Estimate,
        Self::Convention,
        Self::Measured,
    ];

    /// The word in data files.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Datasheet => "datasheet",
            Self::Literature => "literature",
            Self::Derived => "derived",
            Self::Estimate => "estimate",
            Self::Convention => "convention",
            Self::Measured => "measured",
        }
    }

    /// The kind of knowledge that a value with this basis is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Datasheet | Self::Literature => Kind::Sourced,
            Self::Derived => Kind::Computed,
            Self::Estimate | Self::Convention => Kind::Assumed,
            Self::Measured => Kind::Measured,
        }
    }
}

/// The origin of one recorded value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provenance {
    /// How the value came to be known.
    pub basis: Basis,
    /// Document, author and year, or whoever measured; empty if the note says it all.
    pub source: String,
    /// Where the document is.
    pub url: Option<String>,
    /// Day on which the value was compared with the source, as `2026-01-31`.
    pub verified: Option<String>,
    /// The formula of a derived value, the reasoning of an estimate.
    pub note: Option<String>,
}

impl Provenance {
    /// An origin without further particulars.
    #[must_use]
    pub fn new(basis: Basis, source: impl Into<String>) -> Self {
        Self { basis, source: source.into(), url: None, verified: None, note: None }
    }

    /// Adds the formula or the reasoning.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// The kind of knowledge.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.basis.kind()
    }
}

/// Writes the source, and the note after a colon.
impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.note {
            Some(note) if self.source.is_empty() => f.write_str(note),
            Some(note) => write!(f, "{}: {note}", self.source),
            None => f.write_str(&self.source),
        }
    }
}

/// The origins of all values of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// The origin of every value that has none of its own.
    pub record: Provenance,
    /// The origin of single values, by the name of their field.
    pub fields: Vec<(String, Provenance)>,
}

impl Origins {
    /// One origin for all values.
    #[must_use]
    pub const fn new(record: Provenance) -> Self {
        Self { record, fields: Vec::new() }
    }

    /// The origin of the value in `field`.
    #[must_use]
    pub fn of(&self, field: &str) -> &Provenance {
        self.fields
            .iter()
            .find(|(name, _)| name == field)
            .map_or(&self.record, |(_, provenance)| provenance)
    }

    /// Gives `field` an origin of its own.
    pub fn set(&mut self, field: impl Into<String>, provenance: Provenance) {
        let field = field.into();
        self.fields.retain(|(name, _)| *name != field);
        self.fields.push((field, provenance));
    }
}
