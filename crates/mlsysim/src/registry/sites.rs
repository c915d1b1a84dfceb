//! Where machines stand: electricity grids and facilities.

use crate::provenance::{Origins, Provenance};
use crate::units::{CubicMetersPerJoule, KgCo2PerJoule, Quantity, UsdPerJoule};
use alloc::string::String;
use alloc::vec::Vec;

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
    /// Values of the Python package 0.3.0 that were corrected here, by field.
    pub upstream: Vec<(String, String)>,
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
            upstream: Vec::new(),
            origins: Origins::new(provenance),
        }
    }

    /// Every amount of the record with the name of its field, for tables and audits.
    #[must_use]
    pub fn values(&self) -> Vec<(String, Quantity)> {
        let values: [(&str, Option<Quantity>); 6] = [
            ("carbon_intensity", Some(self.carbon_intensity.into())),
            ("pue", Some(self.pue.into())),
            ("wue", Some(self.wue.into())),
            ("generation_water", self.generation_water.map(Into::into)),
            ("price", self.price.map(Into::into)),
            ("renewable", self.renewable.map(Into::into)),
        ];
        values.into_iter().filter_map(|(name, value)| Some((name.into(), value?))).collect()
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

    /// Every amount of the record with the name of its field, for tables and audits.
    #[must_use]
    pub fn values(&self) -> Vec<(String, Quantity)> {
        self.pue_override.map(|pue| ("pue".into(), pue.into())).into_iter().collect()
    }
}
