//! Carbon intensity of electricity, and power usage effectiveness of fleets.

use super::{Priced, Pricing, constant, text};
use crate::inputs::Inputs;
use crate::world::World;
use mlsysim::machine::Label;

/// Intensity of a mix from the emissions of its sources; of a region from its country.
pub(super) const PRICING: Pricing = Pricing {
    name: "grid_intensity",
    pull: 0.0,
    price,
    constants: &[
        constant("grid.coal", 700.0, 1100.0),
        constant("grid.gas", 380.0, 600.0),
        constant("grid.oil", 500.0, 900.0),
        constant("grid.biofuel", 50.0, 400.0),
    ],
};

/// Grams per kilowatt-hour over the life of a plant that burns nothing: medians of IPCC, AR5 WG III (2014), annex III.
const CLEAN: [(&str, f64); 5] = [
    ("hydroelectricity", 24.0),
    ("nuclear", 12.0),
    ("solar", 45.0),
    ("wind", 11.0),
    ("other_renewable_exc_biofuel", 38.0),
];

/// Sources whose emissions are fitted, since fleets of plants differ from the medians.
const BURNT: [&str; 4] = ["coal", "gas", "oil", "biofuel"];

/// Yearly means of countries, g/kWh, rounded: Ember, Yearly Electricity Data (2023).
const COUNTRIES: [(&str, f64); 36] = [
    ("australia", 549.0),
    ("austria", 111.0),
    ("belgium", 138.0),
    ("brazil", 98.0),
    ("canada", 170.0),
    ("chile", 291.0),
    ("china", 582.0),
    ("denmark", 152.0),
    ("finland", 79.0),
    ("france", 56.0),
    ("germany", 381.0),
    ("hong kong", 635.0),
    ("iceland", 28.0),
    ("india", 713.0),
    ("indonesia", 676.0),
    ("ireland", 291.0),
    ("israel", 583.0),
    ("italy", 331.0),
    ("japan", 485.0),
    ("korea", 432.0),
    ("mexico", 507.0),
    ("netherlands", 268.0),
    ("norway", 30.0),
    ("poland", 662.0),
    ("portugal", 150.0),
    ("qatar", 603.0),
    ("saudi arabia", 567.0),
    ("singapore", 471.0),
    ("south africa", 708.0),
    ("spain", 174.0),
    ("sweden", 41.0),
    ("switzerland", 35.0),
    ("taiwan", 642.0),
    ("united arab emirates", 493.0),
    ("united kingdom", 238.0),
    ("united states", 369.0),
];

/// Where nothing is known of the country: the mean of the world.
const WORLD: f64 = 481.0;

/// Effectiveness of fleets of the largest operators, as they report it.
const LARGE_FLEET_PUE: f64 = 1.12;

fn price(inputs: &Inputs, world: &World) -> Priced {
    if inputs.has("operator") {
        return Ok(vec![("pue", world.predict("grid_pue", Label::Spec, LARGE_FLEET_PUE))]);
    }
    let mix = inputs.table("energy_twh");
    let mut total = 0.0;
    let mut grams = 0.0;
    for (source, energy) in mix.numbers() {
        let clean = CLEAN.iter().find(|(name, _)| *name == source).map(|(_, factor)| *factor);
        let factor = match clean {
            Some(factor) => factor,
            None if BURNT.contains(&source) => {
                world.calibration.constant("grid", source).map_err(text)?
            }
            None => return Err(format!("no emissions of `{source}`")),
        };
        total += energy;
        grams += energy * factor;
    }
    if total > 0.0 {
        let value = world.predict("grid_mix", Label::Calibrated, grams / total);
        return Ok(vec![("carbon_intensity_g_per_kwh", value)]);
    }
    let country = match inputs.text("country").to_lowercase() {
        short if short == "usa" => "united states".to_owned(),
        name => name,
    };
    let known = COUNTRIES.iter().find(|(name, _)| country.contains(name));
    let intensity = known.map_or(WORLD, |(_, intensity)| *intensity);
    let label = if known.is_some() { Label::Calibrated } else { Label::Spec };
    Ok(vec![("carbon_intensity_g_per_kwh", world.predict("grid_region", label, intensity))])
}
