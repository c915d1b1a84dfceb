//! Constants that a question may use without showing them, each with its source.

use std::sync::{Arc, OnceLock};

use super::misconceptions::format_is_one;
use crate::problem::Problem;
use crate::quantity::{Quantity, Unit};
use crate::read::{Source, Table, nearest};

/// A constant with its source.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Fact {
    /// Identifier.
    pub id: String,
    /// What it is.
    pub what: String,
    /// The number, in `unit`.
    pub number: f64,
    /// Its unit.
    pub unit: Unit,
    /// Where it comes from.
    pub source: String,
    /// Line in the file.
    pub line: usize,
}

/// All constants of a bank.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    facts: Vec<Arc<Fact>>,
}

impl Facts {
    /// Returns the constants that ship with the crate.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Facts> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self::read("facts.toml", include_str!("../../bank/facts.toml")).0)
    }

    /// Reads a file of constants, collecting what is wrong with it.
    #[must_use]
    pub fn read(path: &str, text: &str) -> (Self, Vec<Problem>) {
        let source = Source::new(path, text);
        let mut out = Self::default();
        source.read(|top| {
            format_is_one(top);
            for table in top.tables("fact") {
                if let Some(fact) = fact(&table) {
                    if out.get(&fact.id).is_some() {
                        let what = format!("fact `{}` twice", fact.id);
                        source.report("V-FACT", table.line(), what, "keep one");
                    }
                    out.facts.push(Arc::new(fact));
                }
            }
            Some(())
        });
        (out, source.into_problems())
    }

    /// Returns the constants, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.facts.iter().map(Arc::as_ref)
    }

    /// Returns a constant.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Fact>> {
        self.facts.iter().find(|f| f.id == id)
    }

    /// Returns the identifier most like `id`.
    pub(crate) fn near(&self, id: &str) -> Option<&str> {
        nearest(id, self.facts.iter().map(|f| f.id.as_str()))
    }
}

fn fact(table: &Table<'_, '_>) -> Option<Fact> {
    let id = table.need_string("id");
    let what = table.need_string("what");
    let value = table.need_string("value");
    let source = table.need_string("source");
    table.finish();
    let value = value.and_then(|text| {
        let (number, unit) = text.value.split_once(' ').unwrap_or((&text.value, ""));
        let read = Quantity::parse(&text.value).and_then(|_| Unit::parse(unit));
        let number: Option<f64> = number.parse().ok().filter(|n: &f64| n.is_finite());
        match (number, read) {
            (Some(number), Ok(unit)) => Some((number, unit)),
            (None, Ok(_)) => {
                let what = format!("`{}` does not begin with a plain number", text.value);
                table.source().report("V-FACT", text.line, what, "write `200 km/ms`");
                None
            }
            (_, Err(error)) => {
                table.source().report("V-FACT", text.line, error.to_string(), "write `200 km/ms`");
                None
            }
        }
    });
    if let Some(source) = source.as_ref().filter(|s| s.value.trim().chars().count() < 10) {
        let what = "the source is too short to be found";
        table.source().report("V-FACT", source.line, what, "name author, year and title");
    }
    let (number, unit) = value?;
    let (id, what, source) = (id?.value, what?.value, source?.value);
    Some(Fact { id, what, number, unit, source, line: table.line() })
}
