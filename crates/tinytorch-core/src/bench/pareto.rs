//! Candidates that no other beats in everything.

use crate::{Error, Result};

const OP: &str = "pareto_front";

/// Which direction of a figure is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Small values: time, bytes.
    Small,
    /// Large values: accuracy.
    Large,
}

/// Returns the positions of the candidates on the Pareto front, ascending: those for which no other candidate is at least as
/// good in every figure and better in one. Equal candidates are all kept.
///
/// # Errors
///
/// [`Error::InvalidArgument`] if a candidate has not one figure for each goal, or a figure is NaN.
///
/// # Examples
///
/// ```
/// use tinytorch_core::bench::{Goal, pareto_front};
///
/// // Milliseconds and accuracy.
/// let candidates = [vec![2.0, 0.91], vec![1.0, 0.90], vec![3.0, 0.89]];
/// assert_eq!(pareto_front(&candidates, &[Goal::Small, Goal::Large])?, [0, 1]);
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
pub fn pareto_front(candidates: &[Vec<f64>], goals: &[Goal]) -> Result<Vec<usize>> {
    for (at, figures) in candidates.iter().enumerate() {
        if figures.len() != goals.len() {
            let got = format!("{} figures at candidate {at}", figures.len());
            let need = format!("{} figures, one for each goal", goals.len());
            return Err(Error::argument(OP, "candidates", got, need));
        }
        if figures.iter().any(|f| f.is_nan()) {
            let got = format!("NaN at candidate {at}");
            return Err(Error::argument(OP, "candidates", got, "numbers that can be ordered"));
        }
    }
    let beats = |a: &[f64], b: &[f64]| {
        let signed = |goal: &Goal, v: f64| if *goal == Goal::Small { v } else { -v };
        let mut pairs = goals.iter().zip(a.iter().zip(b));
        let mut better = false;
        pairs.all(|(goal, (&a, &b))| {
            let (a, b) = (signed(goal, a), signed(goal, b));
            better |= a < b;
            a <= b
        }) && better
    };
    Ok((0..candidates.len())
        .filter(|&i| !candidates.iter().any(|other| beats(other, &candidates[i])))
        .collect())
}
