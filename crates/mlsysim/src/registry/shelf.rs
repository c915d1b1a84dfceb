//! Records by name.

use crate::error::{Error, Result};
use crate::near::{distance, fold, same};
use alloc::string::String;
use alloc::vec::Vec;

/// Something with names.
pub(super) trait Record {
    /// What it is, for messages.
    const WHAT: &'static str;

    /// Short name, unique on its shelf.
    fn id(&self) -> &str;

    /// Full name.
    fn name(&self) -> &str;
}

/// Records in the order in which they were added, each with its other names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shelf<T> {
    records: Vec<T>,
    aliases: Vec<Vec<String>>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Shelf<T> {
    pub(super) const fn new() -> Self {
        Self { records: Vec::new(), aliases: Vec::new() }
    }

    pub(super) fn records(&self) -> &[T] {
        &self.records
    }
}

impl<T: Record> Shelf<T> {
    /// Adds a record; one of the same identifier is replaced.
    pub(super) fn put(&mut self, record: T, aliases: Vec<String>) {
        if let Some(at) = self.records.iter().position(|known| known.id() == record.id()) {
            self.records.remove(at);
            self.aliases.remove(at);
        }
        self.records.push(record);
        self.aliases.push(aliases);
    }

    /// Adds every record of another shelf.
    pub(super) fn append(&mut self, other: Self) {
        // Most shelves that are appended hold new records: an empty one needs no search.
        if self.records.is_empty() {
            *self = other;
            return;
        }
        for (record, aliases) in other.records.into_iter().zip(other.aliases) {
            self.put(record, aliases);
        }
    }

    /// Every record with its other names.
    pub(super) fn all(&self) -> impl Iterator<Item = (&T, &[String])> {
        self.records.iter().zip(self.aliases.iter().map(Vec::as_slice))
    }

    /// The record of a name, whatever its case and punctuation: later ones win, identifiers before other names.
    pub(super) fn find(&self, wanted: &str) -> Option<&T> {
        let by_id = self.records.iter().rev().find(|record| same(record.id(), wanted));
        by_id.or_else(|| {
            let named = |(record, aliases): &(&T, &[String])| {
                same(record.name(), wanted) || aliases.iter().any(|alias| same(alias, wanted))
            };
            self.all().filter(named).last().map(|(record, _)| record)
        })
    }

    /// The record of a name on this shelf or else on the one behind it.
    pub(super) fn find_or<'a>(&'a self, behind: &'a Self, wanted: &str) -> Result<&'a T> {
        self.find(wanted).or_else(|| behind.find(wanted)).ok_or_else(|| {
            let mut near = self.near(wanted);
            near.extend(behind.near(wanted));
            unknown::<T>(wanted, near)
        })
    }

    /// The record of a name.
    pub(super) fn get(&self, wanted: &str) -> Result<&T> {
        self.find(wanted).ok_or_else(|| unknown::<T>(wanted, self.near(wanted)))
    }

    /// The name of each record that is nearest to a wanted one, if it is near.
    fn near(&self, wanted: &str) -> Vec<(usize, String)> {
        let folded = fold(wanted);
        let nearest = |(record, aliases): (&T, &[String])| {
            let names = core::iter::once(record.id()).chain(aliases.iter().map(String::as_str));
            let near = names.filter_map(|name| Some((distance(&folded, name)?, name)));
            near.min_by_key(|(distance, name)| (*distance, name.len()))
                .map(|(distance, name)| (distance, String::from(name)))
        };
        self.all().filter_map(nearest).collect()
    }
}

/// The error for a name that no record has, with up to three near ones.
fn unknown<T: Record>(wanted: &str, mut near: Vec<(usize, String)>) -> Error {
    near.sort_by_key(|(distance, name)| (*distance, name.len()));
    near.dedup_by(|a, b| a.1 == b.1);
    let near = near.into_iter().take(3).map(|(_, name)| name).collect();
    Error::UnknownEntry { what: T::WHAT, name: wanted.into(), near }
}
