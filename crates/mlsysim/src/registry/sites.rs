//! Where machines stand: electricity grids and facilities.

use crate::provenance::{Origins, Provenance};
use crate::units::{CubicMetersPerJoule, KgCo2PerJoule, UsdPerJoule};
use alloc::string::String;

/// An electricity grid, with the facility values that upstream keeps beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Greenhouse gas of a joule, averaged over a year.
    pub carbon_intensity: KgCo2PerJoule,
    /// Facility energy over equipment energy that is usual there.
    pub pue: f64,
    /// Water that a facility there uses per joule of equipment energy.
    pub wue: CubicMetersPerJoule,
    /// Water that generating a joule uses.
    pub generation_water: Option<CubicMetersPerJoule>,
    /// Price of a joule.
    pub price: Option<UsdPerJoule>,
    /// Share of renewable sources.
    pub renewable: Option<f64>,
    /// Where its values are from.
    pub origins: Origins,
}

impl Grid {
    /// A grid of a carbon intensity, with a facility of PUE 1 that uses no water.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        carbon_intensity: KgCo2PerJoule,
        provenance: Provenance,
    ) -> Self {
        let id = id.into();
        Self {
            name: id.clone(),
            id,
            carbon_intensity,
            pue: 1.0,
            wue: CubicMetersPerJoule::ZERO,
            generation_water: None,
            price: None,
            renewable: None,
            origins: Origins::new(provenance),
        }
    }
}

/// A facility on a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Identifier.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// The grid that feeds it.
    pub grid: Grid,
    /// Its own facility energy over equipment energy; `None` for the grid's.
    pub pue_override: Option<f64>,
    /// Where its values are from.
    pub origins: Origins,
}

impl Site {
    /// Returns facility energy over equipment energy.
    #[must_use]
    pub fn pue(&self) -> f64 {
        self.pue_override.unwrap_or(self.grid.pue)
    }
}
