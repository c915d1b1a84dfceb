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
