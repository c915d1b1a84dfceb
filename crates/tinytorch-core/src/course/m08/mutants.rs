//! Seeded mistakes of module 08.

use super::{
    Evaluation, Loss, Network, Optimizer, Result, Tensor, TrainingLesson, count_correct, plain,
    schedule,
};
use crate::{course::lesson::mutants, no_grad};

/// What a pass does differently.
#[derive(Default)]
struct Odd {
    keep_gradients: bool,
    no_step: bool,
    after: bool,
    silent: bool,
    by_batch: bool,
    batches: Option<usize>,
}

fn train(
    odd: &Odd,
    model: &dyn Network,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    optimizer: &mut dyn Optimizer,
    loss: &dyn Loss,
    on_step: &mut dyn FnMut(usize, f64) -> Result<()>,
) -> Result<Evaluation> {
    let (mut sum, mut samples, mut weight) = (0.0, 0, 0.0);
    for batch in batches.take(odd.batches.unwrap_or(usize::MAX)) {
        let [x, target] = batch?;
        let error = loss.loss(&model.forward(&x)?, &target)?;
        if !odd.keep_gradients {
            optimizer.zero_grad();
        }
        error.backward()?;
        if !odd.no_step {
            optimizer.step()?;
        }
        let error = if odd.after { loss.loss(&model.forward(&x)?, &target)? } else { error };
        let (value, n) = (error.to_f64()?, target.dims().first().copied().unwrap_or(1));
        let share = if odd.by_batch { 1.0 } else { n as f64 };
        (sum, samples, weight) = (sum + value * share, samples + n, weight + share);
        if !odd.silent {
            on_step(n, value)?;
        }
    }
    Ok(Evaluation { loss: sum / weight, accuracy: None, samples })
}

/// Loss, correct answers and samples of each batch.
fn passes(
    model: &dyn Network,
    batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>,
    loss: &dyn Loss,
) -> Result<Vec<[f64; 3]>> {
    no_grad(|| {
        batches
            .map(|batch| {
                let [x, target] = batch?;
                let output = model.forward(&x)?;
                let correct = count_correct(&output, &target).unwrap_or(0) as f64;
                let n = target.dims().first().copied().unwrap_or(1) as f64;
                Ok([loss.loss(&output, &target)?.to_f64()?, correct, n])
            })
            .collect()
    })
}

/// Share of correct answers and sum of the losses, as `(loss, accuracy)` makes of the passes.
fn evaluation(passes: &[[f64; 3]], of: impl Fn([f64; 3]) -> (f64, f64)) -> Evaluation {
    let totals = passes.iter().fold([0.0; 3], |t, [l, c, n]| [t[0] + l * n, t[1] + c, t[2] + n]);
    let (loss, accuracy) = of(totals);
    Evaluation { loss, accuracy: Some(accuracy), samples: totals[2] as usize }
}

mutants! {
    TrainingLesson;
    fn cosine_lr(t: usize, max: f64, min: f64, total: usize) -> f64 {
        "falls along a line" => max + (min - max) * (t as f64 / total.max(1) as f64).min(1.0),
        "rises from min to max" => schedule::cosine_lr(t, min, max, total),
        "rises again after the end" => {
            let share = t as f64 / total.max(1) as f64;
            min + (max - min) * (1.0 + (core::f64::consts::PI * share).cos()) / 2.0
        },
        "goes through a whole period" => {
            let share = (t as f64 / total.max(1) as f64).min(1.0);
            min + (max - min) * (1.0 + (2.0 * core::f64::consts::PI * share).cos()) / 2.0
        },
        "falls to 0 instead of min" => schedule::cosine_lr(t, max, 0.0, total),
        "leaves out the half" => min + 2.0 * (schedule::cosine_lr(t, max, min, total) - min),
    }
    fn train_epoch(model: &dyn Network, batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>, optimizer: &mut dyn Optimizer, loss: &dyn Loss, on_step: &mut dyn FnMut(usize, f64) -> Result<()>) -> Evaluation {
        "never clears the gradients" =>
            train(&Odd { keep_gradients: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "never takes a step" =>
            train(&Odd { no_step: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "measures the loss after the step" =>
            train(&Odd { after: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "does not report its steps" =>
            train(&Odd { silent: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "averages over batches instead of samples" =>
            train(&Odd { by_batch: true, ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
        "stops after the first batch" =>
            train(&Odd { batches: Some(1), ..Odd::default() }, model, batches, optimizer, loss, on_step)?,
    }
    fn evaluate(model: &dyn Network, batches: &mut dyn Iterator<Item = Result<[Tensor; 2]>>, loss: &dyn Loss) -> Evaluation {
        "averages over batches instead of samples" => {
            let all = passes(model, batches, loss)?;
            let sum: f64 = all.iter().map(|p| p[0]).sum();
            evaluation(&all, |[_, c, n]| (sum / all.len() as f64, c / n))
        },
        "returns the sum of the losses" => evaluation(&passes(model, batches, loss)?, |[l, c, n]| (l, c / n)),
        "returns the number of correct answers" => evaluation(&passes(model, batches, loss)?, |[l, c, n]| (l / n, c)),
        "returns the share of wrong answers" =>
            evaluation(&passes(model, batches, loss)?, |[l, c, n]| (l / n, 1.0 - c / n)),
        "records a graph" => {
            let mut totals = [0.0; 3];
            for batch in batches {
                let [x, target] = batch?;
                let output = model.forward(&x)?;
                let n = target.dims().first().copied().unwrap_or(1) as f64;
                totals[0] += loss.loss(&output, &target)?.to_f64()? * n;
                totals[1] += count_correct(&output, &target).unwrap_or(0) as f64;
                totals[2] += n;
            }
            evaluation(&[[totals[0] / totals[2], totals[1], totals[2]]], |[l, c, n]| (l / n, c / n))
        },
        "looks at the first batch only" => plain::evaluate(model, &mut batches.take(1), loss)?,
    }
}
