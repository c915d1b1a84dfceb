//! Laws of speed-up, scaling and utilization.

use super::formulas;
use crate::units::{Flop, FlopPerSecond, Seconds};
use alloc::vec::Vec;
use core::cmp::Ordering;

formulas! { performance;
    /// Returns the time that many devices need for a training run.
    ///
    /// `T = F / (n × Peak × η)`
    source "Narayanan et al. (2021), Efficient large-scale language model training on GPU clusters, arXiv:2104.04473, section 5.1";
    /// assert_eq!(performance::training_time(Flop(6e18), 100.0, FlopPerSecond(3e14), 0.5)?, Seconds(400.0));
    fn training_time(ops: Flop, NOT_NEGATIVE; devices: f64, COUNT; peak: FlopPerSecond, POSITIVE; efficiency: f64, EFFICIENCY) -> Seconds, NOT_NEGATIVE {
        ops / (peak * (devices * efficiency))
    }

    /// Returns the rate that useful work sees after every loss.
    ///
    /// `Peak × MFU × scaling × goodput`
    source "Chowdhery et al. (2022), PaLM, arXiv:2204.02311, section 4.1; Wongpanich et al. (2025), ML productivity goodput";
    /// assert_eq!(performance::effective_rate(FlopPerSecond(1e15), 0.5, 0.75, 0.75)?, FlopPerSecond(0.28125e15));
    fn effective_rate(peak: FlopPerSecond, NOT_NEGATIVE; utilization: f64, SHARE; scaling: f64, SHARE; goodput: f64, SHARE) -> FlopPerSecond, NOT_NEGATIVE {
        peak * (utilization * scaling * goodput)
    }

    /// Returns how much faster the whole becomes when a share of it becomes `s` times faster.
    ///
    /// `1 / ((1−p) + p/s)`
    source "Amdahl (1967), Validity of the single processor approach to achieving large scale computing capabilities, AFIPS 30";
    /// assert_eq!(performance::amdahl(0.75, 3.0)?, 2.0);
    fn amdahl(share: f64, SHARE; speedup: f64, POSITIVE) -> f64, UNBOUNDED {
        1.0 / ((1.0 - share) + share / speedup)
    }

    /// Returns the speed-up that no acceleration of that share can exceed.
    ///
    /// `1 / (1−p)`, infinite if everything is accelerated.
    source "Amdahl (1967), Validity of the single processor approach to achieving large scale computing capabilities, AFIPS 30";
    /// assert_eq!(performance::amdahl_bound(0.75)?, 4.0);
    fn amdahl_bound(share: f64, SHARE) -> f64, UNBOUNDED {
        1.0 / (1.0 - share)
    }

    /// Returns how much longer the whole takes when a share of it takes `S` times as long.
    ///
    /// `(1−f) + f·S`
    source "Amdahl (1967), Validity of the single processor approach, AFIPS 30, with a slowed part";
    /// assert_eq!(performance::partial_slowdown(0.25, 5.0)?, 2.0);
    fn partial_slowdown(share: f64, SHARE; slowdown: f64, AT_LEAST_ONE) -> f64, POSITIVE {
        (1.0 - share) + share * slowdown
    }

    /// Returns the share that may slow down `S` times before the whole stretches beyond `stretch`.
    ///
    /// `min(1, (stretch−1)/(S−1))`, and 1 if nothing slows down.
    source "inverse of the partial slowdown";
    /// assert_eq!(performance::break_even_share(2.0, 5.0)?, 0.25);
    fn break_even_share(stretch: f64, AT_LEAST_ONE; slowdown: f64, AT_LEAST_ONE) -> f64, SHARE {
        if stretch >= slowdown { 1.0 } else { (stretch - 1.0) / (slowdown - 1.0) }
    }

    /// Returns the speed-up of a fixed problem on `n` devices of whose time a share does not shrink.
    ///
    /// `n / (1 + (n−1)·f)`
    source "Amdahl (1967), Validity of the single processor approach to achieving large scale computing capabilities, AFIPS 30";
    /// assert_eq!(performance::strong_scaling(9.0, 0.25)?, 3.0);
    fn strong_scaling(devices: f64, COUNT; fixed_share: f64, SHARE) -> f64, AT_LEAST_ONE {
        (devices / (1.0 + (devices - 1.0) * fixed_share)).max(1.0)
    }

    /// Returns the relative capacity of `n` workers that wait for each other and keep each other informed.
    ///
    /// `n / (1 + σ·(n−1) + κ·n·(n−1))`
    source "Gunther (2007), Guerrilla capacity planning, ch. 4";
    /// assert_eq!(performance::universal_scalability(5.0, 0.25, 0.025)?, 2.0);
    fn universal_scalability(workers: f64, COUNT; contention: f64, SHARE; coherence: f64, NOT_NEGATIVE) -> f64, NOT_NEGATIVE {
        let others = workers - 1.0;
        workers / (1.0 + contention * others + coherence * workers * others)
    }

    /// Returns the number of workers at which [`universal_scalability`] is greatest.
    ///
    /// `√((1−σ)/κ)`, at least 1, and infinite without coherence cost.
    source "Gunther (2007), Guerrilla capacity planning, ch. 4";
    /// assert_eq!(performance::best_concurrency(0.0, 0.01)?, 10.0);
    fn best_concurrency(contention: f64, SHARE; coherence: f64, NOT_NEGATIVE) -> f64, UNBOUNDED {
        if coherence > 0.0 {
            libm::sqrt((1.0 - contention) / coherence).max(1.0)
        } else {
            f64::INFINITY
        }
    }

    /// Returns the share of time that pipeline stages wait.
    ///
    /// `(p−1) / (v·m + p − 1)` for `m` microbatches and `v` interleaved pieces of each stage.
    source "Huang et al. (2019), GPipe, arXiv:1811.06965; Narayanan et al. (2021), arXiv:2104.04473, section 2.2";
    /// assert_eq!(performance::pipeline_bubble(4.0, 9.0, 1.0)?, 0.25);
    fn pipeline_bubble(stages: f64, COUNT; microbatches: f64, COUNT; virtual_stages: f64, COUNT) -> f64, SHARE {
        (stages - 1.0) / (virtual_stages * microbatches + stages - 1.0)
    }
}

/// Returns the positions of the points that no other point beats, where less is better on both axes.
///
/// A point is beaten by one that is no worse on both axes and better on one; points with a NaN are left out.
///
/// # Source
///
/// Pareto (1896), Cours d'économie politique.
///
/// # Examples
///
/// ```
/// use mlsysim::formulas::performance::pareto_front;
///
/// // The third is slower and dearer than the second.
/// assert_eq!(pareto_front(&[(1.0, 9.0), (2.0, 4.0), (3.0, 5.0)]), [0, 1]);
/// ```
#[must_use]
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..points.len()).filter(|i| !points[*i].0.is_nan() && !points[*i].1.is_nan()).collect();
    let at = |i: usize| points[i];
    // Plain comparison, for which -0 equals 0.
    let compare = |a: f64, b: f64| a.partial_cmp(&b).unwrap_or(Ordering::Equal);
    order.sort_by(|a, b| compare(at(*a).0, at(*b).0).then(compare(at(*a).1, at(*b).1)));
    let mut kept: Vec<usize> = Vec::new();
    for i in order {
        let beaten = kept.last().is_some_and(|last| {
            let (x, y) = at(*last);
            y < at(i).1 || (y <= at(i).1 && x < at(i).0)
        });
        if !beaten {
            kept.push(i);
        }
    }
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_is_what_pairwise_comparison_leaves() {
        // A small deterministic scatter with many ties.
        let points: Vec<(f64, f64)> =
            (0_u32..60).map(|i| (f64::from(i * 7 % 11), f64::from(i * 5 % 13))).collect();
        let beats =
            |a: (f64, f64), b: (f64, f64)| a.0 <= b.0 && a.1 <= b.1 && (a.0 < b.0 || a.1 < b.1);
        let expected: Vec<usize> = (0..points.len())
            .filter(|i| !points.iter().any(|other| beats(*other, points[*i])))
            .collect();
        assert_eq!(pareto_front(&points), expected);
        assert_eq!(pareto_front(&[(f64::NAN, 0.0)]), [] as [usize; 0]);
    }
}
