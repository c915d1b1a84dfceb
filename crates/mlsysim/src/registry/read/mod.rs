//! Reads files of records.

mod facts;
mod hardware;
mod model;
mod sites;
mod systems;

use super::load::Registry;
use crate::document::{Fields, Place, Problems, parse};
use crate::error::Result;
use crate::near::nearest;
use crate::provenance::{Basis, Origins, Provenance};
use crate::units::Quantity;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The sections of a file, each after those whose records it may name.
const SECTIONS: [&str; 10] = [
    "sources",
    "hardware",
    "spec_sheets",
    "models",
    "facts",
    "grids",
    "sites",
    "fabrics",
    "nodes",
    "fleets",
];

/// One file in reading.
pub(super) struct Reading<'r> {
    /// What was known before.
    known: &'r Registry,
    /// What the file adds.
    added: Registry,
    file: &'r str,
}

/// Reads a file over what is known.
///
/// # Errors
///
/// [`crate::Error::Records`] with every mistake and its place.
pub(super) fn read(known: &Registry, file: &str, text: &str) -> Result<Registry> {
    let mut problems = Problems::new();
    let document = parse(file, text, &mut problems);
    let mut reading = Reading { known, added: Registry::new(), file };
    let sections = document.entries().unwrap_or_default();
    for section in SECTIONS {
        for entry in sections.iter().filter(|entry| entry.key == section) {
            let Some(table) = Fields::new(section, &entry.node, &mut problems) else { continue };
            for (id, node) in table.entries() {
                let path = format!("{section}.{id}");
                let Some(fields) = Fields::new(path, node, &mut problems) else { continue };
                reading.read_entry(section, id, fields, &mut problems);
            }
        }
    }
    for entry in sections.iter().filter(|entry| !SECTIONS.contains(&entry.key.as_ref())) {
        let near = nearest(&entry.key, SECTIONS.into_iter());
        let hint = if near.is_empty() {
            String::new()
        } else {
            format!("; did you mean {}?", near.join(" or "))
        };
        let message = format!(
            "unknown section `{}`; expected one of {}{hint}",
            entry.key,
            SECTIONS.join(", ")
        );
        problems.add(entry.place, message);
    }
    problems.finish(file)?;
    Ok(reading.added)
}

impl Reading<'_> {
    fn read_entry(
        &mut self,
        section: &str,
        id: &str,
        fields: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        match section {
            "sources" => self.read_source(id, fields, problems),
            "hardware" => self.read_hardware(id, fields, problems),
            "spec_sheets" => self.read_spec_sheet(id, fields, problems),
            "models" => self.read_model(id, fields, problems),
            "facts" => self.read_facts(id, fields, problems),
            "grids" => self.read_grid(id, fields, problems),
            "sites" => self.read_site(id, fields, problems),
            "fabrics" => self.read_fabric(id, fields, problems),
            "nodes" => self.read_node(id, fields, problems),
            _ => self.read_fleet(id, fields, problems),
        }
    }

    fn read_source(&mut self, id: &str, mut entry: Fields<'_, '_>, problems: &mut Problems) {
        let basis = entry.word("basis", &Basis::ALL, Basis::key, problems);
        let title = entry.text("title", problems);
        let url = entry.text("url", problems);
        let verified = entry.text("verified", problems);
        let note = entry.text("note", problems);
        match (basis, title) {
            (Some(basis), Some(source)) => {
                let provenance = Provenance { basis, source, url, verified, note };
                self.added.sources.insert(id.into(), provenance);
            }
            _ => entry.complain("a source needs a basis and a title", problems),
        }
        entry.finish(problems);
    }

    /// The source of a key, or a mistake with the nearest key.
    fn source(
        &self,
        key: &str,
        entry: &Fields<'_, '_>,
        problems: &mut Problems,
    ) -> Option<Provenance> {
        let found = self.added.sources.get(key).or_else(|| self.known.sources.get(key));
        if found.is_none() {
            let keys = self.added.sources.keys().chain(self.known.sources.keys());
            let near = nearest(key, keys.map(String::as_str));
            let hint = if near.is_empty() {
                String::new()
            } else {
                format!("; did you mean {}?", near.join(" or "))
            };
            entry.complain(&format!("unknown source `{key}`{hint}"), problems);
        }
        found.cloned()
    }

    /// The origin of a whole record.
    fn record_origin(&self, entry: &mut Fields<'_, '_>, problems: &mut Problems) -> Provenance {
        let key = entry.text("source", problems);
        let note = entry.text("note", problems);
        let own = || Provenance::new(Basis::Estimate, format!("given in {}", self.file));
        let provenance = key.map_or_else(|| Some(own()), |key| self.source(&key, entry, problems));
        let mut provenance = provenance.unwrap_or_else(own);
        if note.is_some() {
            provenance.note = note;
        }
        provenance
    }

    /// The origins of a record: its own and those of single fields.
    fn origins(&self, entry: &mut Fields<'_, '_>, problems: &mut Problems) -> Origins {
        let record = self.record_origin(entry, problems);
        Origins { record, fields: self.field_origins(entry, problems) }
    }

    /// The origins of single fields: `origin.FIELD = { source = "KEY", note = "..." }`, with `basis` where it differs.
    fn field_origins(
        &self,
        entry: &mut Fields<'_, '_>,
        problems: &mut Problems,
    ) -> Vec<(String, Provenance)> {
        let Some(table) = entry.table("origin", problems) else { return Vec::new() };
        let mut origins = Vec::new();
        for (field, value) in table.entries() {
            let Some(mut origin) = Fields::new(format!("origin.{field}"), value, problems) else {
                continue;
            };
            let key = origin.text("source", problems);
            let note = origin.text("note", problems);
            let basis = origin.word("basis", &Basis::ALL, Basis::key, problems);
            let base = match (&key, basis) {
                (Some(key), _) => self.source(key, &origin, problems),
                (None, Some(basis)) if note.is_some() => Some(Provenance::new(basis, "")),
                (None, _) => {
                    origin.complain("an origin needs a source, or a basis and a note", problems);
                    None
                }
            };
            if let Some(mut provenance) = base {
                provenance.basis = basis.unwrap_or(provenance.basis);
                provenance.note = note.or(provenance.note);
                origins.push((field.into(), provenance));
            }
            origin.finish(problems);
        }
        origins
    }
}

/// Values that were corrected: `upstream.FIELD = "text"`.
fn corrections(entry: &mut Fields<'_, '_>, problems: &mut Problems) -> Vec<(String, String)> {
    let Some(table) = entry.table("upstream", problems) else { return Vec::new() };
    let texts = table.entries().filter_map(|(field, value)| {
        let text = value.text();
        if text.is_none() {
            problems.add(value.place, format!("upstream.{field}: expected a text in quotes"));
        }
        Some((field.into(), text?.into()))
    });
    texts.collect()
}

/// Values whose names are free: `facts.NAME = "AMOUNT"` or a plain number.
fn read_facts(entry: &mut Fields<'_, '_>, problems: &mut Problems) -> Vec<(String, Quantity)> {
    let Some(table) = entry.table("facts", problems) else { return Vec::new() };
    values(&table, problems)
}

/// Every value of a table whose names are free.
fn values(table: &Fields<'_, '_>, problems: &mut Problems) -> Vec<(String, Quantity)> {
    let read = table.entries().filter_map(|(name, value)| {
        Some((String::from(name), table.quantity_of(name, value, problems)?))
    });
    read.collect()
}

/// An origin must belong to a value of the record.
fn check_fields(
    origins: &[(String, Provenance)],
    values: &[(String, Quantity)],
    entry: &Fields<'_, '_>,
    problems: &mut Problems,
) {
    for (field, _) in origins {
        if field != "peak" && !values.iter().any(|(name, _)| name == field) {
            entry.complain(
                &format!("origin of `{field}`, which the record does not have"),
                problems,
            );
        }
    }
}

/// The record of a name in `field`, or a mistake with the nearest names.
fn named<T>(
    entry: &mut Fields<'_, '_>,
    field: &'static str,
    find: impl Fn(&str) -> Result<T>,
    problems: &mut Problems,
) -> Option<T> {
    let place = entry.place_of(field).unwrap_or(Place::START);
    let name = entry.text(field, problems)?;
    match find(&name) {
        Ok(record) => Some(record),
        Err(error) => {
            problems.add(place, format!("{field}: {error}"));
            None
        }
    }
}
