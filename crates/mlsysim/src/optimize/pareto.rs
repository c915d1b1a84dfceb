//! Choices that no other choice beats in everything.
//!
//! A point dominates another if it is no worse in any objective and better in at least one.
//! What nothing dominates is the front: past it every gain in one objective is paid for in another.
//! Equal points do not dominate each other, so all of them are on the front or none.

use crate::error::{Error, Result};
use crate::ranges::Range;
use crate::units::Quantity;
use alloc::vec;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Whether less or more of an objective is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sense {
    /// Less is better.
    Minimize,
    /// More is better.
    Maximize,
}

impl Sense {
    /// The order of two values, the better one first.
    fn order(self, a: f64, b: f64) -> Ordering {
        // -0 and 0 are one value.
        let (a, b) = (a + 0.0, b + 0.0);
        match self {
            Self::Minimize => a.total_cmp(&b),
            Self::Maximize => b.total_cmp(&a),
        }
    }
}

/// Returns whether `a` is no worse than `b` in any objective and better in one.
///
/// Objectives beyond the length of the shortest of the three are not looked at.
#[must_use]
pub fn dominates(a: &[f64], b: &[f64], senses: &[Sense]) -> bool {
    let mut better = false;
    for ((sense, a), b) in senses.iter().zip(a).zip(b) {
        match sense.order(*a, *b) {
            Ordering::Greater => return false,
            Ordering::Less => better = true,
            Ordering::Equal => {}
        }
    }
    better
}

/// Returns for each point whether nothing dominates it.
///
/// # Cost
///
/// Sorting, then one comparison of each point with those already on the front: `O(n·f)` for a front of `f` points; with
/// two objectives `O(n·log n)`.
///
/// # Errors
///
/// [`Error::OutOfRange`] for a point with another number of objectives than `senses`, and for a value that is not a
/// number. Infinite values are compared like any other.
///
/// # Examples
///
/// ```
/// use mlsysim::optimize::pareto::{Sense, front};
///
/// // Time and cost, both better if less: the third is slower and dearer than the first.
/// let points = [[1.0, 5.0], [2.0, 3.0], [1.5, 6.0]];
/// let senses = [Sense::Minimize, Sense::Minimize];
/// assert_eq!(front(&points, &senses)?, [true, true, false]);
/// # Ok::<(), mlsysim::Error>(())
/// ```
pub fn front<P: AsRef<[f64]>>(points: &[P], senses: &[Sense]) -> Result<Vec<bool>> {
    for point in points {
        check(point.as_ref(), senses.len())?;
    }
    let at = |index: usize| points[index].as_ref();
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by(|a, b| lexicographic(at(*a), at(*b), senses));

    // What dominates a point stands before it in this order, and is dominated by nothing if anything dominates it.
    let mut on_front = vec![false; points.len()];
    let mut members: Vec<usize> = Vec::new();
    for index in order {
        let point = at(index);
        // With two objectives the last member has the best second one, and equals the point or dominates it if any does.
        let looked_at = if senses.len() == 2 { members.len().saturating_sub(1) } else { 0 };
        let beaten =
            members[looked_at..].iter().rev().any(|member| dominates(at(*member), point, senses));
        if !beaten {
            on_front[index] = true;
            members.push(index);
        }
    }
    Ok(on_front)
}

fn lexicographic(a: &[f64], b: &[f64], senses: &[Sense]) -> Ordering {
    let orders = senses.iter().zip(a).zip(b).map(|((sense, a), b)| sense.order(*a, *b));
    orders.fold(Ordering::Equal, Ordering::then)
}

fn check(point: &[f64], objectives: usize) -> Result<()> {
    let refused = |name, range, got| {
        Err(Error::OutOfRange { op: "pareto.front", name, range, got: Quantity::number(got) })
    };
    if point.len() != objectives {
        let count = u32::try_from(point.len()).map_or(f64::INFINITY, f64::from);
        let wanted = u32::try_from(objectives).map_or(f64::INFINITY, f64::from);
        return refused("objectives", Range::exactly(wanted), count);
    }
    match point.iter().find(|value| value.is_nan()) {
        Some(value) => refused("objective", Range::NUMBER, *value),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_points_stand_or_fall_together() {
        let senses = [Sense::Minimize, Sense::Maximize];
        let points = [[1.0, 1.0], [1.0, 1.0], [2.0, 1.0], [0.0, 0.0], [-0.0, 0.0]];
        assert_eq!(front(&points, &senses).unwrap(), [true, true, false, true, true]);
    }

    #[test]
    fn one_objective_leaves_the_best_and_none_leaves_all() {
        assert_eq!(front(&[[3.0], [1.0], [1.0]], &[Sense::Minimize]).unwrap(), [false, true, true]);
        assert_eq!(front(&[[], []] as &[[f64; 0]], &[]).unwrap(), [true, true]);
        assert!(front(&[] as &[[f64; 2]], &[Sense::Minimize; 2]).unwrap().is_empty());
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let error = front(&[[f64::NAN, 1.0]], &[Sense::Minimize; 2]).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "objective", .. }));
        let error = front(&[[1.0, 1.0]], &[Sense::Minimize; 3]).unwrap_err();
        assert!(matches!(error, Error::OutOfRange { name: "objectives", .. }));
        let best = front(&[[f64::INFINITY], [f64::NEG_INFINITY]], &[Sense::Minimize]);
        assert_eq!(best.unwrap(), [false, true]);
    }
}
