//! How far predictions lie from measurements.

use crate::price::{Priced, Pricing};
use crate::rows::{DataSet, Row};
use crate::world::World;
use mlsysim::machine::Prediction;
use std::collections::BTreeMap;

/// One measured output and its prediction.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) id: String,
    pub(crate) group: String,
    pub(crate) metric: String,
    /// Whether it counts for accuracy.
    pub(crate) counts: bool,
    pub(crate) measured: f64,
    pub(crate) predicted: Prediction,
}

impl Pair {
    /// `|predicted − measured| / |measured|`.
    pub(crate) fn error(&self) -> f64 {
        let gap = (self.predicted.value - self.measured).abs();
        if gap == 0.0 { 0.0 } else { gap / self.measured.abs() }
    }

    /// `ln(predicted / measured)`, for the values above zero that nearly all are.
    pub(crate) fn log_error(&self) -> f64 {
        log_error(self.predicted.value, self.measured)
    }
}

/// `ln(predicted / measured)`; 10 where there is no logarithm.
pub(crate) fn log_error(predicted: f64, measured: f64) -> f64 {
    let ratio = predicted / measured;
    if ratio > 0.0 && ratio.is_finite() { libm::log(ratio) } else { 10.0 }
}

/// The prices of the rows of one data set.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scored {
    pub(crate) name: String,
    pub(crate) rows: usize,
    pub(crate) priced: usize,
    pub(crate) pairs: Vec<Pair>,
    /// Why rows have no price, with their number.
    pub(crate) refused: BTreeMap<String, usize>,
}

/// Prices every row of a data set; `world_of` gives each row its constants.
pub(crate) fn score<'w>(
    set: &DataSet,
    pricing: Option<&Pricing>,
    world_of: impl Fn(usize) -> &'w World,
) -> Scored {
    let mut scored = Scored { name: set.name.clone(), rows: set.rows.len(), ..Scored::default() };
    for (index, row) in set.rows.iter().enumerate() {
        let priced: Priced = match pricing {
            Some(pricing) => (pricing.price)(&row.inputs, world_of(index)),
            None => Err("the data set has no price".into()),
        };
        match priced.and_then(|prices| pairs(row, &prices)) {
            Ok(pairs) => {
                scored.priced += 1;
                scored.pairs.extend(pairs);
            }
            Err(reason) => *scored.refused.entry(reason).or_default() += 1,
        }
    }
    scored
}

/// The outputs of a row beside their predictions; a row is priced if one of its outputs is.
pub(crate) fn pairs(row: &Row, prices: &[(&'static str, Prediction)]) -> Result<Vec<Pair>, String> {
    let mut pairs = Vec::new();
    for (metric, measured) in &row.outputs {
        let found = prices.iter().find(|(name, price)| name == metric && price.value.is_finite());
        if let Some((_, predicted)) = found {
            pairs.push(Pair {
                id: row.id.clone(),
                group: row.group.clone(),
                metric: metric.clone(),
                counts: row.is_measured(),
                measured: *measured,
                predicted: predicted.clone(),
            });
        }
    }
    if pairs.is_empty() {
        let metrics: Vec<&str> = row.outputs.iter().map(|(metric, _)| metric.as_str()).collect();
        return Err(format!("no prediction of {}", metrics.join(", ")));
    }
    Ok(pairs)
}

/// The errors of one data set, or of one metric of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Summary {
    /// Outputs that count.
    pub(crate) outputs: usize,
    /// Mean absolute relative error, each output alike.
    pub(crate) mean: f64,
    /// Mean absolute relative error, each group alike.
    pub(crate) group_mean: f64,
    pub(crate) median: f64,
    pub(crate) p90: f64,
    /// Geometric mean of predicted over measured, less 1.
    pub(crate) bias: f64,
    /// Share of measurements inside the interval.
    pub(crate) coverage: f64,
    /// Spearman's rank correlation inside groups, weighted by their size; NaN without groups of three.
    pub(crate) rank: f64,
}

/// Summarises the pairs that count.
pub(crate) fn summarise<'p>(pairs: impl Iterator<Item = &'p Pair>) -> Summary {
    let pairs: Vec<&Pair> = pairs.filter(|pair| pair.counts).collect();
    if pairs.is_empty() {
        return Summary::default();
    }
    let mut errors: Vec<f64> = pairs.iter().map(|pair| pair.error()).collect();
    let mut groups: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut sweeps: BTreeMap<(&str, &str), Vec<(f64, f64)>> = BTreeMap::new();
    for pair in &pairs {
        groups.entry(&pair.group).or_default().push(pair.error());
        let sweep = sweeps.entry((&pair.group, &pair.metric)).or_default();
        sweep.push((pair.measured, pair.predicted.value));
    }
    let logs: Vec<f64> = pairs.iter().map(|pair| pair.log_error()).collect();
    let covered: Vec<f64> = pairs
        .iter()
        .map(|pair| f64::from(u8::from(pair.predicted.covers(pair.measured))))
        .collect();
    let (mut ranks, mut weight) = (0.0, 0.0);
    for sweep in sweeps.values().filter(|sweep| sweep.len() >= 3) {
        if let Some(rank) = spearman(sweep) {
            ranks += rank * count(sweep.len());
            weight += count(sweep.len());
        }
    }
    let mean_of_groups: Vec<f64> = groups.values().map(|errors| mean(errors)).collect();
    errors.sort_by(f64::total_cmp);
    Summary {
        outputs: pairs.len(),
        mean: mean(&errors),
        group_mean: mean(&mean_of_groups),
        median: quantile(&errors, 0.5),
        p90: quantile(&errors, 0.9),
        bias: libm::expm1(mean(&logs)),
        coverage: mean(&covered),
        rank: ranks / weight,
    }
}

pub(crate) fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values.len().max(1))
}

/// The quantile of sorted values, interpolated between neighbours.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share * count(last);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of an index is an index"
    )]
    let below = (libm::floor(place) as usize).min(last);
    let above = (below + 1).min(last);
    let weight = place - count(below);
    sorted[below] * (1.0 - weight) + sorted[above] * weight
}

/// Spearman's rank correlation; nothing if either side is all alike.
fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let a = ranks(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>());
    let b = ranks(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>());
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(&b) {
        ab += (a - mean_a) * (b - mean_b);
        aa += (a - mean_a) * (a - mean_a);
        bb += (b - mean_b) * (b - mean_b);
    }
    (aa > 0.0 && bb > 0.0).then(|| ab / libm::sqrt(aa * bb))
}

/// Ranks from 0; equal values share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: f64| {
        let below = values.iter().filter(|other| **other < value).count();
        let equal = values.iter().filter(|other| other.total_cmp(&value).is_eq()).count();
        count(below) + (count(equal) - 1.0) / 2.0
    };
    values.iter().map(|value| rank(*value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlsysim::machine::Label;

    fn pair(group: &str, measured: f64, predicted: f64) -> Pair {
        Pair {
            id: String::new(),
            group: group.into(),
            metric: "m".into(),
            counts: true,
            measured,
            predicted: Prediction::new("t", predicted, 0.1, Label::Calibrated),
        }
    }

    #[test]
    fn groups_weigh_alike_in_the_second_mean() {
        let pairs =
            [pair("a", 1.0, 1.0), pair("a", 1.0, 1.0), pair("a", 1.0, 1.0), pair("b", 1.0, 1.4)];
        let summary = summarise(pairs.iter());
        // Errors 0, 0, 0, 0.4: mean 0.1; groups 0 and 0.4: mean 0.2; 3 of 4 inside ±10 %.
        assert!((summary.mean - 0.1).abs() < 1e-12 && (summary.group_mean - 0.2).abs() < 1e-12);
        assert!((summary.coverage - 0.75).abs() < 1e-12);
    }

    #[test]
    fn rank_correlation_of_order_and_reverse() {
        let rising = [(1.0, 10.0), (2.0, 40.0), (3.0, 50.0)];
        let falling = [(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)];
        assert!((spearman(&rising).expect("distinct") - 1.0).abs() < 1e-12);
        assert!((spearman(&falling).expect("distinct") + 1.0).abs() < 1e-12);
        assert_eq!(spearman(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }

    #[test]
    fn quantiles_lie_between_neighbours() {
        assert!((quantile(&[0.0, 1.0, 2.0, 3.0, 4.0], 0.9) - 3.6).abs() < 1e-12);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
