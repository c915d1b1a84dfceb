//! Which of two is faster, or that nothing shows a difference.

use crate::slots::bench::ALPHA;
use crate::{Error, Result, Rng, dispatch};

use super::intervals::{Interval, bootstrap, ends};
use super::samples::Samples;

const OP: &str = "compare";

/// Resamples for an interval or a test.
const ROUNDS: usize = 2000;
/// Up to this many pairs every assignment of signs is tried.
const EXACT_PAIRS: usize = 12;
/// Up to this many samples on either side the distribution of ranks is counted instead of approximated.
const EXACT_SIDE: usize = 20;

/// What a comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The second takes less.
    Faster,
    /// The second takes more.
    Slower,
    /// What was measured does not tell them apart; that is no proof that they are equal.
    NoDifferenceShown,
}

/// A comparison of two sets of measurements where smaller is better.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Comparison {
    /// The second divided by the first: below 1 the second is faster.
    pub ratio: f64,
    /// Where the ratio lies with probability 0.95.
    pub ratio_95: Interval,
    /// Probability of a difference at least this large if there were none.
    pub p: f64,
    /// Cliff's delta, −1 to 1: how much more often a measurement of the first exceeds one of the second than the reverse.
    pub effect: f64,
    /// The verdict at 5 %.
    pub verdict: Verdict,
}

impl Comparison {
    fn new(ratio: f64, ratio_95: Interval, p: f64, effect: f64) -> Self {
        let verdict = match ratio.total_cmp(&1.0) {
            _ if p >= ALPHA => Verdict::NoDifferenceShown,
            core::cmp::Ordering::Less => Verdict::Faster,
            core::cmp::Ordering::Greater => Verdict::Slower,
            core::cmp::Ordering::Equal => Verdict::NoDifferenceShown,
        };
        Self { ratio, ratio_95, p, effect, verdict }
    }
}

fn positive(samples: &Samples, name: &'static str) -> Result<()> {
    match samples.sorted().first() {
        Some(least) if *least <= 0.0 => {
            Err(Error::argument(OP, name, least, "positive, so that a ratio has a meaning"))
        }
        _ => Ok(()),
    }
}

/// Compares two sets of independent measurements: medians as a ratio, with a bootstrap interval, and the test of Mann and
/// Whitney. The same measurements give the same result.
///
/// Measurements of one machine drift together; where the two can be run in turn, [`compare_pairs`] sees smaller differences.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if a measurement is not positive.
///
/// # Examples
///
/// ```
/// use tinytorch_core::bench::{Samples, Verdict, compare};
///
/// let before = Samples::new(vec![10.1, 10.0, 10.3, 9.9, 10.2, 10.0])?;
/// let after = Samples::new(vec![8.0, 8.2, 7.9, 8.1, 8.3, 8.0])?;
/// let result = compare(&before, &after)?;
/// assert_eq!(result.verdict, Verdict::Faster);
/// assert!((result.ratio - 0.8).abs() < 0.01);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn compare(first: &Samples, second: &Samples) -> Result<Comparison> {
    positive(first, "first")?;
    positive(second, "second")?;
    let (p, _) = mann_whitney(first, second);
    let (verdict, effect) = dispatch::compare(first.values(), second.values())?;
    let mut rng = Rng::seed(0);
    let mut draw = |s: &Samples| {
        let values = s.values();
        let again = values.iter().map(|_| values[rng.below(values.len())]).collect();
        Samples::new(again).map(|s| s.median())
    };
    let ratios =
        (0..ROUNDS).map(|_| Ok(draw(second)? / draw(first)?)).collect::<Result<Vec<_>>>()?;
    let interval = ends(ratios, 1.0 - ALPHA)?;
    let ratio = second.median() / first.median();
    Ok(Comparison { ratio, ratio_95: interval, p, effect, verdict })
}

/// Compares measurements made in turn, the i-th of the first with the i-th of the second: the median of their ratios with a
/// bootstrap interval, and a test that asks how often the mean log ratio would be as large if the two of each pair were
/// exchanged at random.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if the counts differ, or a measurement is not positive.
pub fn compare_pairs(first: &Samples, second: &Samples) -> Result<Comparison> {
    if first.len() != second.len() {
        let got = format!("{} and {} measurements", first.len(), second.len());
        return Err(Error::argument(OP, "pairs", got, "as many of the one as of the other"));
    }
    positive(first, "first")?;
    positive(second, "second")?;
    let ratios: Vec<f64> = first.values().iter().zip(second.values()).map(|(a, b)| b / a).collect();
    let logs: Vec<f64> = ratios.iter().map(|r| r.ln()).collect();
    let p = exchanged(&logs);
    let ratios = Samples::new(ratios)?;
    let interval = bootstrap(&ratios, Samples::median, 1.0 - ALPHA, ROUNDS, &mut Rng::seed(0))?;
    let (_, effect) = mann_whitney(first, second);
    Ok(Comparison::new(ratios.median(), interval, p, effect))
}

/// Share of sign assignments whose sum is at least as far from 0: all of them for few pairs, else drawn ones.
fn exchanged(logs: &[f64]) -> f64 {
    let observed = logs.iter().sum::<f64>().abs();
    // Rounding must not make an assignment smaller than itself.
    let reaches = |sum: f64| sum.abs() >= observed * (1.0 - 1e-12);
    if logs.len() <= EXACT_PAIRS {
        let all = 1u32 << logs.len();
        let hits = (0..all)
            .filter(|signs| {
                let signed = |(i, v): (usize, &f64)| if signs >> i & 1 == 1 { -v } else { *v };
                reaches(logs.iter().enumerate().map(signed).sum())
            })
            .count();
        return hits as f64 / f64::from(all);
    }
    let mut rng = Rng::seed(1);
    let hits = (0..ROUNDS)
        .filter(|_| reaches(logs.iter().map(|v| if rng.below(2) == 1 { -v } else { *v }).sum()))
        .count();
    // The observed assignment is one of those that could have been drawn.
    (hits + 1) as f64 / (ROUNDS + 1) as f64
}

/// Returns the two-sided probability of Mann and Whitney that the ranks differ this much by chance, and Cliff's delta: positive
/// if the first tends to be larger.
///
/// Without ties and with at most 20 measurements a side the distribution is counted exactly; otherwise it is normal with the
/// correction for ties and continuity. Source: Mann & Whitney (1947), Annals of Mathematical Statistics 18(1).
#[must_use]
pub fn mann_whitney(first: &Samples, second: &Samples) -> (f64, f64) {
    let (n, m) = (first.len(), second.len());
    // Twice the number of pairs in which the first is larger, a tie being half of one.
    let mut wins = 0_u64;
    for a in first.values() {
        for b in second.values() {
            wins += match a.total_cmp(b) {
                core::cmp::Ordering::Greater => 2,
                core::cmp::Ordering::Equal => 1,
                core::cmp::Ordering::Less => 0,
            };
        }
    }
    let (u, pairs) = (wins as f64 / 2.0, (n * m) as f64);
    let effect = 2.0 * u / pairs - 1.0;
    let ties = ties(first, second);
    let p = if ties == 0.0 && n <= EXACT_SIDE && m <= EXACT_SIDE {
        exact(n, m, (wins / 2) as usize)
    } else {
        approximate(n, m, u, ties)
    };
    (p, effect)
}

/// Sum of t³ − t over groups of equal values.
fn ties(first: &Samples, second: &Samples) -> f64 {
    let mut all: Vec<f64> = first.values().iter().chain(second.values()).copied().collect();
    all.sort_by(f64::total_cmp);
    all.chunk_by(|a, b| a == b).map(|group| (group.len() as f64).powi(3) - group.len() as f64).sum()
}

/// Two-sided probability of `u` won pairs by the normal distribution, corrected for ties and continuity.
pub(super) fn approximate(n: usize, m: usize, u: f64, ties: f64) -> f64 {
    let (pairs, all) = ((n * m) as f64, (n + m) as f64);
    let variance = pairs / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    if variance <= 0.0 {
        return 1.0;
    }
    let z = ((u - pairs / 2.0).abs() - 0.5).max(0.0) / variance.sqrt();
    libm::erfc(z / core::f64::consts::SQRT_2)
}

/// Two-sided probability of a count of won pairs as far from the middle as `u`, by counting arrangements.
pub(super) fn exact(n: usize, m: usize, u: usize) -> f64 {
    // ways[j][k]: arrangements of i of the first and j of the second in which the first wins k pairs.
    // Put the largest last: it is of the first (and wins against all j), or of the second.
    let pairs = n * m;
    let mut ways = vec![vec![0.0_f64; pairs + 1]; m + 1];
    for row in &mut ways {
        row[0] = 1.0;
    }
    for i in 1..=n {
        let mut next = vec![vec![0.0_f64; pairs + 1]; m + 1];
        for j in 0..=m {
            for k in 0..=i * j {
                let of_first = if k >= j { ways[j][k - j] } else { 0.0 };
                let of_second = if j > 0 { next[j - 1][k] } else { 0.0 };
                next[j][k] = of_first + of_second;
            }
        }
        ways = next;
    }
    let counts = &ways[m];
    let total: f64 = counts.iter().sum();
    let low = u.min(pairs - u);
    let tail: f64 = counts[..=low].iter().sum();
    (2.0 * tail / total).min(1.0)
}
