//! Reads records of grids and sites.

use super::Reading;
use crate::document::{Fields, Problems};
use crate::ranges::Range;
use crate::registry::{Grid, Site};
use crate::units::{CubicMetersPerJoule, KgCo2PerJoule};

impl Reading<'_> {
    pub(super) fn read_grid(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let origins = self.origins(&mut entry, problems);
        let intensity = entry.amount("carbon_intensity", Range::NOT_NEGATIVE, problems);
        if intensity.is_none() {
            entry.complain(
                "needs a carbon_intensity, for example carbon_intensity = \"400 gCO2e/kWh\"",
                problems,
            );
        }
        let intensity = intensity.unwrap_or(KgCo2PerJoule::ZERO);
        let mut grid = Grid::new(id, intensity, origins.record.clone());
        grid.origins = origins;
        grid.name = entry.text("name", problems).unwrap_or_else(|| id.into());
        let aliases = entry.texts("aliases", problems);
        grid.pue = entry.number("pue", Range::AT_LEAST_ONE, problems).unwrap_or(1.0);
        grid.wue =
            entry.amount("wue", Range::NOT_NEGATIVE, problems).unwrap_or(CubicMetersPerJoule::ZERO);
        grid.generation_water = entry.amount("generation_water", Range::NOT_NEGATIVE, problems);
        grid.price = entry.amount("price", Range::NOT_NEGATIVE, problems);
        grid.renewable = entry.number("renewable", Range::SHARE, problems);
        grid.upstream = super::corrections(&mut entry, problems);
        super::check_fields(&grid.origins.fields, &grid.values(), &entry, problems);
        entry.finish(problems);
        self.added.grids.put(grid, aliases);
    }

    pub(super) fn read_site(
        &mut self,
        id: &str,
        mut entry: Fields<'_, '_>,
        problems: &mut Problems,
    ) {
        let origins = self.origins(&mut entry, problems);
        let name = entry.text("name", problems).unwrap_or_else(|| id.into());
        let aliases = entry.texts("aliases", problems);
        let pue_override = entry.number("pue", Range::AT_LEAST_ONE, problems);
        let (added, known) = (&self.added.grids, &self.known.grids);
        if entry.place_of("grid").is_none() {
            entry.complain("needs a grid, for example grid = \"quebec\"", problems);
        }
        let find = |name: &str| added.find_or(known, name).cloned();
        let grid = super::named(&mut entry, "grid", find, problems);
        if let Some(grid) = grid {
            let site = Site { id: id.into(), name, grid, pue_override, origins };
            super::check_fields(&site.origins.fields, &site.values(), &entry, problems);
            self.added.sites.put(site, aliases);
        }
        entry.finish(problems);
    }
}
