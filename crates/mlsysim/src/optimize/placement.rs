//! Where to run a fleet: every region priced with its electricity and its carbon, cheapest first.
//!
//! The search is complete: each region is evaluated once, so there is nothing to prune and no better one to miss.

use crate::convention::Convention;
use crate::error::{Error, Result};
use crate::near::nearest;
use crate::registry::{Fleet, Grid};
use crate::resolve::cost::{Prices, cost};
use crate::resolve::footprint::{Period, Place};
use crate::trace::NoTrace;
use crate::units::{KgCo2, Usd, UsdPerKgCo2};
use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// One region and what the fleet costs there.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Candidate {
    /// Identifier of the region's grid.
    pub region: String,
    /// Cost of the period; `None` if the accelerator has no price on record.
    pub cost: Option<Usd>,
    /// Greenhouse gas of the period.
    pub carbon: KgCo2,
    /// Facility energy over machine energy.
    pub pue: f64,
    /// Known cost and the price of the carbon: what is made least.
    pub objective: Usd,
}

/// The regions in order.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Placement {
    /// The cheapest.
    pub best: Candidate,
    /// All, cheapest first; of two equal ones that which was named first.
    pub ranked: Vec<Candidate>,
    /// How many regions were evaluated.
    pub searched: usize,
}

/// Ranks regions for a fleet by cost and priced carbon.
///
/// `regions` name grids of `grids` by identifier. An accelerator without a price costs the same everywhere, so it does
/// not change the order.
///
/// - [`Convention::Reference`]: each grid's own price of electricity, unless `prices` names one for all.
/// - [`Convention::Upstream030`]: one price for all, and unknown regions are left out.
///
/// # Errors
///
/// - [`Error::UnknownEntry`] for a region that `grids` does not have (under [`Convention::Upstream030`] only if no
///   region is known), and if `regions` is empty.
/// - [`Error::ModelIncomplete`] under [`Convention::Reference`] if a grid has no price and `prices` none either.
/// - [`Error::OutOfRange`] unless the price of carbon is finite and at least 0.
/// - Else as [`cost`].
///
/// # Examples
///
/// ```
/// use mlsysim::Convention;
/// use mlsysim::optimize::placement::place;
/// use mlsysim::provenance::{Basis, Provenance};
/// use mlsysim::registry::{Fabric, Fleet, Grid, Hardware, Node};
/// use mlsysim::resolve::{cost::Prices, footprint::Period};
/// use mlsysim::units::*;
/// # use mlsysim::provenance::Origins;
///
/// let origin = || Provenance::new(Basis::Convention, "an example");
/// let mut machine = Hardware::new("m", FlopPerSecond(1e14), BytesPerSecond(1e12), Bytes(8e10), origin());
/// (machine.power, machine.unit_cost) = (Some(Watts(1000.0)), Some(Usd(0.0)));
/// # let node = Node { id: "n".into(), name: "n".into(), accelerator: machine, accelerators: 1,
/// #     intra_bandwidth: BytesPerSecond(1e11), nics: 1, psus: 2, psu_redundancy: 1, max_power: None,
/// #     facts: Vec::new(), upstream: Vec::new(), origins: Origins::new(origin()) };
/// # let fleet = Fleet { id: "f".into(), name: "f".into(), node, nodes: 1,
/// #     fabric: Fabric::new("e", BytesPerSecond(1e10), origin()), grid: None, site: None, mtbf: None,
/// #     origins: Origins::new(origin()) };
/// // A kilowatt for 1,000 s is a megajoule. The clean grid is dearer by 0.1 USD/MJ, and saves 0.2 kg.
/// let grid = |id: &str, carbon: f64, price: f64| {
///     let mut grid = Grid::new(id, KgCo2PerJoule(carbon), origin());
///     grid.price = Some(UsdPerJoule(price));
///     grid
/// };
/// let grids = [grid("clean", 0.0, 2e-7), grid("dirty", 2e-7, 1e-7)];
/// let period = Period::new(Seconds(1000.0));
/// let best = |tax: f64| {
///     let prices = Prices::default();
///     let found = place(&fleet, &period, &["clean", "dirty"], &grids, UsdPerKgCo2(tax), &prices, Convention::Reference)?;
///     Ok::<_, mlsysim::Error>(found.best.region)
/// };
/// assert_eq!(best(0.4)?, "dirty"); // 0.1 + 0.08 USD against 0.2
/// assert_eq!(best(0.6)?, "clean"); // 0.1 + 0.12 USD against 0.2
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn place(
    fleet: &Fleet,
    period: &Period,
    regions: &[&str],
    grids: &[Grid],
    carbon_price: UsdPerKgCo2,
    prices: &Prices,
    convention: Convention,
) -> Result<Placement> {
    let range = crate::ranges::Range::NOT_NEGATIVE;
    if !range.contains(carbon_price.0) {
        let got = carbon_price.into();
        return Err(Error::OutOfRange {
            op: "optimize.placement",
            name: "carbon_price",
            range,
            got,
        });
    }
    let unknown = |name: &str| {
        let near = nearest(name, grids.iter().map(|grid| grid.id.as_str()));
        Error::UnknownEntry { what: "grid", name: name.into(), near }
    };
    let mut ranked = Vec::new();
    for region in regions {
        let Some(grid) = grids.iter().find(|grid| grid.id == *region) else {
            match convention {
                Convention::Reference => return Err(unknown(region)),
                Convention::Upstream030 => continue,
            }
        };
        ranked.push(candidate(fleet, period, grid, carbon_price, prices, convention)?);
    }
    // Every objective is finite, and the sort keeps the order of equal ones.
    ranked.sort_by(|a, b| a.objective.partial_cmp(&b.objective).unwrap_or(Ordering::Equal));
    let best = ranked.first().ok_or_else(|| unknown(regions.first().unwrap_or(&"")))?.clone();
    Ok(Placement { best, searched: ranked.len(), ranked })
}

fn candidate(
    fleet: &Fleet,
    period: &Period,
    grid: &Grid,
    carbon_price: UsdPerKgCo2,
    prices: &Prices,
    convention: Convention,
) -> Result<Candidate> {
    if convention == Convention::Reference && grid.price.or(prices.electricity).is_none() {
        return Err(Error::ModelIncomplete {
            model: grid.name.clone(),
            what: "the price of electricity",
            remedy: "give one for the grid, or one for all regions",
        });
    }
    let place = Some(Place::Grid(grid));
    let cost = cost(fleet, period, prices, place, convention, &mut NoTrace)?;
    let carbon = cost.footprint.footprint.carbon;
    let objective = cost.known + carbon_price * carbon;
    if !objective.0.is_finite() {
        let got = objective.into();
        return Err(Error::Overflow { op: "optimize.placement", name: "objective", got });
    }
    Ok(Candidate {
        region: grid.id.clone(),
        cost: cost.total,
        carbon,
        pue: cost.footprint.pue,
        objective,
    })
}
