//! What a fleet costs for a while: walls 17 and 18 asked about a fleet at a place.

use super::footprint::{FleetFootprint, Period, Place, footprint};
use crate::convention::Convention;
use crate::error::Result;
use crate::registry::Fleet;
use crate::trace::Recorder;
use crate::units::{Seconds, Usd, UsdPerJoule, UsdPerSecond};
use crate::walls::operations::capital::{CostIn, TotalCost, YEAR};
use crate::walls::solve_traced;

/// Prices and habits of an owner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// Price of electricity; `None` for the grid's, else 0.12 USD/kWh.
    pub electricity: Option<UsdPerJoule>,
    /// Time over which purchases are written off.
    pub amortization: Seconds,
    /// All that is bought over the price of the accelerators alone.
    pub multiplier: f64,
    /// Network, storage and power capacity bought besides.
    pub site_cost: Usd,
    /// Interest a year that the money would earn elsewhere.
    pub discount: f64,
    /// Share of the price for which machines are sold in the end.
    pub salvage: f64,
    /// Share of the price a year that maintenance costs.
    pub maintenance_ratio: f64,
    /// Cost of staff per time.
    pub staff_rate: UsdPerSecond,
}

impl Prices {
    /// Electricity where nothing else is known.
    pub const ELECTRICITY: UsdPerJoule = UsdPerJoule(0.12 / 3.6e6);
}

impl Default for Prices {
    fn default() -> Self {
        Self {
            electricity: None,
            amortization: Seconds(3.0 * YEAR.0),
            multiplier: 1.0,
            site_cost: Usd::ZERO,
            discount: 0.0,
            salvage: 0.0,
            maintenance_ratio: 0.05,
            staff_rate: UsdPerSecond::ZERO,
        }
    }
}

/// What a period of a fleet costs; `None` is unknown, because the accelerator has no price on record.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FleetCost {
    /// Part of the purchase that falls on the period.
    pub capital: Option<Usd>,
    /// Maintenance.
    pub maintenance: Option<Usd>,
    /// Energy.
    pub energy: Usd,
    /// Staff.
    pub staff: Usd,
    /// All that is paid while running.
    pub operation: Option<Usd>,
    /// Everything.
    pub total: Option<Usd>,
    /// What is known of it: energy, staff, and the rest where the price is known.
    pub known: Usd,
    /// Energy, carbon and water of the period.
    pub footprint: FleetFootprint,
}

/// Resolves what a fleet costs in a period, at `place` or else where its record says that it stands.
///
/// Under [`Convention::Upstream030`] an accelerator without a price is free, and grids have no price of their own.
///
/// # Errors
///
/// As [`footprint`] and [`crate::walls::solve`].
pub fn cost<R: Recorder>(
    fleet: &Fleet,
    period: &Period,
    prices: &Prices,
    place: Option<Place<'_>>,
    convention: Convention,
    trace: &mut R,
) -> Result<FleetCost> {
    let footprint = footprint(fleet, period, place, convention, trace)?;
    let own = place
        .map(Place::grid)
        .or_else(|| fleet.site.as_ref().map(|site| &site.grid))
        .or(fleet.grid.as_ref())
        .and_then(|grid| grid.price)
        .filter(|_| convention == Convention::Reference);
    let unit_cost = fleet.node.accelerator.unit_cost;
    let x = CostIn {
        unit_cost: unit_cost.unwrap_or(Usd::ZERO),
        devices: fleet.accelerators(),
        duration: period.duration,
        energy_used: footprint.footprint.facility_energy,
        energy_price: prices.electricity.or(own).unwrap_or(Prices::ELECTRICITY),
        multiplier: prices.multiplier,
        site_cost: prices.site_cost,
        amortization: prices.amortization,
        discount: prices.discount,
        salvage: prices.salvage,
        maintenance_ratio: prices.maintenance_ratio,
        staff_rate: prices.staff_rate,
    };
    let out = solve_traced::<TotalCost, R>(&x, convention, trace)?;
    let priced = unit_cost.is_some() || convention == Convention::Upstream030;
    let if_priced = |amount: Usd| priced.then_some(amount);
    Ok(FleetCost {
        capital: if_priced(out.capital),
        maintenance: if_priced(out.maintenance),
        energy: out.energy,
        staff: out.staff,
        operation: if_priced(out.operation),
        total: if_priced(out.total),
        known: if priced { out.total } else { out.energy + out.staff },
        footprint,
    })
}
