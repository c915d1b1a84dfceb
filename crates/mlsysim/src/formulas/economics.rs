//! Prices, payback and comparisons of owning with renting.

use super::formulas;
use crate::units::{
    BytesPerSecond, Joules, Seconds, Usd, UsdPerByte, UsdPerJoule, UsdPerSecond, Watts,
};

/// The month of bills.
const MONTH: Seconds = Seconds(30.0 * 86_400.0);

formulas! { economics;
    /// Returns what sending data out at a steady rate costs in 30 days.
    ///
    /// `rate × 30 d × price`
    source "definition of metered egress";
    /// // 1 MB/s is 2,592 GB a month, at 9 cents a gigabyte.
    /// let cost = economics::monthly_egress(BytesPerSecond(1e6), UsdPerByte(0.09e-9))?;
    /// assert!((cost.0 - 233.28).abs() < 1e-10);
    fn monthly_egress(rate: BytesPerSecond, NOT_NEGATIVE; price: UsdPerByte, NOT_NEGATIVE) -> Usd, NOT_NEGATIVE {
        price * (rate * MONTH)
    }

    /// Returns what machines and their electricity cost.
    ///
    /// `cost × n + P × n × T × price`
    source "Barroso, Hölzle & Ranganathan (2018), The datacenter as a computer, 3rd ed., ch. 6";
    /// let cost = economics::purchase_and_energy(Usd(100.0), 3.0, Watts(500.0), Seconds(4e6), UsdPerJoule(5e-8))?;
    /// assert_eq!(cost, Usd(600.0));
    fn purchase_and_energy(unit: Usd, NOT_NEGATIVE; machines: f64, COUNT_OR_NONE; power: Watts, NOT_NEGATIVE; duration: Seconds, NOT_NEGATIVE; price: UsdPerJoule, NOT_NEGATIVE) -> Usd, NOT_NEGATIVE {
        let energy: Joules = power * duration * machines;
        unit * machines + price * energy
    }

    /// Returns when savings have paid for an investment.
    ///
    /// `cost / saving`
    source "definition of the simple payback period";
    /// assert_eq!(economics::payback(Usd(1000.0), UsdPerSecond(0.5))?, Seconds(2000.0));
    fn payback(cost: Usd, NOT_NEGATIVE; saving: UsdPerSecond, POSITIVE) -> Seconds, NOT_NEGATIVE {
        cost / saving
    }

    /// Returns the use after which buying is cheaper than renting.
    ///
    /// `cost / (rent − own)`, infinite if renting costs no more than running one's own.
    source "equating rent × t with cost + own × t";
    /// assert_eq!(economics::rent_crossover(Usd(900.0), UsdPerSecond(4.0), UsdPerSecond(1.0))?, Seconds(300.0));
    fn rent_crossover(cost: Usd, NOT_NEGATIVE; rent: UsdPerSecond, NOT_NEGATIVE; own: UsdPerSecond, NOT_NEGATIVE) -> Seconds, UNBOUNDED {
        if rent > own { cost / (rent - own) } else { Seconds(f64::INFINITY) }
    }

    /// Returns the utilization above which a machine paid all the time is cheaper than one paid by use.
    ///
    /// `own / rent`; above 1 owning never pays.
    source "equating own with rent × utilization";
    /// assert_eq!(economics::break_even_utilization(UsdPerSecond(1.0), UsdPerSecond(4.0))?, 0.25);
    fn break_even_utilization(own: UsdPerSecond, NOT_NEGATIVE; rent: UsdPerSecond, POSITIVE) -> f64, NOT_NEGATIVE {
        own / rent
    }

    /// Returns the time between retrainings that balances their cost against decay.
    ///
    /// `√(2·cost / slope)` for a loss that grows by `slope` dollars per second and second.
    source "square-root law of Young (1974) for a loss that grows with time";
    /// assert_eq!(economics::retraining_interval(Usd(50.0), 0.01)?, Seconds(100.0));
    fn retraining_interval(cost: Usd, NOT_NEGATIVE; slope: f64, POSITIVE) -> Seconds, NOT_NEGATIVE {
        Seconds(libm::sqrt(2.0 * cost.0 / slope))
    }

    /// Returns the equal yearly payments that buy a machine and sell it at the end.
    ///
    /// `P·r / (1 − (1+r)^−n) − S·r / ((1+r)^n − 1)`, and `(P − S)/n` without interest.
    source "capital recovery and sinking fund factors: Brealey, Myers & Allen (2020), Principles of corporate finance, ch. 2";
    /// // 1,000 at 10 % over one year: 1,100 back, of which selling for 110 pays a part.
    /// let cost = economics::annual_capital_cost(Usd(1000.0), Usd(110.0), 0.1, 1.0)?;
    /// assert!((cost.0 - 990.0).abs() < 1e-10);
    fn annual_capital_cost(price: Usd, NOT_NEGATIVE; salvage: Usd, NOT_NEGATIVE; discount: f64, NOT_NEGATIVE; years: f64, POSITIVE) -> Usd, NOT_NEGATIVE where salvage <= price {
        let log = years * libm::log1p(discount);
        if log <= 0.0 {
            return (price - salvage) / years;
        }
        // The second factor is the first less r, which avoids subtracting large amounts of money.
        let recovery = discount / -libm::expm1(-log);
        (price - salvage) * recovery + salvage * discount
    }
}
