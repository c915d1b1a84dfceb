//! Wall 17, capital: a machine costs money while it stands still.
//!
//! Buying is spread over the service life, energy is paid by the joule, and maintenance is a share of the price.
//! The wall answers what a period costs, not what it earns; an unknown price is a question for the caller and not 0.

use crate::convention::Convention;
use crate::error::Result;
use crate::formulas::economics::raw;
use crate::trace::Recorder;
use crate::units::{Joules, Seconds, Usd, UsdPerJoule, UsdPerSecond};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

const BOOK: &str =
    "Barroso, Hölzle & Ranganathan (2018), The datacenter as a computer, 3rd ed., ch. 6";
const ANNUITY: &str = "capital recovery factor: Brealey, Myers & Allen (2020), Principles of corporate finance, ch. 2";
/// A year of cost formulas.
pub const YEAR: Seconds = Seconds(365.0 * 86_400.0);

/// Returns what `devices` machines at `unit_cost` cost over `duration` with the energy they use.
///
/// Written off evenly over three years, with 5 % of the price a year for maintenance.
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless every amount is at least 0 and `devices` is a whole number of at least 1.
/// - [`crate::Error::Overflow`] if a cost does not fit a 64-bit float.
///
/// # Source
///
/// Barroso, Hölzle & Ranganathan (2018), The datacenter as a computer, 3rd ed., ch. 6.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{Joules, Seconds, Usd, UsdPerJoule};
/// use mlsysim::walls::operations::capital;
///
/// // A year of ten machines at 30,000 USD that use 100 GJ at 0.18 USD/kWh.
/// let cost = capital::total_cost(Usd(30e3), 10.0, Seconds(365.0 * 86_400.0), Joules(1e11), UsdPerJoule(5e-8))?;
/// assert_eq!(cost.capital, Usd(100e3)); // a third of the price
/// assert_eq!(cost.energy, Usd(5e3));
/// assert_eq!(cost.maintenance, Usd(15e3));
/// assert_eq!(cost.total, Usd(120e3));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn total_cost(
    unit_cost: Usd,
    devices: f64,
    duration: Seconds,
    energy: Joules,
    price: UsdPerJoule,
) -> Result<CostOut> {
    let x = CostIn { energy_price: price, ..CostIn::new(unit_cost, devices, duration, energy) };
    solve::<TotalCost>(&x, Convention::Reference)
}

record! {
    /// Machines, a period and what is paid for.
    pub struct CostIn {
        /// Price of one machine.
        unit_cost: Usd, "P", NOT_NEGATIVE;
        /// Machines.
        devices: f64, "n", COUNT;
        /// Length of the period.
        duration: Seconds, "T", NOT_NEGATIVE;
        /// Energy that the facility uses in the period.
        energy_used: Joules, "E", NOT_NEGATIVE;
        /// Price of a joule.
        energy_price: UsdPerJoule, "p", NOT_NEGATIVE, default 0.12 / 3.6e6;
        /// All that is bought over the price of the machines alone.
        multiplier: f64, "κ", NOT_NEGATIVE, default 1.0;
        /// Network, storage and power capacity bought besides.
        site_cost: Usd, "P_s", NOT_NEGATIVE, default 0.0;
        /// Time over which purchases are written off.
        amortization: Seconds, "T_a", POSITIVE, default 3.0 * YEAR.0;
        /// Interest a year that the money would earn elsewhere.
        discount: f64, "r", NOT_NEGATIVE, default 0.0;
        /// Share of the price for which machines are sold in the end.
        salvage: f64, "σ", SHARE, default 0.0;
        /// Share of the price a year that maintenance costs.
        maintenance_ratio: f64, "μ", NOT_NEGATIVE, default 0.05;
        /// Cost of staff per time.
        staff_rate: UsdPerSecond, "s", NOT_NEGATIVE, default 0.0;
    }
}

impl CostIn {
    /// The defaults around what has none.
    #[must_use]
    pub const fn new(unit_cost: Usd, devices: f64, duration: Seconds, energy_used: Joules) -> Self {
        Self {
            unit_cost,
            devices,
            duration,
            energy_used,
            energy_price: UsdPerJoule(0.12 / 3.6e6),
            multiplier: 1.0,
            site_cost: Usd(0.0),
            amortization: Seconds(3.0 * YEAR.0),
            discount: 0.0,
            salvage: 0.0,
            maintenance_ratio: 0.05,
            staff_rate: UsdPerSecond(0.0),
        }
    }
}

record! {
    /// What the period costs.
    pub struct CostOut {
        /// What is bought, in full.
        purchase: Usd, "P_Σ", NOT_NEGATIVE;
        /// Part of the purchase that falls on the period.
        capital: Usd, "CapEx", NOT_NEGATIVE;
        /// Energy.
        energy: Usd, "C_E", NOT_NEGATIVE;
        /// Maintenance.
        maintenance: Usd, "C_μ", NOT_NEGATIVE;
        /// Staff.
        staff: Usd, "C_s", NOT_NEGATIVE;
        /// All that is paid while running.
        operation: Usd, "OpEx", NOT_NEGATIVE;
        /// Everything.
        total: Usd, "TCO", NOT_NEGATIVE;
    }
}

/// The equation `capital.total_cost`.
///
/// The Python package knows neither interest nor salvage, nor what is bought besides.
#[derive(Debug, Clone, Copy)]
pub struct TotalCost;

impl Equation for TotalCost {
    type In = CostIn;
    type Out = CostOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "capital.total_cost",
        wall: 17,
        also: &[],
        question: "What does it cost to own and run these machines for a while?",
        formula: "TCO = P_Σ × [r/(1−(1+r)^−n) − σ·r/((1+r)^n−1)] × T/year + E·p + P_Σ·μ·T/year + s·T",
        source: BOOK,
        inputs: CostIn::FIELDS,
        outputs: CostOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &CostIn, convention: Convention, trace: &mut R) -> CostOut {
        let (site, staff_rate, discount, salvage) = match convention {
            Convention::Reference => (x.site_cost, x.staff_rate, x.discount, x.salvage),
            Convention::Upstream030 => (Usd::ZERO, UsdPerSecond::ZERO, 0.0, 0.0),
        };
        let purchase = x.unit_cost * x.devices * x.multiplier + site;
        trace.computed(
            "purchase",
            "P_Σ",
            purchase,
            "P × n × κ + P_s",
            &["unit_cost", "devices", "multiplier", "site_cost"],
            BOOK,
        );
        let years = x.duration / YEAR;
        let life = x.amortization / YEAR;
        let capital =
            raw::annual_capital_cost(purchase, purchase * salvage, discount, life) * years;
        trace.computed(
            "capital",
            "CapEx",
            capital,
            "P_Σ × [r/(1−(1+r)^−n) − σ·r/((1+r)^n−1)] × T/year, n = T_a/year",
            &["purchase", "salvage", "discount", "amortization", "duration"],
            ANNUITY,
        );
        let energy = x.energy_price * x.energy_used;
        trace.computed("energy", "C_E", energy, "E × p", &["energy_used", "energy_price"], BOOK);
        let maintenance = purchase * x.maintenance_ratio * years;
        trace.computed(
            "maintenance",
            "C_μ",
            maintenance,
            "P_Σ × μ × T/year",
            &["purchase", "maintenance_ratio", "duration"],
            BOOK,
        );
        let staff = staff_rate * x.duration;
        trace.computed("staff", "C_s", staff, "s × T", &["staff_rate", "duration"], BOOK);
        let operation = energy + maintenance + staff;
        trace.computed(
            "operation",
            "OpEx",
            operation,
            "C_E + C_μ + C_s",
            &["energy", "maintenance", "staff"],
            BOOK,
        );
        let total = capital + operation;
        trace.computed("total", "TCO", total, "CapEx + OpEx", &["capital", "operation"], BOOK);
        CostOut { purchase, capital, energy, maintenance, staff, operation, total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interest_and_salvage() {
        // 1,100 at 10 % over one year, sold for 110: 1,210 back less 110.
        let x = CostIn {
            amortization: YEAR,
            discount: 0.1,
            salvage: 0.1,
            maintenance_ratio: 0.0,
            ..CostIn::new(Usd(1100.0), 1.0, YEAR, Joules(0.0))
        };
        let out = solve::<TotalCost>(&x, Convention::Reference).unwrap();
        // Three roundings of numbers near 1,000.
        assert!((out.total.0 - 1100.0).abs() < 1e-10, "{}", out.total);
        // The package neither discounts nor sells.
        let upstream = solve::<TotalCost>(&x, Convention::Upstream030).unwrap();
        assert_eq!(upstream.total, Usd(1100.0));
    }

    #[test]
    fn everything_else_adds_up() {
        let x = CostIn {
            multiplier: 1.5,
            site_cost: Usd(50.0),
            staff_rate: UsdPerSecond(100.0 / YEAR.0),
            energy_price: UsdPerJoule(0.5),
            ..CostIn::new(Usd(100.0), 2.0, YEAR, Joules(8.0))
        };
        let out = solve::<TotalCost>(&x, Convention::Reference).unwrap();
        // 350 bought, a third of it a year; 4 for energy; 17.5 of maintenance; 100 of staff.
        assert_eq!(out.purchase, Usd(350.0));
        assert!((out.total.0 - (350.0 / 3.0 + 4.0 + 17.5 + 100.0)).abs() < 1e-12);
    }
}
