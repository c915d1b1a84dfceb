//! Records of real things: machines, with the source of every figure.

use std::collections::BTreeMap;

use crate::quantity::{Quantity, Unit};
use crate::read::Keyword;

/// Which list of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Registry {
    /// Accelerators and boards.
    Device,
    /// Models.
    Model,
}

impl Keyword for Registry {
    const WHAT: &'static str = "registry";
    const ALL: &'static [(&'static str, Self)] =
        &[("device", Self::Device), ("model", Self::Model)];
}

/// One record of a registry.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Key, unique in its registry.
    pub key: String,
    /// Name to print.
    pub name: String,
    /// Figures by field name, each with the unit to print it in.
    pub fields: BTreeMap<String, (Quantity, Unit)>,
    /// Words a question may filter by.
    pub tags: Vec<String>,
    /// The document the figures are from.
    pub source: String,
}

impl Record {
    /// Returns a record without fields.
    #[must_use]
    pub fn new(key: &str, name: &str, source: &str) -> Self {
        Self {
            key: key.to_owned(),
            name: name.to_owned(),
            fields: BTreeMap::new(),
            tags: Vec::new(),
            source: source.to_owned(),
        }
    }
}
