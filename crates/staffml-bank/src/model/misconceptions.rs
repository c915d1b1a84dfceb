//! The registry of known wrong turns: ids in families, each family with a remedy.

use std::sync::{Arc, OnceLock};

use crate::problem::Problem;
use crate::read::{Source, Table};

/// Wrong turns with one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Family {
    /// Identifier.
    pub id: String,
    /// What went wrong.
    pub what: String,
    /// What to do next time.
    pub remedy: String,
    /// Identifiers of its wrong turns.
    pub members: Vec<String>,
}

/// All families.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Misconceptions {
    families: Vec<Arc<Family>>,
}

impl Misconceptions {
    /// Returns the registry that ships with the crate.
    #[must_use]
    pub fn embedded() -> &'static Self {
        static EMBEDDED: OnceLock<Misconceptions> = OnceLock::new();
        EMBEDDED.get_or_init(|| {
            Self::read("misconceptions.toml", include_str!("../../bank/misconceptions.toml")).0
        })
    }

    /// Reads a registry, collecting what is wrong with it.
    #[must_use]
    pub fn read(path: &str, text: &str) -> (Self, Vec<Problem>) {
        let source = Source::new(path, text);
        let mut out = Self::default();
        source.read(|top| {
            format_is_one(top);
            for table in top.tables("family") {
                if let Some(family) = out.family(&table) {
                    out.families.push(Arc::new(family));
                }
            }
            Some(())
        });
        (out, source.into_problems())
    }

    fn family(&self, table: &Table<'_, '_>) -> Option<Family> {
        let id = table.need_string("id");
        let what = table.need_string("what");
        let remedy = table.need_string("remedy");
        let members = table.need("members", table.strings("members"));
        table.finish();
        let mut known: Vec<String> = Vec::new();
        for member in members?.value {
            if self.family_of(&member.value).is_some() || known.contains(&member.value) {
                let what = format!("misconception `{}` is listed twice", member.value);
                table.source().report("V-MISC-TWICE", member.line, what, "remove one");
            }
            known.push(member.value);
        }
        Some(Family { id: id?.value, what: what?.value, remedy: remedy?.value, members: known })
    }

    /// Returns the families.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.iter().map(Arc::as_ref)
    }

    /// Returns the family of a wrong turn.
    #[must_use]
    pub fn family_of(&self, id: &str) -> Option<&Arc<Family>> {
        self.families.iter().find(|f| f.members.iter().any(|m| m == id))
    }
}

/// Records a problem unless `format = 1`.
pub(super) fn format_is_one(top: &Table<'_, '_>) {
    if let Some(format) = top.need("format", top.integer("format"))
        && format.value != 1
    {
        let what = format!("format {} is not known", format.value);
        top.source().report("V-FORMAT", format.line, what, "this version reads format 1");
    }
}
