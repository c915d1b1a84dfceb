//! Fitting constants: coordinate search on the mean absolute logarithmic error.
//!
//! The objective has corners (minima of kernels, whole tiles), so the search asks for no derivative. Constants are
//! scaled by a factor, one after the other; a factor that helps is kept, and when none helps the factors shrink.
//! No random number is drawn: equal rows give equal constants.

use crate::price::{Constant, Pricing, text};
use crate::rows::Row;
use crate::score::{mean, pairs};
use crate::world::World;
use mlsysim::machine::Calibration;
use std::collections::{BTreeMap, BTreeSet};

/// Largest and smallest step, as the logarithm of a factor.
const STEPS: [f64; 7] = [0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.004];

/// Rounds at one step at most.
const ROUNDS: usize = 12;

/// Fits the constants of a pricing on rows, starting from those of `world`.
pub(crate) fn fit(pricing: &Pricing, rows: &[&Row], world: &mut World) -> Result<f64, String> {
    let rows: Vec<&Row> = rows.iter().copied().filter(|row| row.is_measured()).collect();
    stand_in(pricing, &rows, world)?;
    let mut best = objective(pricing, &rows, world);
    if !best.is_finite() || pricing.constants.is_empty() {
        return Ok(best);
    }
    for step in STEPS {
        for _ in 0..ROUNDS {
            let before = best;
            for constant in pricing.constants {
                best = improve(pricing, &rows, world, constant, step, best)?;
            }
            if best >= before - 1e-9 {
                break;
            }
        }
    }
    stand_in(pricing, &rows, world)?;
    Ok(best)
}

/// Gives families that no row is about the geometric mean of those that have rows, and `spec` too.
fn stand_in(pricing: &Pricing, rows: &[&Row], world: &mut World) -> Result<(), String> {
    let families: BTreeSet<&str> = world.calibration.generations().collect();
    let seen: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| world.registry.hardware(row.inputs.text("hardware")).ok())
        .filter_map(|hardware| hardware.architecture.clone())
        .collect();
    let mut fields: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
    for constant in pricing.constants {
        let Some((family, field)) = constant.path.split_once('.') else { continue };
        if families.contains(family) && family != Calibration::SPEC {
            let value = world.calibration.get(constant.path).map_err(text)?;
            fields.entry(field).or_default().push((family, value));
        }
    }
    let mut changes = Vec::new();
    for (field, values) in fields {
        let known: Vec<f64> = values
            .iter()
            .filter(|(family, _)| seen.contains(*family))
            .map(|(_, value)| libm::log(*value))
            .collect();
        if known.is_empty() {
            continue;
        }
        let middle = libm::exp(mean(&known));
        let unseen = values.iter().map(|(family, _)| *family).filter(|f| !seen.contains(*f));
        changes.extend(
            unseen.chain([Calibration::SPEC]).map(|family| (format!("{family}.{field}"), middle)),
        );
    }
    for (path, value) in changes {
        world.calibration.set(&path, value).map_err(text)?;
    }
    Ok(())
}

/// Moves one constant while it helps.
fn improve(
    pricing: &Pricing,
    rows: &[&Row],
    world: &mut World,
    constant: &Constant,
    step: f64,
    mut best: f64,
) -> Result<f64, String> {
    for direction in [step, -step] {
        let mut moved = false;
        loop {
            let old = world.calibration.get(constant.path).map_err(text)?;
            let new = (old * libm::exp(direction)).clamp(constant.low, constant.high);
            world.calibration.set(constant.path, new).map_err(text)?;
            let now = objective(pricing, rows, world);
            if now < best - 1e-12 {
                best = now;
                moved = true;
            } else {
                world.calibration.set(constant.path, old).map_err(text)?;
                break;
            }
        }
        if moved {
            break;
        }
    }
    Ok(best)
}

/// The mean absolute logarithmic error, each group alike; each output of a row shares the row's weight.
fn objective(pricing: &Pricing, rows: &[&Row], world: &World) -> f64 {
    let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for row in rows {
        let Ok(pairs) = (pricing.price)(&row.inputs, world).and_then(|prices| pairs(row, &prices))
        else {
            continue;
        };
        let errors: Vec<f64> = pairs.iter().map(|pair| pair.log_error().abs()).collect();
        groups.entry(&row.group).or_default().push(mean(&errors));
    }
    let of_groups: Vec<f64> = groups.values().map(|errors| mean(errors)).collect();
    if of_groups.is_empty() { f64::NAN } else { mean(&of_groups) }
}
