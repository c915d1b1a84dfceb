//! The ten digits as pen strokes, and how they become ink on a grid.
//!
//! Coordinates are in cells of the 32×32 grid, with the origin in its middle, x to the right and y down.

/// A point of the plane.
pub(super) type Point = [f64; 2];

/// One movement of the pen.
#[derive(Debug, Clone, Copy)]
enum Stroke {
    /// Straight from point to point.
    Line(&'static [Point]),
    /// Part of an ellipse: center, radii, and the angles at its ends in degrees, clockwise from the right.
    Arc(Point, Point, [f64; 2]),
}

use Stroke::{Arc, Line};

/// The ways in which each digit is written.
const GLYPHS: [&[&[Stroke]]; 10] = [
    &[&[Arc([0.0, 0.0], [6.5, 10.5], [0.0, 360.0])]],
    &[
        &[Line(&[[-3.5, -6.0], [1.0, -10.5], [1.0, 10.5]])],
        &[Line(&[[-3.5, -6.0], [0.5, -10.5], [0.5, 10.5]]), Line(&[[-4.0, 10.5], [5.0, 10.5]])],
        &[Line(&[[0.0, -10.5], [0.0, 10.5]])],
    ],
    &[&[
        Arc([0.0, -4.7], [6.0, 5.8], [-170.0, 35.0]),
        Line(&[[4.9, -1.4], [-6.3, 10.5], [6.5, 10.5]]),
    ]],
    &[
        &[
            Arc([-0.5, -5.3], [5.6, 5.2], [-160.0, 90.0]),
            Arc([-0.5, 5.2], [6.4, 5.3], [-90.0, 155.0]),
        ],
        &[
            Line(&[[-5.5, -10.5], [5.5, -10.5], [-0.5, -2.5]]),
            Arc([-0.5, 4.0], [6.4, 6.5], [-90.0, 155.0]),
        ],
    ],
    &[
        &[Line(&[[3.0, 10.5], [3.0, -10.5], [-6.5, 4.0], [7.0, 4.0]])],
        &[Line(&[[-4.5, -10.0], [-5.5, 1.5], [6.5, 1.5]]), Line(&[[3.5, -6.0], [3.5, 10.5]])],
    ],
    &[&[
        Line(&[[5.8, -10.5], [-4.3, -10.5], [-5.0, -1.2]]),
        Arc([-0.4, 3.8], [6.2, 6.7], [-140.0, 150.0]),
    ]],
    &[
        &[Arc([5.5, 4.5], [11.4, 15.0], [180.0, 262.0]), Arc([0.0, 4.6], [5.9, 5.9], [0.0, 360.0])],
        &[Line(&[[1.5, -10.5], [-4.8, 1.2]]), Arc([-0.2, 5.0], [5.6, 5.5], [0.0, 360.0])],
    ],
    &[
        &[Line(&[[-6.5, -10.5], [6.5, -10.5], [-1.5, 10.5]])],
        &[Line(&[[-6.5, -10.5], [6.5, -10.5], [-1.0, 10.5]]), Line(&[[-3.5, 0.5], [6.0, 0.5]])],
    ],
    &[&[Arc([0.0, -5.4], [4.9, 5.1], [0.0, 360.0]), Arc([0.0, 5.1], [6.0, 5.4], [0.0, 360.0])]],
    &[
        &[Arc([0.0, -4.8], [5.7, 5.7], [0.0, 360.0]), Line(&[[5.7, -4.8], [4.2, 10.5]])],
        &[Arc([0.0, -4.8], [5.7, 5.7], [0.0, 360.0]), Arc([-5.7, -4.8], [11.4, 15.3], [0.0, 75.0])],
    ],
];

/// Returns the number of ways to write `digit`, which is below 10.
pub(super) fn n_ways(digit: usize) -> usize {
    GLYPHS[digit].len()
}

/// Returns the strokes of `digit` written in one of its ways, as points joined by straight lines.
pub(super) fn strokes(digit: usize, way: usize) -> Vec<Vec<Point>> {
    GLYPHS[digit][way].iter().map(points).collect()
}

fn points(stroke: &Stroke) -> Vec<Point> {
    const STEPS: u32 = 24;
    match *stroke {
        Line(points) => points.to_vec(),
        Arc([cx, cy], [rx, ry], [from, to]) => {
            let at = |step: u32| {
                let degrees = from + (to - from) * f64::from(step) / f64::from(STEPS);
                let a = degrees * core::f64::consts::PI / 180.0;
                [cx + rx * libm::cos(a), cy + ry * libm::sin(a)]
            };
            (0..=STEPS).map(at).collect()
        }
    }
}

/// Cells per side of the grid on which digits are drawn.
pub(super) const SIDE: usize = 32;

/// Inks every cell whose middle lies within `radius` of the lines through `points`.
pub(super) fn draw(grid: &mut [bool], points: &[Point], radius: f64) {
    let middle = SIDE as f64 / 2.0;
    for ends in points.windows(2) {
        let [a, b] = [ends[0], ends[1]].map(|[x, y]| [x + middle - 0.5, y + middle - 0.5]);
        let range = |axis: usize| {
            let (low, high) =
                if a[axis] < b[axis] { (a[axis], b[axis]) } else { (b[axis], a[axis]) };
            let last = SIDE as f64 - 1.0;
            // A cast of a negative number gives 0.
            (low - radius).clamp(0.0, last).ceil() as usize
                ..=(high + radius).clamp(-1.0, last).floor() as usize
        };
        for y in range(1) {
            for x in range(0) {
                if distance2([x as f64, y as f64], a, b) <= radius * radius {
                    grid[y * SIDE + x] = true;
                }
            }
        }
    }
}

/// Squared distance of `p` from the segment between `a` and `b`.
fn distance2(p: Point, a: Point, b: Point) -> f64 {
    let (d, e) = ([b[0] - a[0], b[1] - a[1]], [p[0] - a[0], p[1] - a[1]]);
    let length2 = d[0] * d[0] + d[1] * d[1];
    let along =
        if length2 > 0.0 { ((d[0] * e[0] + d[1] * e[1]) / length2).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (e[0] - along * d[0], e[1] - along * d[1]);
    x * x + y * y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_where_the_distance_says() {
        let mut grid = [false; SIDE * SIDE];
        let (a, b) = ([-3.5, 2.0], [6.0, -20.0]); // leaves the grid
        draw(&mut grid, &[a, b], 1.7);
        for (i, ink) in grid.into_iter().enumerate() {
            let cell = [(i % SIDE) as f64 - 15.5, (i / SIDE) as f64 - 15.5];
            // Distance from a fine sample of the segment: at most 0.012 too long.
            let near = (0..=2000).map(|t| {
                let t = f64::from(t) / 2000.0;
                let [dx, dy] =
                    [a[0] + t * (b[0] - a[0]) - cell[0], a[1] + t * (b[1] - a[1]) - cell[1]];
                dx.hypot(dy)
            });
            let distance = near.fold(f64::INFINITY, f64::min);
            assert!(
                ink == (distance <= 1.7) || (distance - 1.7).abs() < 0.012,
                "{cell:?}: {distance}"
            );
        }
    }

    #[test]
    fn lines_outside_leave_no_ink() {
        let mut grid = [false; SIDE * SIDE];
        draw(&mut grid, &[[40.0, 40.0], [50.0, -40.0]], 2.0);
        draw(&mut grid, &[[-40.0, 0.0], [-19.0, 0.0]], 2.0);
        assert!(!grid.contains(&true));
    }

    #[test]
    fn strokes_stay_on_the_grid() {
        for digit in 0..10 {
            for way in 0..n_ways(digit) {
                let all = strokes(digit, way).concat();
                assert!(
                    all.iter().all(|[x, y]| x.abs() <= 8.0 && y.abs() <= 11.0),
                    "{digit}, {way}"
                );
            }
        }
    }
}
