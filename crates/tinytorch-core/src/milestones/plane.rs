//! What the milestones on points of the plane share: training one logit, asking it, drawing it.

use super::plot::{Chart, Field, Mark};
use crate::{
    Result, Rng, Tensor,
    autograd::no_grad,
    data::DataLoader,
    datasets::Points,
    dispatch,
    nn::{Loss, Module, ModuleExt, Sequential},
    ops::Reduction,
    optim::SgdOpts,
    train::{Callback, Trainer},
};

/// The corners of the unit square, with their exclusive or.
pub(super) const CORNERS: [([f32; 2], bool); 4] =
    [([0.0, 0.0], false), ([1.0, 0.0], true), ([0.0, 1.0], true), ([1.0, 1.0], false)];

/// Cells along one side of a drawn field.
const SIDE: usize = 60;

/// Binary cross entropy of logits, both `[N, 1]`.
struct BinaryCrossEntropy;

impl Loss for BinaryCrossEntropy {
    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Tensor> {
        output.bce_with_logits_loss(target, None, Reduction::Mean)
    }
}

/// How a network is trained on points: plain gradient descent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descent {
    /// Step size.
    pub(super) lr: f64,
    /// Passes over the points.
    pub(super) epochs: usize,
    /// Points in a batch.
    pub(super) batch: usize,
}

/// Trains `model`, which gives one logit for a point, and returns the mean loss of each epoch.
pub(super) fn train(
    model: &Sequential,
    points: &Points,
    how: Descent,
    rng: &mut Rng,
    callback: &mut dyn Callback,
) -> Result<Vec<f64>> {
    let mut sgd = dispatch::sgd(model.parameters(), SgdOpts { lr: how.lr, ..SgdOpts::default() })?;
    let mut trainer = Trainer::new(model, &mut *sgd, &BinaryCrossEntropy);
    let history = if how.batch < points.len() {
        let loader = DataLoader::builder(points).batch_size(how.batch).shuffle(rng.split());
        trainer.fit(&mut loader.build()?, how.epochs, callback)?
    } else {
        // All points are one sample: to cut them apart and join them again would take longer than the step.
        let [x, y] = points.to_tensors()?;
        let whole = dispatch::dataset([x.unsqueeze(0)?, y.unsqueeze(0)?])?; // [1, N, 2], [1, N, 1]
        trainer.fit(&mut DataLoader::builder(whole).build()?, how.epochs, callback)?
    };
    Ok(history.epochs.iter().map(|e| e.loss).collect())
}

/// Returns the logit of each point.
pub(super) fn logits(model: &dyn Module, points: &[[f32; 2]]) -> Result<Vec<f32>> {
    let x = Tensor::from_slice(points.as_flattened(), [points.len(), 2])?;
    no_grad(|| model.forward(&x))?.to_vec()
}

/// Returns the share of the points whose logit is positive exactly for class 1.
pub(super) fn accuracy(model: &dyn Module, points: &Points) -> Result<f64> {
    let answers = logits(model, points.points())?;
    let right = answers.iter().zip(points.labels()).filter(|(z, l)| (**z > 0.0) == (**l == 1));
    Ok(right.count() as f64 / points.len() as f64)
}

/// Returns the number of corners whose logit is positive exactly when `class` says so.
pub(super) fn corners(model: &dyn Module, class: impl Fn([f32; 2], bool) -> bool) -> Result<usize> {
    let answers = logits(model, &CORNERS.map(|(p, _)| p))?;
    let right = answers.iter().zip(CORNERS).filter(|(z, (p, xor))| (**z > 0.0) == class(*p, *xor));
    Ok(right.count())
}

/// Returns the probability of class 1 over a square from `low` to `high` both ways.
pub(super) fn field(model: &dyn Module, [low, high]: [f64; 2]) -> Result<Field> {
    let middles = Field::middles([low, high], [low, high], SIDE);
    let points: Vec<[f32; 2]> = middles.iter().map(|p| p.map(|c| c as f32)).collect();
    let values =
        logits(model, &points)?.into_iter().map(|z| 1.0 / (1.0 + libm::exp(-f64::from(z))));
    Ok(Field { x: [low, high], y: [low, high], side: SIDE, values: values.collect() })
}

/// Returns a chart of a field with the points of both classes on it, and `lines` above.
pub(super) fn chart(title: &str, field: &Field, points: &Points, lines: Vec<Mark>) -> Chart {
    let class = |class: u8| {
        let own = points.points().iter().zip(points.labels()).filter(|(_, l)| **l == class);
        let name = format!("class {class}");
        Mark::Dots { name, points: own.map(|(p, _)| p.map(f64::from)).collect() }
    };
    let mut marks = vec![Mark::Field(field.clone()), class(0), class(1)];
    marks.extend(lines);
    Chart { title: title.to_owned(), axes: ["x".to_owned(), "y".to_owned()], marks }
}

/// Returns the part of the line `w₀·x + w₁·y + b = 0` inside a square, or nothing.
pub(super) fn boundary([w0, w1, b]: [f64; 3], [low, high]: [f64; 2]) -> Vec<[f64; 2]> {
    let mut ends: Vec<[f64; 2]> = Vec::new();
    for edge in [low, high] {
        ends.push([edge, -(w0 * edge + b) / w1]);
        ends.push([-(w1 * edge + b) / w0, edge]);
    }
    ends.retain(|p| p.iter().all(|c| (low..=high).contains(c)));
    ends.sort_by(|p, q| p[0].total_cmp(&q[0]).then(p[1].total_cmp(&q[1])));
    match (ends.first(), ends.last()) {
        (Some(&a), Some(&b)) if a != b => vec![a, b],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Linear;

    fn line(w: [f32; 2], b: f32) -> Sequential {
        let weight = Tensor::from_slice(&w, [1, 2]).unwrap();
        let bias = Tensor::from_slice(&[b], [1]).unwrap();
        Sequential::new().push(Linear::from_tensors(weight, Some(bias)).unwrap())
    }

    /// One step of descent on all points, against the same step in `f64` by the formula w ← w − η·mean((p − t)·x).
    #[test]
    fn a_step_on_all_points_follows_the_mean_gradient() {
        let points = crate::datasets::points::xor(8, 0.1, &mut Rng::seed(3));
        let model = line([0.5, -0.25], 0.1);
        let how = Descent { lr: 0.5, epochs: 1, batch: 8 };
        let losses = train(&model, &points, how, &mut Rng::seed(0), &mut ()).unwrap();
        let (mut w, mut loss) = ([0.5, -0.25, 0.1], 0.0);
        for (p, &t) in points.points().iter().zip(points.labels()) {
            let ([x, y], t) = (p.map(f64::from), f64::from(t));
            let p = 1.0 / (1.0 + (-(0.5 * x - 0.25 * y + 0.1_f64)).exp());
            loss -= (t * p.ln() + (1.0 - t) * (1.0 - p).ln()) / 8.0;
            w = [
                w[0] - 0.5 * (p - t) * x / 8.0,
                w[1] - 0.5 * (p - t) * y / 8.0,
                w[2] - 0.5 * (p - t) / 8.0,
            ];
        }
        let got: Vec<f64> =
            model.parameters().iter().flat_map(|p| p.tensor().to_vec_as::<f64>()).collect();
        // A handful of f32 roundings of numbers below 1.
        assert!(got.iter().zip(w).all(|(g, w)| (g - w).abs() < 1e-6), "{got:?} {w:?}");
        assert!((losses[0] - loss).abs() < 1e-6);
    }

    /// x + y > 1.5 is AND: it differs from exclusive or at three of the corners.
    #[test]
    fn corners_are_counted() {
        let and = line([1.0, 1.0], -1.5);
        assert_eq!(corners(&and, |[a, b], _| a + b > 1.5).unwrap(), 4);
        assert_eq!(corners(&and, |_, xor| xor).unwrap(), 1);
        let points = crate::datasets::points::xor(40, 0.0, &mut Rng::seed(1));
        assert_eq!(accuracy(&and, &points).unwrap(), 0.25);
    }

    #[test]
    fn a_field_is_the_logistic_function_of_the_logit() {
        let f = field(&line([1.0, 0.0], 0.0), [-1.0, 1.0]).unwrap();
        // The first cell lies at x = -1 + 1/60.
        let expected = 1.0 / (1.0 + (59.0_f64 / 60.0).exp());
        assert!((f.values[0] - expected).abs() < 1e-7); // the logit is an f32
        assert_eq!(f.values.len(), SIDE * SIDE);
    }

    #[test]
    fn boundaries_end_at_the_edges() {
        assert_eq!(boundary([1.0, 1.0, -1.0], [0.0, 2.0]), [[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(boundary([0.0, 2.0, -1.0], [0.0, 2.0]), [[0.0, 0.5], [2.0, 0.5]]);
        assert!(boundary([1.0, 1.0, 1.0], [0.0, 2.0]).is_empty());
        assert!(boundary([0.0, 0.0, 1.0], [0.0, 2.0]).is_empty());
    }
}
