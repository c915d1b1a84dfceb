//! Reads records of free values.

use super::Reading;
use crate::document::{Fields, Problems};
use crate::registry::Facts;

impl Reading<'_> {
    pub(super) fn read_facts(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let origins = self.origins(&mut entry, problems);
        let mut facts = Facts::new(id, origins.record.clone());
        facts.origins = origins;
        facts.name = entry.text("name", problems).unwrap_or_else(|| id.into());
        let aliases = entry.texts("aliases", problems);
        if let Some(table) = entry.table("values", problems) {
            facts.values = super::values(&table, problems);
        } else {
            entry.complain("needs values, for example values = { mttf = \"50000 h\" }", problems);
        }
        facts.upstream = super::corrections(&mut entry, problems);
        super::check_fields(&facts.origins.fields, &facts.values, &entry, problems);
        entry.finish(problems);
        self.added.facts.put(facts, aliases);
    }
}
