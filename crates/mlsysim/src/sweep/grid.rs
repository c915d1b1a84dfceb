//! The points of a product of axes, in order, the last axis fastest.

use super::axis::Axis;
use alloc::vec;
use alloc::vec::Vec;

/// A product of axes.
#[derive(Debug)]
pub(super) struct Grid<'a> {
    axes: &'a [Axis],
    points: usize,
}

impl<'a> Grid<'a> {
    /// The grid, or `None` if its points cannot be counted.
    pub(super) fn new(axes: &'a [Axis]) -> Option<Self> {
        let points =
            axes.iter().try_fold(1_usize, |points, axis| points.checked_mul(axis.values.len()))?;
        Some(Self { axes, points })
    }

    pub(super) const fn points(&self) -> usize {
        self.points
    }

    /// Calls `visit` with the values of each point from number `start` up to `end`.
    pub(super) fn visit(&self, start: usize, end: usize, mut visit: impl FnMut(&[f64])) {
        let mut at = self.position(start);
        let mut point: Vec<f64> =
            self.axes.iter().zip(&at).map(|(axis, index)| axis.values[*index]).collect();
        for number in start..end.min(self.points) {
            visit(&point);
            if number + 1 == end {
                break;
            }
            for ((axis, index), value) in self.axes.iter().zip(&mut at).zip(&mut point).rev() {
                *index += 1;
                if *index == axis.values.len() {
                    *index = 0;
                }
                *value = axis.values[*index];
                if *index > 0 {
                    break;
                }
            }
        }
    }

    /// The position on each axis of the point of that number.
    fn position(&self, mut number: usize) -> Vec<usize> {
        let mut at = vec![0; self.axes.len()];
        for (axis, index) in self.axes.iter().zip(&mut at).rev() {
            let length = axis.values.len().max(1);
            *index = number % length;
            number /= length;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_cut_visits_the_same_points_in_order() {
        let axes =
            [Axis::of("a", [1.0, 2.0]), Axis::of("b", [10.0, 20.0, 30.0]), Axis::of("c", [0.5])];
        let grid = Grid::new(&axes).unwrap();
        let mut nested = Vec::new();
        for a in &axes[0].values {
            for b in &axes[1].values {
                nested.push(vec![*a, *b, 0.5]);
            }
        }
        assert_eq!(grid.points(), 6);
        for cut in 0..=6 {
            let mut visited = Vec::new();
            grid.visit(0, cut, |point| visited.push(point.to_vec()));
            grid.visit(cut, 6, |point| visited.push(point.to_vec()));
            assert_eq!(visited, nested, "cut at {cut}");
        }
    }

    #[test]
    fn a_grid_too_large_to_count_is_none() {
        let long = Axis::of("a", vec![0.0; 1 << 20]);
        let axes = vec![long; 4];
        assert!(Grid::new(&axes).is_none());
    }
}
