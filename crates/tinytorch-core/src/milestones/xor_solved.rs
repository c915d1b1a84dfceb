//! 03a, XOR solved (Rumelhart, Hinton & Williams, 1986): a hidden layer, and a trap in it.
//!
//! Eight hidden units with tanh learn exclusive or from any start. Four units with max(0, x) are enough in principle, but
//! some starts never get there: a unit that is off at every point has output 0 and slope 0 everywhere, so no
//! gradient reaches its weights and it stays off for good. With two or three of four units dead, the rest cannot
//! cut the plane often enough. tanh has no flat piece of that kind: it is slow far out, but never exactly still.

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
    nn::{Init, Linear, Module, Relu, Sequential},
};

/// Hidden units of the network that works.
const TANH_UNITS: usize = 8;
/// Hidden units of the network with the trap.
const RELU_UNITS: usize = 4;
/// Part of the plane that is drawn.
const VIEW: [f64; 2] = [-0.5, 1.5];

/// What milestone 03a measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Eight hidden units with tanh.
    pub tanh: Start,
    /// Share of the noisy points that they get right.
    pub accuracy: f64,
    /// Four hidden rectifiers from many starts.
    pub relu: Vec<Start>,
    /// The noisy corners.
    pub points: Points,
    /// Probability of class 1 given by the eight units.
    pub field: Field,
}

/// Training from one start.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Corners right, of four.
    pub corners: usize,
    /// Hidden units that are off at every point afterwards.
    pub dead: usize,
    /// Mean loss of each epoch.
    pub losses: Vec<f64>,
}

impl Start {
    /// Returns whether it ended without the solution.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.corners < 4
    }
}

/// Runs the milestone.
///
/// # Errors
///
/// As [`run`](super::run()).
pub fn run(opts: &Opts) -> Result<Findings> {
    let mut rng = Rng::seed(opts.seed);
    let (n, starts) = if opts.quick { (40, 4) } else { (100, 20) };
    let how = Descent { lr: 0.5, epochs: 500, batch: n };
    let points = points::xor(n, 0.1, &mut rng.split());

    let hidden = Linear::with_init(2, TANH_UNITS, Init::TorchDefault, &mut rng)?;
    let output = Linear::with_init(TANH_UNITS, 1, Init::TorchDefault, &mut rng)?;
    let model = Sequential::new().push(hidden).push_fn("Tanh", Tensor::tanh).push(output);
    let losses = plane::train(&model, &points, how, &mut rng, &mut *(opts.progress)("03a tanh"))?;
    let tanh = Start { corners: plane::corners(&model, |_, xor| xor)?, dead: 0, losses };

    let mut relu = Vec::new();
    for _ in 0..starts {
        let hidden = Linear::with_init(2, RELU_UNITS, Init::TorchDefault, &mut rng)?;
        let output = Linear::with_init(RELU_UNITS, 1, Init::TorchDefault, &mut rng)?;
        let model = Sequential::new().push(hidden.clone()).push(Relu).push(output);
        // A moment each: nobody needs to hear of twenty of them.
        let losses = plane::train(&model, &points, how, &mut rng, &mut ())?;
        let corners = plane::corners(&model, |_, xor| xor)?;
        relu.push(Start { corners, dead: dead(&hidden, &points)?, losses });
    }
    Ok(Findings {
        accuracy: plane::accuracy(&model, &points)?,
        field: plane::field(&model, VIEW)?,
        tanh,
        relu,
        points,
    })
}

/// The units of `hidden` that are at most 0 at every point: rectified, they are off.
fn dead(hidden: &Linear, points: &Points) -> Result<usize> {
    let [x, _] = points.to_tensors()?;
    let highest = no_grad(|| hidden.forward(&x))?.amax(0, false)?; // [units]
    Ok(highest.to_vec_as::<f64>().iter().filter(|h| **h <= 0.0).count())
}

impl Finding for Findings {
    fn gates(&self) -> Vec<Gate> {
        let (name, need) = ("corners right with 8 tanh units", Need::Exactly(4.0));
        vec![Gate { name, measured: self.tanh.corners as f64, need }]
    }

    fn sentences(&self) -> Vec<String> {
        let stuck = self.relu.iter().filter(|s| s.is_stuck());
        let with_dead = stuck.clone().filter(|s| s.dead > 0).count();
        let free = self.relu.iter().filter(|s| !s.is_stuck() && s.dead > 0).count();
        vec![
            format!(
                "{TANH_UNITS} tanh units: {} of 4 corners, {} of the points, loss {:.4}",
                self.tanh.corners,
                percent(self.accuracy),
                self.tanh.losses.last().unwrap_or(&f64::NAN)
            ),
            format!(
                "{RELU_UNITS} rectifiers from {} starts: {} stuck, {with_dead} of them with a unit that is off at \
                 every point and gets no gradient; {free} with such a unit came through",
                self.relu.len(),
                stuck.count()
            ),
        ]
    }

    fn json(&self) -> Value {
        let start =
            |s: &Start| json!({"corners": s.corners, "dead": s.dead, "loss": s.losses.last()});
        json!({
            "corners": self.tanh.corners,
            "accuracy": self.accuracy,
            "losses": self.tanh.losses,
            "relu": self.relu.iter().map(start).collect::<Vec<_>>(),
        })
    }

    fn pictures(&self) -> Vec<Picture> {
        let title = "Eight tanh units on exclusive or";
        let boundary = plane::chart(title, &self.field, &self.points, vec![]);
        let line =
            |name: &str, s: &Start| Mark::Line { name: name.to_owned(), points: curve(&s.losses) };
        let mut marks = vec![line("8 tanh", &self.tanh)];
        marks.extend(self.relu.iter().find(|s| !s.is_stuck()).map(|s| line("4 relu, free", s)));
        marks.extend(self.relu.iter().find(|s| s.is_stuck()).map(|s| line("4 relu, stuck", s)));
        let losses = Chart {
            title: "Exclusive or with a hidden layer".to_owned(),
            axes: ["epoch".to_owned(), "loss (nats)".to_owned()],
            marks,
        };
        vec![
            Picture { name: "03a-boundary", svg: boundary.to_svg() },
            Picture { name: "03a-loss", svg: losses.to_svg() },
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{nn::ModuleExt, ops::Reduction};

    /// A unit that is off at every point gets a gradient of exactly 0; its living neighbor does not.
    #[test]
    fn a_dead_unit_gets_no_gradient() {
        let points = points::xor(20, 0.1, &mut Rng::seed(1));
        let weight = Tensor::from_vec(vec![1.0_f32, 1.0, -1.0, -1.0], [2, 2]).unwrap();
        let bias = Tensor::from_vec(vec![0.5_f32, -3.0], [2]).unwrap();
        let hidden = Linear::from_tensors(weight, Some(bias)).unwrap();
        assert_eq!(dead(&hidden, &points).unwrap(), 1);
        let output = Linear::new(2, 1, &mut Rng::seed(2)).unwrap();
        let model = Sequential::new().push(hidden).push(Relu).push(output);
        let [x, y] = points.to_tensors().unwrap();
        let loss =
            model.forward(&x).unwrap().bce_with_logits_loss(&y, None, Reduction::Mean).unwrap();
        loss.backward().unwrap();
        let grad = |i: usize| model.parameters()[i].grad().unwrap().to_vec::<f32>().unwrap();
        assert!(grad(0)[..2].iter().all(|g| *g != 0.0) && grad(1)[0] != 0.0);
        assert_eq!((&grad(0)[2..], grad(1)[1]), (&[0.0, 0.0][..], 0.0));
    }
}
