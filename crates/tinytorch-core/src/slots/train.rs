//! Module 08, Training: one pass over the data, with and without learning.

use crate::{
    Result, Tensor,
    autograd::no_grad,
    nn::{Loss, Module},
    optim::Optimizer,
};

/// What a pass over data measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Evaluation {
    /// Mean loss over the samples.
    pub loss: f64,
    /// Share of samples whose largest output is that of their class, 0 to 1; none unless there are classes to tell apart.
    pub accuracy: Option<f64>,
    /// Samples seen.
    pub samples: usize,
}

/// A pass in the making: sums over the samples so far.
#[derive(Debug, Default)]
struct Totals {
    loss: f64,
    correct: Option<usize>,
    samples: usize,
}

impl Totals {
    /// Adds a batch; its mean loss counts once for each of its samples.
    fn add(&mut self, output: &Tensor, target: &Tensor, loss: f64) {
        let n = target.dims().first().copied().unwrap_or(1);
        if let Some(correct) = count_correct(output, target) {
            self.correct = Some(self.correct.unwrap_or(0) + correct);
        }
        self.loss += loss * n as f64;
        self.samples += n;
    }

    fn finish(self) -> Evaluation {
        let n = self.samples as f64;
        Evaluation {
            loss: self.loss / n,
            accuracy: self.correct.map(|c| c as f64 / n),
            samples: self.samples,
        }
    }
}

/// Returns how many rows of `output`, `[N, C]` with C ≥ 2, have their largest element at the class in `target`, `[N]`.
///
/// The first of equal elements counts. None for any other shapes.
#[must_use]
pub fn count_correct(output: &Tensor, target: &Tensor) -> Option<usize> {
    let (&[n, classes], &[m]) = (output.dims(), target.dims()) else { return None };
    if n != m || classes < 2 || !target.dtype().is_int() {
        return None;
    }
    let (rows, ids) = (output.to_vec_as::<f64>(), target.to_vec_as::<i64>());
    let largest =
        |row: &[f64]| (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
    let pairs = rows.chunks_exact(classes).zip(ids);
    Some(pairs.filter(|(row, id)| usize::try_from(*id) == Ok(largest(row))).count())
}

/// Trains `model` on every batch once and returns the mean loss and accuracy of the batches, each measured just before
/// the step it took part in.
///
/// `on_step` receives the number of samples and the loss after every step.
///
/// # Errors
///
/// What the parts return.
pub fn train_epoch(
    model: &dyn Module,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    optimizer: &mut dyn Optimizer,
    loss: &dyn Loss,
    on_step: &mut dyn FnMut(usize, f64) -> Result<()>,
) -> Result<Evaluation> {
    let mut totals = Totals::default();
    for batch in batches {
        let [x, target] = batch?;
        let output = model.forward(&x)?;
        let error = loss.loss(&output, &target)?;
        optimizer.zero_grad();
        error.backward()?;
        optimizer.step()?;
        let value = error.to_f64()?;
        totals.add(&output, &target, value);
        on_step(target.dims().first().copied().unwrap_or(1), value)?;
    }
    Ok(totals.finish())
}

/// Trains as [`train_epoch`], but takes one step for every `window` batches, as if they were one larger batch.
///
/// The loss of each batch is divided by the number of batches in its window before it is differentiated, so that the
/// collected gradient is a mean; a last window with fewer batches is divided by their number and steps too. Losses are
/// returned and reported undivided. `on_step` receives the samples of the window and their mean loss.
///
/// # Errors
///
/// What the parts return.
pub fn train_epoch_accumulated(
    model: &dyn Module,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    optimizer: &mut dyn Optimizer,
    loss: &dyn Loss,
    window: usize,
    on_step: &mut dyn FnMut(usize, f64) -> Result<()>,
) -> Result<Evaluation> {
    let mut totals = Totals::default();
    loop {
        let group: Vec<[Tensor; 2]> = batches.take(window.max(1)).collect::<Result<_>>()?;
        if group.is_empty() {
            return Ok(totals.finish());
        }
        let share = 1.0 / group.len() as f64;
        let mut seen = Totals::default();
        optimizer.zero_grad();
        for [x, target] in &group {
            let output = model.forward(x)?;
            let error = loss.loss(&output, target)?;
            error.mul_scalar(share)?.backward()?;
            let value = error.to_f64()?;
            totals.add(&output, target, value);
            seen.add(&output, target, value);
        }
        optimizer.step()?;
        let Evaluation { loss, samples, .. } = seen.finish();
        on_step(samples, loss)?;
    }
}

/// Returns the gradients, shortened together if their common norm is above `max_norm`, and that norm before.
///
/// With all elements gᵢ of all gradients: norm = (Σ |gᵢ|ᵖ)^(1/p), the largest |gᵢ| for an infinite `p`; each gᵢ is multiplied
/// by max_norm/(norm + 10⁻⁶) if that is below 1. Their directions stay. A norm that is not finite changes nothing.
///
/// # Errors
///
/// None for floating-point gradients.
///
/// # Source
///
/// Pascanu, Mikolov & Bengio (2013), "On the difficulty of training recurrent neural networks", algorithm 1.
pub fn clip_grad_norm(grads: &[Tensor], max_norm: f64, p: f64) -> Result<(Vec<Tensor>, f64)> {
    let all = grads.iter().flat_map(Tensor::to_vec_as::<f64>).map(f64::abs);
    let norm = if p == f64::INFINITY {
        // Unlike f64::max this keeps NaN.
        all.fold(0.0, |most, g| if g > most || g.is_nan() { g } else { most })
    } else if p == 2.0 {
        all.map(|g| g * g).sum::<f64>().sqrt()
    } else {
        all.map(|g| libm::pow(g, p)).sum::<f64>().powf(1.0 / p)
    };
    let factor = max_norm / (norm + 1e-6);
    if !norm.is_finite() || factor >= 1.0 {
        return Ok((grads.to_vec(), norm));
    }
    Ok((grads.iter().map(|g| g.mul_scalar(factor)).collect::<Result<_>>()?, norm))
}

/// Returns the mean loss and accuracy of `model` over the batches, recording nothing.
///
/// # Errors
///
/// What the parts return.
pub fn evaluate(
    model: &dyn Module,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    loss: &dyn Loss,
) -> Result<Evaluation> {
    no_grad(|| {
        let mut totals = Totals::default();
        for batch in batches {
            let [x, target] = batch?;
            let output = model.forward(&x)?;
            let value = loss.loss(&output, &target)?.to_f64()?;
            totals.add(&output, &target, value);
        }
        Ok(totals.finish())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (3, 4) has the 2-norm 5, the 1-norm 7 and the largest element 4.
    #[test]
    fn norms_by_hand() {
        let grads = [Tensor::from([3.0_f64]), Tensor::from([-4.0_f64])];
        for (p, norm) in [(2.0, 5.0), (1.0, 7.0), (f64::INFINITY, 4.0), (3.0, 91_f64.cbrt())] {
            let (clipped, before) = clip_grad_norm(&grads, 2.0, p).unwrap();
            // Two roundings of a number near 5 in the power and the root.
            assert!((before - norm).abs() < 1e-14, "{p}: {before}");
            let factor = 2.0 / (before + 1e-6);
            let got = [&clipped[0], &clipped[1]].map(|g| g.to_vec::<f64>().unwrap()[0]);
            assert_eq!(got, [3.0 * factor, -4.0 * factor]);
        }
        let (same, _) = clip_grad_norm(&grads, 6.0, 2.0).unwrap();
        assert!(same[1].same_values(&grads[1]), "short gradients stay");
        let broken = [grads[0].clone(), Tensor::from([f64::NAN, 9.0])];
        for p in [1.0, 2.0, f64::INFINITY] {
            let (same, norm) = clip_grad_norm(&broken, 1.0, p).unwrap();
            assert!(norm.is_nan() && same[0].same_values(&grads[0]), "{p}: {norm}");
        }
    }

    #[test]
    fn correct_rows_by_hand() {
        let y = Tensor::from_vec(vec![0.1_f32, 0.9, 0.5, 0.5, 0.7, 0.3], [3, 2]).unwrap();
        let t = |ids: Vec<i64>| Tensor::from_vec(ids, [3]).unwrap();
        assert_eq!(count_correct(&y, &t(vec![1, 0, 1])), Some(2)); // a tie goes to the first class
        assert_eq!(count_correct(&y, &t(vec![-1, 5, 0])), Some(1));
        let one = Tensor::from_vec(vec![1.0_f32; 3], [3, 1]).unwrap();
        assert_eq!(count_correct(&one, &t(vec![0; 3])), None);
    }
}
