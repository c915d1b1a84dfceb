//! Hand-like digits, drawn by a program.
//!
//! A digit is drawn with a pen of random width on a 32×32 grid, after its strokes were moved, turned, slanted and
//! scaled at random, and some cells were flipped. Then the ink in each 4×4 block is counted: 8×8 pixels with values from 0 to 16. That
//! is how the scans of the well-known set of handwritten digits were prepared (Alpaydin & Kaynak, 1998), so a network that
//! works here meets the same kind of picture there.

use super::{
    Images,
    description::{OURS, OWN},
    glyphs::{self, SIDE},
    images::About,
};
use crate::Rng;

/// How much the digits vary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// Largest shift in each direction, in cells of the 32×32 grid.
    pub shift: f64,
    /// Largest rotation, in degrees.
    pub rotation: f64,
    /// Largest slant: cells sideways per cell upward.
    pub shear: f64,
    /// Smallest and largest factor of width and height, drawn separately.
    pub scale: [f64; 2],
    /// Smallest and largest width of the pen, in cells.
    pub pen: [f64; 2],
    /// Standard deviation of the ends of each stroke, in cells.
    pub tremble: f64,
    /// Share of the cells that are flipped.
    pub noise: f64,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            shift: 2.0,
            rotation: 12.0,
            shear: 0.2,
            scale: [0.85, 1.1],
            pen: [2.0, 4.0],
            tremble: 0.5,
            noise: 0.02,
        }
    }
}

/// Returns `n` digits in random order, as many of each class as `n` allows, drawn in the default [`Style`].
///
/// # Examples
///
/// ```
/// use tinytorch_core::{Rng, datasets::digits};
///
/// let (train, test) = digits::generate(60, &mut Rng::seed(1)).split_at(50)?;
/// assert_eq!((train.len(), test.len(), train.shape()), (50, 10, [1, 8, 8]));
/// # Ok::<(), tinytorch_core::Error>(())
/// ```
#[must_use]
pub fn generate(n: usize, rng: &mut Rng) -> Images {
    generate_with(n, &Style::default(), rng)
}

/// As [`generate`], in a style of your own.
#[must_use]
pub fn generate_with(n: usize, style: &Style, rng: &mut Rng) -> Images {
    let mut labels: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
    rng.shuffle(&mut labels);
    let mut pixels = Vec::with_capacity(n * 64);
    for &digit in &labels {
        pixels.extend(draw(usize::from(digit), style, rng));
    }
    let about = About {
        name: "generated digits",
        origin: format!("{OURS}, {style:?}"),
        license: OWN,
        citation: "tinytorch-core, datasets::digits",
    };
    Images { pixels, labels, shape: [1, 8, 8], white: 16, classes: 10, about }
}

/// One digit as 64 counts of inked cells.
fn draw(digit: usize, style: &Style, rng: &mut Rng) -> [u8; 64] {
    let mut between = |low: f64, high: f64| low + (high - low) * rng.uniform();
    let turn = between(-style.rotation, style.rotation) * core::f64::consts::PI / 180.0;
    let (sin, cos) = (libm::sin(turn), libm::cos(turn));
    let shear = between(-style.shear, style.shear);
    let [sx, sy] = [(); 2].map(|()| between(style.scale[0], style.scale[1]));
    let [dx, dy] = [(); 2].map(|()| between(-style.shift, style.shift));
    let radius = between(style.pen[0], style.pen[1]) / 2.0;

    let mut grid = [false; SIDE * SIDE];
    for mut points in glyphs::strokes(digit, rng.below(glyphs::n_ways(digit))) {
        // The ends of a stroke move at random, and what lies between them follows.
        let [from, to] = [(); 2].map(|()| [(); 2].map(|()| style.tremble * rng.normal()));
        let last = points.len().saturating_sub(1).max(1) as f64;
        for (i, p) in points.iter_mut().enumerate() {
            let t = i as f64 / last;
            let x = sx * (p[0] + (1.0 - t) * from[0] + t * to[0]);
            let y = sy * (p[1] + (1.0 - t) * from[1] + t * to[1]);
            let x = x - shear * y;
            *p = [cos * x - sin * y + dx, sin * x + cos * y + dy];
        }
        glyphs::draw(&mut grid, &points, radius);
    }
    for cell in &mut grid {
        *cell ^= rng.uniform() < style.noise;
    }
    let mut counts = [0; 64];
    for (i, ink) in grid.into_iter().enumerate() {
        counts[i / SIDE / 4 * 8 + i % SIDE / 4] += u8::from(ink);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_digits() {
        let digits = generate(200, &mut Rng::seed(1986));
        assert_eq!(digits.checksum(), 0xe2c6_3375_baed_027e);
        assert_eq!(digits, generate(200, &mut Rng::seed(1986)));
        assert_ne!(digits.checksum(), generate(200, &mut Rng::seed(1987)).checksum());
        assert_eq!(digits.describe().bytes, 200 * 65);
    }

    #[test]
    fn classes_are_balanced_and_pixels_are_counts() {
        let digits = generate(1003, &mut Rng::seed(0));
        for class in 0..10_u8 {
            let n = digits.labels().iter().filter(|&&l| l == class).count();
            assert_eq!(n, 100 + usize::from(class < 3));
        }
        assert!((0..1003).all(|i| digits.pixels(i).unwrap().iter().all(|&p| p <= 16)));
        assert!(generate(0, &mut Rng::seed(0)).is_empty());
    }

    /// Without any variation a digit is its glyph: a 1 is a bar that is as wide as the pen.
    #[test]
    fn a_still_hand_draws_the_glyph() {
        let still = Style {
            shift: 0.0,
            rotation: 0.0,
            shear: 0.0,
            scale: [1.0; 2],
            pen: [4.0; 2],
            tremble: 0.0,
            noise: 0.0,
        };
        let digits = generate_with(40, &still, &mut Rng::seed(2));
        let bar = [0, 0, 0, 8, 8, 0, 0, 0]; // x from -2 to 2: two cells on each side of the middle
        let found =
            (0..40).any(|i| digits.labels()[i] == 1 && digits.pixels(i).unwrap()[24..32] == bar);
        assert!(found, "no plain bar among the ones");
    }
}
