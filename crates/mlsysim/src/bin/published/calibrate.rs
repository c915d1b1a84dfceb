//! Fits every constant and spread on the rows, and writes the calibration.

use crate::args::{Args, By, Calibrate};
use crate::fit::fit;
use crate::folds::score_out_of_fold;
use crate::price::PRICINGS;
use crate::report::folder;
use crate::rows::{self, Row};
use crate::score::{Pair, count, quantile};
use crate::world::World;
use mlsysim::machine::{Label, Spread};
use std::collections::BTreeMap;

/// Fewest measurements for a spread of its own.
const ENOUGH: usize = 8;

/// How much wider the interval is on machines known by their data sheet, where too few are measured to tell.
const SPEC_FACTOR: f64 = 2.0;

/// Share of measurements that an interval should hold.
const COVERAGE: f64 = 0.8;

pub(crate) fn run(args: &Args, calibrate: &Calibrate) -> Result<String, String> {
    let sets = rows::read(&folder(args)?, &args.only)?;
    let mut world = World::new(args)?;
    let mut talk = String::new();
    for pricing in PRICINGS {
        let Some(set) = sets.iter().find(|set| set.name == pricing.name) else { continue };
        if !pricing.constants.is_empty() {
            let rows: Vec<&Row> = set.rows.iter().collect();
            let error = fit(pricing, &rows, &mut world)?;
            talk.push_str(&format!(
                "{}: {} constants on {} rows, mean absolute log error {error:.4}\n",
                pricing.name,
                pricing.constants.len(),
                rows.len()
            ));
        }
        let scored = score_out_of_fold(set, Some(pricing), &world, calibrate.folds, By::Group)?;
        for (task, spread) in spreads(&scored.pairs) {
            world.calibration.set_spread(task, spread);
        }
    }
    let text = world.calibration.to_toml();
    match &calibrate.write {
        None => Ok(text),
        Some(file) => {
            std::fs::write(file, text)
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
            Ok(format!("{talk}wrote {}\n", file.display()))
        }
    }
}

/// The spread of each task: quantiles of the errors, each group alike.
fn spreads(pairs: &[Pair]) -> Vec<(&'static str, Spread)> {
    let mut tasks: BTreeMap<&'static str, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.counts && pair.predicted.label != Label::Exact) {
        tasks.entry(pair.predicted.task).or_default().push(pair);
    }
    let mut found = Vec::new();
    for (task, pairs) in tasks {
        let of = |label: Label| {
            let own: Vec<&Pair> =
                pairs.iter().copied().filter(|pair| pair.predicted.label == label).collect();
            (own.len() >= ENOUGH).then(|| spread(&own))
        };
        let spread = match (of(Label::Calibrated), of(Label::Spec)) {
            (Some(calibrated), Some(spec)) => Spread { calibrated, spec: spec.max(calibrated) },
            (Some(calibrated), None) => Spread { calibrated, spec: SPEC_FACTOR * calibrated },
            (None, Some(spec)) => Spread { calibrated: spec, spec },
            (None, None) => {
                let all = spread(&pairs);
                Spread { calibrated: all, spec: SPEC_FACTOR * all }
            }
        };
        found.push((task, spread));
    }
    found
}

/// The error that the wanted share of measurements stays below: the mean of that over rows and that over groups.
fn spread(pairs: &[&Pair]) -> f64 {
    let mut errors: Vec<f64> = pairs.iter().map(|pair| pair.log_error().abs()).collect();
    errors.sort_by(f64::total_cmp);
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for pair in pairs {
        *sizes.entry(&pair.group).or_default() += 1;
    }
    let mut weighted: Vec<(f64, f64)> = pairs
        .iter()
        .map(|pair| (pair.log_error().abs(), 1.0 / count(sizes[pair.group.as_str()])))
        .collect();
    weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut below = 0.0;
    let by_group = weighted.iter().find_map(|(error, weight)| {
        below += weight;
        (below >= COVERAGE * total).then_some(*error)
    });
    let by_row = quantile(&errors, COVERAGE);
    f64::midpoint(by_row, by_group.unwrap_or(by_row))
}
