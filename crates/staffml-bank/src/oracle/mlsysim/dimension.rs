//! Dimensions of `mlsysim` in units of this crate.

use mlsysim::units::Dimension;

use crate::quantity::{Quantity, Unit};

/// Dimensions there, each with the unit here that is one of their base units.
static UNITS: &[(Dimension, &str)] = &[
    (Dimension::NONE, ""),
    (Dimension::DATA, "B"),
    (Dimension::OPERATIONS, "FLOP"),
    (Dimension::TOKENS, "token"),
    (Dimension::PARAMETERS, "param"),
    (Dimension::MONEY, "USD"),
    (Dimension::CARBON, "kg CO2e"),
    (Dimension::TIME, "s"),
    (Dimension::FREQUENCY, "Hz"),
    (Dimension::COMPUTE_RATE, "FLOP/s"),
    (Dimension::BANDWIDTH, "B/s"),
    (Dimension::INTENSITY, "FLOP/B"),
    (Dimension::TOKEN_RATE, "token/s"),
    (Dimension::PARAMETER_WIDTH, "B"),
    (Dimension::TOKEN_WIDTH, "B"),
    (Dimension::LENGTH, "m"),
    (Dimension::VOLUME, "m3"),
    (Dimension::ENERGY, "J"),
    (Dimension::POWER, "W"),
    (Dimension::CARBON_INTENSITY, "kg CO2e/J"),
    (Dimension::ENERGY_PRICE, "USD/J"),
    (Dimension::RENT, "USD/s"),
    (Dimension::DATA_PRICE, "USD/B"),
    (Dimension::WATER_INTENSITY, "m3/J"),
];

/// Returns a unit of the dimension, if this crate knows one.
pub(super) fn unit(dimension: Dimension) -> Option<Unit> {
    let (_, text) = UNITS.iter().find(|(d, _)| *d == dimension)?;
    Unit::parse(text).ok()
}

/// Returns a quantity of theirs as one of ours, with its unit.
pub(super) fn ours(theirs: mlsysim::units::Quantity) -> Option<(Quantity, Unit)> {
    let unit = unit(theirs.dimension)?;
    Some((Quantity::new(theirs.value, &unit), unit))
}

/// Returns a quantity of ours as one of theirs, for a field of dimension `want`; nothing if it does not fit.
pub(super) fn theirs(ours: Quantity, want: Dimension) -> Option<mlsysim::units::Quantity> {
    let value = ours.in_unit(&unit(want)?)?;
    Some(mlsysim::units::Quantity::new(value, want))
}
