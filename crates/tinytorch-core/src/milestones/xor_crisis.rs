//! 02, the XOR crisis (Minsky & Papert, 1969): what one neuron cannot learn.
//!
//! Exclusive or is 1 at the corners (1, 0) and (0, 1) of the unit square and 0 at (0, 0) and (1, 1). A neuron that
//! computes it would need
//!
//! ```text
//! b ≤ 0    w₀ + b > 0    w₁ + b > 0    w₀ + w₁ + b ≤ 0
//! ```
//!
//! The two in the middle add up to w₀ + w₁ + 2b > 0, the two at the ends to w₀ + w₁ + 2b ≤ 0: there are no such weights. The run
//! looks for them all the same, on a grid, and finds at most three corners right; of the 16 ways to label four corners
//! it meets 14, all but exclusive or and its opposite. Then it trains a neuron, and as a control the same neuron with the
//! same settings on AND, which it learns. The milestone passes when exclusive or fails as predicted.

use serde_json::{Value, json};

use super::{
    Gate, Need, Opts, Picture,
    plane::{self, CORNERS, Descent},
    plot::{Chart, Field, Mark},
    report::{Finding, curve, percent},
};
use crate::{
    Result, Rng,
    datasets::{Points, points},
    nn::{Init, Linear, Sequential},
};

/// Values that each weight takes on the grid: -4 to 4 in steps of a quarter.
const GRID: core::ops::RangeInclusive<i32> = -16..=16;
/// Part of the plane that is drawn.
const VIEW: [f64; 2] = [-0.5, 1.5];

/// What milestone 02 measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// The search over weights.
    pub grid: Grid,
    /// The neuron trained on exclusive or.
    pub xor: Trained,
    /// The same neuron trained on AND.
    pub and: Trained,
    /// The noisy corners with exclusive or as class.
    pub points: Points,
    /// Probability of class 1 after training on exclusive or.
    pub field: Field,
}

/// What a search over all weights of a grid found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grid {
    /// Neurons tried.
    pub neurons: usize,
    /// Corners that the best of them gets right.
    pub best: usize,
    /// Different ways in which they label the four corners.
    pub labelings: usize,
}

/// What training a neuron reached.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Corners right, of four.
    pub corners: usize,
    /// Share of the noisy points right.
    pub accuracy: f64,
    /// Mean loss of each epoch.
    pub losses: Vec<f64>,
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let mut rng = Rng::seed(opts.seed);
    let n = if opts.quick { 40 } else { 100 };
    let how = Descent { lr: 0.5, epochs: 100, batch: 10 };
    let points = points::xor(n, 0.1, &mut rng.split());
    let layer = Linear::with_init(2, 1, Init::TorchDefault, &mut rng.split())?;
    let model = Sequential::new().push(layer);
    let losses = plane::train(&model, &points, how, &mut rng, &mut *(opts.progress)("02 xor"))?;
    let xor = Trained {
        corners: plane::corners(&model, |_, xor| xor)?,
        accuracy: plane::accuracy(&model, &points)?,
        losses,
    };
    let field = plane::field(&model, VIEW)?;

    let and_points = points::corners(n, 0.1, |a, b| a && b, &mut rng.split());
    let control = Linear::with_init(2, 1, Init::TorchDefault, &mut rng.split())?;
    let control = Sequential::new().push(control);
    let losses =
        plane::train(&control, &and_points, how, &mut rng, &mut *(opts.progress)("02 and"))?;
    let and = Trained {
        corners: plane::corners(&control, |[a, b], _| a + b > 1.5)?,
        accuracy: plane::accuracy(&control, &and_points)?,
        losses,
    };
    Ok(Findings { grid: search(), xor, and, points, field })
}

/// Tries every neuron whose weights and bias are multiples of a quarter from -4 to 4.
#[must_use]
pub fn search() -> Grid {
    let (mut best, mut seen, mut neurons) = (0, [false; 16], 0);
    for (w0, w1) in GRID.flat_map(|w0| GRID.map(move |w1| (w0, w1))) {
        for b in GRID {
            let answers = CORNERS.map(|([x, y], _)| {
                (if x > 0.0 { w0 } else { 0 }) + (if y > 0.0 { w1 } else { 0 }) + b > 0
            });
            neurons += 1;
            best =
                best.max(answers.iter().zip(CORNERS).filter(|(a, (_, xor))| **a == *xor).count());
            seen[answers.iter().fold(0, |code, a| 2 * code + usize::from(*a))] = true;
        }
    }
    Grid { neurons, best, labelings: seen.into_iter().filter(|s| *s).count() }
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let gate = |name, measured, need| Gate { name, measured, need };
        vec![
            gate(
                "corners right for the best neuron of the grid",
                self.grid.best as f64,
                Need::Exactly(3.0),
            ),
            gate(
                "ways to label the corners that occur",
                self.grid.labelings as f64,
                Need::Exactly(14.0),
            ),
            gate(
                "corners right after training, as a share",
                self.xor.corners as f64 / 4.0,
                Need::AtMost(0.75),
            ),
            gate(
                "corners right after training on AND",
                self.and.corners as f64,
                Need::Exactly(4.0),
            ),
        ]
    }

    fn sentences(&self) -> Vec<String> {
        let Grid { neurons, best, labelings } = self.grid;
        vec![
            format!(
                "of {neurons} neurons on a grid the best gets {best} of 4 corners right; together they label the \
                 corners in {labelings} of 16 ways"
            ),
            format!(
                "trained on exclusive or: {} of 4 corners, {} of the points, loss {:.4} (answering one half \
                 everywhere costs ln 2 = 0.6931)",
                self.xor.corners,
                percent(self.xor.accuracy),
                self.xor.losses.last().unwrap_or(&f64::NAN)
            ),
            format!(
                "trained on AND with the same settings: {} of 4 corners, {} of the points, loss {:.4}",
                self.and.corners,
                percent(self.and.accuracy),
                self.and.losses.last().unwrap_or(&f64::NAN)
            ),
        ]
    }

    fn json(&self) -> Value {
        let trained =
            |t: &Trained| json!({"corners": t.corners, "accuracy": t.accuracy, "losses": t.losses});
        let Grid { neurons, best, labelings } = self.grid;
        json!({
            "grid": {"neurons": neurons, "best": best, "labelings": labelings},
            "xor": trained(&self.xor),
            "and": trained(&self.and),
        })
    }

    fn pictures(&self) -> Vec<Picture> {
        let boundary =
            plane::chart("One neuron on exclusive or", &self.field, &self.points, vec![]);
        let line = |name: &str, losses: &[f64]| Mark::Line {
            name: name.to_owned(),
            points: curve(losses),
        };
        let losses = Chart {
            title: "One neuron, two tasks".to_owned(),
            axes: ["epoch".to_owned(), "loss (nats)".to_owned()],
            marks: vec![line("exclusive or", &self.xor.losses), line("AND", &self.and.losses)],
        };
        vec![
            Picture { name: "02-boundary", svg: boundary.to_svg() },
            Picture { name: "02-loss", svg: losses.to_svg() },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 14 of the 16 Boolean functions of two variables are threshold functions (a classical count).
    #[test]
    fn the_grid_holds_every_labeling_a_line_can_make() {
        assert_eq!(search(), Grid { neurons: 33 * 33 * 33, best: 3, labelings: 14 });
    }
}
