//! Energy, carbon and water of a fleet: wall 18 asked about a fleet at a place.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::provenance::{Basis, Provenance};
use crate::registry::{Fleet, Grid, Site};
use crate::trace::Recorder;
use crate::units::{CubicMetersPerJoule, KgCo2, KgCo2PerJoule, Seconds, Watts};
use crate::walls::operations::sustainability::{Footprint, FootprintIn, FootprintOut};
use crate::walls::solve_traced;
use alloc::borrow::Cow;
use alloc::string::String;

/// Where a fleet stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place<'a> {
    /// A facility.
    Site(&'a Site),
    /// Somewhere on a grid, in a facility that is usual there.
    Grid(&'a Grid),
}

impl<'a> Place<'a> {
    /// Returns facility energy over machine energy.
    #[must_use]
    pub fn pue(self) -> f64 {
        match self {
            Self::Site(site) => site.pue(),
            Self::Grid(grid) => grid.pue,
        }
    }

    /// Returns the grid.
    #[must_use]
    pub const fn grid(self) -> &'a Grid {
        match self {
            Self::Site(site) => &site.grid,
            Self::Grid(grid) => grid,
        }
    }
}

/// A period of use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// Its length.
    pub duration: Seconds,
    /// Share of the machines' peak that is used.
    pub utilization: f64,
    /// Power of hosts and network beside the accelerators, of the whole fleet.
    pub other_power: Watts,
    /// Greenhouse gas of making one accelerator; `None` for the one on record.
    pub embodied_each: Option<KgCo2>,
    /// Time that an accelerator serves before it is replaced.
    pub service_life: Seconds,
}

impl Period {
    /// A period of a length at full use, of accelerators alone, which serve for four years.
    #[must_use]
    pub const fn new(duration: Seconds) -> Self {
        Self {
            duration,
            utilization: 1.0,
            other_power: Watts(0.0),
            embodied_each: None,
            service_life: Seconds(4.0 * 365.0 * 86_400.0),
        }
    }
}

/// What a period of a fleet uses.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FleetFootprint {
    /// Energy, carbon and water.
    pub footprint: FootprintOut,
    /// Whether the greenhouse gas of making the accelerators is known; if not, it is not part of the sum.
    pub embodied_known: bool,
    /// Facility energy over machine energy.
    pub pue: f64,
    /// Name of the grid.
    pub grid: String,
}

/// What the Python package takes where neither site nor grid is given: the average of the United States.
fn package_default() -> Grid {
    let origin = Provenance::new(Basis::Convention, "default of mlsysim 0.3.0 (Python)");
    let mut grid = Grid::new("US_Avg", KgCo2PerJoule(0.429 / 3.6e6), origin);
    grid.name = "US Average".into();
    grid.pue = 1.12;
    grid.wue = CubicMetersPerJoule(1.8e-3 / 3.6e6);
    grid
}

/// Resolves what a fleet uses in a period, at `place` or else where its record says that it stands.
///
/// # Errors
///
/// - [`Error::ModelIncomplete`] under [`Convention::Reference`] if no place is known, or the power of the accelerator.
/// - Else as [`crate::walls::solve`].
pub fn footprint<R: Recorder>(
    fleet: &Fleet,
    period: &Period,
    place: Option<Place<'_>>,
    convention: Convention,
    trace: &mut R,
) -> Result<FleetFootprint> {
    let recorded = || {
        let site = fleet.site.as_ref().map(Place::Site);
        site.or_else(|| fleet.grid.as_ref().map(Place::Grid))
    };
    let missing = |what, remedy| Error::ModelIncomplete { model: fleet.name.clone(), what, remedy };
    let reference = convention == Convention::Reference;
    let (grid, pue) = match place.or_else(recorded) {
        Some(place) => (Cow::Borrowed(place.grid()), place.pue()),
        None if reference => return Err(missing("a grid or site", "name the one it stands at")),
        None => (Cow::Owned(package_default()), package_default().pue),
    };
    let machine = &fleet.node.accelerator;
    let power = match machine.power {
        Some(power) => power,
        None if reference => {
            return Err(missing("the power of its accelerator", "give the machine's rated power"));
        }
        // The package takes an H100.
        None => Watts(700.0),
    };
    let embodied = match convention {
        Convention::Reference => period.embodied_each.or(machine.embodied),
        Convention::Upstream030 => period.embodied_each,
    };
    let idle_share = machine.idle_share.filter(|_| reference);
    let x = FootprintIn {
        power,
        devices: fleet.accelerators(),
        duration: period.duration,
        utilization: period.utilization,
        idle_share: idle_share.unwrap_or(crate::composite::IDLE_SHARE),
        other_power: period.other_power,
        pue,
        carbon_intensity: grid.carbon_intensity,
        wue: grid.wue,
        generation_water: grid.generation_water.unwrap_or(CubicMetersPerJoule::ZERO),
        embodied_each: embodied.unwrap_or(KgCo2::ZERO),
        service_life: period.service_life,
    };
    let footprint = solve_traced::<Footprint, R>(&x, convention, trace)?;
    Ok(FleetFootprint {
        footprint,
        embodied_known: embodied.is_some(),
        pue,
        grid: grid.name.clone(),
    })
}
