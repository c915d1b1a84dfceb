//! Wall 18, sustainability: every joule that computes needs more joules, emits carbon and evaporates water.
//!
//! Machines draw part of their rated power while idle. The facility multiplies their energy by its PUE; the grid
//! gives each joule a carbon intensity. Water is used twice: by cooling, stated per joule of the machines, and by
//! generation, per joule of the facility. Making the machines emitted carbon, a part of which falls on the period.
//! Yearly averages stand for the hour and the place, and average for marginal emissions.

use crate::convention::Convention;
use crate::error::Result;
use crate::trace::Recorder;
use crate::units::{
    CubicMeters, CubicMetersPerJoule, Joules, KgCo2, KgCo2PerJoule, Seconds, Watts,
};
use crate::walls::equation::{Equation, EquationInfo, Record, record, solve};

const POWER: &str =
    "Barroso & Hölzle (2007), The case for energy-proportional computing, IEEE Computer 40(12)";
const CARBON: &str =
    "Patterson et al. (2021), Carbon emissions and large neural network training, arXiv:2104.10350";
const WATER: &str = "The Green Grid (2011), Water usage effectiveness, white paper 35; Li et al. (2023), Making AI less thirsty, arXiv:2304.03271";
const MAKING: &str = "Gupta et al. (2022), ACT: designing sustainable computer systems with an architectural carbon modeling tool, ISCA";

/// Returns the water that machines with energy `it_energy` use in a facility of that effectiveness and PUE, on a grid
/// whose generation uses `generation` per joule.
///
/// `V = E_IT × WUE + E_IT × PUE × EWIF`
///
/// # Errors
///
/// - [`crate::Error::OutOfRange`] unless amounts are at least 0 and `pue` at least 1.
/// - [`crate::Error::Overflow`] if the volume does not fit a 64-bit float.
///
/// # Source
///
/// The Green Grid (2011), Water usage effectiveness, white paper 35; Li et al. (2023), arXiv:2304.03271.
///
/// # Examples
///
/// ```
/// use mlsysim::units::{CubicMeters, CubicMetersPerJoule, Joules};
/// use mlsysim::walls::operations::sustainability;
///
/// // 1 TJ at 0.5 m3/GJ for cooling; 1.2 TJ at 1 m3/GJ for generation.
/// let wue = CubicMetersPerJoule(0.5e-9);
/// let water = sustainability::water(Joules(1e12), wue, 1.2, CubicMetersPerJoule(1e-9))?;
/// assert_eq!(water, CubicMeters(500.0 + 1200.0));
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn water(
    it_energy: Joules,
    wue: CubicMetersPerJoule,
    pue: f64,
    generation: CubicMetersPerJoule,
) -> Result<CubicMeters> {
    let x = WaterIn { it_energy, wue, pue, generation_water: generation };
    Ok(solve::<WaterUse>(&x, Convention::Reference)?.water)
}

record! {
    /// Energy and the water that belongs to it.
    pub struct WaterIn {
        /// Energy of the machines.
        it_energy: Joules, "E_IT", NOT_NEGATIVE;
        /// Water that the facility uses per joule of the machines.
        wue: CubicMetersPerJoule, "WUE", NOT_NEGATIVE;
        /// Facility energy over machine energy.
        pue: f64, "PUE", AT_LEAST_ONE, default 1.0;
        /// Water that generating a joule uses.
        generation_water: CubicMetersPerJoule, "EWIF", NOT_NEGATIVE, default 0.0;
    }
}

record! {
    /// The water used.
    pub struct WaterOut {
        /// Water that the facility uses.
        site_water: CubicMeters, "V_s", NOT_NEGATIVE;
        /// Water that generation uses.
        grid_water: CubicMeters, "V_g", NOT_NEGATIVE;
        /// Both.
        water: CubicMeters, "V", NOT_NEGATIVE;
    }
}

/// The equation `sustainability.water_use`.
#[derive(Debug, Clone, Copy)]
pub struct WaterUse;

impl Equation for WaterUse {
    type In = WaterIn;
    type Out = WaterOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "sustainability.water_use",
        wall: 18,
        also: &[],
        question: "How much water does this energy use, on site and where it is generated?",
        formula: "V = E_IT × WUE + E_IT × PUE × EWIF",
        source: WATER,
        inputs: WaterIn::FIELDS,
        outputs: WaterOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(x: &WaterIn, _: Convention, trace: &mut R) -> WaterOut {
        let site_water = x.wue * x.it_energy;
        trace.computed("site_water", "V_s", site_water, "E_IT × WUE", &["it_energy", "wue"], WATER);
        let grid_water = x.generation_water * (x.it_energy * x.pue);
        trace.computed(
            "grid_water",
            "V_g",
            grid_water,
            "E_IT × PUE × EWIF",
            &["it_energy", "pue", "generation_water"],
            WATER,
        );
        let water = site_water + grid_water;
        trace.computed("water", "V", water, "V_s + V_g", &["site_water", "grid_water"], WATER);
        WaterOut { site_water, grid_water, water }
    }
}

record! {
    /// Machines, a period and the place they stand at.
    pub struct FootprintIn {
        /// Rated power of one machine.
        power: Watts, "P", NOT_NEGATIVE;
        /// Machines.
        devices: f64, "n", COUNT;
        /// Length of the period.
        duration: Seconds, "T", NOT_NEGATIVE;
        /// Share of the machines' peak that is used.
        utilization: f64, "u", SHARE, default 1.0;
        /// Share of the rated power drawn while waiting.
        idle_share: f64, "φ", SHARE, default 0.3;
        /// Power of hosts and network beside the machines.
        other_power: Watts, "P_o", NOT_NEGATIVE, default 0.0;
        /// Facility energy over machine energy.
        pue: f64, "PUE", AT_LEAST_ONE;
        /// Greenhouse gas of a joule.
        carbon_intensity: KgCo2PerJoule, "CI", NOT_NEGATIVE;
        /// Water that the facility uses per joule of the machines.
        wue: CubicMetersPerJoule, "WUE", NOT_NEGATIVE, default 0.0;
        /// Water that generating a joule uses.
        generation_water: CubicMetersPerJoule, "EWIF", NOT_NEGATIVE, default 0.0;
        /// Greenhouse gas of making one machine.
        embodied_each: KgCo2, "e", NOT_NEGATIVE, default 0.0;
        /// Time that a machine serves before it is replaced.
        service_life: Seconds, "T_l", POSITIVE, default 4.0 * 365.0 * 86_400.0;
    }
}

record! {
    /// What the period uses and emits.
    pub struct FootprintOut {
        /// Mean power of one machine.
        device_power: Watts, "P_u", NOT_NEGATIVE;
        /// Energy of the machines.
        it_energy: Joules, "E_IT", NOT_NEGATIVE;
        /// Energy of the facility.
        facility_energy: Joules, "E", NOT_NEGATIVE;
        /// Greenhouse gas of that energy.
        operational_carbon: KgCo2, "C_o", NOT_NEGATIVE;
        /// Part of the greenhouse gas of making the machines that falls on the period.
        embodied_carbon: KgCo2, "C_e", NOT_NEGATIVE;
        /// Both.
        carbon: KgCo2, "C", NOT_NEGATIVE;
        /// Water that the facility uses.
        site_water: CubicMeters, "V_s", NOT_NEGATIVE;
        /// Water that generation uses.
        grid_water: CubicMeters, "V_g", NOT_NEGATIVE;
        /// Both.
        water: CubicMeters, "V", NOT_NEGATIVE;
    }
}

/// The equation `sustainability.footprint`.
///
/// The Python package applies the water of cooling to the energy of the whole facility, counts neither hosts nor the
/// water of generation, and charges all of a machine's making to any period.
#[derive(Debug, Clone, Copy)]
pub struct Footprint;

impl Equation for Footprint {
    type In = FootprintIn;
    type Out = FootprintOut;

    const INFO: &'static EquationInfo = &EquationInfo {
        id: "sustainability.footprint",
        wall: 18,
        also: &[],
        question: "Which energy, carbon and water does a period of computing use?",
        formula: "C = n × [P × (φ + (1−φ)·u) + P_o/n] × T × PUE × CI + n × e × T/T_l",
        source: CARBON,
        inputs: FootprintIn::FIELDS,
        outputs: FootprintOut::FIELDS,
    };

    #[inline]
    fn compute<R: Recorder>(
        x: &FootprintIn,
        convention: Convention,
        trace: &mut R,
    ) -> FootprintOut {
        let device_power = x.power * (x.idle_share + (1.0 - x.idle_share) * x.utilization);
        trace.computed(
            "device_power",
            "P_u",
            device_power,
            "P × (φ + (1−φ) × u)",
            &["power", "idle_share", "utilization"],
            POWER,
        );
        let reference = convention == Convention::Reference;
        let other = if reference { x.other_power } else { Watts::ZERO };
        let it_energy = (device_power * x.devices + other) * x.duration;
        trace.computed(
            "it_energy",
            "E_IT",
            it_energy,
            "(n × P_u + P_o) × T",
            &["devices", "device_power", "other_power", "duration"],
            POWER,
        );
        let facility_energy = it_energy * x.pue;
        trace.computed(
            "facility_energy",
            "E",
            facility_energy,
            "E_IT × PUE",
            &["it_energy", "pue"],
            CARBON,
        );
        let operational_carbon = x.carbon_intensity * facility_energy;
        trace.computed(
            "operational_carbon",
            "C_o",
            operational_carbon,
            "E × CI",
            &["facility_energy", "carbon_intensity"],
            CARBON,
        );
        let made = x.embodied_each * x.devices;
        let (embodied_carbon, how) = if reference {
            (made * (x.duration / x.service_life), "n × e × T/T_l")
        } else {
            (made, "n × e")
        };
        trace.computed(
            "embodied_carbon",
            "C_e",
            embodied_carbon,
            how,
            &["devices", "embodied_each", "duration", "service_life"],
            MAKING,
        );
        let carbon = operational_carbon + embodied_carbon;
        trace.computed(
            "carbon",
            "C",
            carbon,
            "C_o + C_e",
            &["operational_carbon", "embodied_carbon"],
            CARBON,
        );
        let (wetted, how, generation_water) = if reference {
            (it_energy, "E_IT × WUE", x.generation_water)
        } else {
            (facility_energy, "E × WUE", CubicMetersPerJoule::ZERO)
        };
        let site_water = x.wue * wetted;
        trace.computed(
            "site_water",
            "V_s",
            site_water,
            how,
            &["it_energy", "facility_energy", "wue"],
            WATER,
        );
        let grid_water = generation_water * facility_energy;
        trace.computed(
            "grid_water",
            "V_g",
            grid_water,
            "E × EWIF",
            &["facility_energy", "generation_water"],
            WATER,
        );
        let water = site_water + grid_water;
        trace.computed("water", "V", water, "V_s + V_g", &["site_water", "grid_water"], WATER);
        FootprintOut {
            device_power,
            it_energy,
            facility_energy,
            operational_carbon,
            embodied_carbon,
            carbon,
            site_water,
            grid_water,
            water,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const X: FootprintIn = FootprintIn {
        power: Watts(700.0),
        devices: 10.0,
        duration: Seconds(1000.0),
        utilization: 0.5,
        idle_share: 0.3,
        other_power: Watts(450.0),
        pue: 1.2,
        carbon_intensity: KgCo2PerJoule(1e-7),
        wue: CubicMetersPerJoule(5e-10),
        generation_water: CubicMetersPerJoule(1e-9),
        embodied_each: KgCo2(150.0),
        service_life: Seconds(1e6),
    };

    #[test]
    fn by_hand() {
        // 455 W each and 450 W beside: 5 kW for 1,000 s is 5 MJ, 6 MJ with the facility.
        let out = solve::<Footprint>(&X, Convention::Reference).unwrap();
        let near = |got: f64, expected: f64| {
            // A handful of roundings.
            assert!((got / expected - 1.0).abs() < 1e-14, "{got} {expected}");
        };
        near(out.it_energy.0, 5e6);
        near(out.operational_carbon.0, 0.6);
        // A thousandth of the service life of ten machines.
        near(out.embodied_carbon.0, 1.5);
        near(out.water.0, 5e6 * 5e-10 + 6e6 * 1e-9);
    }

    #[test]
    fn the_package_overstates_water_by_the_pue_and_charges_all_of_the_making() {
        let x = FootprintIn {
            other_power: Watts(0.0),
            generation_water: CubicMetersPerJoule(0.0),
            ..X
        };
        let reference = solve::<Footprint>(&x, Convention::Reference).unwrap();
        let upstream = solve::<Footprint>(&x, Convention::Upstream030).unwrap();
        assert!((upstream.water / reference.water - 1.2).abs() < 1e-14);
        assert_eq!(upstream.embodied_carbon, KgCo2(1500.0));
        assert_eq!(upstream.it_energy, reference.it_energy);
    }
}
