//! 01, the perceptron (Rosenblatt, 1958): one neuron, three ways to its weights.
//!
//! A neuron answers 1 for a point x when w·x + b > 0. The line w·x + b = 0 cuts the plane in two.
//!
//! - **Part A**, random weights: a line through nowhere in particular. Turning every weight around turns every answer
//!   around, so over many draws it is right half of the time.
//! - **Part B**, weights set by hand: w = (1, 1), b = 0 cuts between two clouds at (−2, −2) and (2, 2).
//! - **Part C**, learned weights, on clouds that are closer and not centered on 0. Rosenblatt's rule moves the
//!   weights by ±x at every mistake; gradient descent on the cross entropy moves them by (p − t)·x at every point. If a
//!   line separates the points, the rule makes at most (R/γ)² mistakes (Novikoff, 1962), with R the length of the longest
//!   (x, 1) and γ the least distance from a separating plane. If none does, it never ends: the best weights on
//!   the way are kept (Gallant, 1990).

use serde_json::{Value, json};

use super::{
    Gate, Need, Opts, Picture,
    plane::{self, Descent},
    plot::{Chart, Field, Mark},
    report::{Finding, curve, percent},
};
use crate::{
    Result, Rng, Tensor,
    autograd::no_grad,
    datasets::{Points, points},
    nn::{Init, Linear, Module, Sequential},
};

/// Neurons with random weights in part A.
pub const DRAWS: usize = 1_000;
/// Part of the plane that is drawn for part C.
const VIEW: [f64; 2] = [-0.5, 4.5];

/// What milestone 01 measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Part A: share of the ten points that the first random neuron gets right.
    pub random: f64,
    /// Part A: mean of that share over [`DRAWS`] random neurons.
    pub random_mean: f64,
    /// Part B: share of the ten points on the right side of the line set by hand.
    pub hand_set: f64,
    /// Part C: Rosenblatt's rule.
    pub rule: Learned,
    /// Part C: gradient descent.
    pub gradient: Learned,
    /// The points of part C.
    pub points: Points,
    /// Probability of class 1 after gradient descent.
    pub field: Field,
}

/// A neuron that found its weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// Weights of both coordinates, and the bias.
    pub weights: [f64; 3],
    /// Share of the points that it gets right.
    pub accuracy: f64,
    /// Mistakes of the rule, or mean loss of gradient descent, in each epoch.
    pub curve: Vec<f64>,
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let mut rng = Rng::seed(opts.seed);
    let few = points::two_clouds(10, [[-2.0, -2.0], [2.0, 2.0]], 0.5, &mut rng.split());
    let random = random(&few, &mut rng.split())?;
    let weight = Tensor::from_vec(vec![1.0_f32, 1.0], [1, 2])?;
    let by_hand = Linear::from_tensors(weight, Some(Tensor::from_vec(vec![0.0_f32], [1])?))?;

    let (n, epochs) = if opts.quick { (40, 60) } else { (100, 100) };
    let many = points::two_clouds(n, [[1.0, 1.0], [3.0, 3.0]], 0.5, &mut rng.split());
    let layer = Linear::with_init(2, 1, Init::TorchDefault, &mut rng.split())?;
    let model = Sequential::new().push(layer.clone());
    let how = Descent { lr: 0.1, epochs, batch: 1 };
    let losses = plane::train(&model, &many, how, &mut rng, &mut *(opts.progress)("01 gradient"))?;
    let [w0, w1] = layer.weight().tensor().to_vec_as::<f64>()[..] else {
        unreachable!("the layer has two inputs")
    };
    let bias = layer.bias().map_or(0.0, |b| b.tensor().to_vec_as::<f64>()[0]);
    Ok(Findings {
        random: random[0],
        random_mean: random.iter().sum::<f64>() / random.len() as f64,
        hand_set: plane::accuracy(&by_hand, &few)?,
        rule: rosenblatt(&many, epochs),
        gradient: Learned {
            weights: [w0, w1, bias],
            accuracy: plane::accuracy(&model, &many)?,
            curve: losses,
        },
        field: plane::field(&model, VIEW)?,
        points: many,
    })
}

/// The share of the points that each of [`DRAWS`] random neurons gets right.
fn random(points: &Points, rng: &mut Rng) -> Result<Vec<f64>> {
    let neurons = Linear::with_init(2, DRAWS, Init::TorchDefault, rng)?;
    let [x, _] = points.to_tensors()?;
    let answers = no_grad(|| neurons.forward(&x))?.to_vec::<f32>()?; // [points, neurons]
    let right = |neuron: usize| {
        let own = answers.iter().skip(neuron).step_by(DRAWS).zip(points.labels());
        own.filter(|(z, l)| (**z > 0.0) == (**l == 1)).count() as f64 / points.len() as f64
    };
    Ok((0..DRAWS).map(right).collect())
}

/// Learns by Rosenblatt's rule until an epoch is free of mistakes, at most `epochs` long, and keeps the best weights.
#[must_use]
pub fn rosenblatt(points: &Points, epochs: usize) -> Learned {
    let mut w = [0.0; 3];
    let mut best = Learned { weights: w, accuracy: share_right(points, w), curve: Vec::new() };
    for _ in 0..epochs {
        let mut mistakes = 0;
        for (p, &label) in points.points().iter().zip(points.labels()) {
            let x = [f64::from(p[0]), f64::from(p[1]), 1.0];
            let error = f64::from(label) - f64::from(u8::from(dot(w, x) > 0.0)); // -1, 0 or 1
            if error != 0.0 {
                mistakes += 1;
                w = [0, 1, 2].map(|i| w[i] + error * x[i]);
            }
        }
        let accuracy = share_right(points, w);
        if accuracy > best.accuracy {
            best = Learned { weights: w, accuracy, ..best };
        }
        best.curve.push(f64::from(mistakes));
        if mistakes == 0 {
            break;
        }
    }
    best
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn share_right(points: &Points, w: [f64; 3]) -> f64 {
    let right = points.points().iter().zip(points.labels()).filter(|([x, y], label)| {
        (dot(w, [f64::from(*x), f64::from(*y), 1.0]) > 0.0) == (**label == 1)
    });
    right.count() as f64 / points.len().max(1) as f64
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let gate = |name, measured, t| Gate { name, measured, need: Need::AtLeast(t) };
        vec![
            gate("right with weights set by hand", self.hand_set, 0.95),
            gate("right after Rosenblatt's rule", self.rule.accuracy, 0.98),
            gate("right after gradient descent", self.gradient.accuracy, 0.98),
        ]
    }

    fn sentences(&self) -> Vec<String> {
        let mistakes: f64 = self.rule.curve.iter().sum();
        vec![
            format!(
                "random weights: this neuron {} right, {DRAWS} of them {} on average",
                percent(self.random),
                percent(self.random_mean)
            ),
            format!("weights set by hand: {} right", percent(self.hand_set)),
            format!(
                "Rosenblatt's rule: {} right after {mistakes} mistakes in {} epochs{}",
                percent(self.rule.accuracy),
                self.rule.curve.len(),
                if self.rule.curve.last() == Some(&0.0) {
                    ", the last one free of them"
                } else {
                    ""
                }
            ),
            format!(
                "gradient descent: {} right after {} epochs, loss {:.4}",
                percent(self.gradient.accuracy),
                self.gradient.curve.len(),
                self.gradient.curve.last().unwrap_or(&f64::NAN)
            ),
        ]
    }

    fn json(&self) -> Value {
        let learned =
            |l: &Learned| json!({"weights": l.weights, "accuracy": l.accuracy, "curve": l.curve});
        json!({
            "random": self.random,
            "random_mean": self.random_mean,
            "hand_set": self.hand_set,
            "rule": learned(&self.rule),
            "gradient": learned(&self.gradient),
        })
    }

    fn pictures(&self) -> Vec<Picture> {
        let line = |name: &str, l: &Learned| Mark::Line {
            name: name.to_owned(),
            points: plane::boundary(l.weights, VIEW),
        };
        let lines = vec![line("Rosenblatt's rule", &self.rule), line("gradient", &self.gradient)];
        let boundary = plane::chart("One neuron", &self.field, &self.points, lines);
        let learning = |title: &str, unit: &str, l: &Learned| Chart {
            title: title.to_owned(),
            axes: ["epoch".to_owned(), unit.to_owned()],
            marks: vec![Mark::Line { name: unit.to_owned(), points: curve(&l.curve) }],
        };
        let loss = learning("Gradient descent", "loss (nats)", &self.gradient);
        let mistakes = learning("Rosenblatt's rule", "mistakes", &self.rule);
        vec![
            Picture { name: "01-boundary", svg: boundary.to_svg() },
            Picture { name: "01-mistakes", svg: mistakes.to_svg() },
            Picture { name: "01-loss", svg: loss.to_svg() },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Novikoff's bound, with the separating plane x + y = 4 known from how the clouds are made.
    #[test]
    fn the_rule_makes_no_more_mistakes_than_the_theorem_allows() {
        let mut separable = 0;
        for seed in 0..40 {
            let points =
                points::two_clouds(30, [[1.0, 1.0], [3.0, 3.0]], 0.4, &mut Rng::seed(seed));
            let u = [1.0, 1.0, -4.0].map(|c| c / 18.0_f64.sqrt());
            let (mut gamma, mut r2) = (f64::INFINITY, 0.0_f64);
            for (p, &label) in points.points().iter().zip(points.labels()) {
                let x = [f64::from(p[0]), f64::from(p[1]), 1.0];
                gamma = gamma.min(dot(u, x) * (2.0 * f64::from(label) - 1.0));
                r2 = r2.max(dot(x, x));
            }
            if gamma <= 0.0 {
                continue;
            }
            separable += 1;
            let learned = rosenblatt(&points, 100_000);
            let mistakes: f64 = learned.curve.iter().sum();
            assert_eq!((learned.accuracy, learned.curve.last()), (1.0, Some(&0.0)), "seed {seed}");
            assert!(mistakes <= r2 / (gamma * gamma), "seed {seed}: {mistakes} mistakes");
        }
        assert!(separable >= 30, "{separable} of 40 sets are separable");
    }

    /// Two points on top of each other, of different classes: no line gets both.
    #[test]
    fn points_that_no_line_separates_end_the_rule_at_its_limit() {
        let points = points::two_clouds(2, [[1.0, 1.0], [1.0, 1.0]], 0.0, &mut Rng::seed(0));
        let learned = rosenblatt(&points, 7);
        assert_eq!((learned.accuracy, learned.curve.len()), (0.5, 7));
    }

    /// The mean over draws is ½ up to five standard errors: the share of one draw lies between 0 and 1, so its deviation is
    /// at most ½.
    #[test]
    fn random_neurons_are_right_half_of_the_time() {
        let few = points::two_clouds(10, [[-2.0, -2.0], [2.0, 2.0]], 0.5, &mut Rng::seed(3));
        let shares = random(&few, &mut Rng::seed(4)).unwrap();
        let mean = shares.iter().sum::<f64>() / DRAWS as f64;
        assert!((mean - 0.5).abs() < 5.0 * 0.5 / (DRAWS as f64).sqrt(), "{mean}");
        assert!(shares.iter().any(|s| *s < 0.2) && shares.iter().any(|s| *s > 0.8));
    }
}
