//! Fitting constants: coordinate search on the mean absolute logarithmic error.
//!
//! The objective has corners (minima of kernels, whole tiles), so the search asks for no derivative. Constants are
//! scaled by a factor, one after the other; a factor that helps is kept, and when none helps the factors shrink.
//! Where a value is expected, the search starts there and each constant pays for its distance: constants that few rows
//! decide on stay where physics puts them, rather than follow the noise of these rows.
//! No random number is drawn: equal rows give equal constants.

use crate::price::{Constant, PRICINGS, Pricing, text};
use crate::rows::Row;
use crate::score::{log_error, mean};
use crate::world::World;
use mlsysim::machine::{Calibration, Prediction};
use std::collections::BTreeSet;

/// Largest and smallest step, as the logarithm of a factor.
const STEPS: [f64; 7] = [0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.004];

/// Rounds at one step at most.
const ROUNDS: usize = 12;

/// Fits the constants of a pricing on rows, starting from what is expected, else from those of `world`.
pub(crate) fn fit(pricing: &Pricing, rows: &[&Row], world: &mut World) -> Result<f64, String> {
    let rows: Vec<&Row> = rows.iter().copied().filter(|row| row.is_measured()).collect();
    for constant in pricing.constants {
        if let Some(expected) = constant.expected {
            world.calibration.set(constant.path, expected).map_err(text)?;
        }
    }
    stand_in(pricing, &rows, world)?;
    let mut search = Search::new(pricing, rows, world);
    if !search.objective().is_finite() || pricing.constants.is_empty() {
        return Ok(search.objective());
    }
    for step in STEPS {
        search.look()?;
        for _ in 0..ROUNDS {
            let before = search.objective();
            for place in 0..pricing.constants.len() {
                search.improve(place, step)?;
            }
            if search.objective() >= before - 1e-9 {
                break;
            }
        }
    }
    stand_in(pricing, &search.rows, search.world)?;
    Ok(search.error())
}

/// Gives families that no row is about the geometric mean of those that have rows, and `spec` too.
///
/// A family whose constant another data set decides on keeps it, and counts.
fn stand_in(pricing: &Pricing, rows: &[&Row], world: &mut World) -> Result<(), String> {
    let families: Vec<String> = world.calibration.generations().map(String::from).collect();
    let seen: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| world.registry.hardware(row.inputs.text("hardware")).ok())
        .filter_map(|hardware| hardware.architecture.clone())
        .collect();
    let fields: BTreeSet<&str> = pricing
        .constants
        .iter()
        .filter_map(|constant| constant.path.split_once('.'))
        .filter(|(family, _)| families.iter().any(|known| known == family))
        .map(|(_, field)| field)
        .collect();
    let decides = |pricing: &Pricing, path: &str| pricing.constants.iter().any(|c| c.path == path);
    for field in fields {
        let mut known = Vec::new();
        let mut unknown = Vec::new();
        for family in &families {
            let path = format!("{family}.{field}");
            let own = decides(pricing, &path) && seen.contains(family);
            let others = !decides(pricing, &path) && PRICINGS.iter().any(|set| decides(set, &path));
            if family != Calibration::SPEC && (own || others) {
                known.push(libm::log(world.calibration.get(&path).map_err(text)?));
            } else {
                unknown.push(path);
            }
        }
        if known.is_empty() {
            continue;
        }
        let middle = libm::exp(mean(&known));
        for path in unknown {
            world.calibration.set(&path, middle).map_err(text)?;
        }
    }
    Ok(())
}

/// The search: constants as they are, and what they make of each row.
struct Search<'a> {
    pricing: &'a Pricing,
    rows: Vec<&'a Row>,
    world: &'a mut World,
    /// The group of each row.
    group: Vec<usize>,
    groups: usize,
    /// The mean absolute logarithmic error of each row's outputs; `None` where it has no price.
    errors: Vec<Option<f64>>,
    /// The rows that each constant changes.
    touched: Vec<Vec<usize>>,
}

impl<'a> Search<'a> {
    fn new(pricing: &'a Pricing, rows: Vec<&'a Row>, world: &'a mut World) -> Self {
        let names: BTreeSet<&str> = rows.iter().map(|row| row.group.as_str()).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let group = rows
            .iter()
            .map(|row| names.binary_search(&row.group.as_str()).unwrap_or_default())
            .collect();
        let errors = rows.iter().map(|row| error_of(pricing, row, world)).collect();
        Self { pricing, rows, world, group, groups: names.len(), errors, touched: Vec::new() }
    }

    /// Finds the rows that each constant changes: those whose errors differ where it is smallest or largest.
    ///
    /// A row that changes in between only, behind a minimum, is missed until the next look.
    fn look(&mut self) -> Result<(), String> {
        let all: Vec<usize> = (0..self.rows.len()).collect();
        self.errors = self.errors_of(&all);
        self.touched.clear();
        for constant in self.pricing.constants {
            let old = self.world.calibration.get(constant.path).map_err(text)?;
            let mut touched = BTreeSet::new();
            for extreme in [constant.low, constant.high] {
                self.world.calibration.set(constant.path, extreme).map_err(text)?;
                let errors = self.errors_of(&all);
                touched.extend(all.iter().copied().filter(|row| errors[*row] != self.errors[*row]));
            }
            self.world.calibration.set(constant.path, old).map_err(text)?;
            self.touched.push(touched.into_iter().collect());
        }
        Ok(())
    }

    fn errors_of(&self, rows: &[usize]) -> Vec<Option<f64>> {
        rows.iter().map(|row| error_of(self.pricing, self.rows[*row], self.world)).collect()
    }

    /// Moves one constant while it helps.
    fn improve(&mut self, place: usize, step: f64) -> Result<(), String> {
        let constant = &self.pricing.constants[place];
        let rows = core::mem::take(&mut self.touched[place]);
        let mut best = self.objective();
        for direction in [step, -step] {
            let mut moved = false;
            loop {
                let old = self.world.calibration.get(constant.path).map_err(text)?;
                let new = (old * libm::exp(direction)).clamp(constant.low, constant.high);
                self.world.calibration.set(constant.path, new).map_err(text)?;
                let before: Vec<Option<f64>> = rows.iter().map(|row| self.errors[*row]).collect();
                for (row, error) in rows.iter().zip(self.errors_of(&rows)) {
                    self.errors[*row] = error;
                }
                let now = self.objective();
                if now < best - 1e-12 {
                    best = now;
                    moved = true;
                } else {
                    self.world.calibration.set(constant.path, old).map_err(text)?;
                    for (row, error) in rows.iter().zip(before) {
                        self.errors[*row] = error;
                    }
                    break;
                }
            }
            if moved {
                break;
            }
        }
        self.touched[place] = rows;
        Ok(())
    }

    /// What the search makes small: the error, and what the constants pay for their distance.
    fn objective(&self) -> f64 {
        self.error() + self.pricing.pull * self.distance()
    }

    /// The mean absolute logarithmic error, each group alike; NaN without a priced row.
    fn error(&self) -> f64 {
        let mut groups = vec![(0.0, 0.0); self.groups];
        for (group, error) in self.group.iter().zip(&self.errors) {
            if let Some(error) = error {
                groups[*group].0 += error;
                groups[*group].1 += 1.0;
            }
        }
        let of_groups: Vec<f64> =
            groups.iter().filter(|group| group.1 > 0.0).map(|(sum, count)| sum / count).collect();
        if of_groups.is_empty() { f64::NAN } else { mean(&of_groups) }
    }

    /// How far the constants are from what is expected: the squares of `ln(value / expected)`, all together.
    fn distance(&self) -> f64 {
        let of = |constant: &Constant| {
            let value = self.world.calibration.get(constant.path).ok()?;
            let far = libm::log(value / constant.expected?);
            Some(far * far)
        };
        self.pricing.constants.iter().filter_map(of).sum()
    }
}

/// The mean absolute logarithmic error of a row's outputs, if it has a price.
fn error_of(pricing: &Pricing, row: &Row, world: &World) -> Option<f64> {
    let prices = (pricing.price)(&row.inputs, world).ok()?;
    let errors: Vec<f64> = row
        .outputs
        .iter()
        .filter_map(|(metric, measured)| {
            let found =
                |(name, price): &&(&str, Prediction)| name == metric && price.value.is_finite();
            let (_, price) = prices.iter().find(found)?;
            Some(log_error(price.value, *measured).abs())
        })
        .collect();
    (!errors.is_empty()).then(|| mean(&errors))
}
